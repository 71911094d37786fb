/**
 * The script that k6 runs, once a step: load at one rate, answers checked, latencies counted in buckets. It takes the
 * step from the file that BENCHMARK_STEP names, and leaves its summary in the file that the step names.
 */
import { sleep } from "k6";
import { SharedArray } from "k6/data";
import exec from "k6/execution";
import http from "k6/http";
import { Counter, Gauge, Trend } from "k6/metrics";
import { BUCKET_METRIC, bucketOf, bucketTag } from "../buckets";
import type { FailureKind } from "../result";
import { checkAnswer } from "./answers";
import { failureKinds, failureOf } from "./failure";
import { lastBucket, optionsOf } from "./options";
import { failureMetric, marksOf, metricNames, type CorpusEntry, type Step, type StepSummary } from "./step";

declare const __ENV: Readonly<Record<string, string>>;
/** Reads a file; only while the script is loaded. */
declare function open(path: string): string;

const step = JSON.parse(open(__ENV.BENCHMARK_STEP ?? "")) as Step;
const corpus = new SharedArray<CorpusEntry>(
  "corpus",
  () => JSON.parse(open(step.corpusFile)) as readonly CorpusEntry[],
);

export const options = optionsOf(step);

// k6 takes new metrics only now; every virtual user has objects of its own of each, so that one stands for all buckets
const latencies = new Counter(BUCKET_METRIC);
const failures = new Map<FailureKind, Counter>(
  failureKinds.map((kind) => [kind, new Counter(failureMetric(kind))]),
);
const latencySum = new Counter(metricNames.latencySum);
const wrong = new Counter(metricNames.wrong);
const promptTokens = new Counter(metricNames.promptTokens);
const outputTokens = new Counter(metricNames.outputTokens);
const windowStart = new Gauge(metricNames.windowStart);
const late = new Trend(metricNames.late);
const clockLate = new Trend(metricNames.clockLate);

/** Requests of the warm-up and the window together. */
const requests = Math.round((step.warmUpSeconds + step.seconds) * step.rate);

const markOf = marksOf(step.id);

const params = {
  tags: { name: step.model },
  timeout: step.timeoutSeconds * 1000,
  responseType: "text",
} as const;

/** One request. */
export default function request(): void {
  const { startTime, iterationInTest: number } = exec.scenario;
  const sinceStart = Date.now() - startTime;
  // k6 begins one more request at the very end
  const counted = sinceStart >= step.warmUpSeconds * 1000 && number < requests;
  const id = `${step.id}-${counted ? "counted" : "warm"}-${number}`;
  const entry = corpus[number % corpus.length];
  if (entry === undefined) throw new Error(`${step.corpusFile}: the corpus is empty`);
  const response = http.post(step.requestUrl, entry.body.replaceAll("{{id}}", markOf(number)), {
    ...params,
    headers: { ...step.headers, "content-type": "application/json", "x-request-id": id },
  });
  if (!counted) return;
  windowStart.add(startTime + step.warmUpSeconds * 1000);
  late.add(Math.max(0, sinceStart - (number * 1000) / step.rate));
  const failure = failureOf(response.status, response.error_code);
  if (failure !== undefined) {
    failures.get(failure)?.add(1);
    return;
  }
  const checked = checkAnswer(step.protocol, response.body, entry, step.tolerance);
  if (checked.tokens !== undefined) {
    promptTokens.add(checked.tokens.prompt);
    outputTokens.add(checked.tokens.output);
  }
  if (!checked.right) {
    wrong.add(1);
    return;
  }
  // from the wish for a connection to the last byte: a new connection is part of what a client waits for
  const latency = response.timings.blocked + response.timings.duration;
  latencies.add(1, { bucket: bucketTag(Math.min(bucketOf(latency), lastBucket(step))) });
  latencySum.add(latency);
}

/** Milliseconds from one tick of the clock to the next. */
const TICK_MS = 50;

/**
 * Ticks through the counted window, and tells of each tick how late it came. Requests that wait for a slow server hold
 * virtual users, never this one: what delays it is the client's want of a processor.
 */
export function clock(): void {
  const from = exec.scenario.startTime + step.warmUpSeconds * 1000;
  const end = from + step.seconds * 1000;
  for (let due = from; due < end;) {
    sleep(Math.max(0, due - Date.now()) / 1000);
    for (const now = Date.now(); due <= now && due < end; due += TICK_MS) clockLate.add(now - due);
  }
}

interface SummaryData {
  readonly metrics: Readonly<Record<string, { readonly values: Readonly<Record<string, number>> }>>;
}

/** Leaves the values of what was measured; k6 calls it once, at the end. */
export function handleSummary(data: SummaryData): Readonly<Record<string, string>> {
  const metrics = Object.fromEntries(
    Object.entries(data.metrics).map(([name, { values }]) => [name, values] as const),
  );
  const summary: StepSummary = { metrics };
  return { [step.summaryFile]: JSON.stringify(summary) };
}
