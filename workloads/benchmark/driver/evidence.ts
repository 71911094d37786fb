import { dcgm, plausible } from "../../../metrics/catalogue/dcgm";
import { cadvisor } from "../../../metrics/catalogue/kubelet";
import { kserve } from "../../../metrics/catalogue/serving";
import { olderVllm, vllm } from "../../../metrics/catalogue/vllm";
import { countOf, matching, select, sumOf } from "../../../metrics/select";
import type { Selectable } from "../../../metrics/types";
import type { GpuSamples, ServerFigures, Target } from "../result";
import {
  meanOf,
  rateOf,
  sumOfMeans,
  totalIncrease,
  type Scraped,
  type ScrapesIn,
  type Window,
} from "./prometheus";
import type { PrometheusSettings } from "./services";

const MIB = 1024 ** 2;

/** What was measured, by the key of a GPU's series. */
const keyOf = ({ labels }: Scraped): string =>
  labels.UUID ?? `${labels.hostname ?? labels.instance ?? ""}/${labels.gpu ?? ""}`;

/** The served model's pods: those of its namespace, where the target names it. */
const servedBy = ({ cluster, namespace }: Target, pods: string) => ({
  cluster,
  ...(namespace !== undefined && { namespace }),
  pod: matching(pods),
});

const ratiosOf = ({ samples }: Scraped, unit: number): number[] =>
  samples.map(([, value]) => value / unit).filter((value) => value >= 0 && value <= 1);

/** Drops what is undefined: a figure that was not measured is absent. */
function present<T extends object>(values: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

/** GPUs that the served model's pods held in the window, each with its own scrapes. */
export async function gpusIn(
  scrapes: ScrapesIn,
  target: Target,
  { pods }: PrometheusSettings,
  window: Window,
): Promise<readonly GpuSamples[]> {
  const of = (metric: Selectable): Promise<readonly Scraped[]> =>
    scrapes(select(metric, servedBy(target, pods)), window);
  const utilisation = await of(dcgm.utilisation);
  const [engine, memory, energy] = await Promise.all([
    of(dcgm.engineActive),
    of(dcgm.memoryUsed),
    of(dcgm.energy),
  ]);
  return utilisation.map((series) => {
    const key = keyOf(series);
    const same = (others: readonly Scraped[]): Scraped | undefined =>
      others.find((other) => keyOf(other) === key);
    const [active, used, joules] = [same(engine), same(memory), same(energy)];
    const believed = used && {
      ...used,
      samples: used.samples.filter(([, value]) => value < plausible.mebibytes),
    };
    const usedMiB = believed && meanOf([believed]);
    const milliwatts = joules && rateOf(joules);
    const ratios = active && ratiosOf(active, 1);
    return present<GpuSamples>({
      id: key,
      node: series.labels.hostname ?? series.labels.node,
      type: series.labels.gpu_type ?? target.gpuType ?? series.labels.modelName ?? "unknown",
      simulated: target.simulated,
      utilisation: ratiosOf(series, 100),
      engineActive: ratios,
      memoryUsedBytes: usedMiB === undefined ? undefined : usedMiB * MIB,
      // scrapes do not reach the window's ends
      energyJoules: milliwatts === undefined ? undefined : (milliwatts / 1000) * (window.to - window.from),
    });
  });
}

/** What the model server, its engine and its containers said of the window; absent figures were not there. */
export async function serverIn(
  scrapes: ScrapesIn,
  target: Target,
  { pods, container }: PrometheusSettings,
  window: Window,
): Promise<ServerFigures> {
  const of = (metric: Selectable): Promise<readonly Scraped[]> =>
    scrapes(select(metric, servedBy(target, pods)), window);
  const either = async (now: Selectable, before: Selectable): Promise<readonly Scraped[]> => {
    const found = await of(now);
    return found.length > 0 ? found : of(before);
  };
  const openai = target.protocol === "openai";
  const histogram = openai ? vllm.duration : kserve.predict;
  const ofContainer = (metric: Selectable): Promise<readonly Scraped[]> =>
    scrapes(select(metric, { ...servedBy(target, pods), container }), window);
  const [cpu, periods, throttled, memory] = await Promise.all([
    ofContainer(cadvisor.cpu),
    ofContainer(cadvisor.cpuPeriods),
    ofContainer(cadvisor.cpuThrottledPeriods),
    ofContainer(cadvisor.memory),
  ]);
  const [sum, count, waiting, running, cache, preempted, queried, hits] = await Promise.all([
    of(sumOf(histogram)),
    of(countOf(histogram)),
    of(vllm.waiting),
    of(vllm.running),
    either(vllm.kvCache, olderVllm.kvCache),
    of(vllm.preemptions),
    either(vllm.prefixQueries, olderVllm.prefixQueries),
    either(vllm.prefixHits, olderVllm.prefixHits),
  ]);
  const [sumSeconds, requests] = [totalIncrease(sum), totalIncrease(count)];
  const [looked, found] = [totalIncrease(queried), totalIncrease(hits)];
  const [ran, stood] = [totalIncrease(periods), totalIncrease(throttled)];
  const most = Math.max(...waiting.flatMap(({ samples }) => samples.map(([, value]) => value)));
  return present<ServerFigures>({
    latency:
      sumSeconds === undefined || requests === undefined
        ? undefined
        : { metric: histogram.name, covers: openai ? "request" : "inference", sumSeconds, count: requests },
    waiting: sumOfMeans(waiting),
    waitingMax: Number.isFinite(most) ? most : undefined,
    running: sumOfMeans(running),
    kvCacheUsed: meanOf(cache),
    preemptions: totalIncrease(preempted),
    prefixCacheHitRatio: looked === undefined || !(looked > 0) ? undefined : (found ?? 0) / looked,
    cpuCores: coresOf(cpu),
    // the two counters are read one after the other
    cpuThrottled:
      ran === undefined || stood === undefined || !(ran > 0) ? undefined : Math.min(1, stood / ran),
    memoryBytes: sumOfMeans(memory),
  });
}

/** Cores that containers used between their first and last scrape of the window, together. */
function coresOf(series: readonly Scraped[]): number | undefined {
  const cores = series.flatMap((one) => rateOf(one) ?? []);
  return cores.length === 0 ? undefined : cores.reduce((sum, value) => sum + value, 0);
}
