import { duration, percent, rate } from "../format";
import type { Result, Scenario } from "../result";
import {
  judgeAnswers,
  judgeErrors,
  judgeFirstToken,
  judgePercentile,
  judgeSmoke,
  judgeSoak,
} from "./answerJudges";
import { invalid } from "./judged";
import type { Judged, SloId, State, Verdict } from "./judged";
import type { Knee } from "./knee";
import { clientErred } from "./validity";
import type { Problem } from "./validity";
import { judgeAutoscaling, judgeColdStart, judgeGpus, judgeThroughput } from "./scaleJudges";

interface Row {
  readonly slo: SloId;
  readonly scenario: Scenario;
  readonly title: string;
  readonly limit: string;
  readonly judge: () => Judged;
}

function rows(result: Result, knee: Knee | undefined): readonly Row[] {
  const { target, asked, evidence } = result;
  const { slos } = target;
  const at = evidence.warm === undefined ? "" : ` at ${rate(evidence.warm.load.targetRate)}`;
  const wanted = (scenario: Scenario): boolean => asked.includes(scenario);
  const calmScenario = wanted("warm") ? "warm" : "soak";
  const gpuScenario = wanted("saturation") ? "saturation" : "warm";
  const warm = (p: number, limit: number) => (): Judged =>
    evidence.warm === undefined
      ? invalid([{ kind: "missing", text: "no load at the warm rate" }])
      : judgePercentile(evidence.warm.load, p, limit, target);
  const all: readonly (Row & { readonly when?: boolean })[] = [
    {
      slo: "smoke",
      scenario: "smoke",
      title: "Smoke",
      limit: "every answer good",
      judge: () => judgeSmoke(result),
    },
    {
      slo: "answers",
      scenario: calmScenario,
      title: "Right answers",
      limit: "none wrong",
      judge: () => judgeAnswers(result),
    },
    {
      slo: "errors",
      scenario: calmScenario,
      title: "Failed requests",
      limit: `at most ${percent(slos.errorRatio)}`,
      judge: () => judgeErrors(result),
    },
    {
      slo: "cold-start",
      scenario: "coldStart",
      title: "Cold start to the first inference",
      limit: `below ${duration(slos.coldStartSeconds)}`,
      judge: () => judgeColdStart(result),
    },
    {
      slo: "warm-p95",
      scenario: "warm",
      title: `P95${at}`,
      limit: `below ${duration(slos.warmP95Seconds)}`,
      judge: warm(0.95, slos.warmP95Seconds),
    },
    {
      slo: "warm-p99",
      scenario: "warm",
      title: `P99${at}`,
      limit: `below ${duration(slos.warmP99Seconds ?? 0)}`,
      judge: warm(0.99, slos.warmP99Seconds ?? 0),
      when: slos.warmP99Seconds !== undefined,
    },
    {
      slo: "first-token",
      scenario: "warm",
      title: "P95 of the time to first token",
      limit: `below ${duration(slos.firstTokenP95Seconds ?? 0)}`,
      judge: () => judgeFirstToken(result),
      when: slos.firstTokenP95Seconds !== undefined,
    },
    {
      slo: "throughput",
      scenario: "saturation",
      title: "Rate per GPU at the knee",
      limit: `above ${rate(slos.requestsPerSecondPerGpu)}`,
      judge: () =>
        knee === undefined
          ? invalid([{ kind: "missing", text: "no stepped load" }])
          : judgeThroughput(result, knee),
      when: target.gpusPerReplica > 0,
    },
    {
      slo: "gpu-utilisation",
      scenario: gpuScenario,
      title: `GPU utilisation ${gpuScenario === "warm" ? "at the warm rate" : "at the knee"}`,
      limit: `above ${percent(slos.gpuUtilisation)}`,
      judge: () => judgeGpus(result, gpuScenario === "warm" ? undefined : (knee ?? NO_KNEE)),
      when: target.gpusPerReplica > 0,
    },
    {
      slo: "soak",
      scenario: "soak",
      title: "P95 over time",
      limit: `below ${duration(slos.warmP95Seconds)}, and not growing`,
      judge: () => judgeSoak(result),
    },
    {
      slo: "autoscaling",
      scenario: "autoscaling",
      title: `Autoscaling ${evidence.autoscaling?.from ?? target.minReplicas} -> ${evidence.autoscaling?.to ?? target.maxReplicas}`,
      limit: `below ${duration(slos.autoscalingSeconds)}`,
      judge: () => judgeAutoscaling(result),
    },
  ];
  return all.flatMap(({ when = true, ...row }) => (when && wanted(row.scenario) ? [row] : []));
}

const NO_KNEE: Knee = { steps: [], low: 0, confirmed: 0, problems: [] };

/** An asked scenario that failed or left no evidence, and has no target of its own to say so. */
function unmeasured(result: Result, judged: readonly Verdict[]): readonly Verdict[] {
  const { asked, evidence } = result;
  return asked.flatMap((scenario) => {
    if (judged.some((verdict) => verdict.scenario === scenario)) return [];
    const told = errorsOf(result, scenario);
    const missing =
      evidence[scenario] === undefined ? [{ kind: "missing", text: "no evidence" } as const] : [];
    const reasons = [...told, ...missing];
    if (reasons.length === 0) return [];
    return [
      {
        slo: "measured",
        scenario,
        title: `Scenario ${scenario}`,
        state: "invalid",
        limit: "measured",
        reasons,
      } as const,
    ];
  });
}

const errorsOf = ({ errors }: Result, scenario: Scenario): readonly Problem[] =>
  errors
    .filter((error) => error.scenario === scenario)
    .map(({ kind, message }) => ({ kind: "error", text: `${kind}: ${message}` }));

/** Targets whose figure is a time that the client took itself. */
const TIMED: readonly SloId[] = ["warm-p95", "warm-p99", "first-token", "throughput", "soak"];

/**
 * Every target that the asked scenarios can judge. An error of a scenario stands in its verdicts, and none of them passes;
 * where the client itself erred, none of its times fails either.
 */
export function judgeSlos(result: Result, knee: Knee | undefined): readonly Verdict[] {
  const verdicts = rows(result, knee).map(({ judge, ...row }) => {
    const judged = judge();
    const errors = errorsOf(result, row.scenario);
    const erred = TIMED.includes(row.slo) && clientErred(result, row.scenario);
    const state = erred || (errors.length > 0 && judged.state === "pass") ? "invalid" : judged.state;
    return { ...row, ...judged, state, reasons: [...errors, ...judged.reasons] };
  });
  return [...verdicts, ...unmeasured(result, verdicts)];
}

/** One verdict over all: a single target that failed fails it, one that could not be judged makes it invalid. */
export function overall(verdicts: readonly Verdict[]): State {
  const states = verdicts.map(({ state }) => state);
  if (states.length === 0) return "invalid";
  return (["fail", "invalid"] as const).find((state) => states.includes(state)) ?? "pass";
}
