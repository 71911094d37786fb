/** What a value is measured in; the one source of units for panels and messages. */
export type Unit =
  | "boolean"
  | "bytes"
  | "bytes per second"
  | "celsius"
  | "cores"
  | "cores per core"
  | "count"
  | "currency"
  | "currency per hour"
  | "GPUs"
  | "info"
  | "joules"
  | "megahertz"
  | "mebibytes"
  | "microseconds"
  | "milliseconds"
  | "millijoules"
  | "percent"
  | "per second"
  | "ratio"
  | "seconds"
  | "unix seconds"
  | "watts"
  | "xid";

export type MetricType = "counter" | "gauge" | "histogram";

/** A metric that rules, dashboards or workloads use: no other name or label may stand in an expression. */
export interface Metric<Label extends string = string> {
  /** Name as it is exposed; of a histogram the base, without `_bucket`, `_sum` or `_count`. */
  readonly name: string;
  /** What exposes it, as the catalogue calls it: an exporter, `cluster rules`, `local rules` or `hub rules`. */
  readonly exporter: string;
  /** Versions of the exporter that expose it, as a range: `>=25.11`, `<0.9`; `any` where it never changed. */
  readonly versions: string;
  readonly type: MetricType;
  readonly unit: Unit;
  /** Every label it may carry: the exporter's own, and those of the target. */
  readonly labels: readonly Label[];
  readonly meaning: string;
  /** Other names of the same thing in other versions or exporters. */
  readonly renames?: readonly string[];
}

/** A metric that has series of its own name. */
export interface Selectable<Label extends string = string> extends Metric<Label> {
  readonly type: "counter" | "gauge";
}

/** A metric whose series are its buckets, its sum and its count. */
export interface Histogram<Label extends string = string> extends Metric<Label> {
  readonly type: "histogram";
}

/** Names of the labels of a metric. */
export type LabelsOf<M extends Metric> = M["labels"][number];
