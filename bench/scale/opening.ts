import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { evaluate, panelsOf, targetsOf, valuesFor } from "../../commands/preview/evaluate";
import type { Asking } from "../../commands/preview/evaluate";
import { interpolate } from "../../commands/preview/interpolate";
import type { Prometheus } from "../../commands/preview/prometheus";
import { resolveVariables } from "../../commands/preview/resolve";
import { windowAt } from "../../commands/preview/window";
import type { BuiltDashboard } from "../../dashboards";
import { STEP } from "./options";
import { asksOnly, asRaw } from "./raw";
import type { Rules } from "./raw";

/** What a browser asks with when it opens a dashboard at a moment (ms). */
export async function askingOf(
  { model }: BuiltDashboard,
  prometheus: Prometheus,
  now: number,
): Promise<Asking> {
  const window = windowAt(now, model.time ?? { from: "now-6h", to: "now" });
  const values = await resolveVariables(model, prometheus, window);
  return { prometheus, window, values, scrapeInterval: STEP * 1000 };
}

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};

/** Seconds until every panel of a dashboard that is opened has its answer, its variables resolved first. */
export const opening = (dashboard: BuiltDashboard, prometheus: Prometheus, now: number): Promise<number> =>
  seconds(async () => {
    const asking = await askingOf(dashboard, prometheus, now);
    await Promise.all(panelsOf(dashboard.model).map((panel) => evaluate(panel, asking)));
  });

/** Seconds until these panels have their answers. */
export const answering = (panels: readonly Panel[], asking: Asking): Promise<number> =>
  seconds(() => Promise.all(panels.map((panel) => evaluate(panel, asking))));

/** The same on another server; `$1`, which rules name groups of patterns by, is no variable of a dashboard. */
export const askingRaw = (asking: Asking, prometheus: Prometheus): Asking => ({
  ...asking,
  prometheus,
  values: { ...asking.values, 1: "${1}" },
});

/** A panel as it is, and the same panel asked on raw series. */
export interface Pair {
  readonly recorded: Panel;
  readonly raw: Panel;
}

/** The panels of a dashboard that can be asked on the raw series of these names alone. */
export function pairs(
  { model }: BuiltDashboard,
  asking: Asking,
  rules: Rules,
  names: ReadonlySet<string>,
): readonly Pair[] {
  return panelsOf(model).flatMap((panel) => {
    const targets = targetsOf(panel).map((target) => ({
      ...target,
      expr: asRaw(interpolate(target.expr, valuesFor(panel, asking)), rules),
    }));
    return targets.length > 0 && targets.every(({ expr }) => asksOnly(expr, names))
      ? [{ recorded: panel, raw: { ...panel, targets } }]
      : [];
  });
}
