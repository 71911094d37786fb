import type { z } from "zod";
import type { benchmarkTarget } from "../../settings/benchmarksSchema";
import { simulatedType } from "../gpus/inventory";
import { sandboxModel } from "../models";
import { namespace, port, predictor } from "../serving/objects";
import { promptOf } from "../serving/prompts";

/** Different requests that are sent, over and over. */
const prompts = 64;

/**
 * The model that is served here, on CPUs and with simulated GPUs, by figures of a machine of two cores: its limits are
 * no site's, and every report says so. All scenarios take some ten minutes, so that people and tests begin them:
 * `kubectl create job --from=cronjob/benchmark-sandbox-tiny -n benchmarks NAME`.
 */
export const sandboxBenchmark: z.input<typeof benchmarkTarget> = {
  name: sandboxModel,
  model: sandboxModel,
  registeredModel: `hpc-${sandboxModel}`,
  url: `http://${predictor(sandboxModel)}.${namespace}.svc`,
  protocol: "kserve-v1",
  namespace,
  service: sandboxModel,
  workload: { port },
  corpus: {
    kind: "examples",
    name: "token-prompts",
    examples: Array.from({ length: prompts }, (_, number) => ({ instances: [[...promptOf(number)]] })),
  },
  gpuType: simulatedType("rtx-a6000"),
  gpusPerReplica: 1,
  slos: {
    coldStartSeconds: 120,
    warmP95Seconds: 1,
    requestsPerSecondPerGpu: 20,
    gpuUtilisation: 0.4,
    autoscalingSeconds: 120,
  },
  simulated: true,
  scenarios: {
    // one replica's: at 12 a second the autoscaler begins to think of a second one
    warm: { rate: 9, warmUpSeconds: 5, seconds: 80 },
    // a rate that three replicas carry: to look for their knee takes minutes more
    saturation: { startRate: 60, maxRate: 120, limitSeconds: 220, stepSeconds: 20, warmUpSeconds: 2 },
    soak: { rate: 20, windows: 2, windowSeconds: 32, warmUpSeconds: 5 },
    // at most half a core of load
    autoscaling: { rateBefore: 2, rateAfter: 30, beforeSeconds: 15, holdSeconds: 100, returnSeconds: 240 },
    coldStart: { kinds: ["deployment", "pod-restart", "scale-from-zero"], limitSeconds: 180 },
  },
  timeoutSeconds: 5,
  // its two cores are everyone's
  lateSeconds: 0.1,
  schedule: "0 4 1 1 *",
  disruptive: true,
  resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { cpu: "2", memory: "512Mi" } },
};
