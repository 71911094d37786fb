import type { Thresholds } from "../../metrics/thresholds";
import { seriesColour, STATE_COLOURS } from "./palette";
import type { SeriesStyle } from "./panels/timeSeries";
import { DIFFERENCE, OTHER } from "./vector";

/** What dashboards are made for: the clusters of a federation and the limits their values are judged by. */
export interface Site {
  /** The cluster whose Prometheus the dashboards ask. */
  readonly hub: string;
  /** The other clusters, in the order of the hub's settings. */
  readonly members: readonly string[];
  readonly thresholds: Thresholds;
  /** Whether GPUs have a price: without one, nothing is known of costs. */
  readonly priced: boolean;
  /** Absent: no benchmarks write to the hub. */
  readonly benchmarks?: {
    /** URL of the model registry, for people. */
    readonly registryUrl?: string;
    /** The models that are measured, as the registry calls them. */
    readonly registeredModels?: readonly string[];
  };
}

/** A cluster has one colour wherever it is drawn; what belongs to it is drawn in shades of dashes, not of colour. */
export function clusterStyles({ hub, members }: Site, ...dashed: readonly string[]): readonly SeriesStyle[] {
  const colours = [hub, ...members].map((cluster, index): SeriesStyle => ({
    series: `/^${escape(cluster)}( |$)/`,
    colour: seriesColour(index),
  }));
  return [
    ...colours,
    { series: `/^${DIFFERENCE}$/`, colour: STATE_COLOURS.blind },
    ...dashed.map((name): SeriesStyle => ({ series: `/ ${escape(name)}$/`, dashed: true })),
  ];
}

/** What is left out of a panel is grey. */
export const otherStyle: SeriesStyle = { series: `/(^| )${OTHER}$/`, colour: STATE_COLOURS.blind };

const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");
