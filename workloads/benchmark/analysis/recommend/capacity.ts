import { digits, duration, percent, rate } from "../../format";
import type { Load, Scenario, ServerFigures } from "../../result";
import type { SloId } from "../judged";
import { gpuUse } from "../gpus";
import { clientProblems } from "../validity";
import { factor, failing, isDefault, knobNumber } from "./types";
import type { Advice, Context, Gain, Rule } from "./types";

/** Where serving was at its limit. */
interface Limit {
  readonly load: Load;
  readonly scenario: Scenario;
  readonly server: ServerFigures;
  /** GPU utilisation, where it is known. */
  readonly gpu: number | undefined;
  readonly engineActive: number | undefined;
}

const CAPACITY: readonly SloId[] = ["throughput", "warm-p95", "gpu-utilisation"];

/** The window of the lowest rate that missed, else the warm one; undefined while capacity is no problem. */
function limitOf(context: Context): Limit | undefined {
  if (!failing(context, ...CAPACITY)) return undefined;
  const { knee, result } = context;
  const missed = knee?.steps.find(
    ({ state, load }) => state === "missed" && load.targetRate === knee.high,
  )?.load;
  const load = missed ?? result.evidence.warm?.load;
  if (load === undefined || clientProblems(load).length > 0) return undefined;
  const { utilisation, engineActive } = gpuUse(result.target, load);
  return {
    load,
    scenario: missed === undefined ? "warm" : "saturation",
    server: load.server ?? {},
    gpu: utilisation,
    engineActive,
  };
}

/** More rate at the knee; without a knee, a lower P95 at the same rate. */
function moreCapacity(context: Context, low: number, high: number): Gain | undefined {
  return (
    factor(context, "kneeRatePerGpu", low, high) ??
    factor(context, "kneeRate", low, high) ??
    factor(context, "warmP95Seconds", 1 / high, 1 / low)
  );
}

/** Those of the capacity targets that failed. */
const solves = (context: Context): readonly SloId[] => CAPACITY.filter((slo) => failing(context, slo));

type Found = Pick<Advice, "knob" | "to" | "from"> & {
  readonly metric: string;
  readonly text: string;
  /** Factors on the rate at the knee. */
  readonly factors: readonly [low: number, high: number];
};

/** A rule about what serving is short of at its limit. */
const capacityRule = (
  id: string,
  title: string,
  find: (limit: Limit, context: Context) => Found | undefined,
): Rule => ({
  id,
  title,
  advise: (context) => {
    const limit = limitOf(context);
    const found = limit === undefined ? undefined : find(limit, context);
    if (limit === undefined || found === undefined) return undefined;
    const { metric, text, factors, ...change } = found;
    const gain = moreCapacity(context, ...factors);
    if (gain === undefined) return undefined;
    const at = `at ${rate(limit.load.targetRate)}: ${text}`;
    return {
      because: { scenario: limit.scenario, metric, text: at },
      ...change,
      gain,
      solves: solves(context),
    };
  },
});

/** What was measured, in words; what was not is not mentioned. */
const told = (...texts: readonly (string | undefined)[]): string =>
  texts.filter((text) => text !== undefined).join("; ");

const KV_FULL = 0.9;
const KV_ROOM = 0.7;
const BUSY = 0.9;

const kvCache = capacityRule(
  "kv-cache",
  "Halve the KV cache's elements",
  ({ server: { kvCacheUsed, preemptions } }, context) =>
    ((kvCacheUsed ?? 0) <= KV_FULL && (preemptions ?? 0) === 0) || !isDefault(context, "kvCacheType")
      ? undefined
      : {
          metric: "KV cache in use, preemptions",
          text: told(
            kvCacheUsed === undefined
              ? undefined
              : `${percent(kvCacheUsed)} of the KV cache in use, ${percent(KV_FULL)} is the limit`,
            preemptions === undefined ? undefined : `${digits(preemptions)} preemptions, none is the limit`,
          ),
          knob: "kvCacheType",
          from: "auto",
          to: "fp8",
          factors: [1.15, 2],
        },
);

const batchLimit = capacityRule(
  "batch-limit",
  "Let the engine take more requests at once",
  ({ load, server: { waiting = 0, running, runningLimit, kvCacheUsed } }, context) => {
    if (waiting < 1 || running === undefined || (kvCacheUsed ?? 0) >= KV_ROOM) return undefined;
    // an engine that lets requests wait although its cache has room is at its limit, also where nobody has set one
    if (runningLimit === undefined ? kvCacheUsed === undefined : running < BUSY * runningLimit)
      return undefined;
    const each = (runningLimit ?? Math.ceil(running)) / Math.max(1, load.replicas);
    const from = knobNumber(context, "maxBatchedSequences", Math.ceil(each));
    return {
      metric: "requests waiting",
      text: told(
        `${digits(waiting)} requests waited while ${digits(running)}${runningLimit === undefined ? "" : ` of ${digits(runningLimit)}`} were in work`,
        kvCacheUsed === undefined ? undefined : `${percent(kvCacheUsed)} of the KV cache was in use`,
      ),
      knob: "maxBatchedSequences",
      from,
      to: from * 2,
      factors: [1.1, 2.1],
    };
  },
);

const THROTTLED = 0.1;

/** What is said of a server's CPU; throttling is the surer sign, as bursts meet the limit while the mean is far below it. */
const cpuLimit = capacityRule(
  "cpu-limit",
  "Raise the model server's CPU limit",
  ({ load, scenario, server: { cpuCores, cpuLimitCores, cpuThrottled } }, context) => {
    const limit = cpuLimitCores === undefined ? undefined : cpuLimitCores / load.replicas;
    const from = knobNumber(context, "cpuLimitCores", limit === undefined ? NaN : Number(digits(limit)));
    if (Number.isNaN(from)) return undefined;
    // at a rate that is answered in time, a burst that waits for the next period harms nobody
    const late = scenario === "saturation" || failing(context, "warm-p95");
    const throttled = late && cpuThrottled !== undefined && cpuThrottled > THROTTLED;
    const busy = cpuCores !== undefined && cpuLimitCores !== undefined && cpuCores >= BUSY * cpuLimitCores;
    if (!throttled && !busy) return undefined;
    const texts = [
      cpuThrottled === undefined
        ? undefined
        : `throttled in ${percent(cpuThrottled)} of its CPU periods, ${percent(THROTTLED)} is the limit`,
      cpuCores === undefined || cpuLimitCores === undefined
        ? undefined
        : `${digits(cpuCores)} of ${digits(cpuLimitCores)} cores in use, ${percent(BUSY)} is the limit`,
    ];
    return {
      metric: throttled ? "throttled CPU periods" : "CPU of the model server",
      text: told(...(throttled ? texts : texts.toReversed())),
      knob: "cpuLimitCores",
      from,
      to: from * 2,
      factors: [1.3, 2.2],
    };
  },
);

/**
 * Engines of language models quantise weights by an argument, as other servers may whose settings name it; elsewhere
 * smaller weights are a version of the model. Undefined where somebody has chosen the weights already.
 */
function smallerWeights(context: Context): Pick<Advice, "knob" | "from" | "to"> | undefined {
  const { protocol, settings, version } = context.result.target;
  if (protocol !== "openai" && settings.weightType === undefined)
    return { knob: "modelVersion", from: version, to: "one with FP16 or INT8 weights" };
  return isDefault(context, "weightType") ? { knob: "weightType", from: "auto", to: "fp8" } : undefined;
}

const gpuBound = capacityRule("gpu-bound", "Use smaller weights", ({ gpu, engineActive }, context) => {
  const change = smallerWeights(context);
  if (gpu === undefined || gpu < BUSY || change === undefined) return undefined;
  const memory =
    engineActive !== undefined && engineActive < 0.5
      ? `, its engine active for ${percent(engineActive)} only: it waits for memory`
      : "";
  return {
    metric: "GPU utilisation",
    text: `GPUs were busy for ${percent(gpu)} of the time${memory}; ${percent(BUSY)} is the limit`,
    ...change,
    factors: [1.1, 2],
  };
});

const IDLE = 0.7;

const serverWorkers = capacityRule(
  "server-workers",
  "Start more workers: the server waits for itself",
  ({ gpu, server: { cpuCores, cpuLimitCores, waiting = 0 } }, context) => {
    if (cpuCores === undefined || cpuLimitCores === undefined) return undefined;
    if (cpuCores >= IDLE * cpuLimitCores || (gpu ?? 0) >= IDLE || waiting < 1) return undefined;
    const from = knobNumber(context, "serverWorkers", 1);
    return {
      metric: "requests waiting",
      text: `${digits(waiting)} requests waited while CPU (${percent(cpuCores / cpuLimitCores)})${gpu === undefined ? "" : ` and GPU (${percent(gpu)})`} were below ${percent(IDLE)}`,
      knob: "serverWorkers",
      from,
      to: from * 2,
      factors: [1.2, 2.1],
    };
  },
);

/** A single request alone takes nearly as long as it may: no queue, no batch and no replica helps. */
const serviceTime: Rule = {
  id: "service-time",
  title: "One request takes too long by itself",
  advise: (context) => {
    const { figures, result } = context;
    const { warm } = result.evidence;
    const { warmP50Seconds: p50, warmP95Seconds: p95 } = figures;
    const limit = result.target.slos.warmP95Seconds;
    if (!failing(context, "warm-p95") || warm === undefined || p50 === undefined || p95 === undefined)
      return undefined;
    const waiting = warm.load.server?.waiting;
    if (p50 < 0.8 * limit || (waiting ?? 0) >= 1) return undefined;
    const onGpu = result.target.gpusPerReplica > 0;
    const cores = knobNumber(context, "cpuLimitCores", 1);
    const change = onGpu
      ? smallerWeights(context)
      : ({ knob: "cpuLimitCores", from: cores, to: cores * 2 } as const);
    if (change === undefined) return undefined;
    return {
      because: {
        scenario: "warm",
        metric: "P50 without a queue",
        text: `half of the requests took ${duration(p50)} and more, ${waiting === undefined ? "and nothing tells of a queue" : "with nothing waiting"}; P95 must be below ${duration(limit)}`,
      },
      ...change,
      gain: { figure: "warmP95Seconds", now: p95, low: p95 * 0.45, high: p95 * 0.95 },
      solves: solves(context),
    };
  },
};

export const capacityRules: readonly Rule[] = [
  kvCache,
  batchLimit,
  cpuLimit,
  serviceTime,
  gpuBound,
  serverWorkers,
];
