import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import { DashboardLinkBuilder, DashboardLinkType } from "@grafana/grafana-foundation-sdk/dashboard";
import type { DashboardLink, GridPos, Panel as Built } from "@grafana/grafana-foundation-sdk/dashboard";
import {
  DataqueryBuilder,
  PromQueryFormat,
  QueryEditorMode,
} from "@grafana/grafana-foundation-sdk/prometheus";
import type { Unit } from "../../../metrics/types";
import { formats } from "../units";
import { dataSource } from "../variables";
import type { Vector } from "../vector";

/** What every panel says of itself. */
export interface PanelText {
  readonly title: string;
  /** What it shows and what to make of it; shown on hover. */
  readonly description: string;
  /** Why it is good that it shows nothing; absent where it must always show something. */
  readonly emptyIsGood?: string;
  /** Where more is found of what it shows. */
  readonly links?: readonly { readonly title: string; readonly url: string }[];
}

/** A query and the name of its series: text with `{{label}}` placeholders. */
export interface Query {
  readonly vector: Vector;
  readonly legend: string;
}

/** A query whose series are named by labels. */
export function by<L extends string>(vector: Vector<L>, ...labels: readonly L[]): Query {
  return { vector, legend: labels.map((label) => `{{${label}}}`).join(" ") };
}

/** A query whose series are named by labels and a word of their own. */
export function named<L extends string>(vector: Vector<L>, word: string, ...labels: readonly L[]): Query {
  return { vector, legend: [...labels.map((label) => `{{${label}}}`), word].join(" ") };
}

/** What all of Grafana's panel builders can do. */
export interface PanelBuilder extends Builder<Built> {
  id(id: number): this;
  gridPos(position: GridPos): this;
  title(title: string): this;
  description(text: string): this;
  datasource(reference: typeof dataSource): this;
  unit(id: string): this;
  decimals(digits: number): this;
  noValue(text: string): this;
  links(links: Builder<DashboardLink>[]): this;
  withTarget(target: DataqueryBuilder): this;
}

/** A panel that is not placed yet. */
export interface Panel {
  readonly builder: PanelBuilder;
  readonly queries: readonly Query[];
  readonly emptyIsGood?: string;
}

/** The name of the n-th query of a panel. */
export const refId = (index: number): string => String.fromCharCode("A".charCodeAt(0) + index);

/** The unit that all values of a panel have. */
export function unitOf(title: string, queries: readonly Query[]): Unit {
  const units = new Set(queries.map(({ vector }) => vector.unit));
  const [unit] = units;
  if (unit === undefined || units.size > 1)
    throw new RangeError(
      `panel "${title}": values must have one unit, not ${[...units].join(", ") || "none"}`,
    );
  return unit;
}

/** How queries are asked: over the window, or at its end. */
export type Asked = "range" | "instant" | "table";

function target({ vector, legend }: Query, index: number, asked: Asked): DataqueryBuilder {
  const query = new DataqueryBuilder()
    .refId(refId(index))
    .datasource(dataSource)
    .editorMode(QueryEditorMode.Code)
    .expr(vector.expr)
    .legendFormat(legend);
  if (asked === "range") return query.range();
  return query.instant().format(asked === "table" ? PromQueryFormat.Table : PromQueryFormat.TimeSeries);
}

/** What is the same for all kinds of panels. */
export function panel<B extends PanelBuilder>(
  builder: B,
  { title, description, emptyIsGood, links = [] }: PanelText,
  {
    queries,
    asked,
    unit,
  }: { readonly queries: readonly Query[]; readonly asked: Asked; readonly unit: Unit },
): Panel & { readonly builder: B } {
  const { id, decimals } = formats[unit];
  builder.title(title).description(description).datasource(dataSource).unit(id);
  if (decimals !== undefined) builder.decimals(decimals);
  builder.noValue(emptyIsGood === undefined ? "no data" : "none");
  if (links.length > 0) {
    builder.links(
      links.map((link) =>
        new DashboardLinkBuilder(link.title).type(DashboardLinkType.Link).url(link.url).targetBlank(true),
      ),
    );
  }
  queries.forEach((query, index) => builder.withTarget(target(query, index, asked)));
  return { builder, queries, ...(emptyIsGood === undefined ? {} : { emptyIsGood }) };
}
