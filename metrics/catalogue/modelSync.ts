import { exporterMetrics } from "./define";

const exporter = {
  exporter: "model-sync",
  versions: "any",
  target: ["namespace", "pod", "node", "service"],
} as const;
const model = ["model"] as const;

/** The worker that moves models, by its exporter (`workloads/model-sync/metrics/transfer.ts`). */
export const modelTransfer = exporterMetrics(exporter, {
  buildInfo: {
    name: "model_transfer_build_info",
    unit: "info",
    labels: ["version", "revision"],
    meaning: "the worker that serves this",
  },
  stateRead: {
    name: "model_transfer_state_read_success",
    unit: "boolean",
    meaning: "1 when the state could be read for this scrape; else nothing else is told",
  },
  runSuccess: {
    name: "model_transfer_run_last_success_timestamp_seconds",
    unit: "unix seconds",
    meaning: "end of the last run in which every model came to a good end",
  },
  run: {
    name: "model_transfer_run_last_timestamp_seconds",
    unit: "unix seconds",
    meaning: "end of the last run",
  },
  lastSuccess: {
    name: "model_transfer_last_success_timestamp_seconds",
    unit: "unix seconds",
    labels: model,
    meaning: "when the model was last found whole in bucket and registry",
  },
  stage: {
    name: "model_transfer_stage_timestamp_seconds",
    unit: "unix seconds",
    labels: ["model", "version", "stage"],
    meaning: "when the model's last version reached each stage",
  },
  bytes: {
    name: "model_transfer_bytes_total",
    type: "counter",
    unit: "bytes",
    labels: ["model", "result"],
    meaning: "bytes brought into the bucket: sent, copied",
  },
  files: {
    name: "model_transfer_files_total",
    type: "counter",
    unit: "count",
    labels: ["model", "result"],
    meaning: "files brought into the bucket: sent, copied, adopted",
  },
  mismatches: {
    name: "model_transfer_checksum_mismatch_total",
    type: "counter",
    unit: "count",
    labels: model,
    meaning: "checksums that differed between source and bucket",
  },
  retries: {
    name: "model_transfer_retries_total",
    type: "counter",
    unit: "count",
    labels: ["reason"],
    meaning: "requests tried again",
  },
  queued: {
    name: "model_transfer_queue_depth",
    unit: "count",
    meaning: "models with something still to do",
  },
  quarantined: { name: "model_transfer_quarantined", unit: "count", meaning: "models refused" },
  waiting: { name: "model_transfer_waiting", unit: "count", meaning: "models that are being written" },
  stuck: {
    name: "model_transfer_stuck",
    unit: "count",
    meaning: "models that have been written to for longer than is waited",
  },
  lag: {
    name: "model_transfer_lag_seconds",
    unit: "seconds",
    labels: model,
    meaning: "age of the oldest content of the model that is not yet registered; 0 when all is",
  },
  state: {
    name: "model_transfer_state_info",
    unit: "info",
    labels: ["model", "version", "digest", "outcome", "reason"],
    meaning: "the model's last version and what the last run said of it",
  },
  verify: {
    name: "model_transfer_verify_last_timestamp_seconds",
    unit: "unix seconds",
    meaning: "end of the last verification of what is published",
  },
  verifyFaults: {
    name: "model_transfer_verify_faults",
    unit: "count",
    meaning: "objects that the last verification found gone or different",
  },
});

const kind = ["kind"] as const;

/** The hub's retention of published models (`workloads/model-sync/metrics/retention.ts`). */
export const modelRetention = exporterMetrics(exporter, {
  run: {
    name: "model_retention_last_run_timestamp_seconds",
    unit: "unix seconds",
    meaning: "end of the last run",
  },
  applied: {
    name: "model_retention_apply",
    unit: "boolean",
    meaning: "1 when it removed, 0 when it planned",
  },
  reclaimable: {
    name: "model_retention_reclaimable_bytes",
    unit: "bytes",
    labels: kind,
    meaning: "bytes that removal would free",
  },
  removed: {
    name: "model_retention_removed_bytes",
    unit: "bytes",
    labels: kind,
    meaning: "bytes the last run removed",
  },
  kept: { name: "model_retention_kept_versions", unit: "count", meaning: "published versions that stay" },
  spared: {
    name: "model_retention_spared",
    unit: "count",
    meaning: "removals left out since the version came into use meanwhile",
  },
  failures: { name: "model_retention_failures", unit: "count", meaning: "removals that failed" },
  problems: {
    name: "model_retention_problems",
    unit: "count",
    meaning: "findings a person should look at",
  },
});
