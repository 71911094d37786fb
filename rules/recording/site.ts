import { maxSeries, needsLimit } from "../../metrics/budget";
import type { ClusterMetric } from "../../metrics/catalogue";
import type { Inventory } from "../../metrics/inventory";
import type { Matchers } from "../../metrics/select";
import { select } from "../../metrics/select";
import type { Selectable } from "../../metrics/types";
import type { RecordingRule } from "../types";

/** The cluster whose rules are written, and what its recordings are limited to. */
export interface Site {
  readonly cluster: string;
  readonly inventory: Inventory;
}

/** Writes the rules of one cluster about itself. */
export interface Recorder extends Site {
  /**
   * Selects series of this cluster alone: on the hub the same names also arrive by federation, and must not be
   * written a second time.
   */
  readonly own: <M extends Selectable>(metric: M, matchers?: Omit<Matchers<M>, "cluster">) => string;
  /** Records for the hub. Where label values come from outside the program, as many series as declared, the largest. */
  readonly record: (metric: ClusterMetric, expr: string) => RecordingRule;
  /** Records for this cluster alone. */
  readonly local: (metric: Selectable, expr: string) => RecordingRule;
}

export function recorder({ cluster, inventory }: Site): Recorder {
  return {
    cluster,
    inventory,
    own: (metric, matchers?) => select<Selectable>(metric, { cluster, ...matchers }),
    record: (metric, expr) => ({
      record: metric.name,
      expr: isLimited(metric) ? `topk by (cluster) (${maxSeries(metric, inventory)}, ${expr})` : expr,
    }),
    local: (metric, expr) => ({ record: metric.name, expr }),
  };
}

/** Buckets are limited by whole histograms instead, where they are recorded. */
function isLimited(metric: ClusterMetric): boolean {
  return needsLimit(metric) && !metric.labels.includes("le");
}
