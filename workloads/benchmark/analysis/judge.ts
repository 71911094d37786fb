import type { Latencies, Load, Result, Summary } from "../result";
import { costByGpuType } from "./cost";
import type { CostRow } from "./cost";
import { gpuUse, otherTypes } from "./gpus";
import type { GpuUse } from "./gpus";
import type { State, Verdict } from "./judged";
import { findKnee } from "./knee";
import type { Knee } from "./knee";
import { meanOf, percentile } from "./percentiles";
import type { Percentile } from "./percentiles";
import { recommend } from "./recommend";
import type { Recommendation } from "./recommend/types";
import { compareWithChampion, findDrift } from "./regression";
import type { Comparison, Drift } from "./regression";
import { figuresToImprove, isSimulated, summarise } from "./summary";
import { judgeSlos, overall } from "./verdicts";

/** Latencies of a window as they are told. */
export interface LatencyFigures {
  readonly mean?: number;
  readonly percentiles: readonly Percentile[];
}

/** What a result says, once it is judged. Everything follows from the result. */
export interface Judgement {
  readonly schema: 1;
  readonly run: string;
  readonly verdict: State;
  /** A stand-in is in it: the figures show how this works, not what the hardware can do. */
  readonly simulated: boolean;
  readonly verdicts: readonly Verdict[];
  readonly warm?: LatencyFigures;
  readonly knee?: Knee;
  /** At the knee, else at the warm rate. */
  readonly gpus?: GpuUse;
  readonly costs: readonly CostRow[];
  readonly comparisons: readonly Comparison[];
  readonly drifts: readonly Drift[];
  readonly recommendations: readonly Recommendation[];
  /** What later runs are compared with. */
  readonly summary: Summary;
  /** Why the alias `champion` may not move to this version; empty where it may. */
  readonly hold: readonly string[];
  /** What a reader should know beside the verdicts. */
  readonly notes: readonly string[];
}

export function latencyFigures(latencies: Latencies): LatencyFigures {
  const mean = meanOf(latencies);
  return {
    ...(mean === undefined ? {} : { mean }),
    percentiles: [0.5, 0.95, 0.99].flatMap((p) => percentile(latencies, p) ?? []),
  };
}

function holdReasons(
  judgement: Omit<Judgement, "hold" | "notes">,
  { history, target }: Result,
): readonly string[] {
  const { verdict, verdicts, simulated, comparisons, drifts } = judgement;
  const champion = history.some((run) => run.champion && run.version !== target.version);
  return [
    ...(verdict === "pass" ? [] : [`the verdict is ${verdict}`]),
    ...(simulated ? ["what served is simulated"] : []),
    // that it answers is no reason to serve it
    ...(verdicts.some(({ slo }) => slo === "warm-p95") ? [] : ["its latency under load was not measured"]),
    ...comparisons
      .filter(({ state }) => state === "regression" || (state === "inconclusive" && champion))
      .map(({ figure, state, text }) => `${figure}: ${state}, ${text}`),
    ...(champion && comparisons.length === 0 ? ["nothing was measured that compares with the champion"] : []),
    ...drifts.filter(({ state }) => state === "drift").map(({ figure, text }) => `${figure}: drift, ${text}`),
  ];
}

function notesOf({ evidence: { warm }, target }: Result, knee: Knee | undefined): readonly string[] {
  const load = knee?.load ?? warm?.load;
  const others = load === undefined ? [] : otherTypes(target, load);
  return [
    ...(others.length > 0
      ? [`The target says ${target.gpuType ?? ""}, and GPUs are ${others.join(", ")}: no cost is told.`]
      : []),
    ...(warm !== undefined && warm.load.server?.latency === undefined
      ? ["The server told no latency: the client's figures are not cross-checked."]
      : []),
    ...(warm !== undefined && warm.load.droppedIterations > 0
      ? [
          `${warm.load.droppedIterations} iterations were dropped at the warm rate: the latencies are those of the requests that were answered.`,
        ]
      : []),
    ...(target.corpus.distinctRequests < 10
      ? [`The corpus has ${target.corpus.distinctRequests} distinct requests: a cache could answer them.`]
      : []),
  ];
}

/** Judges a result. Pure: the same result gives the same judgement. */
export function judge(result: Result): Judgement {
  const { evidence, history, target } = result;
  const knee = evidence.saturation === undefined ? undefined : findKnee(evidence.saturation, target);
  const verdicts = judgeSlos(result, knee);
  const summary = summarise(result, knee);
  const costs = costByGpuType(summary, history, target);
  const load: Load | undefined = knee?.load ?? evidence.warm?.load;
  const figures = figuresToImprove(result, summary.figures);
  const context = { result, verdicts, figures, costs, ...(knee === undefined ? {} : { knee }) };
  const judgement = {
    schema: 1,
    run: result.run,
    verdict: overall(verdicts),
    simulated: isSimulated(result),
    verdicts,
    ...(evidence.warm === undefined ? {} : { warm: latencyFigures(evidence.warm.load.latencies) }),
    ...(knee === undefined ? {} : { knee }),
    ...(load === undefined || target.gpusPerReplica === 0 ? {} : { gpus: gpuUse(target, load) }),
    costs,
    comparisons: compareWithChampion(summary, history),
    drifts: findDrift(summary, history),
    recommendations: recommend(context),
    summary,
  } as const;
  return { ...judgement, hold: holdReasons(judgement, result), notes: notesOf(result, knee) };
}
