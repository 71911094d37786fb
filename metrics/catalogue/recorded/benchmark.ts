import { hubMetrics } from "./define";

/** A run of a benchmark: k6 names it `testid`. */
const run = ["model", "version", "testid"] as const;

/** Load that benchmarks make, as k6 tells it while they run; what a run is judged by stands in its report. */
export const benchmark = hubMetrics({
  requests: {
    name: "benchmark_requests:rate1m",
    unit: "per second",
    labels: run,
    meaning: "requests of a run that came to an end",
  },
  failures: {
    name: "benchmark_failures:ratio",
    unit: "ratio",
    labels: run,
    meaning: "share of them without a good answer",
  },
  dropped: {
    name: "benchmark_dropped:rate1m",
    unit: "per second",
    labels: run,
    meaning: "requests that were not sent for want of virtual users; the run is invalid then",
  },
  durationP95: {
    name: "benchmark_duration:p95_seconds",
    unit: "seconds",
    labels: run,
    meaning: "time to a good answer since the step of the load began, 95th percentile",
  },
  durationP99: {
    name: "benchmark_duration:p99_seconds",
    unit: "seconds",
    labels: run,
    meaning: "time to a good answer since the step of the load began, 99th percentile",
  },
  durationMean: {
    name: "benchmark_duration:mean_seconds",
    unit: "seconds",
    labels: run,
    meaning: "time to a good answer since the step of the load began, mean",
  },
  durationMax: {
    name: "benchmark_duration:max_seconds",
    unit: "seconds",
    labels: run,
    meaning: "time to a good answer since the step of the load began, longest",
  },
  virtualUsers: {
    name: "benchmark_virtual_users:count",
    unit: "count",
    labels: run,
    meaning: "virtual users of a run: requests that may be under way at once",
  },
});
