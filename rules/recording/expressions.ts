import type { Selectable } from "../../metrics/types";

type Aggregation = "avg" | "count" | "group" | "max" | "min" | "sum";

/** An aggregation to exactly these labels. */
export function by(aggregation: Aggregation, labels: readonly string[], expr: string): string {
  return `${aggregation} by (${labels.join(", ")}) (${expr})`;
}

/** An aggregation to the labels of the metric it is recorded as. */
export function to(metric: Selectable, aggregation: Aggregation, expr: string): string {
  return by(aggregation, metric.labels, expr);
}

/** Adds a label of one value. */
export function labelled(expr: string, label: string, value: string): string {
  return `label_replace(${expr}, "${label}", ${JSON.stringify(value)}, "", "")`;
}

/** Copies a label, or the part of it that the first group of `pattern` matches. */
export function renamed(expr: string, label: string, from: string, pattern = "(.+)"): string {
  return `label_replace(${expr}, "${label}", "$1", "${from}", ${JSON.stringify(pattern)})`;
}

/** The class of a status code, as a label: 503 is 5xx. */
export function codeClass(expr: string, from: string): string {
  return `label_replace(${expr}, "code_class", "$\{1}xx", "${from}", "(.)..")`;
}

/** The first of several that has a series, for each set of labels; all of them where their labels differ. */
export function either(...exprs: readonly string[]): string {
  return exprs.join(" or ");
}

/** One expression for each value of a label. */
export function perValue(label: string, values: Readonly<Record<string, string>>): string {
  return either(...Object.entries(values).map(([value, expr]) => labelled(expr, label, value)));
}

export const rate5m = (selector: string): string => `rate(${selector}[5m])`;

/** Counts of series whose value is at most each bound, as the buckets of a histogram; 0 where none is. */
export function buckets(labels: readonly string[], values: string, bounds: readonly string[]): string {
  return perValue(
    "le",
    Object.fromEntries(
      bounds.map((bound) => [
        bound,
        bound === "+Inf" ? by("count", labels, values) : by("sum", labels, `${values} <= bool ${bound}`),
      ]),
    ),
  );
}
