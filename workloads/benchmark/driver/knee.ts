import { minimumSamples, percentile } from "../analysis/percentiles";
import { clientProblems } from "../analysis/validity";
import type { Load, Target } from "../result";

type Slos = Target["slos"];

/** What of a load decides whether a rate can be served. */
export type Judged = Pick<
  Load,
  | "targetRate"
  | "achievedRate"
  | "requests"
  | "failures"
  | "wrongAnswers"
  | "droppedIterations"
  | "latencies"
  | "client"
>;

const UP = 1.25;
const CLOSE = 1.03;
const CONFIRMATIONS = 2;
/** Times that a step is run whose client was the limit: a machine is busy for a moment, or for good. */
const TRIES = 3;
/** Part of the requests without a good answer from which the target does not serve at all. */
const BROKEN = 0.5;
/** Part of the asked rate that must have been begun. */
const ACHIEVED = 0.98;

export type Outcome =
  /** The rate can be served: the whole interval of its P95 lies below the target. */
  | "holds"
  | "fails"
  /** Most requests had no good answer at all: no search makes sense. */
  | "broken"
  /** The client could not give the load, or had not the CPU to time it: a step that says nothing of the server. */
  | "client-limited";

/** Whether a load was served as the targets ask. */
export function outcomeOf(load: Judged, slos: Slos): Outcome {
  const failed = Object.values(load.failures).reduce((sum, count) => sum + count, 0);
  if ((failed + load.wrongAnswers) / load.requests > BROKEN) return "broken";
  const p95 = percentile(load.latencies, 0.95);
  const good =
    p95 !== undefined &&
    p95.samples >= minimumSamples(0.95) &&
    p95.high < slos.warmP95Seconds &&
    load.wrongAnswers === 0 &&
    failed <= slos.errorRatio * load.requests;
  if (clientProblems(load).length > 0) return "client-limited";
  if (!good) return "fails";
  const given = load.droppedIterations === 0 && load.achievedRate >= ACHIEVED * load.targetRate;
  return given ? "holds" : "client-limited";
}

export interface KneeLimits {
  readonly startRate: number;
  readonly maxRate: number;
}

export interface KneeStep {
  readonly purpose: "climb" | "bisect" | "confirm";
  readonly rate: number;
  readonly outcome: Outcome;
}

export type Next =
  | { readonly purpose: KneeStep["purpose"]; readonly rate: number }
  | { readonly stopped: "knee-confirmed" | "rate-limit" | "errors" };

/** Rates are whole thousandths of a request per second. */
const rounded = (rate: number): number => Math.round(rate * 1000) / 1000;

/** Below this part of the first rate no lower one is tried. */
const LOWEST = 1 / 32;

/**
 * What comes after the steps so far. The knee is the highest rate that holds: rates climb by a quarter until one fails,
 * the gap is halved (on the scale of ratios) to 3 %, and the rate below it must hold twice more; where it does not, it
 * counts as failed and the search goes on below. A step whose client was the limit says nothing, and is run again.
 */
export function nextStep(steps: readonly KneeStep[], { startRate, maxRate }: KneeLimits): Next {
  const last = steps.at(-1);
  if (last?.outcome === "broken") return { stopped: "errors" };
  if (last?.outcome === "client-limited") {
    const tries = steps.filter(({ rate, outcome }) => rate === last.rate && outcome === "client-limited");
    return tries.length < TRIES ? { purpose: last.purpose, rate: last.rate } : { stopped: "errors" };
  }
  const bad = Math.min(
    Infinity,
    ...steps.filter(({ outcome }) => outcome === "fails").map(({ rate }) => rate),
  );
  const good = Math.max(
    0,
    ...steps.filter(({ outcome, rate }) => outcome === "holds" && rate < bad).map(({ rate }) => rate),
  );
  if (steps.length === 0) return { purpose: "climb", rate: rounded(startRate) };
  if (bad === Infinity && good < rounded(maxRate))
    return { purpose: "climb", rate: rounded(Math.min(good * UP, maxRate)) };
  if (good === 0) {
    const rate = rounded(bad / UP);
    return rate < startRate * LOWEST ? { stopped: "errors" } : { purpose: "climb", rate };
  }
  if (bad / good > CLOSE && bad !== Infinity) {
    const rate = rounded(Math.sqrt(bad * good));
    if (rate > good && rate < bad) return { purpose: "bisect", rate };
  }
  const confirmed = steps.filter(
    ({ purpose, rate, outcome }) => purpose === "confirm" && rate === good && outcome === "holds",
  ).length;
  if (confirmed < CONFIRMATIONS) return { purpose: "confirm", rate: good };
  return { stopped: bad === Infinity ? "rate-limit" : "knee-confirmed" };
}
