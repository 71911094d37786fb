import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CorpusEntry, Step, StepSummary } from "../load/step";
import { memoryText } from "./memory";
import { limitCores, periods, reading, type Reading } from "./processor";

/** How k6 is run, the same for every step. */
export interface Generator {
  /** The program. */
  readonly k6: string;
  /** The bundled load script. */
  readonly script: string;
  /** Folder for a step's files. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Receiver of k6's series by remote write. */
  readonly remoteWriteUrl?: string | undefined;
}

/** One run of k6 to its end. */
export interface StepRun {
  /** Exit code, or the signal that ended it. */
  readonly code: number | string;
  /** What the script left; absent where k6 came to no end of its own. */
  readonly summary?: StepSummary;
  /** Different messages of k6's log, the most frequent first. */
  readonly messages: readonly string[];
  /** What k6 had used of the processor, several times a second: what it takes to begin is no part of a window. */
  readonly readings: readonly Reading[];
  readonly client: { readonly limitCores: number; readonly throttled?: number };
}

const MAX_MESSAGES = 5;
const READING_MS = 100;
/** What k6 may take beyond its load and the last request's time-out: to begin, to end, to write its series. */
const SPARE_SECONDS = 60;

/** The different messages of k6's JSON log with their errors, the most frequent first; lines that are no JSON as they are. */
export function messagesOf(log: string): readonly string[] {
  const counts = new Map<string, number>();
  for (const line of log.split("\n").filter((one) => one.trim() !== "")) {
    let message = line;
    try {
      const { msg, error } = JSON.parse(line) as { msg?: string; error?: string };
      message = [msg, error].filter((part) => part !== undefined).join(": ");
    } catch {
      // a panic or the loader's own text
    }
    counts.set(message, (counts.get(message) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MAX_MESSAGES)
    .map(([message, count]) => (count > 1 ? `${message} (${count} times)` : message));
}

function readSummary(file: string): StepSummary | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as StepSummary;
  } catch {
    return undefined;
  }
}

/**
 * Runs one step; `signal` ends k6 early, which then still leaves its summary. A k6 that does not come to its end, as one
 * does that has no memory left, is killed.
 */
export async function runStep(
  generator: Generator,
  step: Omit<Step, "corpusFile" | "summaryFile">,
  corpus: readonly CorpusEntry[],
  signal?: AbortSignal,
  spareSeconds = SPARE_SECONDS,
): Promise<StepRun> {
  mkdirSync(generator.folder, { recursive: true });
  const file = (kind: string): string => join(generator.folder, `${step.id}.${kind}.json`);
  const whole: Step = { ...step, corpusFile: file("corpus"), summaryFile: file("summary") };
  writeFileSync(whole.corpusFile, JSON.stringify(corpus));
  writeFileSync(file("step"), JSON.stringify(whole));
  const { remoteWriteUrl } = generator;
  const output = remoteWriteUrl === undefined ? [] : ["--out", "experimental-prometheus-rw"];
  // no thresholds: the judge alone sets exit codes; no address: k6 would open a port for its own API
  const flags = ["--no-thresholds", "--no-usage-report", "--quiet", "--log-format", "json", "--address", ""];
  const before = periods();
  const child = spawn(generator.k6, ["run", ...flags, ...output, generator.script], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      ...generator.environment,
      BENCHMARK_STEP: file("step"),
      ...(remoteWriteUrl !== undefined && {
        K6_PROMETHEUS_RW_SERVER_URL: remoteWriteUrl,
        K6_PROMETHEUS_RW_TREND_STATS: "p(95),p(99),avg,max",
      }),
    },
  });
  const readings: Reading[] = [];
  const clock = setInterval(() => {
    const now = reading(child.pid ?? 0);
    if (now !== undefined) readings.push(now);
  }, READING_MS);
  let stuck: string | undefined;
  const overdue = setTimeout(
    () => {
      stuck = `k6 did not end within ${spareSeconds} s after its load; it had ${memoryText(child.pid ?? 0)}`;
      child.kill("SIGKILL");
    },
    (step.warmUpSeconds + step.seconds + step.timeoutSeconds + spareSeconds) * 1000,
  );
  const stop = (): void => void child.kill("SIGINT");
  signal?.addEventListener("abort", stop, { once: true });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log = (log + text).slice(-1_000_000)));
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, ended) => resolve(status ?? ended ?? "unknown"));
  }).finally(() => {
    clearInterval(clock);
    clearTimeout(overdue);
  });
  signal?.removeEventListener("abort", stop);
  const after = periods();
  const summary = readSummary(whole.summaryFile);
  const passed = before !== undefined && after !== undefined ? after.all - before.all : 0;
  return {
    code,
    ...(summary !== undefined && { summary }),
    messages: [...(stuck === undefined ? [] : [stuck]), ...messagesOf(log)],
    readings,
    client: {
      limitCores: limitCores(),
      ...(passed > 0 && { throttled: ((after?.throttled ?? 0) - (before?.throttled ?? 0)) / passed }),
    },
  };
}
