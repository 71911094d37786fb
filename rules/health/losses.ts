import type { Matchers } from "../../metrics/select";
import { select } from "../../metrics/select";
import type { Threshold } from "../../metrics/thresholds";
import type { Selectable } from "../../metrics/types";

/**
 * Expressions of points lost. Each returns one series that carries `cluster` alone, or none where it can not be told;
 * never NaN, which would swallow every other loss of the component.
 */

/** Selects series of one cluster alone. */
export type Own = <M extends Selectable>(metric: M, matchers?: Omit<Matchers<M>, "cluster">) => string;

export const ownOf =
  (cluster: string): Own =>
  (metric, matchers?) =>
    select<Selectable>(metric, { cluster, ...matchers });

export const sum = (expr: string): string => `sum by (cluster) (${expr})`;
export const max = (expr: string): string => `max by (cluster) (${expr})`;
export const min = (expr: string): string => `min by (cluster) (${expr})`;

/** The part's share of the whole; 0 where the whole is 0 or no series of the part is there, none without the whole. */
export function share(part: string, whole: string): string {
  return `(((${part}) or 0 * (${whole})) / ((${whole}) > 0) or 0 * (${whole}))`;
}

/** `points` of a share of 1, proportionally less of a smaller one. */
export function proportional(points: number, ofShare: string): string {
  return `${points} * clamp(${ofShare}, 0, 1)`;
}

/** All `points` while a comparison with `bool` gives 1. */
export function flagged(points: number, comparison: string): string {
  return `${points} * (${comparison})`;
}

/** No points up to the warning limit, all from the critical one on, proportionally between; of limits whose bad side is above. */
export function ramped(points: number, value: string, { warning, critical }: Threshold): string {
  return `clamp(${points} * ((${value}) - ${warning}) / ${Number((critical - warning).toPrecision(12))}, 0, ${points})`;
}
