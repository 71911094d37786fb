import { durations } from "../../../metrics/promqlTree";
import { durationMs } from "../durations";

/** The furthest that any rule looks back, a Prometheus duration; an offset and a range are not added up. */
export function lookBack(
  groups: readonly { readonly rules: readonly { readonly expr: string }[] }[],
): string {
  const all = groups.flatMap(({ rules }) => rules.flatMap(({ expr }) => durations(expr)));
  return all.reduce((furthest, next) => (durationMs(next) > durationMs(furthest) ? next : furthest), "5m");
}
