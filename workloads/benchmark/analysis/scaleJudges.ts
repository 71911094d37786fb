import { counted, duration, percent, rate } from "../format";
import type { Result } from "../result";
import { gpusHeld, gpuUse } from "./gpus";
import { invalid } from "./judged";
import type { Judged } from "./judged";
import type { Knee } from "./knee";
import { slowest } from "./starts";
import { answerProblems, clientProblems, rateProblems } from "./validity";

export function judgeColdStart({ target, evidence }: Result): Judged {
  const start = slowest(evidence.coldStart ?? []);
  if (start === undefined)
    return invalid([{ kind: "missing", text: "no start by deployment was timed to its first answer" }]);
  const measured = duration(start.totalSeconds);
  return {
    state: start.totalSeconds < target.slos.coldStartSeconds ? "pass" : "fail",
    measured,
    reasons: [],
  };
}

export function judgeThroughput({ target }: Result, knee: Knee): Judged {
  const window = knee.load ?? knee.steps[0]?.load;
  const gpus = window === undefined ? 0 : gpusHeld(target, window);
  if (gpus === 0)
    return invalid([{ kind: "missing", text: "the target holds no GPU: there is no rate per GPU" }]);
  const limit = target.slos.requestsPerSecondPerGpu;
  const upTo = knee.high === undefined ? "" : `, below ${digitsPer(knee.high, gpus)}`;
  const measured = `${digitsPer(knee.low, gpus)}${upTo}`;
  const sure = knee.problems.length === 0;
  // what is known of the knee may decide before all of it is known
  if (knee.high !== undefined && knee.high / gpus <= limit) return { state: "fail", measured, reasons: [] };
  if (sure && knee.low / gpus <= limit) return { state: "fail", measured, reasons: [] };
  if (knee.low / gpus > limit && knee.confirmed >= 2) return { state: "pass", measured, reasons: [] };
  return invalid(knee.problems, measured);
}

const digitsPer = (perSecond: number, gpus: number): string => rate(perSecond / gpus);

export function judgeGpus({ target, evidence }: Result, knee: Knee | undefined): Judged {
  const load = knee === undefined ? evidence.warm?.load : knee.load;
  if (load === undefined)
    return invalid([{ kind: "missing", text: "there is no window of load at the knee" }]);
  const lost = [
    ...clientProblems(load),
    ...rateProblems(load),
    ...answerProblems(load, target.slos.errorRatio),
  ];
  const { utilisation, problems } = gpuUse(target, load);
  if (utilisation === undefined || lost.length > 0) return invalid([...problems, ...lost]);
  const measured = percent(utilisation);
  if (utilisation > target.slos.gpuUtilisation) return { state: "pass", measured, reasons: [] };
  // below a knee that is not known GPUs may be idle for want of load
  const unknown = knee?.problems ?? [];
  return unknown.length > 0 ? invalid(unknown, measured) : { state: "fail", measured, reasons: [] };
}

export function judgeAutoscaling({ target, evidence: { autoscaling } }: Result): Judged {
  if (autoscaling === undefined) return invalid([{ kind: "missing", text: "the load step was not made" }]);
  const { totalSeconds, watchedSeconds, unschedulablePods, phases, load, to } = autoscaling;
  const limit = target.slos.autoscalingSeconds;
  if (totalSeconds !== undefined)
    return { state: totalSeconds < limit ? "pass" : "fail", measured: duration(totalSeconds), reasons: [] };
  const measured = `not ${to} in ${duration(watchedSeconds)}`;
  if (unschedulablePods > 0) {
    const text = `${counted(unschedulablePods, "pod")} found no node: a lack of capacity, which says nothing about the autoscaler`;
    return invalid([{ kind: "unschedulable", text }], measured);
  }
  // once all replicas are asked for, that some of the load was lost meanwhile is no excuse for those that do not come
  const decided = phases.some(({ phase }) => phase === "decision");
  const lost = load === undefined ? [] : [...clientProblems(load), ...(decided ? [] : rateProblems(load))];
  if (lost.length > 0) return invalid(lost, measured);
  if (watchedSeconds < limit) {
    const text = `watched for ${duration(watchedSeconds)} only, the limit is ${duration(limit)}`;
    return invalid([{ kind: "missing", text }], measured);
  }
  return { state: "fail", measured, reasons: [] };
}
