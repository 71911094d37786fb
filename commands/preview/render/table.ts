import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { last } from "../evaluate";
import type { Evaluated } from "../evaluate";
import { fieldOf, mapped, show } from "../field";
import { escapeHtml, INK } from "./html";
import type { Size } from "./html";

type Cell = number | string | undefined;
type Record_ = Readonly<Record<string, Cell>>;

interface Organize {
  readonly excludeByName: Readonly<Record<string, boolean>>;
  readonly indexByName: Readonly<Record<string, number>>;
  readonly renameByName: Readonly<Record<string, string>>;
}

interface TableOptions {
  readonly sortBy?: readonly { readonly displayName: string; readonly desc?: boolean }[];
}

/** Rows with the same labels become one, with a value of each query: what Grafana's transformation "merge" does. */
function merged({ panel, series }: Evaluated): readonly Record_[] {
  const many = (panel.targets ?? []).length > 1;
  const rows = new Map<string, Record<string, Cell>>();
  for (const one of series) {
    const key = JSON.stringify(Object.entries(one.labels).sort());
    const row = rows.get(key) ?? { ...one.labels };
    rows.set(key, row);
    row[many ? `Value #${one.refId}` : "Value"] = last(one);
  }
  return [...rows.values()];
}

function organize(panel: Panel): Organize {
  const [merge, organised, ...others] = panel.transformations ?? [];
  if (merge?.id !== "merge" || organised?.id !== "organize" || others.length > 0)
    throw new Error(`table "${panel.title ?? ""}": the preview knows merge and organize, in this order`);
  return organised.options as Organize;
}

function compare(one: Cell, other: Cell): number {
  if (one === undefined || other === undefined) return one === other ? 0 : one === undefined ? -1 : 1;
  return typeof one === "number" && typeof other === "number"
    ? one - other
    : String(one).localeCompare(String(other), "en", { numeric: true });
}

/** The table that a panel says: headings and rows, in order. */
export function tableOf(evaluated: Evaluated): {
  readonly headings: readonly string[];
  readonly rows: readonly Cell[][];
} {
  const { panel } = evaluated;
  const { excludeByName, indexByName, renameByName } = organize(panel);
  const names = Object.entries(indexByName)
    .filter(([name]) => !excludeByName[name])
    .sort(([, a], [, b]) => a - b)
    .map(([name]) => name);
  const headings = names.map((name) => renameByName[name] ?? name);
  const [sort] = (panel.options as TableOptions).sortBy ?? [];
  const by = sort === undefined ? -1 : headings.indexOf(sort.displayName);
  const rows = merged(evaluated).map((row) => names.map((name) => row[name]));
  // by the labels first, so that equal values keep an order
  rows.sort(
    (one, other) => one.map((cell, index) => compare(cell, other[index])).find((order) => order !== 0) ?? 0,
  );
  if (by >= 0) rows.sort((one, other) => compare(one[by], other[by]) * (sort?.desc ? -1 : 1));
  return { headings, rows };
}

const ROW = 27;

function cellHtml(panel: Panel, heading: string, value: Cell, numeric: boolean): string {
  if (value === undefined) return `<td class="none${numeric ? " number" : ""}">–</td>`;
  const field = fieldOf(panel, heading);
  if (typeof value === "string") {
    const state = mapped(field.mappings ?? [], value);
    return state === undefined
      ? `<td>${escapeHtml(value)}</td>`
      : `<td><span class="pill" style="background:${state.colour ?? INK.quiet}">${escapeHtml(state.text)}</span></td>`;
  }
  const { text, colour } = show(field, value);
  const said = escapeHtml(text);
  switch ((field.custom.cellOptions as { type?: string } | undefined)?.type) {
    case "color-background":
      return `<td><span class="pill" style="background:${colour ?? INK.quiet}">${said}</span></td>`;
    case "color-text":
      return `<td class="number" style="color:${colour ?? "inherit"};font-weight:600">${said}</td>`;
    case "gauge": {
      const part = Math.min(1, Math.max(0, value / (field.max ?? 1)));
      return `<td class="gauge"><div><span class="track"><i style="width:${(part * 100).toFixed(1)}%;background:${colour ?? "#37474F"}"></i></span><span>${said}</span></div></td>`;
    }
    default:
      return `<td class="number">${said}</td>`;
  }
}

/** The table of a panel, with as many rows as there is room for. */
export function table(evaluated: Evaluated, { height }: Size): string {
  const { panel } = evaluated;
  const { headings, rows } = tableOf(evaluated);
  const room = Math.max(1, Math.floor(height / ROW) - 1);
  const kept = rows.length > room ? rows.slice(0, room - 1) : rows;
  const numeric = headings.map((_, index) => rows.some((row) => typeof row[index] === "number"));
  const columns = headings.map((heading) => {
    const width = fieldOf(panel, heading).custom.width as number | undefined;
    return width === undefined ? "<col>" : `<col style="width:${width}px">`;
  });
  const head = headings.map((heading, index) => {
    const pill = (fieldOf(panel, heading).custom.cellOptions as { type?: string } | undefined)?.type;
    return `<th class="${numeric[index] && pill !== "color-background" && pill !== "gauge" ? "number" : ""}">${escapeHtml(heading)}</th>`;
  });
  const body = kept.map(
    (row) =>
      `<tr>${row.map((value, index) => cellHtml(panel, headings[index] ?? "", value, numeric[index] ?? false)).join("")}</tr>`,
  );
  const left = rows.length - kept.length;
  return `<table><colgroup>${columns.join("")}</colgroup><thead><tr>${head.join("")}</tr></thead><tbody>${body.join("")}</tbody></table>${left > 0 ? `<div class="more">+ ${left} more rows</div>` : ""}`;
}
