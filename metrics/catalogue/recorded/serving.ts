import { clusterMetrics, localMetrics } from "./define";

/** What measures requests of a served model: its proxy, its engine, its model server. */
export const servers = ["knative", "vllm", "kserve"] as const;

/** Most buckets of a latency histogram of any server. */
const MAX_BUCKETS = 32;
/** Versions of one model that are served at once while one replaces the other. */
const VERSIONS_AT_ONCE = 2;

/** Upper bounds of the time in which a pod becomes ready, as `le` is written. */
export const startBounds = ["5", "10", "20", "30", "60", "120", "300", "+Inf"] as const;
/** How long a start is counted, seconds. */
export const START_COUNTED_SECONDS = 300;

const model = { model: "models" } as const;
const version = { source: 1, ...model, version: VERSIONS_AT_ONCE } as const;

/** Served models; `model` is the name they are served by (the InferenceService's). */
export const serving = clusterMetrics({
  requests: {
    name: "inference_requests:rate5m",
    unit: "per second",
    labels: { ...model, server: servers },
    meaning: "requests as each server counts them; one request can be counted by several",
  },
  errors: {
    name: "inference_errors:rate5m",
    unit: "per second",
    labels: { ...model, server: servers },
    meaning: "of them those that failed on the server's side",
  },
  duration: {
    name: "inference_duration:bucket_rate5m",
    unit: "per second",
    labels: { ...model, server: servers, le: MAX_BUCKETS },
    meaning: "requests answered within le seconds",
  },
  durationSum: {
    name: "inference_duration:sum_rate5m",
    unit: "seconds",
    labels: { ...model, server: servers },
    meaning: "seconds of answering a second; by inference_requests:rate5m it gives the mean",
  },
  firstToken: {
    name: "inference_first_token:bucket_rate5m",
    unit: "per second",
    labels: { ...model, le: MAX_BUCKETS },
    meaning: "requests whose first token came within le seconds",
  },
  perOutputToken: {
    name: "inference_per_output_token:bucket_rate5m",
    unit: "per second",
    labels: { ...model, le: MAX_BUCKETS },
    meaning: "requests whose mean time per further token was at most le seconds",
  },
  queue: {
    name: "inference_queue:count",
    unit: "count",
    labels: { ...model, state: ["running", "waiting"] },
    meaning: "requests in the engines",
  },
  kvCache: {
    name: "inference_kv_cache:sum",
    unit: "count",
    labels: model,
    meaning:
      "used share of the engines' key-value caches, summed; by inference_engines:count it gives the mean",
  },
  engines: { name: "inference_engines:count", unit: "count", labels: model, meaning: "engines that answer" },
  tokens: {
    name: "inference_tokens:rate5m",
    unit: "per second",
    labels: { ...model, kind: ["generation", "prompt"] },
    meaning: "tokens read and written",
  },
  preemptions: {
    name: "inference_preemptions:rate5m",
    unit: "per second",
    labels: model,
    meaning: "requests put back since the key-value cache was full",
  },
  prefixCache: {
    name: "inference_prefix_cache:rate5m",
    unit: "per second",
    labels: { ...model, result: ["hits", "queries"] },
    meaning: "tokens looked up in the prefix cache, and found",
  },
  replicas: {
    name: "inference_replicas:count",
    unit: "count",
    labels: { ...model, state: ["available", "desired"] },
    meaning: "replicas of the model's Deployments",
  },
  autoscaler: {
    name: "inference_autoscaler:replicas",
    unit: "count",
    labels: { ...model, bound: ["current", "desired", "max", "min"] },
    meaning: "what the model's autoscaler has, wants, and may have; Knative has no min and max here",
  },
  autoscalersAtLimit: {
    name: "autoscalers_at_limit:count",
    unit: "count",
    meaning: "horizontal pod autoscalers that want more replicas than they may have, or all they may",
  },
  starts: {
    name: "inference_starts:bucket_count5m",
    unit: "count",
    labels: { ...model, le: startBounds },
    meaning: "pods that first became ready within 5 minutes, at most le seconds after they were made",
  },
  startMax: {
    name: "inference_start:max_seconds",
    unit: "seconds",
    labels: model,
    meaning: "longest time from made to first ready of the pods there are, to a second",
  },
  versionPods: {
    name: "serving_version:ready_pods",
    unit: "count",
    labels: version,
    meaning: "ready pods that serve a version of a model trained on cluster source",
  },
  stage: {
    name: "serving_stage:timestamp_seconds",
    unit: "unix seconds",
    labels: { ...version, stage: ["deployed", "served"] },
    meaning: "when the first pod with the version was ready, and answered its first request",
  },
});

const pod = ["namespace", "pod"] as const;
const madeOnce = [...pod, "uid"] as const;

/** What joins and limits the recordings of served models. */
export const localServing = localMetrics({
  models: {
    name: "inference_model:requests",
    unit: "per second",
    labels: ["model"],
    meaning: "requests of every served model, 0 where it is deployed and has none",
  },
  ranked: {
    name: "inference_model:ranked_requests",
    unit: "per second",
    labels: ["model"],
    meaning: "the same of the models that recordings tell apart: those with most requests",
  },
  firstReady: {
    name: "serving_pod:first_ready_seconds",
    unit: "unix seconds",
    labels: [...madeOnce, "model"],
    meaning: "when a pod of a served model first became ready, however often it was unready since",
  },
  start: {
    name: "serving_pod:start_seconds",
    unit: "seconds",
    labels: [...madeOnce, "model"],
    meaning: "time from made to first ready of each pod of a served model",
  },
  versions: {
    name: "serving_version:info",
    unit: "info",
    labels: [...pod, "source", "model", "version"],
    meaning: "1 for each pod that serves a version of a model trained on cluster source",
  },
});
