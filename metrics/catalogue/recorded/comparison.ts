import { hubMetrics } from "./define";

/** Measures by which a member is compared with the hub. */
export const ratioMeasures = ["cpu", "memory", "filesystem", "gpu", "gpu_nominal", "gpu_memory"] as const;
export const amountMeasures = [
  "machines",
  "cpu_cores",
  "memory_bytes",
  "gpus",
  "gpu_watts",
  "gpu_cost_per_hour",
] as const;

/** Every cluster side by side, and each member against the hub. */
export const comparison = hubMetrics({
  share: {
    name: "comparison:share",
    unit: "ratio",
    labels: ["measure"],
    meaning: "utilisations of a cluster: cpu, memory, filesystem, gpu (true), gpu_nominal, gpu_memory",
  },
  amount: {
    name: "comparison:amount",
    unit: "count",
    labels: ["measure"],
    meaning: "size of a cluster: machines, cpu_cores, memory_bytes, gpus, gpu_watts, gpu_cost_per_hour",
  },
  difference: {
    name: "comparison:difference",
    unit: "ratio",
    labels: ["measure"],
    meaning: "a member's utilisation less the hub's",
  },
  ratio: {
    name: "comparison:ratio",
    unit: "ratio",
    labels: ["measure"],
    meaning: "a member's size by the hub's",
  },
});

/** What GPUs cost, by the prices in settings. */
export const cost = hubMetrics({
  gpus: {
    name: "gpu_cost:per_hour",
    unit: "currency per hour",
    labels: ["gpu_type"],
    meaning: "price of a cluster's GPUs",
  },
  wasted: {
    name: "gpu_cost_wasted:per_hour",
    unit: "currency per hour",
    labels: ["gpu_type", "owner"],
    meaning: "price of what owners hold and do not use",
  },
  idle: {
    name: "gpu_cost_idle:per_hour",
    unit: "currency per hour",
    labels: ["gpu_type"],
    meaning: "price of what a cluster has and does not use, allocated or not",
  },
  perUsedGpuHour: {
    name: "gpu_cost:per_used_gpu_hour",
    unit: "currency",
    labels: ["gpu_type"],
    meaning: "price of an hour of true utilisation",
  },
  per1000Requests: {
    name: "inference_cost:per_1000_requests",
    unit: "currency",
    meaning: "price of the cluster's allocated GPUs by the requests its served models answer",
  },
  perMillionTokens: {
    name: "inference_cost:per_million_tokens",
    unit: "currency",
    meaning: "price of the cluster's allocated GPUs by the tokens its served models write",
  },
});

/** All clusters together; `cluster` is "federation". */
export const totals = hubMetrics({
  clusters: {
    name: "federation_clusters:count",
    unit: "count",
    meaning: "clusters whose series stand behind the totals: the hub, and every member that is not stale",
  },
  machines: { name: "federation_machines:count", unit: "count", meaning: "machines" },
  cpu: { name: "federation_cpu:cores", unit: "cores", meaning: "logical processors" },
  cpuBusy: { name: "federation_cpu_busy:cores", unit: "cores", meaning: "of them at work" },
  memory: { name: "federation_memory:bytes", unit: "bytes", meaning: "memory" },
  memoryUsed: { name: "federation_memory_used:bytes", unit: "bytes", meaning: "of it in use" },
  gpus: { name: "federation_gpus:count", unit: "GPUs", labels: ["gpu_type"], meaning: "GPUs" },
  gpusAllocated: {
    name: "federation_gpus_allocated:count",
    unit: "GPUs",
    labels: ["gpu_type"],
    meaning: "of them allocated",
  },
  gpuBusy: {
    name: "federation_gpu_busy:gpus",
    unit: "GPUs",
    labels: ["gpu_type"],
    meaning: "of them in true use",
  },
  gpuPower: { name: "federation_gpu_power:watts", unit: "watts", meaning: "power drawn by GPUs" },
  gpuCost: {
    name: "federation_gpu_cost:per_hour",
    unit: "currency per hour",
    meaning: "price of all GPUs that have one",
  },
  gpuCostWasted: {
    name: "federation_gpu_cost_wasted:per_hour",
    unit: "currency per hour",
    meaning: "of it for what is held and not used",
  },
  inferenceRequests: {
    name: "federation_inference_requests:rate5m",
    unit: "per second",
    meaning: "requests of all served models",
  },
  jobsRunning: { name: "federation_slurm_jobs_running:count", unit: "count", meaning: "Slurm jobs that run" },
  jobsPending: {
    name: "federation_slurm_jobs_pending:count",
    unit: "count",
    meaning: "Slurm jobs that wait",
  },
  alertsFiring: {
    name: "federation_alerts:firing",
    unit: "count",
    labels: ["severity"],
    meaning: "alerts that fire anywhere",
  },
});
