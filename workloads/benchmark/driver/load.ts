import { percentile } from "../analysis/percentiles";
import { bucketOfName } from "../buckets";
import { failureKinds } from "../load/failure";
import { failureMetric, metricNames, type Step, type StepSummary } from "../load/step";
import type { FailureKind, Load } from "../result";
import type { StepRun } from "./k6";
import { coresIn } from "./processor";
import type { Settings } from "./settings";

/** What a step measured by itself: everything of a load but what Prometheus and Kubernetes know of its window. */
export type Measured = Omit<Load, "server" | "gpus" | "replicas">;

/** A step that cannot be counted: the generator's fault, or nothing came to an end in its window. */
export class StepError extends Error {
  override readonly name = "StepError";
  constructor(
    readonly kind: FailureKind | "generator",
    message: string,
  ) {
    super(message);
  }
}

const valueOf = (summary: StepSummary, name: string, value: string): number =>
  summary.metrics[name]?.[value] ?? 0;
const countOf = (summary: StepSummary, name: string): number => valueOf(summary, name, "count");

/** Good answers by bucket, ascending. */
function countsOf({ metrics }: StepSummary): [number, number][] {
  return Object.entries(metrics)
    .flatMap(([name, values]): [number, number][] => {
      const bucket = bucketOfName(name);
      return bucket === undefined || !values.count ? [] : [[bucket, values.count]];
    })
    .sort(([a], [b]) => a - b);
}

/** Failures by kind, those that occurred. */
export function failuresOf(summary: StepSummary): Partial<Record<FailureKind, number>> {
  return Object.fromEntries(
    failureKinds.flatMap((kind) => {
      const count = countOf(summary, failureMetric(kind));
      return count > 0 ? [[kind, count]] : [];
    }),
  );
}

const told = ({ messages }: StepRun): string =>
  messages.length === 0 ? "" : `; k6 said: ${messages.join("; ")}`;

/** Part of the latency's P95 by which requests may begin late, where that is more than `allowed` seconds. */
const LATE_PART = 0.1;

/** By how much the client was late, 95th percentile: its requests, or its clock where some could not begin at all. */
function lateOf(
  summary: StepSummary,
  { droppedIterations, latencies }: Pick<Load, "droppedIterations" | "latencies">,
  allowed: number,
): Load["client"]["late"] {
  const late = summary.metrics[droppedIterations > 0 ? metricNames.clockLate : metricNames.late]?.["p(95)"];
  if (late === undefined) return undefined;
  return {
    seconds: late / 1000,
    limitSeconds: Math.max(allowed, LATE_PART * (percentile(latencies, 0.95)?.value ?? 0)),
  };
}

/**
 * What a run of k6 measured.
 *
 * @throws StepError `generator` when k6 came to no end of its own or counted nothing.
 */
export function measuredOf(
  step: Pick<Step, "rate" | "seconds"> & Pick<Settings, "lateSeconds">,
  run: StepRun,
): Measured {
  const { summary } = run;
  if (summary === undefined || run.code !== 0)
    throw new StepError("generator", `k6 ended with ${run.code}${told(run)}`);
  const counts = countsOf(summary);
  const failures = failuresOf(summary);
  const wrongAnswers = countOf(summary, metricNames.wrong);
  const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
  const requests = sum(counts.map(([, count]) => count)) + sum(Object.values(failures)) + wrongAnswers;
  const startMs = valueOf(summary, metricNames.windowStart, "value");
  if (requests === 0)
    throw new StepError(
      "generator",
      `no request of the window came to an end: it lasts ${step.seconds} s at ${step.rate} requests per second${told(run)}`,
    );
  const [prompt, output] = [
    countOf(summary, metricNames.promptTokens),
    countOf(summary, metricNames.outputTokens),
  ];
  const droppedIterations = countOf(summary, "dropped_iterations");
  const latencies = { counts, sumSeconds: countOf(summary, metricNames.latencySum) / 1000 };
  const late = lateOf(summary, { droppedIterations, latencies }, step.lateSeconds);
  return {
    startedAt: new Date(startMs).toISOString(),
    seconds: step.seconds,
    targetRate: step.rate,
    achievedRate: requests / step.seconds,
    requests,
    failures,
    wrongAnswers,
    droppedIterations,
    latencies,
    client: {
      cpuCores: coresIn(run.readings, startMs, startMs + step.seconds * 1000),
      ...run.client,
      ...(late && { late }),
    },
    ...(prompt + output > 0 && { tokens: { prompt, output } }),
  };
}
