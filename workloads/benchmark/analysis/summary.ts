import { duration } from "../format";
import type { Result, Summary, Target } from "../result";
import { answersOf } from "./answerJudges";
import { costOf, costWindow, energyOf } from "./cost";
import { gpusHeld, gpuUse } from "./gpus";
import type { Knee } from "./knee";
import { missedDespiteLoss } from "./lost";
import { minimumSamples, percentile } from "./percentiles";
import { slowest } from "./starts";
import { clientErred, loadProblems } from "./validity";

type Figures = Summary["figures"];

/** Without what is undefined. */
function known(figures: { readonly [figure in keyof Figures]: Figures[figure] }): Figures {
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined));
}

/** Percentiles of the warm window, where it is evidence. */
function warmFigures(result: Result): Figures {
  const { evidence, target } = result;
  const { warm } = evidence;
  if (warm === undefined || clientErred(result, "warm")) return {};
  if (loadProblems(warm.load, target.slos.errorRatio).length > 0) return {};
  const at = (p: number): number | undefined => {
    const found = percentile(warm.load.latencies, p);
    return found === undefined || found.samples < minimumSamples(p) ? undefined : found.value;
  };
  return known({ warmP50Seconds: at(0.5), warmP95Seconds: at(0.95), warmP99Seconds: at(0.99) });
}

/**
 * What recommendations start from: the figures of the run and, where the warm window missed its limit although it lost load,
 * those of its answered requests: lower bounds, which no later run is compared with.
 */
export function figuresToImprove({ evidence: { warm }, target }: Result, figures: Figures): Figures {
  const { warmP95Seconds: limit, errorRatio } = target.slos;
  if (warm === undefined || missedDespiteLoss([warm.load], 0.95, limit, errorRatio) === undefined)
    return figures;
  const at = (p: number): number | undefined => percentile(warm.load.latencies, p)?.value;
  return known({ warmP50Seconds: at(0.5), warmP95Seconds: at(0.95), ...figures });
}

function kneeFigures({ target }: Result, knee: Knee | undefined): Figures {
  const load = costWindow(knee);
  if (load === undefined || knee === undefined) return {};
  const gpus = gpusHeld(target, load);
  const cost = costOf(target, load);
  return known({
    kneeRate: knee.low,
    kneeRatePerGpu: gpus === 0 ? undefined : knee.low / gpus,
    costPer1000Requests: cost?.per1000Requests,
    costPerMillionTokens: cost?.perMillionTokens,
    usedCostPer1000Requests: cost?.usedPer1000Requests,
    usedCostPerMillionTokens: cost?.usedPerMillionTokens,
    joulesPer1000Requests: energyOf(target, load),
  });
}

/** What was asked for, and in what time: the knee is a rate of these. */
function requestsOf({ protocol, corpus, slos }: Target): string {
  const { name, promptTokens, outputTokens } = corpus;
  const lengths = [promptTokens, outputTokens].map((tokens) => tokens ?? "-").join(" to ");
  return `${protocol} ${name} (${lengths}), P95 below ${duration(slos.warmP95Seconds)}`;
}

/** What runs must have alike to be compared. */
function conditionsOf({ target, evidence: { warm } }: Result): string {
  const { cluster, gpuType = "cpu", gpusPerReplica, minReplicas } = target;
  const at = warm === undefined ? "" : `, ${warm.load.targetRate} req/s`;
  return `${cluster}, ${gpuType} x${gpusPerReplica}, ${minReplicas} replicas, ${requestsOf(target)}${at}`;
}

/** The run in a few figures; only those that are evidence. */
export function summarise(result: Result, knee: Knee | undefined): Summary {
  const { run, startedAt, target, evidence } = result;
  const { requests, failed, wrong } = answersOf(result);
  const load = knee?.load ?? evidence.warm?.load;
  const price = target.pricePerGpuHour[target.gpuType ?? ""];
  return {
    run,
    startedAt,
    model: target.model,
    version: target.version,
    champion: target.champion,
    ...(target.gpuType === undefined ? {} : { gpuType: target.gpuType }),
    ...(price === undefined ? {} : { pricePerGpuHour: price }),
    simulated: isSimulated(result),
    conditions: conditionsOf(result),
    requests: requestsOf(target),
    figures: {
      ...warmFigures(result),
      ...kneeFigures(result, knee),
      ...known({
        coldStartSeconds: slowest(evidence.coldStart ?? [])?.totalSeconds,
        autoscalingSeconds: evidence.autoscaling?.totalSeconds,
        gpuUtilisation: load === undefined ? undefined : gpuUse(target, load).utilisation,
        warmGpuUtilisation:
          evidence.warm === undefined ? undefined : gpuUse(target, evidence.warm.load).utilisation,
        errorRatio: requests === 0 ? undefined : failed / requests,
        wrongAnswerRatio: requests === failed ? undefined : wrong / (requests - failed),
      }),
    },
  };
}

/** Whether anything in it is a stand-in: the target as a whole, or a single GPU. */
export function isSimulated({ target, evidence }: Result): boolean {
  const loads = [
    evidence.warm?.load,
    ...(evidence.saturation?.steps ?? []).map(({ load }) => load),
    ...(evidence.soak?.windows ?? []),
    evidence.autoscaling?.load,
  ];
  return target.simulated || loads.some((load) => load?.gpus?.some(({ simulated }) => simulated) ?? false);
}
