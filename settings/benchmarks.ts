import { readFileSync } from "node:fs";
import { measuredTargets } from "./benchmarkReplicas";
import type { BenchmarkSettings } from "./benchmarksTypes";
import { optional } from "./optional";
import type { HubObject } from "./schema";
import { workerBundle } from "./workers";

const KEY = "federation:hub.benchmarks";

/** What the hub measures; undefined where it lists nothing. */
export function benchmarkSettings(stack: string, hub: HubObject): BenchmarkSettings | undefined {
  if (hub.benchmarks.length === 0) return undefined;
  return {
    namespace: hub.benchmarksNamespace,
    targets: measuredTargets(hub).map(({ caFile, ...target }) => ({
      ...target,
      ...optional("ca", caFile === undefined ? undefined : readFileSync(caFile, "utf8")),
    })),
    scripts: {
      driver: workerBundle(stack, KEY, "benchmark"),
      load: workerBundle(stack, KEY, "benchmark", undefined, "load.mjs"),
    },
  };
}

/** Said at every preview: GPUs of a type without a price serve, and nobody knows at what cost. */
export function unpricedWarning({ benchmarks, pricePerGpuHour }: HubObject): string | undefined {
  const types = [...new Set(benchmarks.flatMap(({ gpuType }) => gpuType ?? []))].filter(
    (type) => pricePerGpuHour[type] === undefined,
  );
  return types.length === 0
    ? undefined
    : `${KEY}: the cost of ${types.join(", ")} is "not measured" in reports: give federation:hub.pricePerGpuHour.`;
}
