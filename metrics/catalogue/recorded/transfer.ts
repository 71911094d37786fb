import { clusterMetrics } from "./define";

/** The stages a version passes on its way from a member's file system into the registry, in order. */
export const transferStages = [
  "trained",
  "quiescent",
  "hashed",
  "uploaded",
  "verified",
  "registered",
] as const;

/** What retention can remove. */
const removals = ["version", "unpublished", "noncurrent", "upload"] as const;

/** Reasons for which a request is tried again, at most. */
const MAX_REASONS = 20;

const model = { model: "models" } as const;

/** Models on their way into the registry; recorded where the worker runs. */
export const transfer = clusterMetrics({
  stage: {
    name: "transfer_stage:timestamp_seconds",
    unit: "unix seconds",
    labels: { ...model, version: 1, stage: transferStages },
    meaning: "when the model's last version reached a stage; version is pending until it is registered",
  },
  lastSuccess: {
    name: "transfer_last_success:timestamp_seconds",
    unit: "unix seconds",
    labels: model,
    meaning: "when the model was last found whole in bucket and registry",
  },
  lag: {
    name: "transfer_lag:seconds",
    unit: "seconds",
    labels: model,
    meaning: "age of the oldest content that is not yet registered; 0 when all is",
  },
  models: {
    name: "transfer_models:count",
    unit: "count",
    labels: { state: ["known", "queued", "waiting", "stuck", "quarantined"] },
    meaning: "models: all, with something to do, being written, written to for too long, refused",
  },
  state: {
    name: "transfer_state:info",
    unit: "info",
    labels: { ...model, version: 1, digest: 1, outcome: 1, reason: 1 },
    meaning: "the model's last version and what the last run said of it",
  },
  bytes: {
    name: "transfer_bytes:increase1h",
    unit: "bytes",
    labels: { ...model, result: ["copied", "sent"] },
    meaning: "bytes brought into the bucket within an hour",
  },
  files: {
    name: "transfer_files:increase1h",
    unit: "count",
    labels: { ...model, result: ["adopted", "copied", "sent"] },
    meaning: "files brought into the bucket within an hour",
  },
  mismatches: {
    name: "transfer_mismatches:increase1h",
    unit: "count",
    labels: model,
    meaning: "checksums that differed within an hour",
  },
  retries: {
    name: "transfer_retries:increase1h",
    unit: "count",
    labels: { reason: MAX_REASONS },
    meaning: "requests tried again within an hour",
  },
  run: {
    name: "transfer_run:timestamp_seconds",
    unit: "unix seconds",
    meaning: "end of the last run",
  },
  runSuccess: {
    name: "transfer_run_success:timestamp_seconds",
    unit: "unix seconds",
    meaning: "end of the last run in which every model came to a good end",
  },
  verify: {
    name: "transfer_verify:timestamp_seconds",
    unit: "unix seconds",
    meaning: "end of the last verification of what is published",
  },
  verifyFaults: {
    name: "transfer_verify_faults:count",
    unit: "count",
    meaning: "objects that the last verification found gone or different",
  },
  stateRead: {
    name: "transfer_state_read:success",
    unit: "boolean",
    meaning: "1 while the exporter can read the worker's state",
  },
});

/** What the hub keeps of published models. */
export const retention = clusterMetrics({
  run: {
    name: "retention_run:timestamp_seconds",
    unit: "unix seconds",
    meaning: "end of the last retention run",
  },
  applies: {
    name: "retention_run:applied",
    unit: "boolean",
    meaning: "1 when that run removed, 0 when it only planned",
  },
  reclaimable: {
    name: "retention_reclaimable:bytes",
    unit: "bytes",
    labels: { kind: removals },
    meaning: "bytes that removal would free",
  },
  removed: {
    name: "retention_removed:bytes",
    unit: "bytes",
    labels: { kind: removals },
    meaning: "bytes the last run removed",
  },
  kept: { name: "retention_kept:versions", unit: "count", meaning: "published versions that stay" },
  failures: { name: "retention_failures:count", unit: "count", meaning: "removals that failed" },
  problems: { name: "retention_problems:count", unit: "count", meaning: "findings a person should look at" },
});
