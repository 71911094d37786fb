import { durations } from "../../../metrics/promqlTree";
import type { RuleGroup } from "../../../rules";
import { durationMs } from "../durations";

/** The furthest that any rule looks back, a Prometheus duration; an offset and a range are not added up. */
export function lookBack(groups: readonly RuleGroup[]): string {
  const all = groups.flatMap(({ rules }) => rules.flatMap(({ expr }) => durations(expr)));
  return all.reduce((furthest, next) => (durationMs(next) > durationMs(furthest) ? next : furthest), "5m");
}
