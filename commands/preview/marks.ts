import type { Dashboard } from "../../dashboards";
import type { Asking } from "./evaluate";
import { interpolate } from "./interpolate";
import type { Mark } from "./render/chart";
import { aligned, builtIn } from "./window";

const seconds = (text: string): number => {
  const [, count, unit] = /^(\d+)([sm])$/.exec(text) ?? [];
  if (count === undefined) throw new Error(`the step "${text}" of an annotation is not understood`);
  return Number(count) * (unit === "m" ? 60 : 1);
};

/** The events of a dashboard's annotations within its window, each moment once. */
export async function marksOf({ annotations }: Dashboard, asking: Asking): Promise<readonly Mark[]> {
  const { prometheus, window, scrapeInterval, values } = asking;
  const found: Mark[] = [];
  for (const { name, expr = "", iconColor, step = "60s", useValueForTime } of annotations.list ?? []) {
    if (!useValueForTime)
      throw new Error(`annotation ${name}: the preview knows those whose value is the time`);
    const every = seconds(step) * 1000;
    const query = interpolate(expr, { ...values, ...builtIn(window, every, scrapeInterval) });
    const series = await prometheus.range(query, { ...aligned(window, every), step: every });
    const times = new Set(series.flatMap(({ samples }) => samples.map(([, value]) => value)));
    for (const time of times) {
      if (time >= window.from && time <= window.to) found.push({ time, colour: iconColor, title: name });
    }
  }
  return found;
}
