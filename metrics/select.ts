import type { Histogram, LabelsOf, Metric, Selectable } from "./types";

/** A matcher other than equality. */
export interface Matching {
  readonly op: "!=" | "!~" | "=~";
  readonly value: string;
}

export const not = (value: string): Matching => ({ op: "!=", value });
/** `pattern` is anchored at both ends, as Prometheus does. */
export const matching = (pattern: string): Matching => ({ op: "=~", value: pattern });
export const notMatching = (pattern: string): Matching => ({ op: "!~", value: pattern });

/** Matchers of a metric: only labels it can carry. Text asks for equality. */
// eslint-disable-next-line @typescript-eslint/consistent-indexed-object-style -- a Record of a generic's labels takes no {}
export type Matchers<M extends Metric> = { readonly [Label in LabelsOf<M>]?: Matching | string };

/**
 * A selector of the contract: `select(dcgm.power, { cluster: "hpc" })`. A metric outside the catalogue or a label the
 * metric does not have is an error of types. Histograms are selected by {@link bucketOf}, {@link sumOf}, {@link countOf}.
 */
export function select<M extends Selectable>(metric: M, matchers: Matchers<M> = {}): string {
  const list = Object.entries(matchers as Readonly<Record<string, Matching | string | undefined>>).flatMap(
    ([label, asked]) => {
      if (asked === undefined) return [];
      const { op, value } = typeof asked === "string" ? { op: "=", value: asked } : asked;
      return [`${label}${op}${JSON.stringify(value)}`];
    },
  );
  return list.length === 0 ? metric.name : `${metric.name}{${list.join(",")}}`;
}

function part<L extends string>(histogram: Histogram, suffix: string, labels: readonly L[]): Selectable<L> {
  return { ...histogram, name: `${histogram.name}${suffix}`, type: "counter", unit: "count", labels };
}

/** The buckets of a histogram, with their upper bound `le`. */
export function bucketOf<L extends string>(histogram: Histogram<L>): Selectable<L | "le"> {
  return part(histogram, "_bucket", [...histogram.labels, "le"]);
}

/** The sum of what a histogram observed, in its unit. */
export function sumOf<L extends string>(histogram: Histogram<L>): Selectable<L> {
  return { ...part(histogram, "_sum", histogram.labels), unit: histogram.unit };
}

/** The number of observations of a histogram. */
export function countOf<L extends string>(histogram: Histogram<L>): Selectable<L> {
  return part(histogram, "_count", histogram.labels);
}

/** Whether a metric is a histogram, which has no series of its own name. */
export function isHistogram(metric: Metric): metric is Histogram {
  return metric.type === "histogram";
}
