import type { CorpusEntry, Step } from "../load/step";
import type { Load, ResultInput } from "../result";
import { percentile } from "../analysis/percentiles";
import { clientProblems } from "../analysis/validity";
import { requestUrl } from "./corpus";
import { readNamedFile } from "./files";
import { runStep, type Generator } from "./k6";
import { measuredOf, StepError, type Measured } from "./load";
import type { Settings } from "./settings";
import { usageIn, type UsageWatch } from "./usage";

export type RunError = NonNullable<ResultInput["errors"]>[number];

/** Everything a scenario works with. */
export interface Driver {
  readonly settings: Settings;
  readonly generator: Generator;
  readonly corpus: readonly CorpusEntry[];
  /** Replicas in rotation now. */
  readonly replicas: () => Promise<number>;
  /** Begins to ask for the usage of the served model's pods; absent where no cluster is named. */
  readonly usage?: (() => UsageWatch) | undefined;
  /** Hears of everything that goes wrong and is part of the result. */
  readonly fault: (error: RunError) => void;
  readonly say: (line: string) => void;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}

/** Load at one rate. */
export interface Asked {
  readonly rate: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** A counted window as the driver alone knows it. */
export type Window = Measured & Pick<Load, "replicas" | "pods">;

/**
 * Virtual users, each a request under way. Twice those that a server within its target needs are made before the load;
 * more, up to what one needs that is four times as slow, are made while it runs: each costs the client some 10 ms of CPU.
 */
export function virtualUsersFor(
  rate: number,
  settings: Settings,
): Pick<Step, "virtualUsers" | "maxVirtualUsers"> {
  const { target, timeoutSeconds, maxVirtualUsers } = settings;
  const within = (seconds: number): number =>
    Math.min(maxVirtualUsers, Math.ceil(rate * Math.min(timeoutSeconds, seconds)) + 10);
  const allowed = target.slos.warmP95Seconds;
  return { virtualUsers: within(2 * allowed), maxVirtualUsers: within(4 * allowed) };
}

/** Headers of every request, with the token read anew. */
export function headersOf({ headers, bearerFile }: Settings): Readonly<Record<string, string>> {
  return bearerFile === undefined
    ? headers
    : { ...headers, authorization: `Bearer ${readNamedFile(bearerFile)}` };
}

/**
 * Runs one step.
 *
 * @throws StepError where nothing of it can be counted.
 */
export async function load(driver: Driver, name: string, asked: Asked): Promise<Window> {
  const { settings } = driver;
  const { target, run } = settings;
  if (driver.signal.aborted) throw new StepError("generator", "the run was ended before this step");
  const step = {
    id: `${run}-${name}`,
    protocol: target.protocol,
    model: target.model,
    requestUrl: requestUrl(target),
    headers: headersOf(settings),
    rate: asked.rate,
    warmUpSeconds: asked.warmUpSeconds,
    seconds: asked.seconds,
    timeoutSeconds: settings.timeoutSeconds,
    ...virtualUsersFor(asked.rate, settings),
    tolerance: settings.tolerance,
    tags: { testid: run, cluster: target.cluster, model: target.model, version: target.version },
  };
  const before = await driver.replicas();
  const usage = driver.usage?.();
  const ran = await runStep(driver.generator, step, driver.corpus, driver.signal).finally(() =>
    usage?.stop(),
  );
  const told = (await usage?.end()) ?? [];
  const after = await driver.replicas();
  const measured = measuredOf({ ...asked, lateSeconds: settings.lateSeconds }, ran);
  const startMs = Date.parse(measured.startedAt);
  const pods = usageIn(told, startMs, startMs + measured.seconds * 1000);
  const window: Window = {
    ...measured,
    replicas: (before + after) / 2,
    ...(pods.length > 0 && { pods: [...pods] }),
  };
  const p95 = percentile(window.latencies, 0.95)?.value;
  driver.say(
    `${name}: ${window.achievedRate.toFixed(1)} of ${asked.rate} requests per second, P95 ${
      p95 === undefined ? "unknown" : `${(p95 * 1000).toFixed(1)} ms`
    }, ${window.requests} requests, ${window.droppedIterations} dropped, client ${window.client.cpuCores.toFixed(2)} of ${window.client.limitCores} cores`,
  );
  for (const message of ran.messages) driver.say(`  k6: ${message}`);
  for (const { text } of clientProblems(window)) driver.say(`  ${text}`);
  return window;
}
