import {
  GraphThresholdsStyleConfigBuilder,
  LineStyleBuilder,
  StackingConfigBuilder,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
} from "@grafana/grafana-foundation-sdk/common";
import type { DynamicConfigValue } from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import type { Threshold } from "../../../metrics/thresholds";
import { fixed, thresholds } from "../limits";
import { panel, unitOf } from "./panel";
import type { Panel, PanelText, Query } from "./panel";

/** How series are drawn whose name matches a regular expression. */
export interface SeriesStyle {
  readonly series: string;
  readonly colour?: string;
  readonly dashed?: true;
}

export interface TimeSeries extends PanelText {
  readonly queries: readonly Query[];
  /** On top of each other: for parts of a whole. */
  readonly stacked?: true;
  /** Limits drawn as lines. */
  readonly limits?: Threshold;
  /** Shares far below 1: the axis ends at the highest of them. */
  readonly small?: true;
  /** Values below 0 make sense: differences. */
  readonly signed?: true;
  readonly styles?: readonly SeriesStyle[];
  /** What the legend says of each series beside its name; default: its last value. */
  readonly legend?: readonly ("lastNotNull" | "max" | "mean" | "min")[];
}

function properties({ colour, dashed }: SeriesStyle): DynamicConfigValue[] {
  return [
    ...(colour === undefined ? [] : [{ id: "color", value: fixed(colour) }]),
    ...(dashed === undefined
      ? []
      : [{ id: "custom.lineStyle", value: new LineStyleBuilder().fill("dash").dash([6, 4]).build() }]),
  ];
}

/** Values over the window, as lines. */
export function timeSeries(spec: TimeSeries): Panel {
  const { queries, stacked, limits, signed, small, styles = [], legend = ["lastNotNull"] } = spec;
  const unit = unitOf(spec.title, queries);
  const made = panel(new PanelBuilder(), spec, { queries, asked: "range", unit });
  const { builder } = made;
  builder
    .lineWidth(2)
    .fillOpacity(stacked ? 30 : 0)
    .showPoints(VisibilityMode.Never)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([...legend]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (!signed) builder.min(0);
  // without it a line at 0 would stand on an axis to 100 %
  if (unit === "ratio" && !signed) builder.axisSoftMax(small ? 1.2 * (limits?.critical ?? 0.01) : 1);
  if (signed) builder.axisCenteredZero(true);
  if (stacked) builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group("A"));
  if (limits !== undefined) {
    builder
      .thresholds(thresholds(limits))
      .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  }
  for (const style of styles) builder.overrideByRegexp(style.series, properties(style));
  return made;
}
