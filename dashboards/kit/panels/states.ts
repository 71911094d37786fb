import { VizLegendOptionsBuilder, VizTooltipOptionsBuilder } from "@grafana/grafana-foundation-sdk/common";
import {
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
} from "@grafana/grafana-foundation-sdk/common";
import { PanelBuilder } from "@grafana/grafana-foundation-sdk/statetimeline";
import { byThresholds, mappings, thresholds } from "../limits";
import type { States } from "../limits";
import { panel, unitOf } from "./panel";
import type { Panel, PanelText, Query } from "./panel";

export interface StateTimeline extends PanelText {
  readonly queries: readonly Query[];
  readonly states: States;
}

/** States over the window, one bar a series. */
export function stateTimeline(spec: StateTimeline): Panel {
  const { queries, states } = spec;
  const made = panel(new PanelBuilder(), spec, {
    queries,
    asked: "range",
    unit: unitOf(spec.title, queries),
  });
  made.builder
    .mappings(mappings(states))
    .thresholds(thresholds())
    .colorScheme(byThresholds())
    .mergeValues(true)
    .showValue(VisibilityMode.Auto)
    .rowHeight(0.8)
    .fillOpacity(90)
    .lineWidth(0)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single).sort(SortOrder.None));
  return made;
}
