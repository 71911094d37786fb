import { ReduceDataOptionsBuilder } from "@grafana/grafana-foundation-sdk/common";
import {
  BarGaugeDisplayMode,
  BarGaugeNamePlacement,
  BarGaugeSizing,
  BarGaugeValueMode,
  VizOrientation,
} from "@grafana/grafana-foundation-sdk/common";
import { PanelBuilder } from "@grafana/grafana-foundation-sdk/bargauge";
import type { Threshold } from "../../../metrics/thresholds";
import { byThresholds, thresholds } from "../limits";
import { panel, unitOf } from "./panel";
import type { Panel, PanelText, Query } from "./panel";

export interface Bars extends PanelText {
  readonly queries: readonly Query[];
  readonly limits?: Threshold;
  /** The end of the scale; default: the highest value, and 1 for shares. */
  readonly max?: number;
}

/** The last value of each series as a bar. */
export function bars(spec: Bars): Panel {
  const { queries, limits } = spec;
  const unit = unitOf(spec.title, queries);
  const max = spec.max ?? (unit === "ratio" ? 1 : undefined);
  const made = panel(new PanelBuilder(), spec, { queries, asked: "instant", unit });
  made.builder
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false))
    .displayMode(BarGaugeDisplayMode.Basic)
    .valueMode(BarGaugeValueMode.Text)
    .namePlacement(BarGaugeNamePlacement.Left)
    .sizing(BarGaugeSizing.Auto)
    .orientation(VizOrientation.Horizontal)
    .showUnfilled(true)
    .min(0)
    .thresholds(thresholds(limits))
    .colorScheme(byThresholds());
  if (max !== undefined) made.builder.max(max);
  return made;
}
