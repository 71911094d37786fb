import { ReduceDataOptionsBuilder } from "@grafana/grafana-foundation-sdk/common";
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  VizOrientation,
} from "@grafana/grafana-foundation-sdk/common";
import { PanelBuilder } from "@grafana/grafana-foundation-sdk/stat";
import type { Threshold } from "../../../metrics/thresholds";
import { byThresholds, fixed, mappings, thresholds } from "../limits";
import type { States } from "../limits";
import { STATE_COLOURS } from "../palette";
import { DIFFERENCE } from "../vector";
import type { Vector } from "../vector";
import { by, panel, unitOf } from "./panel";
import type { Panel, PanelText, Query } from "./panel";

export interface Stat extends PanelText {
  readonly queries: readonly Query[];
  /** Limits that colour the value. */
  readonly limits?: Threshold;
  /** What values stand for; the whole tile takes the colour. */
  readonly states?: States;
  /** Tiles below each other; default: as they fit. */
  readonly vertical?: true;
  /** Without the course of the value behind it. */
  readonly plain?: true;
}

/** The last value of each series, big. */
export function stat(spec: Stat): Panel {
  const { queries, limits, states, vertical, plain } = spec;
  const made = panel(new PanelBuilder(), spec, {
    queries,
    asked: plain || states ? "instant" : "range",
    unit: unitOf(spec.title, queries),
  });
  const { builder } = made;
  builder
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false))
    .graphMode(plain || states ? BigValueGraphMode.None : BigValueGraphMode.Area)
    .colorMode(states ? BigValueColorMode.Background : BigValueColorMode.Value)
    .textMode(BigValueTextMode.ValueAndName)
    .justifyMode(BigValueJustifyMode.Auto)
    .orientation(vertical ? VizOrientation.Horizontal : VizOrientation.Auto)
    .thresholds(thresholds(limits))
    .colorScheme(byThresholds());
  if (states !== undefined) builder.mappings(mappings(states));
  if (queries.some(({ vector }) => vector.across !== undefined))
    builder.overrideByName(DIFFERENCE, [{ id: "color", value: fixed(STATE_COLOURS.blind) }]);
  return made;
}

/** Makes panels of one width, each with one number a cluster; `plain` as in {@link Stat}. */
export const numbers =
  (width: number, how: Pick<Stat, "plain"> = {}) =>
  (
    title: string,
    description: string,
    vector: Vector<"cluster">,
    limits?: Threshold,
  ): readonly [number, Panel] => {
    const queries = [by(vector, "cluster")];
    return [
      width,
      stat({ title, description, queries, ...how, ...(limits === undefined ? {} : { limits }) }),
    ];
  };
