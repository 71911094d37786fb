import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { BuiltDashboard } from "../../../dashboards";
import { isRow } from "../evaluate";
import type { Evaluated } from "../evaluate";
import { interpolateText } from "../interpolate";
import type { Values } from "../interpolate";
import type { Window } from "../window";
import { chart } from "./chart";
import type { Mark } from "./chart";
import { escapeHtml } from "./html";
import type { Size } from "./html";
import { style } from "./style";
import { table } from "./table";
import { bars, tiles } from "./tiles";
import { timeline } from "./timeline";

/** A dashboard with everything that it shows. */
export interface EvaluatedDashboard {
  readonly dashboard: BuiltDashboard;
  readonly window: Window;
  /** The variables, by name. */
  readonly values: Values;
  readonly panels: ReadonlyMap<number, Evaluated>;
  readonly marks: readonly Mark[];
}

/** Width of a dashboard in pixels: what it is laid out for. */
export const PAGE_WIDTH = 1600;
const MARGIN = 16;
const GAP = 8;
const UNIT = 30;
const TITLE = 30;
const PADDING = 10;

/** The inside of a panel, below its title. */
function inside({ w, h }: { readonly w: number; readonly h: number }): Size {
  const column = (PAGE_WIDTH - 2 * MARGIN - 23 * GAP) / 24;
  return {
    width: Math.floor(w * column + (w - 1) * GAP - 2 * PADDING - 2),
    height: h * UNIT + (h - 1) * GAP - TITLE - PADDING - 2,
  };
}

function body(evaluated: Evaluated, size: Size, marks: readonly Mark[]): string {
  const { panel, series } = evaluated;
  if (series.length === 0)
    return `<div class="empty">${escapeHtml(panel.fieldConfig?.defaults.noValue ?? "no data")}</div>`;
  switch (panel.type) {
    case "timeseries":
      return chart(evaluated, size, marks);
    case "stat":
      return tiles(evaluated, size);
    case "bargauge":
      return bars(evaluated, size);
    case "state-timeline":
      return timeline(evaluated, size);
    case "table":
      return table(evaluated, size);
    default:
      throw new Error(`panels of type ${panel.type} are not known to the preview`);
  }
}

function panelHtml(panel: Panel, shown: EvaluatedDashboard): string {
  const { gridPos = { x: 0, y: 0, w: 24, h: 8 }, id = 0, title = "", description = "" } = panel;
  const evaluated = shown.panels.get(id);
  if (evaluated === undefined) throw new Error(`panel "${title}" was not evaluated`);
  const { x, y, w, h } = gridPos;
  const place = `grid-column:${x + 1}/span ${w};grid-row:${y + 1}/span ${h}`;
  return (
    `<article id="panel-${id}" style="${place}"><h3 title="${escapeHtml(interpolateText(description, shown.values))}">${escapeHtml(interpolateText(title, shown.values))}</h3>` +
    `<div class="body">${body(evaluated, inside(gridPos), shown.marks)}</div></article>`
  );
}

const when = (time: number): string => new Date(time).toISOString().replace("T", " ").slice(0, 16);

/** The variables as they stand at the top. */
function chips({ dashboard, values }: EvaluatedDashboard): string {
  return (dashboard.model.templating.list ?? [])
    .map(({ name, label = name, current }) => {
      const value = values[name] ?? "";
      const all = [current?.value].flat().includes("$__all");
      const said = name === "datasource" ? String(current?.text) : all ? "All" : [value].flat().join(" + ");
      return `<span class="chip"><em>${escapeHtml(label)}</em>${escapeHtml(said)}</span>`;
    })
    .join("");
}

/** What the marks on graphs are. */
const annotations = ({ dashboard }: EvaluatedDashboard): string =>
  (dashboard.model.annotations.list ?? [])
    .map(
      ({ name, iconColor }) =>
        `<span class="mark"><i style="border-left:2px dashed ${iconColor}"></i>${escapeHtml(name)}</span>`,
    )
    .join("");

function section(shown: EvaluatedDashboard): string {
  const { dashboard, window } = shown;
  const { uid, title, model } = dashboard;
  const links = (model.links ?? [])
    .map(
      ({ title: name, url = "" }) =>
        `<a href="#${escapeHtml(url.replace("/d/", ""))}">${escapeHtml(name)}</a>`,
    )
    .join("");
  const content = (model.panels ?? []).map((panel) =>
    isRow(panel)
      ? `<h2 style="grid-row:${(panel.gridPos?.y ?? 0) + 1}">${escapeHtml(interpolateText(panel.title ?? "", shown.values))}</h2>`
      : panelHtml(panel, shown),
  );
  const [area = "", subject = ""] = title.split(" / ");
  return (
    `<section id="${escapeHtml(uid)}"><header><h1><small>${escapeHtml(area)} /</small> ${escapeHtml(subject)}</h1>` +
    `<nav>${links}</nav><div class="chips">${chips(shown)}<span class="chip"><em>Time (UTC)</em>${when(window.from)} to ${when(window.to).slice(11)}</span>${annotations(shown)}</div></header>` +
    `<div class="grid">${content.join("\n")}</div></section>`
  );
}

/** One page with all dashboards, complete in itself. */
export function page(dashboards: readonly EvaluatedDashboard[]): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Federation dashboards</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<style>${style({ width: PAGE_WIDTH, margin: MARGIN, gap: GAP, unit: UNIT, title: TITLE, padding: PADDING })}</style></head>
<body>${dashboards.map(section).join("\n")}</body></html>
`;
}
