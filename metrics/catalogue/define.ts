import type { Histogram, MetricType, Selectable, Unit } from "../types";

/** Labels of every target: the cluster, the job and the address scraped. */
const everyTarget = ["cluster", "job", "instance"] as const;

/** What exposes metrics, and what Prometheus adds to its series. */
interface Exporter {
  readonly exporter: string;
  /** Versions whose metrics these are. */
  readonly versions: string;
  /** Labels of its targets beside cluster, job and instance. */
  readonly target: readonly string[];
}

interface ExporterMetric {
  readonly name: string;
  /** Default: gauge. */
  readonly type?: MetricType;
  readonly unit: Unit;
  /** The exporter's own labels. */
  readonly labels?: readonly string[];
  /** Where narrower than the exporter's. */
  readonly versions?: string;
  readonly renames?: readonly string[];
  readonly meaning: string;
}

type OwnLabels<D> = D extends { readonly labels: readonly (infer L extends string)[] } ? L : never;

/** Declares the metrics of one exporter: each with the labels of its targets beside its own. */
export function exporterMetrics<
  const E extends Exporter,
  const T extends Readonly<Record<string, ExporterMetric>>,
>(
  { exporter, versions, target }: E,
  metrics: T,
): {
  readonly [Key in keyof T]: T[Key] extends { readonly type: "histogram" }
    ? Histogram<(typeof everyTarget)[number] | E["target"][number] | OwnLabels<T[Key]>>
    : Selectable<(typeof everyTarget)[number] | E["target"][number] | OwnLabels<T[Key]>>;
} {
  const complete = Object.entries<ExporterMetric>(metrics).map(([key, metric]) => [
    key,
    {
      type: "gauge",
      versions,
      ...metric,
      exporter,
      labels: [...new Set([...everyTarget, ...target, ...(metric.labels ?? [])])],
    },
  ]);
  return Object.fromEntries(complete) as never;
}
