import { catalogue, clusterRecorded } from "./catalogue";
import { bucketOf, countOf, isHistogram, sumOf } from "./select";
import type { Metric } from "./types";

/** What can be selected by one name. */
export interface Series {
  /** Every label it may carry; where two exporters use one name, those of both. */
  readonly labels: ReadonlySet<string>;
  /** Labels whose values are known, with those. */
  readonly values: Readonly<Record<string, readonly string[]>>;
}

const parts = (metric: Metric): readonly Metric[] =>
  isHistogram(metric) ? [bucketOf(metric), sumOf(metric), countOf(metric)] : [metric];

const known = new Map(
  clusterRecorded.map(({ name, domains }) => [
    name,
    Object.fromEntries(
      Object.entries(domains).filter((entry): entry is [string, readonly string[]] =>
        Array.isArray(entry[1]),
      ),
    ),
  ]),
);

function indexed(metrics: readonly Metric[]): ReadonlyMap<string, Series> {
  const found = new Map<string, Series>();
  for (const { name, labels } of metrics.flatMap(parts)) {
    const earlier = found.get(name)?.labels ?? [];
    found.set(name, { labels: new Set([...earlier, ...labels]), values: known.get(name) ?? {} });
  }
  return found;
}

/** Every series of the contract by the name it is selected by. */
export const seriesByName: ReadonlyMap<string, Series> = indexed(catalogue);

/** Every label of the contract. */
export const contractLabels: ReadonlySet<string> = new Set(
  [...seriesByName.values()].flatMap(({ labels }) => [...labels]),
);
