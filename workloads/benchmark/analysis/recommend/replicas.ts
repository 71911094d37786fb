import { counted, digits, duration, money, percent, rate } from "../../format";
import { gpuUse } from "../gpus";
import { clientProblems } from "../validity";
import { failing } from "./types";
import type { Context, Gain, Rule } from "./types";

/** Share of the knee that a replica is to carry at most. */
const HEADROOM = 0.8;

/** P95 at a rate of one replica, between the steps that were measured below and above it. */
function p95At({ knee, figures }: Context, perReplica: number): Gain | undefined {
  const now = figures.warmP95Seconds;
  const known = (knee?.steps ?? [])
    .flatMap(({ load, p95, state }) =>
      p95 === undefined || state === "invalid" ? [] : [{ at: load.targetRate / load.replicas, p95 }],
    )
    .sort((one, other) => one.at - other.at);
  const above = known.find(({ at }) => at >= perReplica)?.p95;
  const below = known.findLast(({ at }) => at <= perReplica)?.p95;
  if (now === undefined || above === undefined) return undefined;
  // below the lowest step there is nothing but that it is not slower; another run is another tenth
  const low = below?.low ?? above.low / 2;
  return { figure: "warmP95Seconds", now, low: low * 0.9, high: above.high * 1.1 };
}

const scaleOut: Rule = {
  id: "scale-out",
  title: "Keep more replicas: this rate is beyond what these carry",
  advise: (context) => {
    const { knee, result, figures } = context;
    const load = result.evidence.warm?.load;
    if (!failing(context, "warm-p95") || load === undefined || clientProblems(load).length > 0)
      return undefined;
    const { minReplicas } = result.target;
    const waiting = load.server?.waiting ?? 0;
    const { warmP50Seconds: p50, warmP95Seconds: p95 } = figures;
    if (knee?.load !== undefined && load.targetRate > HEADROOM * knee.low) {
      const each = knee.low / knee.load.replicas;
      const to = Math.max(minReplicas + 1, Math.ceil(load.targetRate / (HEADROOM * each)));
      const gain = p95At(context, load.targetRate / to);
      return gain === undefined
        ? undefined
        : {
            because: {
              scenario: "saturation",
              metric: "rate at the knee",
              text: `${rate(load.targetRate)} on ${counted(load.replicas, "replica")}, each of which carries ${rate(each)}; ${percent(HEADROOM)} of that is the limit`,
            },
            knob: "minReplicas",
            from: minReplicas,
            to,
            gain,
            solves: ["warm-p95"],
          };
    }
    if (waiting < 1 || p50 === undefined || p95 === undefined) return undefined;
    return {
      because: {
        scenario: "warm",
        metric: "requests waiting",
        text: `${digits(waiting)} requests waited at ${rate(load.targetRate)}, P95 ${duration(p95)}`,
      },
      knob: "minReplicas",
      from: minReplicas,
      to: minReplicas + 1,
      gain: { figure: "warmP95Seconds", now: p95, low: Math.min(p50, p95 * 0.5), high: p95 * 0.9 },
      solves: ["warm-p95"],
    };
  },
};

const scaleIn: Rule = {
  id: "scale-in",
  title: "Keep fewer replicas: their GPUs wait for work",
  advise: (context) => {
    const { knee, result } = context;
    const { target, evidence } = result;
    const load = evidence.warm?.load;
    if (load === undefined || clientProblems(load).length > 0 || failing(context, "warm-p95", "errors"))
      return undefined;
    const { utilisation } = gpuUse(target, load);
    if (utilisation === undefined || (load.server?.waiting ?? 0) >= 1) return undefined;
    const wanted = Math.max(1, Math.floor((load.replicas * utilisation) / target.slos.gpuUtilisation));
    const carried =
      knee?.load === undefined
        ? 1
        : Math.ceil(load.targetRate / (HEADROOM * (knee.low / knee.load.replicas)));
    const to = Math.max(wanted, carried);
    if (utilisation >= target.slos.gpuUtilisation || to >= target.minReplicas) return undefined;
    const then = (utilisation * load.replicas) / to;
    return {
      because: {
        scenario: "warm",
        metric: "GPU utilisation",
        text: `${counted(load.replicas, "replica")} used ${percent(utilisation)} of their GPUs with nothing waiting, above ${percent(target.slos.gpuUtilisation)} is asked`,
      },
      knob: "minReplicas",
      from: target.minReplicas,
      to,
      gain: {
        figure: "warmGpuUtilisation",
        now: utilisation,
        low: Math.min(1, then * 0.85),
        high: Math.min(1, then * 1.15),
      },
      // at the knee a replica is as busy as it can be, however many there are
      solves: result.asked.includes("saturation") ? [] : ["gpu-utilisation"],
    };
  },
};

/** A type must be this much cheaper to be worth a move. */
const CHEAPER = 0.9;

const gpuType: Rule = {
  id: "gpu-type",
  title: "Serve on the GPU type that does the same for less",
  advise: ({ costs, result: { target } }) => {
    const measured = costs.flatMap((row) => (row.state === "measured" ? [row] : []));
    const own = measured.find((row) => row.gpuType === target.gpuType);
    if (own === undefined) return undefined;
    const better = measured
      .filter(
        ({ gpuType: type, simulated, kneeRatePerGpu, cost }) =>
          type !== own.gpuType &&
          // a stand-in says nothing of what hardware costs
          (own.simulated || !simulated) &&
          cost.per1000Requests < CHEAPER * own.cost.per1000Requests &&
          kneeRatePerGpu > Math.min(target.slos.requestsPerSecondPerGpu, own.kneeRatePerGpu),
      )
      .sort((one, other) => one.cost.per1000Requests - other.cost.per1000Requests)[0];
    if (better === undefined) return undefined;
    const [mine, theirs] = [own, better].map(({ cost }) => cost.per1000Requests) as [number, number];
    return {
      because: {
        scenario: "saturation",
        metric: "cost per 1,000 requests at the knee",
        text: `${money(mine, target.currency)} on ${own.gpuType}, ${money(theirs, target.currency)} on ${better.gpuType} (run ${better.run}, ${rate(better.kneeRatePerGpu)} per GPU)`,
      },
      knob: "gpuType",
      from: own.gpuType,
      to: better.gpuType,
      gain: { figure: "costPer1000Requests", now: mine, low: theirs * 0.9, high: theirs * 1.1 },
      solves: ["throughput"],
    };
  },
};

/** P99 stands apart while P95 does not: something stalls now and then. */
const TAIL = 3;

const tail: Rule = {
  id: "rare-stalls",
  title: "One request of a hundred waits for a stall: a second worker goes on meanwhile",
  advise: (context) => {
    const { warmP50Seconds: p50, warmP95Seconds: p95, warmP99Seconds: p99 } = context.figures;
    if (p50 === undefined || p95 === undefined || p99 === undefined) return undefined;
    if (p99 < TAIL * p95 || p95 > TAIL * p50) return undefined;
    const value = context.result.target.settings.serverWorkers?.value;
    const from = typeof value === "number" ? value : 1;
    return {
      because: {
        scenario: "warm",
        metric: "P99 against P95",
        text: `P99 ${duration(p99)}, P95 ${duration(p95)}, P50 ${duration(p50)}: P99 is more than ${TAIL} times P95`,
      },
      knob: "serverWorkers",
      from,
      to: from + 1,
      gain: { figure: "warmP99Seconds", now: p99, low: p95, high: p99 * 0.8 },
      solves: ["warm-p99"],
    };
  },
};

export const replicaRules: readonly Rule[] = [scaleOut, tail, scaleIn, gpuType];
