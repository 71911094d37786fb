import { exporterMetrics } from "./define";
import type { Selectable } from "../types";

const target = ["host"] as const;

type Gauges<Keys extends string> = Readonly<
  Record<Keys, Selectable<"cluster" | "host" | "instance" | "job">>
>;

/** Gauges that count what their name says. */
function counts<const T extends Readonly<Record<string, { readonly name: string; readonly of: string }>>>(
  exporter: { readonly exporter: string; readonly versions: string },
  names: T,
): Gauges<Extract<keyof T, string>> {
  const metrics = Object.entries(names).map(([key, { name, of }]) => [
    key,
    { name, unit: "count" as const, meaning: of },
  ]);
  return exporterMetrics({ ...exporter, target }, Object.fromEntries(metrics)) as never;
}

const native = { exporter: "slurmctld", versions: ">=25.11" } as const;
const older = { exporter: "vpenso/prometheus-slurm-exporter", versions: ">=0.19" } as const;

/** Jobs by state, of Slurm itself: gauges of the records slurmctld still holds, under the state's name here. */
export const slurmJobs = counts(native, {
  cancelled: { name: "slurm_jobs_cancelled", of: "jobs cancelled" },
  completed: { name: "slurm_jobs_completed", of: "jobs ended well" },
  completing: { name: "slurm_jobs_completing", of: "jobs that end" },
  configuring: { name: "slurm_jobs_configuring", of: "jobs whose nodes are made ready" },
  failed: { name: "slurm_jobs_failed", of: "jobs that failed" },
  held: { name: "slurm_jobs_hold", of: "jobs held" },
  node_failed: { name: "slurm_jobs_node_failed", of: "jobs whose node failed" },
  out_of_memory: { name: "slurm_jobs_outofmemory", of: "jobs that took too much memory" },
  pending: { name: "slurm_jobs_pending", of: "jobs that wait, held ones included" },
  preempted: { name: "slurm_jobs_preempted", of: "jobs put aside for others" },
  running: { name: "slurm_jobs_running", of: "jobs that run" },
  suspended: { name: "slurm_jobs_suspended", of: "jobs suspended" },
  timeout: { name: "slurm_jobs_timeout", of: "jobs that took too long" },
});

/** The same of the older exporter. */
export const olderSlurmJobs = counts(older, {
  cancelled: { name: "slurm_queue_cancelled", of: "jobs cancelled" },
  completed: { name: "slurm_queue_completed", of: "jobs ended well" },
  completing: { name: "slurm_queue_completing", of: "jobs that end" },
  configuring: { name: "slurm_queue_configuring", of: "jobs whose nodes are made ready" },
  failed: { name: "slurm_queue_failed", of: "jobs that failed" },
  node_failed: { name: "slurm_queue_node_fail", of: "jobs whose node failed" },
  pending: { name: "slurm_queue_pending", of: "jobs that wait" },
  preempted: { name: "slurm_queue_preempted", of: "jobs put aside for others" },
  running: { name: "slurm_queue_running", of: "jobs that run" },
  suspended: { name: "slurm_queue_suspended", of: "jobs suspended" },
  timeout: { name: "slurm_queue_timeout", of: "jobs that took too long" },
});

/** Nodes by state, of Slurm itself; flags such as drain stand beside the base state, so that a node can count twice. */
export const slurmNodes = counts(native, {
  allocated: { name: "slurm_nodes_alloc", of: "nodes fully allocated" },
  completing: { name: "slurm_nodes_completing", of: "nodes whose jobs end" },
  down: { name: "slurm_nodes_down", of: "nodes that are down" },
  drain: { name: "slurm_nodes_drain", of: "nodes that take no new jobs" },
  fail: { name: "slurm_nodes_fail", of: "nodes marked as failing" },
  idle: { name: "slurm_nodes_idle", of: "nodes without jobs" },
  maintenance: { name: "slurm_nodes_maint", of: "nodes in maintenance" },
  mixed: { name: "slurm_nodes_mixed", of: "nodes partly allocated" },
  not_responding: { name: "slurm_nodes_noresp", of: "nodes that do not answer" },
  planned: { name: "slurm_nodes_planned", of: "nodes kept for a planned job" },
  reserved: { name: "slurm_nodes_resv", of: "nodes reserved" },
});

/** What the older exporter calls otherwise; its states exclude each other. */
export const olderSlurmNodes = counts(older, {
  completing: { name: "slurm_nodes_comp", of: "nodes whose jobs end" },
  mixed: { name: "slurm_nodes_mix", of: "nodes partly allocated" },
  planned: { name: "slurm_nodes_plnd", of: "nodes kept for a planned job" },
});

const node = ["node"] as const;
const partition = ["partition"] as const;

/** The rest of Slurm's own metrics: all gauges, also what grows since the statistics were reset (`sdiag`). */
export const slurm = exporterMetrics(
  { ...native, target },
  {
    nodes: { name: "slurm_nodes", unit: "count", meaning: "nodes" },
    nodeCpus: { name: "slurm_node_cpus", unit: "cores", labels: node, meaning: "processors of a node" },
    nodeCpusAllocated: {
      name: "slurm_node_cpus_alloc",
      unit: "cores",
      labels: node,
      meaning: "of them given to jobs",
    },
    nodeMemory: { name: "slurm_node_memory_bytes", unit: "bytes", labels: node, meaning: "memory of a node" },
    nodeMemoryAllocated: {
      name: "slurm_node_memory_alloc_bytes",
      unit: "bytes",
      labels: node,
      meaning: "of it given to jobs",
    },
    nodeGpus: { name: "slurm_node_gpus", unit: "GPUs", labels: node, meaning: "GPUs of a node" },
    nodeGpusAllocated: {
      name: "slurm_node_gpus_alloc",
      unit: "GPUs",
      labels: node,
      meaning: "of them given to jobs",
    },
    partitionPending: {
      name: "slurm_partition_jobs_pending",
      unit: "count",
      labels: partition,
      meaning: "jobs of a partition that wait; by the older exporter too, which leaves it out at 0",
    },
    partitionRunning: {
      name: "slurm_partition_jobs_running",
      unit: "count",
      labels: partition,
      meaning: "jobs of a partition that run",
    },
    partitionCpus: {
      name: "slurm_partition_cpus",
      unit: "cores",
      labels: partition,
      renames: ["slurm_partition_cpus_total"],
      meaning: "processors of a partition",
    },
    partitionCpusAllocated: {
      name: "slurm_partition_nodes_cpus_alloc",
      unit: "cores",
      labels: partition,
      renames: ["slurm_partition_cpus_allocated"],
      meaning: "of them given to jobs",
    },
    partitionGpus: {
      name: "slurm_partition_gpus",
      unit: "GPUs",
      labels: partition,
      meaning: "GPUs of a partition",
    },
    partitionGpusAllocated: {
      name: "slurm_partition_jobs_gpus_alloc",
      unit: "GPUs",
      labels: partition,
      meaning: "of them given to jobs",
    },
    started: {
      name: "slurm_sdiag_jobs_started",
      unit: "count",
      meaning: "jobs started since the statistics were reset",
    },
    submitted: {
      name: "slurm_sdiag_jobs_submitted",
      unit: "count",
      meaning: "jobs submitted since the statistics were reset",
    },
    completed: {
      name: "slurm_sdiag_jobs_completed",
      unit: "count",
      meaning: "jobs ended well since the statistics were reset",
    },
    failed: {
      name: "slurm_sdiag_jobs_failed",
      unit: "count",
      meaning: "jobs failed since the statistics were reset",
    },
    meanCycle: {
      name: "slurm_sched_mean_cycle",
      unit: "microseconds",
      renames: ["slurm_scheduler_mean_cycle"],
      meaning: "mean time of a scheduling cycle",
    },
    threads: {
      name: "slurm_server_thread_cnt",
      unit: "count",
      renames: ["slurm_scheduler_threads"],
      meaning: "threads of slurmctld at work",
    },
    databaseQueue: {
      name: "slurm_slurmdbd_queue_size",
      unit: "count",
      renames: ["slurm_scheduler_dbd_queue_size"],
      meaning: "messages held for slurmdbd",
    },
  },
);

/** The rest of the older exporter's. */
export const olderSlurm = exporterMetrics(
  { ...older, target },
  {
    cpus: { name: "slurm_cpus_total", unit: "cores", meaning: "processors" },
    cpusAllocated: { name: "slurm_cpus_alloc", unit: "cores", meaning: "of them given to jobs" },
    gpus: {
      name: "slurm_gpus_total",
      unit: "GPUs",
      meaning: "GPUs; the exporter's GPU collector is off by default",
    },
    gpusAllocated: { name: "slurm_gpus_alloc", unit: "GPUs", meaning: "of them given to jobs" },
    nodeMemory: {
      name: "slurm_node_mem_total",
      unit: "mebibytes",
      labels: [...node, "status"],
      meaning: "memory of a node",
    },
    nodeMemoryAllocated: {
      name: "slurm_node_mem_alloc",
      unit: "mebibytes",
      labels: [...node, "status"],
      meaning: "of it given to jobs",
    },
    partitionCpus: {
      name: "slurm_partition_cpus_total",
      unit: "cores",
      labels: partition,
      renames: ["slurm_partition_cpus"],
      meaning: "processors of a partition",
    },
    partitionCpusAllocated: {
      name: "slurm_partition_cpus_allocated",
      unit: "cores",
      labels: partition,
      renames: ["slurm_partition_nodes_cpus_alloc"],
      meaning: "of them given to jobs; left out at 0",
    },
    meanCycle: {
      name: "slurm_scheduler_mean_cycle",
      unit: "microseconds",
      renames: ["slurm_sched_mean_cycle"],
      meaning: "mean time of a scheduling cycle",
    },
    threads: {
      name: "slurm_scheduler_threads",
      unit: "count",
      renames: ["slurm_server_thread_cnt"],
      meaning: "threads of slurmctld at work",
    },
    databaseQueue: {
      name: "slurm_scheduler_dbd_queue_size",
      unit: "count",
      renames: ["slurm_slurmdbd_queue_size"],
      meaning: "messages held for slurmdbd",
    },
  },
);
