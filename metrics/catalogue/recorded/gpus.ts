import type { Inventory } from "../../inventory";
import { clusterMetrics, localMetrics } from "./define";

/** Upper bounds of the buckets over GPUs, by true utilisation. */
export const GPU_BUSY_BUCKETS = ["0.05", "0.25", "0.5", "0.7", "0.9", "+Inf"] as const;

/**
 * Where a GPU's true utilisation comes from, best first: the share of time multiprocessors had work, the share of
 * time the graphics or compute engine was active, the share of time any kernel ran.
 */
export const busySources = ["sm_active", "gr_engine_active", "gpu_util"] as const;

/** XID codes that are told apart. */
export const MAX_XIDS = 32;

/** The owner of a GPU that Slurm allocated: partitions and users are not known to the device. */
export const SLURM_OWNER = "slurm";

const types = ({ gpus, gpuTypes }: Inventory): number => Math.min(gpus, gpuTypes);
/** Pairs of type and owner: at most one a GPU, and no more than types times namespaces and Slurm. */
const owned = (inventory: Inventory): number =>
  Math.min(inventory.gpus, types(inventory) * (inventory.namespaces + 1));
const byType = { gpu_type: types } as const;
/** The number of pairs stands on `owner`. */
const byTypeAndOwner = { gpu_type: 1, owner: owned } as const;

/** GPUs by their DCGM exporter; a MIG instance counts as a GPU. */
export const gpus = clusterMetrics({
  count: { name: "gpus:count", unit: "GPUs", labels: byType, meaning: "GPUs that DCGM sees" },
  allocated: {
    name: "gpus_allocated:count",
    unit: "GPUs",
    labels: byTypeAndOwner,
    meaning: "GPUs that a pod or a Slurm job holds; owner is the pod's namespace, or slurm",
  },
  busy: {
    name: "gpu_busy:gpus",
    unit: "GPUs",
    labels: byType,
    meaning: "true utilisation, summed: 2 GPUs half used are 1; by the best source each GPU has",
  },
  busyAllocated: {
    name: "gpu_busy_allocated:gpus",
    unit: "GPUs",
    labels: byTypeAndOwner,
    meaning: "true utilisation of allocated GPUs, summed; what gpus_allocated:count has more is waste",
  },
  busyNominal: {
    name: "gpu_busy_nominal:gpus",
    unit: "GPUs",
    labels: byType,
    meaning: "share of time any kernel ran, summed: what is usually called GPU utilisation",
  },
  busyGpus: {
    name: "gpu_busy:gpus_bucket",
    unit: "GPUs",
    labels: { ...byType, le: GPU_BUSY_BUCKETS },
    meaning: "GPUs whose true utilisation is at most le",
  },
  busySource: {
    name: "gpu_busy_source:gpus",
    unit: "GPUs",
    labels: { ...byType, source: busySources },
    meaning: "GPUs by where their true utilisation comes from",
  },
  stuck: {
    name: "gpus_stuck:count",
    unit: "GPUs",
    labels: byType,
    meaning:
      "GPUs whose kernels run while their profiling counters stay at 0 for 10 minutes; those are not believed",
  },
  idleAllocated: {
    name: "gpus_idle_allocated:count",
    unit: "GPUs",
    labels: byTypeAndOwner,
    meaning: "allocated GPUs with less than 5 % true utilisation over 30 minutes",
  },
  memory: { name: "gpu_memory:bytes", unit: "bytes", labels: byType, meaning: "memory of GPUs" },
  memoryUsed: { name: "gpu_memory_used:bytes", unit: "bytes", labels: byType, meaning: "of it in use" },
  power: { name: "gpu_power:watts", unit: "watts", labels: byType, meaning: "power drawn now" },
  energy: {
    name: "gpu_energy:joules_rate5m",
    unit: "watts",
    labels: byType,
    meaning: "energy used in 5 minutes, by the GPUs' own counters",
  },
  temperature: {
    name: "gpu_temperature:max_celsius",
    unit: "celsius",
    labels: byType,
    meaning: "hottest GPU",
  },
  memoryTemperature: {
    name: "gpu_memory_temperature:max_celsius",
    unit: "celsius",
    labels: byType,
    meaning: "hottest GPU memory",
  },
  xid: {
    name: "gpu_xid:gpus",
    unit: "GPUs",
    labels: { gpu_type: 1, xid: ({ gpus: count }) => Math.min(count, MAX_XIDS) },
    meaning: "GPUs by the last XID error they had, since their driver was loaded",
  },
  rowRemapFailed: {
    name: "gpus_row_remap_failed:count",
    unit: "GPUs",
    labels: byType,
    meaning: "GPUs that could not replace a bad memory row",
  },
  schedulable: {
    name: "gpus_schedulable:count",
    unit: "GPUs",
    labels: { scheduler: ["kubernetes", "slurm"] },
    meaning: "GPUs a scheduler can give away, by its own account",
  },
  requested: {
    name: "gpus_requested:count",
    unit: "GPUs",
    labels: { scheduler: ["kubernetes", "slurm"] },
    meaning: "of them given away",
  },
});

const identity = ["gpu_type", "hostname", "gpu", "UUID", "GPU_I_ID"] as const;

/** One series a GPU, for the cluster's own rules and alerts. */
export const localGpus = localMetrics({
  busy: {
    name: "gpu_busy:ratio",
    unit: "ratio",
    labels: [...identity, "source"],
    meaning: "true utilisation of a GPU, 0 to 1, by the best source it has",
  },
  allocated: {
    name: "gpu_allocated:owner",
    unit: "info",
    labels: [...identity, "owner"],
    meaning: "1 for each GPU that a pod or a Slurm job holds",
  },
  stuck: {
    name: "gpu_stuck:boolean",
    unit: "boolean",
    labels: [...identity],
    meaning: "1 while a GPU's kernels run and its profiling counters have been 0 for 10 minutes",
  },
});
