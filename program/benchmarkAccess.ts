import type { Settings } from "../settings";

/** Namespace of the benchmarks that may write to the stack's Prometheus; undefined where none may. */
export const benchmarksNamespace = (settings: Settings): string | undefined =>
  settings.role === "hub" ? settings.benchmarks?.namespace : undefined;
