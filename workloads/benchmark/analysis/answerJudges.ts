import { counted, percent } from "../format";
import type { Load, Result, Target } from "../result";
import { below, invalid, percentileText } from "./judged";
import type { Judged } from "./judged";
import { missedDespiteLoss } from "./lost";
import { merged, minimumSamples, percentile, sampledPercentile, shareInterval } from "./percentiles";
import type { Percentile } from "./percentiles";
import { clientProblems, failuresOf, failureText, loadProblems, unreachable } from "./validity";
import type { Problem } from "./validity";

export function judgePercentile(load: Load, p: number, limit: number, target: Target): Judged {
  const found = percentile(load.latencies, p);
  const nothing = unreachable(target, load);
  if (nothing.length > 0) return invalid(nothing);
  const problems = loadProblems(load, target.slos.errorRatio);
  const missed = missedDespiteLoss([load], p, limit, target.slos.errorRatio);
  if (found !== undefined && missed !== undefined)
    return { state: "fail", measured: `at least ${percentileText(found)}`, reasons: [missed] };
  if (found === undefined || problems.length > 0)
    return invalid(problems, found === undefined ? undefined : percentileText(found));
  const enough = minimumSamples(p);
  if (found.samples < enough) {
    const text = `${found.samples} good answers, P${p * 100} takes ${enough}: run for longer`;
    return invalid([{ kind: "samples", text }], percentileText(found));
  }
  return below(found.low, found.high, limit, percentileText(found));
}

export function judgeSmoke({ target, evidence: { smoke } }: Result): Judged {
  if (smoke === undefined || smoke.requests === 0)
    return invalid([{ kind: "missing", text: "no request was sent" }]);
  const nothing = unreachable(target, smoke);
  if (nothing.length > 0) return invalid(nothing);
  const failed = failuresOf(smoke);
  const good = smoke.requests - failed - smoke.wrongAnswers;
  const measured = `${good} of ${smoke.requests}`;
  const reasons: Problem[] = [
    ...(failed > 0
      ? [{ kind: "failures", text: `${failed} failed (${failureText(smoke.failures)})` } as const]
      : []),
    ...(smoke.wrongAnswers > 0
      ? [{ kind: "wrong-answers", text: `${smoke.wrongAnswers} answers were wrong` } as const]
      : []),
  ];
  return { state: reasons.length === 0 ? "pass" : "fail", measured, reasons };
}

/** Windows that are to be served without fault: those below the knee. */
const calm = ({ evidence: { warm, soak } }: Result): readonly Load[] => [
  ...(warm === undefined ? [] : [warm.load]),
  ...(soak?.windows ?? []),
];

/** Requests, failures and wrong answers below the knee. */
export function answersOf(result: Result): {
  readonly requests: number;
  readonly failed: number;
  readonly wrong: number;
} {
  const loads = calm(result);
  const sum = (of: (load: Load) => number): number => loads.reduce((total, load) => total + of(load), 0);
  return {
    requests: sum(({ requests }) => requests),
    failed: sum(failuresOf),
    wrong: sum(({ wrongAnswers }) => wrongAnswers),
  };
}

export function judgeErrors(result: Result): Judged {
  const { target } = result;
  const loads = calm(result);
  const { requests, failed } = answersOf(result);
  const problems = [
    ...loads.flatMap((load) => unreachable(target, load)),
    ...(failed > 0 ? loads.flatMap(clientProblems) : []),
  ];
  const { low, high } = shareInterval(failed, requests);
  const measured = `${percent(requests === 0 ? 0 : failed / requests)} (${percent(low)} to ${percent(high)}) of ${requests}`;
  if (problems.length > 0) return invalid(problems, measured);
  const limit = target.slos.errorRatio;
  if (requests < minimumSamples(0.95)) {
    const text = `${requests} requests, ${minimumSamples(0.95)} are needed: run for longer`;
    return invalid([{ kind: "samples", text }], measured);
  }
  const kinds = loads.map(({ failures }) => failureText(failures)).filter((text) => text !== "");
  // no interval reaches an allowance of nothing
  const judged = below(low, limit === 0 && failed === 0 ? 0 : high, Math.max(limit, 1e-9), measured);
  return judged.state === "fail"
    ? { ...judged, reasons: [{ kind: "failures", text: kinds.join("; ") }] }
    : judged;
}

export function judgeAnswers(result: Result): Judged {
  const { requests, failed, wrong } = answersOf(result);
  if (requests === failed) return invalid([{ kind: "samples", text: "there was no answer" }]);
  const measured = `${wrong} wrong of ${requests - failed}`;
  return wrong === 0
    ? { state: "pass", measured, reasons: [] }
    : {
        state: "fail",
        measured,
        reasons: [{ kind: "wrong-answers", text: `${wrong} answers had good form and the wrong content` }],
      };
}

export function judgeFirstToken({ target, evidence: { warm } }: Result): Judged {
  const streaming = warm?.streaming;
  const limit = target.slos.firstTokenP95Seconds ?? Infinity;
  const samples = (streaming?.samples ?? []).map(({ firstToken }) => firstToken).sort((a, b) => a - b);
  const enough = minimumSamples(0.95);
  if (warm === undefined || streaming === undefined)
    return invalid([{ kind: "missing", text: "the streaming probe did not run" }]);
  // it runs beside the load, on the same processor
  const starved = clientProblems(warm.load);
  if (starved.length > 0) return invalid(starved);
  if (streaming.failures > target.slos.errorRatio * (samples.length + streaming.failures))
    return invalid([{ kind: "failures", text: `${streaming.failures} probes failed` }]);
  if (samples.length < enough) {
    const text = `${samples.length} samples, P95 takes ${enough}: probe for longer`;
    return invalid([{ kind: "samples", text }]);
  }
  const found = sampledPercentile(samples, 0.95);
  return below(found.low, found.high, limit, `${percentileText(found)}, sampled`);
}

export function judgeSoak({ target, evidence: { soak } }: Result): Judged {
  const windows = soak?.windows ?? [];
  if (windows.length < 2)
    return invalid([{ kind: "missing", text: `${counted(windows.length, "window")}, 2 are needed` }]);
  const problems = windows.flatMap((load) => loadProblems(load, target.slos.errorRatio));
  const half = Math.floor(windows.length / 2);
  const part = (some: readonly Load[]): Percentile | undefined =>
    percentile(merged(some.map(({ latencies }) => latencies)), 0.95);
  const [early, late] = [part(windows.slice(0, half)), part(windows.slice(-half))];
  const missed = missedDespiteLoss(
    windows.slice(-half),
    0.95,
    target.slos.warmP95Seconds,
    target.slos.errorRatio,
  );
  if (missed !== undefined && late !== undefined)
    return { state: "fail", measured: `P95 at least ${percentileText(late)} at the end`, reasons: [missed] };
  if (problems.length > 0 || early === undefined || late === undefined) return invalid(problems);
  const measured = `P95 ${percentileText(early)} first, ${percentileText(late)} at the end`;
  const fewest = Math.min(early.samples, late.samples);
  if (fewest < minimumSamples(0.95)) {
    const text = `${fewest} good answers in one half, P95 takes ${minimumSamples(0.95)}: run for longer`;
    return invalid([{ kind: "samples", text }], measured);
  }
  if (late.low > early.high * SOAK_SLOWER) {
    const text = "the later half is slower than the first: something grows";
    return { state: "fail", measured, reasons: [{ kind: "undecided", text }] };
  }
  return below(late.low, late.high, target.slos.warmP95Seconds, measured);
}

/** The later half may be this many times slower. */
const SOAK_SLOWER = 1.05;
