import { hubMetrics } from "./define";

const federate = ["job"] as const;

/** The hub about its members, and the way their series take. */
export const members = hubMetrics({
  heartbeatAge: {
    name: "heartbeat:age_seconds",
    unit: "seconds",
    meaning: "time since the member's last heartbeat, by value; absent where none came within an hour",
  },
  heartbeatStale: {
    name: "heartbeat:stale",
    unit: "boolean",
    meaning: "1 while the member's heartbeat is too old, or never came",
  },
  heartbeatSkewed: {
    name: "heartbeat:skewed",
    unit: "boolean",
    meaning: "1 while the member's clock is ahead of the hub's, so that its age can not be trusted",
  },
  samples: {
    name: "federate:samples",
    unit: "count",
    labels: federate,
    meaning: "samples the member's last federate scrape returned",
  },
  samplesDropped: {
    name: "federate:samples_dropped",
    unit: "count",
    labels: federate,
    meaning: "samples of a member's last federate scrape that were not about that member, and dropped",
  },
  sampleLimit: {
    name: "federate:sample_limit",
    unit: "count",
    labels: federate,
    meaning: "samples a federate scrape may return; above, it fails as a whole",
  },
  scrapeDuration: {
    name: "federate:scrape_seconds",
    unit: "seconds",
    labels: federate,
    meaning: "how long the last federate scrape took",
  },
  up: {
    name: "federate:up",
    unit: "boolean",
    labels: federate,
    meaning: "1 while the last federate scrape succeeded",
  },
});

/** Shares and quantiles of every cluster, taken from sums and buckets. */
export const ratios = hubMetrics({
  cpu: { name: "cpu:utilisation", unit: "ratio", meaning: "share of processors at work" },
  memory: { name: "memory:utilisation", unit: "ratio", meaning: "share of memory in use" },
  filesystem: {
    name: "filesystem:utilisation",
    unit: "ratio",
    meaning: "share of local file systems in use",
  },
  gpu: {
    name: "gpu:utilisation",
    unit: "ratio",
    labels: ["gpu_type"],
    meaning: "true utilisation of GPUs",
  },
  gpuNominal: {
    name: "gpu:nominal_utilisation",
    unit: "ratio",
    labels: ["gpu_type"],
    meaning: "share of time any kernel ran",
  },
  gpuMemory: {
    name: "gpu_memory:utilisation",
    unit: "ratio",
    labels: ["gpu_type"],
    meaning: "share of GPU memory in use",
  },
  gpuWasted: {
    name: "gpu_wasted:gpus",
    unit: "GPUs",
    labels: ["gpu_type", "owner"],
    meaning: "allocated GPUs less their true utilisation, by owner",
  },
  gpuRequested: {
    name: "gpus_requested:ratio",
    unit: "ratio",
    labels: ["scheduler"],
    meaning: "share of schedulable GPUs given away",
  },
  slurmCpus: {
    name: "slurm_cpus_allocated:ratio",
    unit: "ratio",
    meaning: "share of Slurm's processors given to jobs",
  },
  slurmWait: {
    name: "slurm_wait:seconds",
    unit: "seconds",
    meaning:
      "mean wait of jobs over an hour: those that waited by those that started (Little's law); infinite when none starts",
  },
  beegfs: { name: "beegfs:utilisation", unit: "ratio", meaning: "share of BeeGFS in use" },
  minio: { name: "minio:utilisation", unit: "ratio", meaning: "share of MinIO's usable capacity in use" },
  minioErrors: {
    name: "minio_errors:ratio",
    unit: "ratio",
    meaning: "share of requests MinIO answered with 5xx",
  },
  mlflowErrors: {
    name: "mlflow_errors:ratio",
    unit: "ratio",
    meaning: "share of requests MLflow answered with 5xx",
  },
  mlflowDuration: {
    name: "mlflow_request_duration:p95_seconds",
    unit: "seconds",
    meaning: "request time of MLflow",
  },
  apiErrors: {
    name: "apiserver_errors:ratio",
    unit: "ratio",
    meaning: "share of API requests answered with 5xx",
  },
  apiDuration: {
    name: "apiserver_request_duration:p99_seconds",
    unit: "seconds",
    meaning: "request time of the API server",
  },
});

const model = ["model"] as const;

/** Served models; where several servers count a model's requests, the outermost that does is taken. */
export const inference = hubMetrics({
  requests: { name: "inference_requests:rate5m", unit: "per second", labels: model, meaning: "requests" },
  errors: {
    name: "inference_errors:ratio",
    unit: "ratio",
    labels: model,
    meaning: "share of failed requests",
  },
  durationP50: {
    name: "inference_duration:p50_seconds",
    unit: "seconds",
    labels: model,
    meaning: "time to answer, median",
  },
  durationP95: {
    name: "inference_duration:p95_seconds",
    unit: "seconds",
    labels: model,
    meaning: "time to answer, 95th percentile",
  },
  durationP99: {
    name: "inference_duration:p99_seconds",
    unit: "seconds",
    labels: model,
    meaning: "time to answer, 99th percentile",
  },
  durationMean: {
    name: "inference_duration:mean_seconds",
    unit: "seconds",
    labels: model,
    meaning: "time to answer, mean",
  },
  firstTokenP95: {
    name: "inference_first_token:p95_seconds",
    unit: "seconds",
    labels: model,
    meaning: "time to the first token, 95th percentile",
  },
  kvCache: {
    name: "inference_kv_cache:utilisation",
    unit: "ratio",
    labels: model,
    meaning: "mean used share of the engines' key-value caches",
  },
});

/** The way of a model's version: trained on cluster source, in a stage on cluster. */
export const pipeline = hubMetrics({
  stage: {
    name: "pipeline_stage:timestamp_seconds",
    unit: "unix seconds",
    labels: ["source", "model", "version", "stage"],
    meaning: "when a version reached a stage, from trained to served; cluster is where the stage took place",
  },
});
