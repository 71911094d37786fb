import type { Panel, RowPanel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dashboard } from "../../dashboards";
import type { Dataquery } from "@grafana/grafana-foundation-sdk/prometheus";
import { interpolate } from "./interpolate";
import type { Values } from "./interpolate";
import type { Prometheus, Sampled } from "./prometheus";
import { aligned, builtIn, stepOf } from "./window";
import type { Window } from "./window";

/** One series of a panel. */
export interface Series {
  readonly refId: string;
  /** As the legend says it. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds since 1970, value; a point of the graph without a sample is null. */
  readonly points: readonly (readonly [time: number, value: number | null])[];
}

/** A panel with what its queries returned. */
export interface Evaluated {
  readonly panel: Panel;
  readonly window: Window;
  readonly series: readonly Series[];
}

/** What queries are asked with. */
export interface Asking {
  readonly prometheus: Prometheus;
  readonly window: Window;
  readonly values: Values;
  /** Scrape interval of the data source, ms. */
  readonly scrapeInterval: number;
}

/** Points of a graph of the full width of a dashboard. */
const FULL_WIDTH_POINTS = 720;

/** The panels of a dashboard, rows left out. */
export const panelsOf = ({ panels = [] }: Dashboard): readonly Panel[] =>
  panels.filter((panel): panel is Panel => !isRow(panel));

export const isRow = (panel: Panel | RowPanel): panel is RowPanel => panel.type === "row";

export const targetsOf = ({ targets = [] }: Panel): readonly Dataquery[] =>
  targets as readonly unknown[] as readonly Dataquery[];

/** Distance of the points of a panel's graphs, ms. */
function stepFor(panel: Panel, { window, scrapeInterval }: Asking): number {
  const points = Math.round(((panel.gridPos?.w ?? 24) / 24) * FULL_WIDTH_POINTS);
  return stepOf(window, points, scrapeInterval);
}

/** The variables a query of a panel may use: the dashboard's and Grafana's own. */
export function valuesFor(panel: Panel, asking: Asking): Values {
  const { window, scrapeInterval, values } = asking;
  return { ...values, ...builtIn(window, stepFor(panel, asking), scrapeInterval) };
}

const legend = (template: string, labels: Readonly<Record<string, string>>): string =>
  template
    .replaceAll(/\{\{\s*([\w.]+)\s*\}\}/g, (_, label: string) => labels[label] ?? "")
    .replaceAll(/\s+/g, " ")
    .trim();

/** The samples on every point of the window, so that gaps show. */
function onGrid(samples: Sampled["samples"], { from, to }: Window, step: number): Series["points"] {
  const byTime = new Map(samples);
  const points = Math.floor((to - from) / step) + 1;
  return Array.from({ length: points }, (_, index) => {
    const time = from + index * step;
    return [time, byTime.get(time) ?? null] as const;
  });
}

async function ask(target: Dataquery, panel: Panel, asking: Asking): Promise<readonly Series[]> {
  const { prometheus, window } = asking;
  const { refId = "", legendFormat = "" } = target;
  const query = interpolate(target.expr, valuesFor(panel, asking));
  const step = stepFor(panel, asking);
  const on = aligned(window, step);
  const found = target.range
    ? await prometheus.range(query, { ...on, step })
    : await prometheus.instant(query, window.to);
  return found.map(({ labels, samples }) => ({
    refId,
    name: legend(legendFormat, labels),
    labels,
    points: target.range ? onGrid(samples, on, step) : samples,
  }));
}

/** Asks everything that a panel asks. */
export async function evaluate(panel: Panel, asking: Asking): Promise<Evaluated> {
  const answers = await Promise.all(targetsOf(panel).map((target) => ask(target, panel, asking)));
  return { panel, window: asking.window, series: answers.flat() };
}

/** The last value of a series, undefined where it has none. */
export const last = ({ points }: Series): number | undefined =>
  points.findLast((point): point is readonly [number, number] => point[1] !== null)?.[1];
