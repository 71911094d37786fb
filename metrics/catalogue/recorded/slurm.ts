import { clusterMetrics } from "./define";

/** Job states under one name each, whatever the exporter calls them. */
export const jobStates = [
  "cancelled",
  "completed",
  "completing",
  "configuring",
  "failed",
  "held",
  "node_failed",
  "out_of_memory",
  "pending",
  "preempted",
  "running",
  "suspended",
  "timeout",
] as const;

/** Node states under one name each; a node can be in several (drained, down and reserved). */
export const nodeStates = [
  "allocated",
  "completing",
  "down",
  "drain",
  "fail",
  "idle",
  "maintenance",
  "mixed",
  "not_responding",
  "planned",
  "reserved",
] as const;

const partition = { partition: "partitions" } as const;

/** Slurm, by its own metrics or the common older exporter's. */
export const slurm = clusterMetrics({
  jobs: {
    name: "slurm_jobs:count",
    unit: "count",
    labels: { state: jobStates },
    meaning:
      "jobs the controller still knows, by state; ended ones are forgotten after MinJobAge; pending includes held",
  },
  jobsPending: {
    name: "slurm_jobs_pending:avg1h",
    unit: "count",
    meaning: "jobs that waited, mean over an hour",
  },
  jobsStarted: { name: "slurm_jobs_started:rate1h", unit: "per second", meaning: "jobs started" },
  jobsSubmitted: { name: "slurm_jobs_submitted:rate1h", unit: "per second", meaning: "jobs submitted" },
  jobsCompleted: { name: "slurm_jobs_completed:rate1h", unit: "per second", meaning: "jobs ended well" },
  jobsFailed: { name: "slurm_jobs_failed:rate1h", unit: "per second", meaning: "jobs that failed" },
  nodes: { name: "slurm_nodes:count", unit: "count", meaning: "nodes Slurm knows" },
  nodesByState: {
    name: "slurm_nodes_by_state:count",
    unit: "count",
    labels: { state: nodeStates },
    meaning: "nodes by state",
  },
  cpus: { name: "slurm_cpus:count", unit: "cores", meaning: "processors Slurm can give to jobs" },
  cpusAllocated: { name: "slurm_cpus_allocated:count", unit: "cores", meaning: "of them given to jobs" },
  memory: { name: "slurm_memory:bytes", unit: "bytes", meaning: "memory Slurm can give to jobs" },
  memoryAllocated: { name: "slurm_memory_allocated:bytes", unit: "bytes", meaning: "of it given to jobs" },
  partitionJobs: {
    name: "slurm_partition_jobs:count",
    unit: "count",
    labels: { ...partition, state: ["pending", "running"] },
    meaning: "jobs of a partition",
  },
  partitionCpus: {
    name: "slurm_partition_cpus:count",
    unit: "cores",
    labels: partition,
    meaning: "processors of a partition",
  },
  partitionCpusAllocated: {
    name: "slurm_partition_cpus_allocated:count",
    unit: "cores",
    labels: partition,
    meaning: "of them given to jobs",
  },
  partitionGpus: {
    name: "slurm_partition_gpus:count",
    unit: "GPUs",
    labels: partition,
    meaning: "GPUs of a partition",
  },
  partitionGpusAllocated: {
    name: "slurm_partition_gpus_allocated:count",
    unit: "GPUs",
    labels: partition,
    meaning: "of them given to jobs",
  },
  schedulerCycle: {
    name: "slurm_scheduler_cycle:mean_seconds",
    unit: "seconds",
    meaning: "mean time of a scheduling cycle since Slurm's statistics were reset",
  },
  controllerThreads: {
    name: "slurm_controller_threads:count",
    unit: "count",
    meaning: "threads of the controller at work; it refuses requests at 256",
  },
  databaseQueue: {
    name: "slurm_database_queue:count",
    unit: "count",
    meaning: "messages the controller holds for the accounting database",
  },
});
