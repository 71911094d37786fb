import { TableSortByFieldStateBuilder } from "@grafana/grafana-foundation-sdk/common";
import {
  BarGaugeDisplayMode,
  BarGaugeValueMode,
  TableCellBackgroundDisplayMode,
  TableCellDisplayMode,
  TableCellHeight,
} from "@grafana/grafana-foundation-sdk/common";
import type { TableCellOptions } from "@grafana/grafana-foundation-sdk/common";
import type { DynamicConfigValue } from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder } from "@grafana/grafana-foundation-sdk/table";
import type { Threshold } from "../../../metrics/thresholds";
import { mappings, thresholdsValue } from "../limits";
import type { States } from "../limits";
import { formats } from "../units";
import { nameless } from "../vector";
import type { Vector } from "../vector";
import { panel, refId } from "./panel";
import type { Panel, PanelText } from "./panel";

/** A column of values; rows are the label sets that the columns share. */
export interface Column<Label extends string> {
  readonly title: string;
  readonly vector: Vector<Label>;
  /** Limits that colour the text. */
  readonly limits?: Threshold;
  /** What values stand for; the cell takes the colour. */
  readonly states?: States;
  /** Drawn as a bar of this length at most. */
  readonly bar?: number;
  /** In pixels; default: its share of what is left. */
  readonly width?: number;
  /** Only in the table for its labels. */
  readonly hidden?: true;
}

export interface Table<Label extends string> extends PanelText {
  /** The labels that name a row, with their headings, in order. */
  readonly rows: Readonly<Record<Label, string>>;
  readonly columns: readonly Column<Label>[];
  /** Heading of the column to sort by, highest first, or lowest. */
  readonly sortBy?: { readonly column: string; readonly lowest?: true };
  /** What values of a label stand for; the cell takes the colour. */
  readonly labelStates?: Readonly<Partial<Record<Label, States>>>;
  /** Widths of label columns in pixels. */
  readonly widths?: Readonly<Partial<Record<Label, number>>>;
}

const coloured: TableCellOptions = {
  type: TableCellDisplayMode.ColorBackground,
  mode: TableCellBackgroundDisplayMode.Basic,
};
const colouredText: TableCellOptions = { type: TableCellDisplayMode.ColorText };
const gauge: TableCellOptions = {
  type: TableCellDisplayMode.Gauge,
  mode: BarGaugeDisplayMode.Basic,
  valueDisplayMode: BarGaugeValueMode.Text,
};

function cell({ limits, states, bar }: Column<string>): TableCellOptions | undefined {
  if (states !== undefined) return coloured;
  if (bar !== undefined) return gauge;
  return limits === undefined ? undefined : colouredText;
}

function properties(column: Column<string>): DynamicConfigValue[] {
  const { vector, limits, states, bar, width } = column;
  const { id, decimals } = formats[vector.unit];
  const options = cell(column);
  const values: Readonly<Record<string, unknown>> = {
    unit: id,
    decimals,
    min: bar === undefined ? undefined : 0,
    max: bar,
    thresholds: limits === undefined && bar === undefined ? undefined : thresholdsValue(limits),
    mappings: states && mappings(states),
    "custom.cellOptions": options,
    "custom.width": width,
  };
  return Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [{ id: key, value }]));
}

function labelProperties(width?: number, states?: States): DynamicConfigValue[] {
  return [
    ...(width === undefined ? [] : [{ id: "custom.width", value: width }]),
    ...(states === undefined
      ? []
      : [
          { id: "mappings", value: mappings(states) },
          { id: "custom.cellOptions", value: coloured },
        ]),
  ];
}

/** The last values as a table, joined by the labels that name a row. */
export function table<Label extends string>(spec: Table<Label>): Panel {
  const { rows, columns, sortBy, widths = {}, labelStates = {} } = spec;
  const [first] = columns;
  if (first === undefined) throw new RangeError(`table "${spec.title}" has no columns`);
  const made = panel(new PanelBuilder(), spec, {
    queries: columns.map(({ vector, title }) => ({ vector: nameless(vector), legend: title })),
    asked: "table",
    unit: first.vector.unit,
  });
  const { builder } = made;
  const valueOf = (index: number): string => (columns.length > 1 ? `Value #${refId(index)}` : "Value");
  const headings = Object.entries<string>(rows);
  const shown = columns.map((column, index) => ({ column, name: valueOf(index) }));
  const order = [...headings.map(([label]) => label), ...shown.map(({ name }) => name)];
  builder
    .withTransformation({ id: "merge", options: {} })
    .withTransformation({
      id: "organize",
      options: {
        excludeByName: Object.fromEntries([
          ["Time", true],
          ...shown.filter(({ column }) => column.hidden).map(({ name }) => [name, true]),
        ]) as Record<string, boolean>,
        indexByName: Object.fromEntries(order.map((name, index) => [name, index])),
        renameByName: Object.fromEntries([
          ...headings,
          ...shown.map(({ column, name }) => [name, column.title]),
        ]) as Record<string, string>,
      },
    })
    .cellHeight(TableCellHeight.Sm);
  for (const { column } of shown) {
    if (!column.hidden) builder.overrideByName(column.title, properties(column));
  }
  for (const label of Object.keys(rows) as Label[]) {
    const { [label]: width } = widths as Readonly<Partial<Record<Label, number>>>;
    const { [label]: states } = labelStates as Readonly<Partial<Record<Label, States>>>;
    const properties = labelProperties(width, states);
    if (properties.length > 0) builder.overrideByName(rows[label], properties);
  }
  if (sortBy !== undefined) {
    builder.sortBy([new TableSortByFieldStateBuilder().displayName(sortBy.column).desc(!sortBy.lowest)]);
  }
  return made;
}
