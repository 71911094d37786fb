import { exporterMetrics } from "./define";

/** Tags of the benchmark's run on everything that k6 tells, and those that k6 adds to requests. */
const run = ["testid", "model", "version"] as const;
const load = [...run, "scenario"] as const;
const http = [...load, "name", "method", "status", "expected_response"] as const;

/**
 * k6 by remote write: one series a trend and statistic asked for; seconds, not milliseconds. A benchmark runs k6 once for
 * each step of its load: what is told begins anew with a step.
 */
export const k6 = exporterMetrics(
  { exporter: "k6", versions: ">=1.0", target: [] },
  {
    requests: {
      name: "k6_http_reqs_total",
      type: "counter",
      unit: "count",
      labels: http,
      meaning: "requests that came to an end",
    },
    durationP95: {
      name: "k6_http_req_duration_p95",
      unit: "seconds",
      labels: http,
      meaning: "time to answer, 95th percentile since the step began",
    },
    durationP99: {
      name: "k6_http_req_duration_p99",
      unit: "seconds",
      labels: http,
      meaning: "time to answer, 99th percentile since the step began",
    },
    durationMean: {
      name: "k6_http_req_duration_avg",
      unit: "seconds",
      labels: http,
      meaning: "time to answer, mean since the step began",
    },
    durationMax: {
      name: "k6_http_req_duration_max",
      unit: "seconds",
      labels: http,
      meaning: "time to answer, longest since the step began",
    },
    dropped: {
      name: "k6_dropped_iterations_total",
      type: "counter",
      unit: "count",
      labels: load,
      meaning: "iterations not started for want of virtual users; absent while there are none",
    },
    virtualUsers: { name: "k6_vus", unit: "count", labels: run, meaning: "virtual users" },
  },
);
