import { setTimeout as sleep } from "node:timers/promises";
import type { GpuSamples, Knob, Load, Scenario, ServerFigures, Target } from "../result";
import { gpusIn, serverIn } from "./evidence";
import type { ScrapesIn } from "./prometheus";
import type { Driver, RunError, Window } from "./steps";
import type { Site } from "./stopwatch/site";

/** What a run is given beside its settings. */
export interface Means extends Omit<Driver, "fault"> {
  readonly scrapes?: ScrapesIn | undefined;
  /** The cluster that serves, for the scenarios that watch it. */
  readonly site?: Site | undefined;
  readonly tools: Readonly<Record<string, string>>;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);

/** What is known of who served a window: Prometheus first, the pods' usage where it has none, and the limits that are set. */
export function servedBy(
  window: Window,
  { settings }: Target,
  told: ServerFigures | undefined,
): ServerFigures | undefined {
  const { pods, replicas } = window;
  const limitOf = (knob: Knob): number | undefined => {
    const value = settings[knob]?.value;
    return typeof value === "number" ? value * replicas : undefined;
  };
  const cpuCores = told?.cpuCores ?? (pods && sumOf(pods.map((pod) => pod.cpuCores)));
  const memoryBytes = told?.memoryBytes ?? (pods && sumOf(pods.map((pod) => pod.memoryBytes)));
  const cpuLimitCores = told?.cpuLimitCores ?? limitOf("cpuLimitCores");
  const runningLimit = told?.runningLimit ?? limitOf("maxBatchedSequences");
  const figures: ServerFigures = {
    ...told,
    ...(cpuCores !== undefined && {
      cpuCores,
      ...(cpuLimitCores !== undefined && { cpuLimitCores }),
    }),
    ...(memoryBytes !== undefined && { memoryBytes }),
    ...(told?.running !== undefined && runningLimit !== undefined && { runningLimit }),
  };
  return Object.keys(figures).length === 0 ? undefined : figures;
}

/** Adds what others know of a window; what Prometheus cannot tell is an error of the scenario, and the load stands without. */
export async function completed(
  { settings, scrapes, signal }: Means,
  scenario: Scenario,
  windows: readonly Window[],
  fault: (error: RunError) => void,
): Promise<readonly Load[]> {
  const { prometheus, target } = settings;
  const loadOf = (window: Window, told?: ServerFigures, gpus: readonly GpuSamples[] = []): Load => {
    const server = servedBy(window, target, told);
    return { ...window, ...(server && { server }), ...(gpus.length > 0 && { gpus: [...gpus] }) };
  };
  const last = windows.at(-1);
  if (prometheus === undefined || scrapes === undefined || last === undefined)
    return windows.map((window) => loadOf(window));
  const endOf = ({ startedAt, seconds }: Window): number => Date.parse(startedAt) / 1000 + seconds;
  const waitMs = (endOf(last) + prometheus.settleSeconds) * 1000 - Date.now();
  await sleep(Math.max(0, waitMs), undefined, { signal }).catch(() => undefined);
  const loads: Load[] = [];
  for (const window of windows) {
    const range = { from: endOf(window) - window.seconds, to: endOf(window) };
    try {
      const [gpus, server] = [
        await gpusIn(scrapes, target, prometheus, range),
        await serverIn(scrapes, target, prometheus, range),
      ];
      loads.push(loadOf(window, server, gpus));
    } catch (error) {
      fault({ scenario, kind: "prometheus", message: messageOf(error) });
      return [...loads, ...windows.slice(loads.length).map((one) => loadOf(one))];
    }
  }
  return loads;
}
