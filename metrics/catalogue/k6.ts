import { exporterMetrics } from "./define";

const http = [
  "testid",
  "scenario",
  "name",
  "method",
  "status",
  "url",
  "group",
  "proto",
  "expected_response",
  "model",
  "version",
] as const;
const run = ["testid", "scenario", "model", "version"] as const;

/** k6 by remote write: one series a trend and statistic asked for; seconds, not milliseconds. */
export const k6 = exporterMetrics(
  { exporter: "k6", versions: ">=1.0", target: [] },
  {
    requests: {
      name: "k6_http_reqs_total",
      type: "counter",
      unit: "count",
      labels: http,
      meaning: "requests sent",
    },
    failed: {
      name: "k6_http_req_failed_rate",
      unit: "ratio",
      labels: http,
      meaning: "share of requests that failed",
    },
    durationP95: {
      name: "k6_http_req_duration_p95",
      unit: "seconds",
      labels: http,
      meaning: "time to answer, 95th percentile of one push interval",
    },
    durationP99: {
      name: "k6_http_req_duration_p99",
      unit: "seconds",
      labels: http,
      meaning: "time to answer, 99th percentile of one push interval",
    },
    dropped: {
      name: "k6_dropped_iterations_total",
      type: "counter",
      unit: "count",
      labels: run,
      meaning: "iterations not started for want of virtual users; absent while there are none",
    },
    virtualUsers: { name: "k6_vus", unit: "count", labels: run, meaning: "virtual users" },
  },
);
