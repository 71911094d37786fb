import { exporterMetrics } from "./define";

const target = ["namespace", "pod", "node", "service"] as const;
const engine = ["model_name", "engine"] as const;

/** vLLM. */
export const vllm = exporterMetrics(
  { exporter: "vllm", versions: ">=0.6", target },
  {
    running: {
      name: "vllm:num_requests_running",
      unit: "count",
      labels: engine,
      meaning: "requests the engine works on",
    },
    waiting: {
      name: "vllm:num_requests_waiting",
      unit: "count",
      labels: engine,
      meaning: "requests that wait for the engine",
    },
    kvCache: {
      name: "vllm:kv_cache_usage_perc",
      unit: "ratio",
      labels: engine,
      versions: ">=0.9",
      renames: ["vllm:gpu_cache_usage_perc"],
      meaning: "used share of the key-value cache, 0 to 1 in spite of the name",
    },
    promptTokens: {
      name: "vllm:prompt_tokens_total",
      type: "counter",
      unit: "count",
      labels: engine,
      meaning: "tokens read",
    },
    generationTokens: {
      name: "vllm:generation_tokens_total",
      type: "counter",
      unit: "count",
      labels: engine,
      meaning: "tokens written",
    },
    requests: {
      name: "vllm:request_success_total",
      type: "counter",
      unit: "count",
      labels: [...engine, "finished_reason"],
      meaning: "requests ended, also those that ended with finished_reason error",
    },
    preemptions: {
      name: "vllm:num_preemptions_total",
      type: "counter",
      unit: "count",
      labels: engine,
      meaning: "requests put back since the key-value cache was full",
    },
    prefixQueries: {
      name: "vllm:prefix_cache_queries_total",
      type: "counter",
      unit: "count",
      labels: engine,
      versions: ">=0.9",
      renames: ["vllm:gpu_prefix_cache_queries_total"],
      meaning: "tokens looked up in the prefix cache",
    },
    prefixHits: {
      name: "vllm:prefix_cache_hits_total",
      type: "counter",
      unit: "count",
      labels: engine,
      versions: ">=0.9",
      renames: ["vllm:gpu_prefix_cache_hits_total"],
      meaning: "of them found",
    },
    firstToken: {
      name: "vllm:time_to_first_token_seconds",
      type: "histogram",
      unit: "seconds",
      labels: engine,
      meaning: "time to the first token",
    },
    perOutputToken: {
      name: "vllm:request_time_per_output_token_seconds",
      type: "histogram",
      unit: "seconds",
      labels: engine,
      versions: ">=0.11",
      renames: ["vllm:time_per_output_token_seconds"],
      meaning: "mean time per further token of a request",
    },
    duration: {
      name: "vllm:e2e_request_latency_seconds",
      type: "histogram",
      unit: "seconds",
      labels: engine,
      meaning: "time of a request from end to end",
    },
  },
);

/** Names vLLM had before. */
export const olderVllm = exporterMetrics(
  { exporter: "vllm", versions: "<0.11", target },
  {
    kvCache: {
      name: "vllm:gpu_cache_usage_perc",
      unit: "ratio",
      labels: engine,
      versions: "<0.9",
      renames: ["vllm:kv_cache_usage_perc"],
      meaning: "used share of the key-value cache",
    },
    prefixQueries: {
      name: "vllm:gpu_prefix_cache_queries_total",
      type: "counter",
      unit: "count",
      labels: engine,
      versions: "<0.9",
      renames: ["vllm:prefix_cache_queries_total"],
      meaning: "tokens looked up in the prefix cache",
    },
    prefixHits: {
      name: "vllm:gpu_prefix_cache_hits_total",
      type: "counter",
      unit: "count",
      labels: engine,
      versions: "<0.9",
      renames: ["vllm:prefix_cache_hits_total"],
      meaning: "of them found",
    },
    perOutputToken: {
      name: "vllm:time_per_output_token_seconds",
      type: "histogram",
      unit: "seconds",
      labels: engine,
      renames: ["vllm:request_time_per_output_token_seconds"],
      meaning: "time between tokens",
    },
  },
);
