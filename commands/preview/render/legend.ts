import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { fieldOf, show } from "../field";
import type { Series } from "../evaluate";
import { escapeHtml, textWidth } from "./html";

const FONT_SIZE = 11;
const ROW = 17;

const reducers: Readonly<
  Record<string, { readonly name: string; of: (values: readonly number[]) => number }>
> = {
  lastNotNull: { name: "last", of: (values) => values.at(-1) ?? NaN },
  max: { name: "max", of: (values) => Math.max(...values) },
  min: { name: "min", of: (values) => Math.min(...values) },
  mean: { name: "mean", of: (values) => values.reduce((a, b) => a + b, 0) / values.length },
};

/** What the legend says of a series beside its name. */
function figures(panel: Panel, { name, points }: Series): string {
  const { legend } = panel.options as { legend: { calcs: readonly string[] } };
  const values = points.map(([, value]) => value).filter((value) => value !== null);
  if (values.length === 0) return "";
  const field = fieldOf(panel, name);
  return legend.calcs
    .map((calc) => {
      const reducer = reducers[calc];
      if (reducer === undefined) throw new Error(`the legend's ${calc} is not known to the preview`);
      const { text } = show(field, reducer.of(values));
      return legend.calcs.length > 1 ? `${reducer.name} ${text}` : text;
    })
    .join(" · ");
}

/** A legend below a graph: as many rows as its entries need, with their height. */
export function legend(
  panel: Panel,
  entries: readonly { readonly series: Series; readonly colour: string; readonly dashed: boolean }[],
  width: number,
  most: number,
): { readonly html: string; readonly height: number } {
  const items = entries.map(({ series, colour, dashed }) => ({
    colour,
    dashed,
    name: series.name,
    said: figures(panel, series),
  }));
  const rows: number[] = [0];
  const kept: string[] = [];
  for (const { colour, dashed, name, said } of items) {
    const needs = textWidth(`${name} ${said}`, FONT_SIZE) + 34;
    if ((rows.at(-1) ?? 0) > 0 && (rows.at(-1) ?? 0) + needs > width) {
      if ((rows.length + 1) * ROW > most) {
        kept.push(`<span class="more">+ ${items.length - kept.length} more</span>`);
        break;
      }
      rows.push(0);
    }
    rows.push((rows.pop() ?? 0) + needs);
    const line = `<i style="border-top:3px ${dashed ? "dashed" : "solid"} ${colour}"></i>`;
    kept.push(`<span>${line}${escapeHtml(name)} <b>${escapeHtml(said)}</b></span>`);
  }
  return { html: `<div class="legend">${kept.join("")}</div>`, height: rows.length * ROW };
}
