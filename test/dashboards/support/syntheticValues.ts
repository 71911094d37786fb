/**
 * A federation that does not exist, with values a person would believe: what each recorded series is at a moment.
 * Deterministic: the same series has the same values in every run.
 */

/** A series at a moment. */
export interface At {
  readonly cluster: string;
  readonly label: (name: string) => string;
  /** Seconds since 1970. */
  readonly time: number;
  /** The end of the history, seconds since 1970. */
  readonly now: number;
  /** Between 1 - size and 1 + size, moving slowly, different for each series. */
  readonly about: (size: number) => number;
}

type Value = (at: At) => number;

const hub = (at: At): boolean => at.cluster === "cloud";
const by =
  (cloud: number, other: number, size = 0.05): Value =>
  (at) =>
    (hub(at) ? cloud : other) * at.about(size);
const count =
  (cloud: number, other: number): Value =>
  (at) =>
    hub(at) ? cloud : other;
const zero: Value = () => 0;
const one: Value = () => 1;

/** The part of `of` things whose share is at most the label `le`, spread around `mean`. */
const spread =
  (of: Value, mean: Value): Value =>
  (at) => {
    const le = at.label("le") === "+Inf" ? Infinity : Number(at.label("le"));
    const steep = 9;
    const part = le === Infinity ? 1 : 1 / (1 + Math.exp(-steep * (le - mean(at))));
    return Math.round(of(at) * part);
  };

/** Cumulative rates of a latency histogram around `median` seconds. */
const latencies =
  (rate: Value, median: Value): Value =>
  (at) => {
    const le = at.label("le") === "+Inf" ? Infinity : Number(at.label("le"));
    const z = Math.log(le / median(at)) / 0.6;
    return rate(at) * (le === Infinity ? 1 : 1 / (1 + Math.exp(-1.7 * z)));
  };

const gpusOf: Readonly<Record<string, number>> = { "rtx-a6000": 16, "tesla-t4": 8, h100: 64, a100: 128 };
const gpuCount: Value = ({ label }) => gpusOf[label("gpu_type")] ?? 1;
const owners: Readonly<Record<string, number>> = { serving: 0.6, research: 0.2, slurm: 0.85 };
const allocated: Value = (at) => Math.round(gpuCount(at) * (owners[at.label("owner")] ?? 0.05));
const busyShare: Value = (at) => (hub(at) ? 0.38 : 0.71) * at.about(0.15);
const modelRate: Readonly<Record<string, number>> = { "llama-chat": 42, "resnet-50": 180, "fraud-xgb": 75 };
const requestRate: Value = (at) =>
  (modelRate[at.label("model")] ?? 2.5) * (1 + 0.25 * Math.sin(at.time / 5200)) * at.about(0.06);
const modelMedian: Readonly<Record<string, number>> = {
  "llama-chat": 0.28,
  "resnet-50": 0.018,
  "fraud-xgb": 0.006,
};
const median: Value = (at) => (modelMedian[at.label("model")] ?? 0.05) * at.about(0.12);

/** Hours ago that versions were trained, by model and version. */
const trainedHoursAgo = (model: string, version: string): number =>
  2.6 + 3.1 * (model.length % 5) + 9 * Math.max(0, 12 - Number(version));
const STAGES: Readonly<Record<string, number>> = {
  trained: 0,
  quiescent: 150,
  hashed: 190,
  uploaded: 420,
  verified: 460,
  registered: 480,
  deployed: 1500,
  served: 1620,
};
const stage: Value = ({ label, now }) =>
  Math.round(now - trainedHoursAgo(label("model"), label("version")) * 3600 + (STAGES[label("stage")] ?? 0));
const shares: Readonly<Record<string, Value>> = {
  cpu: by(0.42, 0.78, 0.08),
  memory: by(0.55, 0.66, 0.02),
  filesystem: by(0.47, 0.61, 0.005),
  gpu: by(0.38, 0.71, 0.12),
  gpu_nominal: by(0.81, 0.93, 0.04),
  gpu_memory: by(0.66, 0.74, 0.03),
};
const never: Value = () => NaN;
const jobs: Readonly<Record<string, number>> = {
  running: 148,
  pending: 37,
  completed: 412,
  failed: 9,
  held: 4,
};

/** Points that components lose: on the hub, on the member. */
const points: Readonly<Record<string, readonly [number, number]>> = {
  gpus: [14, 8],
  serving: [9, 0],
  scheduler: [0, 38],
  nodes: [0, 12],
  monitoring: [4, 7],
  api: [2, 0],
  storage: [5, 0],
};

/** A value that is there while a benchmark runs: in the last half hour. */
const whileBenchmarked =
  (value: Value): Value =>
  (at) =>
    at.now - at.time < 1800 ? value(at) : NaN;

/** While the link to the member was cut. */
const outage = ({ cluster, time, now }: At): boolean =>
  cluster === "hpc" && now - time > 7000 && now - time < 7840;

/** By name without the level; what is not named here is about 1. */
export const values: Readonly<Record<string, Value>> = {
  "health:score": (at) => 100 - (points[at.label("component")]?.[hub(at) ? 0 : 1] ?? 0),
  "health:loss": (at) => points[at.label("component")]?.[hub(at) ? 0 : 1] ?? 0,
  "cluster_health:score": (at) => (hub(at) ? 94 : outage(at) ? 0 : 81),
  "cluster_health:state": (at) => (outage(at) ? 3 : hub(at) ? 0 : 1),
  "cluster_health:top_reason": by(4, 12, 0),
  "watchdog:firing": one,
  "federation_clusters:count": (at) => (outage({ ...at, cluster: "hpc" }) ? 1 : 2),
  "federation_machines:count": () => 230,
  "federation_cpu:cores": () => 28_288,
  "federation_cpu_busy:cores": ({ about }) => 21_600 * about(0.06),
  "federation_memory:bytes": () => 112e12,
  "federation_memory_used:bytes": ({ about }) => 73e12 * about(0.02),
  "federation_gpus:count": gpuCount,
  "federation_gpus_allocated:count": (at) => Math.round(gpuCount(at) * 0.85),
  "federation_gpu_busy:gpus": (at) => gpuCount(at) * 0.66 * at.about(0.1),
  "federation_gpu_power:watts": ({ about }) => 67e3 * about(0.1),
  "federation_gpu_cost:per_hour": () => 518,
  "federation_gpu_cost_wasted:per_hour": ({ about }) => 93 * about(0.1),
  "federation_inference_requests:rate5m": ({ about }) => 290 * about(0.2),
  "federation_slurm_jobs_running:count": ({ about }) => Math.round(148 * about(0.2)),
  "federation_slurm_jobs_pending:count": ({ about }) => Math.round(33 * about(0.2)),
  "federation_alerts:firing": () => 4,
  "federation_health:score": (at) => (outage({ ...at, cluster: "hpc" }) ? 47 : 87.5),
  "federation_health:state": (at) => (outage({ ...at, cluster: "hpc" }) ? 3 : 1),
  "federation_health:top_reason": by(6, 6, 0),
  "heartbeat:timestamp_seconds": ({ time }) => time - 7,
  "targets:up": ({ label }) => 2 + (label("job").length % 9),
  "targets:down": ({ label }) => (label("job") === "slurm" ? 1 : 0),
  "scrape_duration:max_seconds": by(0.12, 0.31, 0.3),
  "prometheus_series:count": by(412_000, 1_240_000, 0.02),
  "prometheus_samples:rate5m": by(14_800, 41_200, 0.02),
  "prometheus_storage:bytes": by(31e9, 78e9, 0.01),
  "prometheus_config_reload:success": one,
  "prometheus_rule_failures:rate5m": zero,
  "prometheus_rule_groups_missed:rate5m": zero,
  "prometheus_notifications_dropped:rate5m": zero,
  "prometheus_scrapes_over_limit:rate5m": zero,
  "prometheus_samples_rejected:rate5m": zero,
  "alerts:firing": ({ label }) => (label("severity") === "warning" ? 2 : 1),
  "alertmanager_members:min": count(2, 1),
  "alertmanager_alerts:max": count(6, 2),
  "alertmanager_notifications:rate5m": by(0.02, 0.01, 0.4),
  "alertmanager_notifications_failed:rate5m": zero,
  "limits:used": ({ label, cluster }) => 2 + ((label("limit").length * cluster.length) % 17),
  "limits:allowed": count(40, 50),
  "machines:count": count(18, 212),
  "cpu:cores": count(1152, 27_136),
  "cpu_busy:cores": (at) =>
    (hub(at) ? 480 : 21_000) * (at.label("mode") === "user" ? 0.82 : 0.03) * at.about(0.08),
  "cpu_busy:machines_bucket": spread(count(18, 212), by(0.42, 0.78)),
  "memory:bytes": count(4.6e12, 108e12),
  "memory_available:bytes": by(2.1e12, 37e12, 0.03),
  "memory_used:machines_bucket": spread(count(18, 212), by(0.55, 0.66)),
  "filesystem:bytes": count(36e12, 424e12),
  "filesystem_available:bytes": by(19e12, 165e12, 0.005),
  "filesystem_used:filesystems_bucket": spread(count(36, 424), by(0.47, 0.61)),
  "disk_read:bytes_rate5m": by(210e6, 3.8e9, 0.3),
  "disk_written:bytes_rate5m": by(140e6, 2.1e9, 0.35),
  "network_received:bytes_rate5m": by(480e6, 9.4e9, 0.25),
  "network_sent:bytes_rate5m": by(460e6, 9.1e9, 0.25),
  "network_errors:rate5m": zero,
  "clocks_unsynchronised:count": zero,
  "clock_offset:max_seconds": by(0.0021, 0.0084, 0.4),
  "gpus:count": gpuCount,
  "gpus_allocated:count": allocated,
  "gpu_busy:gpus": (at) => gpuCount(at) * busyShare(at),
  "gpu_busy_allocated:gpus": (at) =>
    allocated(at) * (at.label("owner") === "research" ? 0.12 : 0.78) * at.about(0.1),
  "gpu_busy_nominal:gpus": (at) => gpuCount(at) * (hub(at) ? 0.81 : 0.93) * at.about(0.04),
  "gpu_busy:gpus_bucket": spread(gpuCount, busyShare),
  "gpu_busy_source:gpus": (at) => (at.label("source") === "sm_active" ? gpuCount(at) : 0),
  "gpus_stuck:count": zero,
  "gpus_idle_allocated:count": (at) => (at.label("owner") === "research" ? 2 : 0),
  "gpu_memory:bytes": (at) => gpuCount(at) * 80e9,
  "gpu_memory_used:bytes": (at) => gpuCount(at) * 80e9 * (hub(at) ? 0.66 : 0.74) * at.about(0.03),
  "gpu_power:watts": (at) => gpuCount(at) * 310 * at.about(0.1),
  "gpu_energy:joules_rate5m": (at) => gpuCount(at) * 305 * at.about(0.1),
  "gpu_temperature:max_celsius": by(71, 79, 0.04),
  "gpu_memory_temperature:max_celsius": by(82, 91, 0.03),
  "gpu_xid:gpus": one,
  "gpus_row_remap_failed:count": zero,
  "gpus_schedulable:count": (at) => (at.label("scheduler") === "slurm" ? 184 : hub(at) ? 24 : 8),
  "gpus_requested:count": (at) => (at.label("scheduler") === "slurm" ? 161 : hub(at) ? 19 : 3),
  "kube_nodes:count": count(18, 6),
  "kube_nodes_ready:count": count(18, 6),
  "kube_nodes_unschedulable:count": zero,
  "kube_pods:count": (at) =>
    at.label("phase") === "Running" ? (hub(at) ? 342 : 61) : at.label("phase") === "Pending" ? 3 : 0,
  "kube_pods_unschedulable:count": count(1, 0),
  "kube_container_restarts:increase1h": count(4, 0),
  "kube_cpu:cores": count(1120, 384),
  "kube_cpu_requested:cores": by(760, 120, 0.01),
  "kube_cpu_used:cores": by(470, 66, 0.1),
  "kube_memory:bytes": count(4.4e12, 1.5e12),
  "kube_memory_requested:bytes": by(3.1e12, 0.5e12, 0.01),
  "kube_memory_used:bytes": by(2.3e12, 0.31e12, 0.04),
  "kube_namespace_cpu_requested:cores": ({ label }) => 20 * label("namespace").length,
  "kube_namespace_cpu_used:cores": ({ label, about }) => 11 * label("namespace").length * about(0.1),
  "kube_namespace_memory_requested:bytes": ({ label }) => 90e9 * label("namespace").length,
  "kube_namespace_memory_used:bytes": ({ label, about }) => 66e9 * label("namespace").length * about(0.05),
  "kube_jobs:count": ({ label }) =>
    label("state") === "succeeded" ? 21 : label("state") === "active" ? 2 : 0,
  "kube_volume_used:volumes_bucket": spread(count(24, 8), by(0.4, 0.3)),
  "apiserver_requests:rate5m": ({ label, about }) =>
    (label("code_class") === "2xx" ? 210 : 0.05) * about(0.15),
  "apiserver_request_duration:bucket_rate5m": latencies(by(190, 60), by(0.02, 0.03)),
  "apiserver_inflight:count": by(6, 2, 0.4),
  "slurm_jobs:count": ({ label, about }) => Math.round((jobs[label("state")] ?? 0) * about(0.2)),
  "slurm_jobs_pending:avg1h": by(0, 35, 0.2),
  "slurm_jobs_started:rate1h": by(0, 0.021, 0.2),
  "slurm_jobs_submitted:rate1h": by(0, 0.022, 0.25),
  "slurm_jobs_completed:rate1h": by(0, 0.019, 0.2),
  "slurm_jobs_failed:rate1h": by(0, 0.0007, 0.3),
  "slurm_nodes:count": count(0, 206),
  "slurm_nodes_by_state:count": ({ label }) =>
    ({ allocated: 141, mixed: 38, idle: 21, down: 2, drain: 4 })[label("state")] ?? 0,
  "slurm_cpus:count": count(0, 26_368),
  "slurm_cpus_allocated:count": by(0, 22_900, 0.03),
  "slurm_memory:bytes": count(0, 105e12),
  "slurm_memory_allocated:bytes": by(0, 88e12, 0.03),
  "slurm_partition_jobs:count": ({ label }) =>
    (label("state") === "running" ? 12 : 4) * label("partition").length,
  "slurm_partition_cpus:count": ({ label }) => 2048 * label("partition").length,
  "slurm_partition_cpus_allocated:count": ({ label, about }) =>
    1720 * label("partition").length * about(0.05),
  "slurm_partition_gpus:count": ({ label }) => 16 * label("partition").length,
  "slurm_partition_gpus_allocated:count": ({ label, about }) =>
    Math.round(14 * label("partition").length * about(0.05)),
  "slurm_scheduler_cycle:mean_seconds": by(0, 0.044, 0.1),
  "slurm_controller_threads:count": count(0, 6),
  "slurm_database_queue:count": zero,
  "beegfs_space:bytes": count(0, 2.1e15),
  "beegfs_space_free:bytes": by(0, 0.72e15, 0.002),
  "beegfs_targets:count": ({ label }) =>
    label("state") === "good" ? 23 : label("state") === "needs_resync" ? 1 : 0,
  "beegfs_target_used:targets_bucket": spread(count(0, 24), by(0, 0.65)),
  "beegfs_services:count": count(0, 8),
  "beegfs_services_responding:count": count(0, 8),
  "beegfs_read:bytes_rate5m": by(0, 6.1e9, 0.3),
  "beegfs_written:bytes_rate5m": by(0, 2.4e9, 0.4),
  "beegfs_queue:count": by(0, 14, 0.5),
  "beegfs_operations:rate5m": by(0, 21_000, 0.3),
  "minio_nodes:count": ({ label }) => (label("state") === "online" ? 4 : 0),
  "minio_drives:count": ({ label }) => (label("state") === "online" ? 16 : 0),
  "minio_health:healthy": one,
  "minio_write_tolerance:min_drives": count(3, 3),
  "minio_capacity:bytes": count(240e12, 240e12),
  "minio_capacity_free:bytes": by(131e12, 131e12, 0.003),
  "minio_requests:rate5m": by(62, 0, 0.25),
  "minio_request_errors:rate5m": ({ label, about }) => (label("code_class") === "4xx" ? 0.6 : 0) * about(0.4),
  "minio_requests_waiting:count": zero,
  "minio_first_byte:bucket_rate5m": latencies(by(60, 0), by(0.012, 1)),
  "minio_received:bytes_rate5m": by(180e6, 0, 0.4),
  "minio_sent:bytes_rate5m": by(320e6, 0, 0.4),
  "minio_bucket:bytes": ({ label }) => label("bucket").length * 2.6e12,
  "minio_bucket:objects": ({ label }) => label("bucket").length * 8400,
  "mlflow_servers:count": count(1, 0),
  "mlflow_requests:rate5m": ({ label, about }) => (label("code_class") === "2xx" ? 3.2 : 0.01) * about(0.2),
  "mlflow_request_duration:bucket_rate5m": latencies(by(3.2, 0), by(0.03, 1)),
  "transfer_stage:timestamp_seconds": stage,
  "transfer_last_success:timestamp_seconds": ({ time }) => Math.floor(time / 600) * 600,
  "transfer_lag:seconds": ({ label, time }) => (label("model") === "llama-chat" ? time % 900 : 0),
  "transfer_models:count": ({ label }) =>
    ({ known: 14, queued: 1, waiting: 1, quarantined: 1 })[label("state")] ?? 0,
  "transfer_state:info": one,
  "transfer_bytes:increase1h": ({ label, about }) => label("model").length * 6e9 * about(0.6),
  "transfer_files:increase1h": ({ label }) => label("model").length,
  "transfer_mismatches:increase1h": zero,
  "transfer_retries:increase1h": ({ label }) => label("reason").length % 3,
  "transfer_run:timestamp_seconds": ({ time }) => Math.floor(time / 300) * 300,
  "transfer_run_success:timestamp_seconds": ({ time }) => Math.floor(time / 300) * 300,
  "transfer_verify:timestamp_seconds": ({ time }) => Math.floor(time / 21_600) * 21_600,
  "transfer_verify_faults:count": zero,
  "transfer_state_read:success": one,
  "retention_run:timestamp_seconds": ({ time }) => Math.floor(time / 86_400) * 86_400,
  "retention_run:applied": zero,
  "retention_reclaimable:bytes": ({ label }) => label("kind").length * 3.1e10,
  "retention_removed:bytes": zero,
  "retention_kept:versions": count(31, 0),
  "retention_failures:count": zero,
  "retention_problems:count": count(1, 0),
  "inference_requests:rate5m": requestRate,
  "inference_errors:rate5m": (at) => requestRate(at) * 0.002,
  "inference_duration:bucket_rate5m": latencies(requestRate, median),
  "inference_duration:sum_rate5m": (at) => requestRate(at) * median(at) * 1.2,
  "inference_first_token:bucket_rate5m": latencies(requestRate, by(0.19, 1, 0.1)),
  "inference_per_output_token:bucket_rate5m": latencies(requestRate, by(0.032, 1, 0.1)),
  "inference_queue:count": (at) => Math.round((at.label("state") === "running" ? 18 : 2) * at.about(0.6)),
  "inference_kv_cache:sum": (at) => 1.9 * at.about(0.15),
  "inference_engines:count": count(3, 0),
  "inference_tokens:rate5m": (at) => (at.label("kind") === "prompt" ? 21_000 : 6_400) * at.about(0.2),
  "inference_preemptions:rate5m": zero,
  "inference_prefix_cache:rate5m": (at) => (at.label("result") === "hits" ? 9_000 : 21_000) * at.about(0.1),
  "inference_replicas:count": count(3, 0),
  "inference_autoscaler:replicas": ({ label }) =>
    ({ min: 1, max: 6, current: 3, desired: 3 })[label("bound")] ?? 3,
  "autoscalers_at_limit:count": zero,
  "inference_starts:bucket_count5m": ({ label, time }) =>
    time % 7200 < 300 ? (label("le") === "5" ? 1 : 2) : 0,
  "inference_start:max_seconds": by(7.4, 0, 0.3),
  "serving_version:ready_pods": count(3, 0),
  "serving_stage:timestamp_seconds": stage,
  "heartbeat:age_seconds": ({ time, now, about }) =>
    now - time > 7000 && now - time < 7900 ? 900 - (now - time - 7000) : 9 * about(0.5),
  "heartbeat:stale": (at) => (outage(at) ? 1 : 0),
  "heartbeat:skewed": zero,
  "federate:samples": ({ label, about }) =>
    Math.round((label("job") === "federate-health" ? 31 : 2140) * about(0.02)),
  "federate:samples_dropped": zero,
  "federate:sample_limit": ({ label }) => (label("job") === "federate-health" ? 500 : 20_000),
  "federate:scrape_seconds": ({ label, about }) =>
    (label("job") === "federate-health" ? 0.04 : 0.34) * about(0.4),
  "federate:up": (at) => (outage(at) ? 0 : 1),
  "cpu:utilisation": by(0.42, 0.78, 0.08),
  "memory:utilisation": by(0.55, 0.66, 0.02),
  "filesystem:utilisation": by(0.47, 0.61, 0.005),
  "gpu:utilisation": busyShare,
  "gpu:nominal_utilisation": by(0.81, 0.93, 0.04),
  "gpu_memory:utilisation": by(0.66, 0.74, 0.03),
  "gpu_wasted:gpus": (at) => allocated(at) * (at.label("owner") === "research" ? 0.88 : 0.22) * at.about(0.1),
  "gpus_requested:ratio": (at) => (at.label("scheduler") === "slurm" ? 0.875 : 0.79) * at.about(0.02),
  "slurm_cpus_allocated:ratio": by(0, 0.87, 0.03),
  "slurm_wait:seconds": by(0, 1710, 0.2),
  "beegfs:utilisation": by(0, 0.66, 0.002),
  "minio:utilisation": by(0.45, 0, 0.002),
  "minio_errors:ratio": zero,
  "mlflow_errors:ratio": zero,
  "mlflow_request_duration:p95_seconds": by(0.09, 0, 0.3),
  "apiserver_errors:ratio": by(0.0002, 0.0004, 0.3),
  "apiserver_request_duration:p99_seconds": by(0.21, 0.34, 0.2),
  "inference_errors:ratio": by(0.002, 0, 0.5),
  "inference_duration:p50_seconds": median,
  "inference_duration:p95_seconds": (at) => median(at) * 2.3,
  "inference_duration:p99_seconds": (at) => median(at) * 4.1,
  "inference_duration:mean_seconds": (at) => median(at) * 1.2,
  "inference_first_token:p95_seconds": by(0.31, 1, 0.2),
  "inference_kv_cache:utilisation": by(0.63, 0, 0.15),
  "benchmark_requests:rate1m": whileBenchmarked(({ about }) => 64 * about(0.02)),
  "benchmark_failures:ratio": whileBenchmarked(({ about }) => 0.003 * about(0.5)),
  "benchmark_dropped:rate1m": whileBenchmarked(zero),
  "benchmark_duration:p95_seconds": whileBenchmarked((at) => median(at) * 2.6),
  "benchmark_duration:p99_seconds": whileBenchmarked((at) => median(at) * 4.4),
  "benchmark_duration:mean_seconds": whileBenchmarked((at) => median(at) * 1.3),
  "benchmark_duration:max_seconds": whileBenchmarked((at) => median(at) * 7),
  "benchmark_virtual_users:count": whileBenchmarked(() => 74),
  "pipeline_stage:timestamp_seconds": (at) =>
    at.label("model") === "fraud-xgb" &&
    at.label("version") === "12" &&
    ["deployed", "served"].includes(at.label("stage"))
      ? never(at)
      : stage(at),
  "comparison:share": (at) => shares[at.label("measure")]?.(at) ?? 0.5,
  "gpu_cost:per_hour": (at) => gpuCount(at) * 2.4,
  "gpu_cost_wasted:per_hour": (at) => allocated(at) * 0.22 * 2.4 * at.about(0.1),
  "gpu_cost_idle:per_hour": (at) => gpuCount(at) * 2.4 * (1 - busyShare(at)),
  "gpu_cost:per_used_gpu_hour": (at) => 2.4 / busyShare(at),
  "inference_cost:per_1000_requests": by(0.041, 0, 0.2),
  "inference_cost:per_million_tokens": by(1.9, 0, 0.2),
};
