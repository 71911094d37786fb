import { StackingMode } from "@grafana/grafana-foundation-sdk/common";
import type { GraphFieldConfig } from "@grafana/grafana-foundation-sdk/common";
import { FieldColorModeId } from "@grafana/grafana-foundation-sdk/dashboard";
import * as echarts from "echarts";
import { seriesColour } from "../../../dashboards/kit/palette";
import type { Evaluated, Series } from "../evaluate";
import { fieldOf } from "../field";
import { format } from "../format";
import { FONT, INK } from "./html";
import type { Size } from "./html";
import { legend } from "./legend";
import { lineStep } from "./steps";

/** An event that is marked on graphs. */
export interface Mark {
  readonly time: number;
  readonly colour: string;
  readonly title: string;
}

interface Drawn {
  readonly series: Series;
  readonly colour: string;
  readonly dashed: boolean;
  readonly custom: Partial<GraphFieldConfig>;
}

function drawn({ panel, series }: Evaluated): readonly Drawn[] {
  return series.map((one, index) => {
    const { color, custom } = fieldOf(panel, one.name);
    const style = custom as Partial<GraphFieldConfig>;
    return {
      series: one,
      colour:
        color?.mode === FieldColorModeId.Fixed
          ? (color.fixedColor ?? seriesColour(index))
          : seriesColour(index),
      dashed: style.lineStyle?.fill === "dash",
      custom: style,
    };
  });
}

/** Limits as dashed lines, the lowest step left out as it begins nowhere. */
function limitLines({ panel }: Evaluated): readonly object[] {
  const { thresholds, custom } = fieldOf(panel, "");
  const style = custom.thresholdsStyle as { mode?: string } | undefined;
  if (thresholds === undefined || style?.mode !== "dashed") return [];
  return thresholds.steps.flatMap(({ value }, index) =>
    value === null
      ? []
      : [
          {
            yAxis: value,
            // the colour of the bad side
            lineStyle: { color: badColour(thresholds.steps, index), type: [6, 4], width: 1.2 },
          },
        ],
  );
}

/** The more severe of the colours that a limit separates: good stands at one of the ends. */
function badColour(steps: readonly { color: string }[], index: number): string {
  const [below, from] = [steps[index - 1]?.color ?? "", steps[index]?.color ?? ""];
  const goodFirst = steps[0]?.color === GOOD;
  return goodFirst ? from : below;
}
const GOOD = "#00796B";

function line({ series, colour, dashed, custom }: Drawn, marks: readonly object[]): object {
  const stacked = custom.stacking?.mode === StackingMode.Normal;
  return {
    type: "line",
    name: series.name,
    data: series.points.map(([time, value]) => [
      time,
      value === null || Number.isFinite(value) ? value : null,
    ]),
    showSymbol: series.points.filter(([, value]) => value !== null).length === 1,
    symbolSize: 4,
    connectNulls: false,
    lineStyle: { color: colour, width: stacked ? 1 : 2, type: dashed ? [6, 4] : "solid" },
    itemStyle: { color: colour },
    ...(stacked ? { stack: "all", areaStyle: { color: colour, opacity: 0.55 } } : {}),
    ...(marks.length === 0
      ? {}
      : { markLine: { symbol: "none", silent: true, label: { show: false }, data: marks } }),
  };
}

interface Axis {
  readonly min: number;
  readonly max: number;
  readonly interval: number;
}

/** The value axis: from 0, or around it, in steps that read well. */
function axisOf({ panel }: Evaluated, all: readonly Drawn[], height: number): Axis {
  const { unit, custom, min } = fieldOf(panel, "");
  const { axisSoftMax, axisCenteredZero } = custom as Partial<GraphFieldConfig>;
  const stacked = all.some((one) => one.custom.stacking?.mode === StackingMode.Normal);
  const columns = all.map(({ series }) => series.points.map(([, value]) => value ?? 0));
  const values = stacked
    ? (columns[0] ?? []).map((_, index) => columns.reduce((total, column) => total + (column[index] ?? 0), 0))
    : columns.flat();
  const finite = values.filter(Number.isFinite);
  const most = Math.max(...finite.map(Math.abs), axisSoftMax ?? 0) || 1;
  const lines = Math.max(2, Math.round(height / 42));
  const interval = lineStep(axisCenteredZero ? 2 * most : most, lines, unit);
  const top = Math.ceil(most / interval - 1e-6) * interval;
  const low = axisCenteredZero ? -top : (min ?? Math.floor(Math.min(0, ...finite) / interval) * interval);
  return { min: low, max: axisSoftMax !== undefined && most <= axisSoftMax ? axisSoftMax : top, interval };
}

/** Room for the longest label of the value axis. */
function leftOf({ panel }: Evaluated, { min, max, interval }: Axis): number {
  const { unit, decimals } = fieldOf(panel, "");
  const count = Math.round((max - min) / interval) + 1;
  const labels = Array.from({ length: count }, (_, index) => format(min + index * interval, unit, decimals));
  return Math.max(...labels.map((label) => label.length), 3) * 6.4 + 10;
}

/** Without what reacts to a pointer or cuts lines off: both have names that differ from run to run. */
const still = (svg: string): string =>
  svg
    .replaceAll(/<(style|defs)\b.*?<\/\1>/gs, "")
    .replaceAll(/ (?:class|clip-path|ecmeta_\w+|pointer-events)="[^"]*"/g, "");

/** A graph over time as SVG, with its legend below. */
export function chart(evaluated: Evaluated, { width, height }: Size, events: readonly Mark[]): string {
  const all = drawn(evaluated);
  const { panel, window } = evaluated;
  const below = legend(panel, all, width, Math.max(34, height * 0.36));
  const graph = { width, height: height - below.height - 4 };
  const { unit, decimals } = fieldOf(panel, "");
  const marks = [
    ...events.map(({ time, colour }) => ({
      xAxis: time,
      lineStyle: { color: colour, type: [3, 3], width: 1 },
    })),
    ...limitLines(evaluated),
  ];
  const axis = axisOf(evaluated, all, graph.height);
  const instance = echarts.init(null, null, { renderer: "svg", ssr: true, ...graph });
  instance.setOption({
    animation: false,
    useUTC: true,
    textStyle: { fontFamily: FONT, fontSize: 11 },
    grid: { left: leftOf(evaluated, axis), right: 14, top: 10, bottom: 22 },
    xAxis: {
      type: "time",
      min: window.from,
      max: window.to,
      axisLine: { lineStyle: { color: INK.line } },
      axisTick: { lineStyle: { color: INK.line } },
      axisLabel: { color: INK.quiet, fontSize: 11, hideOverlap: true, formatter: "{HH}:{mm}" },
      splitLine: { show: false },
    },
    yAxis: {
      type: "value",
      ...axis,
      axisLabel: {
        color: INK.quiet,
        fontSize: 11,
        formatter: (value: number) => format(value, unit, decimals),
      },
      splitLine: { lineStyle: { color: INK.grid } },
    },
    series: all.map((one, index) => line(one, index === 0 ? marks : [])),
  });
  const svg = still(instance.renderToSVGString());
  instance.dispose();
  return `${svg}${below.html}`;
}
