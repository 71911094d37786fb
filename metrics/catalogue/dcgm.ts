import { exporterMetrics } from "./define";

/**
 * What a series says of its GPU. `gpu_type` and `hostname` are made by the scrape jobs: the type from `modelName`
 * (`NVIDIA RTX A6000` becomes `rtx-a6000`), the host name from `Hostname`, as exporters before 4.6 call it. `pod`,
 * `namespace` and `container` are there while a pod holds the GPU, `hpc_job` while a Slurm job does and the exporter
 * is given the mapping.
 */
const gpu = [
  "gpu_type",
  "hostname",
  "gpu",
  "UUID",
  "pci_bus_id",
  "device",
  "modelName",
  "DCGM_FI_DRIVER_VERSION",
  "GPU_I_ID",
  "GPU_I_PROFILE",
  "namespace",
  "pod",
  "container",
  "hpc_job",
] as const;

/** Fields a GPU lacks can show as huge numbers: no value above these is believed. */
export const plausible = { celsius: 200, watts: 10_000, mebibytes: 10_000_000, xid: 1_000 } as const;

/** NVIDIA's dcgm-exporter. */
export const dcgm = exporterMetrics(
  { exporter: "dcgm-exporter", versions: ">=3.0", target: ["node", "host"] },
  {
    smActive: {
      name: "DCGM_FI_PROF_SM_ACTIVE",
      unit: "ratio",
      labels: gpu,
      meaning: "share of time multiprocessors had work; not in the exporter's default list of fields",
    },
    engineActive: {
      name: "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
      unit: "ratio",
      labels: gpu,
      meaning: "share of time the graphics or compute engine was active; can freeze at 0",
    },
    tensorActive: {
      name: "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE",
      unit: "ratio",
      labels: gpu,
      meaning: "share of time the tensor pipe was active",
    },
    dramActive: {
      name: "DCGM_FI_PROF_DRAM_ACTIVE",
      unit: "ratio",
      labels: gpu,
      meaning: "share of time the memory interface was active",
    },
    utilisation: {
      name: "DCGM_FI_DEV_GPU_UTIL",
      unit: "percent",
      labels: gpu,
      meaning: "share of time any kernel ran, 0 to 100; MIG instances have none",
    },
    memoryUsed: {
      name: "DCGM_FI_DEV_FB_USED",
      unit: "mebibytes",
      labels: gpu,
      meaning: "memory in use",
    },
    memoryFree: {
      name: "DCGM_FI_DEV_FB_FREE",
      unit: "mebibytes",
      labels: gpu,
      meaning: "memory not in use",
    },
    memoryReserved: {
      name: "DCGM_FI_DEV_FB_RESERVED",
      unit: "mebibytes",
      labels: gpu,
      versions: ">=3.3",
      meaning: "memory the driver keeps",
    },
    power: { name: "DCGM_FI_DEV_POWER_USAGE", unit: "watts", labels: gpu, meaning: "power drawn" },
    energy: {
      name: "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION",
      type: "counter",
      unit: "millijoules",
      labels: gpu,
      meaning: "energy used since the driver was loaded",
    },
    temperature: { name: "DCGM_FI_DEV_GPU_TEMP", unit: "celsius", labels: gpu, meaning: "temperature" },
    memoryTemperature: {
      name: "DCGM_FI_DEV_MEMORY_TEMP",
      unit: "celsius",
      labels: gpu,
      meaning: "temperature of the memory; 0 where it has no sensor",
    },
    xid: {
      name: "DCGM_FI_DEV_XID_ERRORS",
      unit: "xid",
      labels: [...gpu, "err_code", "err_msg"],
      meaning: "code of the last XID error, 0 for none: no count",
    },
    rowRemapFailed: {
      name: "DCGM_FI_DEV_ROW_REMAP_FAILURE",
      unit: "boolean",
      labels: gpu,
      meaning: "1 when a bad memory row could not be replaced",
    },
  },
);
