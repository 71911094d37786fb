import type { Settings } from "../settings";

/** Namespace of the benchmarks that may write to the stack's Prometheus; undefined where there are none. */
export function benchmarksNamespace(settings: Settings): string | undefined {
  return settings.role === "hub" ? settings.benchmarks?.namespace : undefined;
}
