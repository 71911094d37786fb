import type { Load } from "../result";
import type { Kubernetes, KubeObject } from "./stopwatch/kubernetes";
import { quantity } from "./stopwatch/quantity";

/** What metrics.k8s.io says of a pod. */
export interface PodMetrics extends KubeObject {
  /** End of the interval that the figures are means of; whole seconds. */
  readonly timestamp: string;
  /** Its length: `15.2s`. */
  readonly window: string;
  readonly containers: readonly {
    readonly usage: { readonly cpu: string; readonly memory: string };
  }[];
}

type PodUsage = NonNullable<Load["pods"]>[number];

const POLL_MS = 5_000;

/** A duration of Go as seconds: `1m15.5s` is 75.5; NaN for what is none. */
export function goSeconds(text: string): number {
  const [, hours, minutes, seconds, milliseconds] =
    /^(?:(\d+)h)?(?:(\d+)m)?(?:([\d.]+)s)?(?:([\d.]+)ms)?$/.exec(text) ?? [];
  if (text === "" || (hours ?? minutes ?? seconds ?? milliseconds) === undefined) return NaN;
  return (
    Number(hours ?? 0) * 3600 +
    Number(minutes ?? 0) * 60 +
    Number(seconds ?? 0) +
    Number(milliseconds ?? 0) / 1000
  );
}

/**
 * Usage of each pod in a window: the mean of the samples whose interval has its middle in it. The same sample told twice
 * counts once; a pod without any is left out.
 */
export function usageIn(told: readonly PodMetrics[], fromMs: number, toMs: number): readonly PodUsage[] {
  const pods = new Map<string, Map<string, { cpuCores: number; memoryBytes: number }>>();
  for (const { metadata, timestamp, window, containers } of told) {
    const middleMs = Date.parse(timestamp) - (goSeconds(window) * 1000) / 2;
    if (!(middleMs >= fromMs && middleMs <= toMs)) continue;
    const sum = (of: "cpu" | "memory"): number =>
      containers.reduce((all, { usage }) => all + quantity(usage[of]), 0);
    const samples = pods.get(metadata.name) ?? new Map<string, { cpuCores: number; memoryBytes: number }>();
    pods.set(metadata.name, samples.set(timestamp, { cpuCores: sum("cpu"), memoryBytes: sum("memory") }));
  }
  return [...pods]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, samples]) => {
      const mean = (of: "cpuCores" | "memoryBytes"): number =>
        [...samples.values()].reduce((sum, sample) => sum + sample[of], 0) / samples.size;
      return { name, cpuCores: mean("cpuCores"), memoryBytes: mean("memoryBytes") };
    });
}

/** Asks for usage until it is stopped. */
export interface UsageWatch {
  stop(): void;
  /** Stops, asks once more, and returns all that was told. */
  end(): Promise<readonly PodMetrics[]>;
}

/** Asks metrics.k8s.io for pods, each few seconds; what does not answer is told once, and costs no run. */
export function watchUsage(
  kubernetes: Pick<Kubernetes, "get">,
  namespace: string,
  selector: string,
  say: (line: string) => void,
): UsageWatch {
  const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`;
  const told: PodMetrics[] = [];
  let silent = false;
  const ask = async (): Promise<void> => {
    try {
      const { items = [] } = (await kubernetes.get(path)) as { readonly items?: readonly PodMetrics[] };
      told.push(...items);
    } catch (error) {
      if (!silent) say(`  no usage of pods: ${error instanceof Error ? error.message : String(error)}`);
      silent = true;
    }
  };
  let last = ask();
  const clock = setInterval(() => {
    last = last.then(ask);
  }, POLL_MS);
  const stop = (): void => clearInterval(clock);
  return {
    stop,
    end: async () => {
      stop();
      await last.then(ask);
      return told;
    },
  };
}
