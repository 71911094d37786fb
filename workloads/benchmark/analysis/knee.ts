import { counted, duration, percent, rate } from "../format";
import type { Load, Result, Target } from "../result";
import { missedDespiteLoss } from "./lost";
import { minimumSamples, percentile } from "./percentiles";
import type { Percentile } from "./percentiles";
import { answerProblems, clientProblems, disagreement, rateProblems, unreachable } from "./validity";
import type { Problem } from "./validity";

type Saturation = NonNullable<Result["evidence"]["saturation"]>;

/** A step of the stepped load. `missed` holds although load was lost: more of it would not have been faster. */
export interface Step {
  readonly load: Load;
  readonly purpose: Saturation["steps"][number]["purpose"];
  readonly p95?: Percentile;
  readonly state: "met" | "missed" | "invalid";
  readonly reasons: readonly Problem[];
}

/** The highest rate that meets the target's P95, between a rate that does and one that does not. */
export interface Knee {
  readonly steps: readonly Step[];
  /** Highest rate below every one that missed, requests per second; 0 where none met. */
  readonly low: number;
  /** Lowest rate that missed; undefined where none did. */
  readonly high?: number;
  /** Confirming windows that met at `low`. */
  readonly confirmed: number;
  /** The last window that met at `low`: for GPUs, cost and energy at the knee. */
  readonly load?: Load;
  /** Why `low` is not the knee; empty where it is. */
  readonly problems: readonly Problem[];
}

/** How close the rate that missed must be. */
const RESOLUTION = 0.03;
const CONFIRMATIONS = 2;

/** What one step says; the driver chooses its next rate by the same rule. */
export function judgeStep({ purpose, load }: Saturation["steps"][number], target: Target): Step {
  const { slos } = target;
  const p95 = percentile(load.latencies, 0.95);
  const base = { load, purpose, ...(p95 === undefined ? {} : { p95 }) };
  const nothing = [...clientProblems(load), ...unreachable(target, load)];
  if (nothing.length > 0) return { ...base, state: "invalid", reasons: nothing };
  const answers = answerProblems(load, slos.errorRatio);
  if (answers.length > 0) return { ...base, state: "missed", reasons: answers };
  const enough = minimumSamples(0.95);
  const lost = rateProblems(load);
  const despite = missedDespiteLoss([load], 0.95, slos.warmP95Seconds, slos.errorRatio);
  if (despite !== undefined) return { ...base, state: "missed", reasons: [despite] };
  if (p95 !== undefined && p95.samples >= enough && p95.high >= slos.warmP95Seconds)
    return { ...base, state: "missed", reasons: lost };
  const reasons = [
    ...lost,
    ...disagreement(load).filter(() => lost.length === 0),
    ...(p95 === undefined || p95.samples < enough
      ? [{ kind: "samples", text: `${p95?.samples ?? 0} good answers, P95 takes ${enough}` } as const]
      : []),
  ];
  return { ...base, state: reasons.length === 0 ? "met" : "invalid", reasons };
}

interface Rate {
  readonly rate: number;
  readonly steps: readonly Step[];
  readonly state: Step["state"];
}

/** Steps by their asked rate, ascending; one that missed outweighs those that met. */
function byRate(steps: readonly Step[]): readonly Rate[] {
  const rates = [...new Set(steps.map(({ load }) => load.targetRate))].sort((one, other) => one - other);
  return rates.map((asked) => {
    const same = steps.filter(({ load }) => load.targetRate === asked);
    const state = (["missed", "met"] as const).find((wanted) => same.some((step) => step.state === wanted));
    return { rate: asked, steps: same, state: state ?? "invalid" };
  });
}

/** The knee of a stepped load, and what is not known of it. */
export function findKnee(saturation: Saturation, target: Target): Knee {
  const steps = saturation.steps.map((step) => judgeStep(step, target));
  const rates = byRate(steps);
  const miss = rates.find(({ state }) => state === "missed");
  const met = rates
    .filter(({ rate: asked, state }) => state === "met" && asked < (miss?.rate ?? Infinity))
    .at(-1);
  const there = met?.steps.filter(({ state }) => state === "met") ?? [];
  const last = there.at(-1);
  const confirmed = there.filter(({ purpose }) => purpose === "confirm").length;
  const limit = `P95 below ${duration(target.slos.warmP95Seconds)}`;
  const invalid = steps.filter(({ state }) => state === "invalid");
  const texts = [
    ...(met === undefined ? [`no rate met ${limit}`] : []),
    ...(met !== undefined && confirmed < CONFIRMATIONS
      ? [`${rate(met.rate)} was confirmed ${counted(confirmed, "time")} of ${CONFIRMATIONS}`]
      : []),
    ...(miss === undefined ? [`no rate missed ${limit}; it stopped by ${saturation.stopped}`] : []),
    ...(met !== undefined && miss !== undefined && miss.rate > met.rate * (1 + RESOLUTION + 1e-3)
      ? [
          `between ${rate(met.rate)} and ${rate(miss.rate)} nothing was measured; ${percent(RESOLUTION)} is asked`,
        ]
      : []),
  ];
  return {
    steps,
    low: met?.rate ?? 0,
    ...(miss === undefined ? {} : { high: miss.rate }),
    confirmed,
    ...(last === undefined ? {} : { load: last.load }),
    problems: [
      ...texts.map((text) => ({ kind: "knee", text }) as const),
      ...(texts.length > 0 ? invalid.flatMap(({ reasons }) => reasons) : []),
    ],
  };
}
