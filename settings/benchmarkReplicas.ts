import type { BenchmarkTargetSettings } from "./benchmarksTypes";
import type { HubObject } from "./schema";

type Scaled = Pick<HubObject, "benchmarks" | "serving">;

/** Index in `hub.serving` of the model that a target measures and the stack scales; -1: the stack does not scale it. */
export const scaledAt = ({ serving }: Pick<Scaled, "serving">, target: BenchmarkTargetSettings): number =>
  serving.findIndex(
    ({ model, namespace, scaling }) =>
      scaling !== undefined && model === target.service && namespace === target.namespace,
  );

/**
 * The targets, each with the replicas that its served model really scales between: those of `hub.serving` where the stack
 * scales it, so that nobody states them twice. A model that scales to zero is measured from its first replica on.
 */
export function measuredTargets(hub: Scaled): readonly BenchmarkTargetSettings[] {
  return hub.benchmarks.map((target) => {
    const scaling = hub.serving[scaledAt(hub, target)]?.scaling;
    return scaling === undefined
      ? target
      : { ...target, replicas: { min: Math.max(1, scaling.minReplicas), max: scaling.maxReplicas } };
  });
}
