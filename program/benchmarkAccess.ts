import type { Settings } from "../settings";

/** Where benchmarks run. */
const NAMESPACE = "benchmarks";

/** Namespace of the benchmarks that may write to the stack's Prometheus; undefined where none may. */
export function benchmarksNamespace(settings: Settings): string | undefined {
  return settings.role === "hub" && settings.benchmarkCredentials !== undefined ? NAMESPACE : undefined;
}
