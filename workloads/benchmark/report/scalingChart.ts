import { guilty } from "../analysis/starts";
import { digits, duration } from "../format";
import type { Autoscaling, Phase } from "../result";
import { INK, lineFrom, linearTicks, path, rect, svg, textAt } from "./svg";

const WIDTH = 980;
const PLOT = { left: 60, right: 60, top: 34, height: 190 };
const STRIP = { top: PLOT.top + PLOT.height + 34, height: 24 };
const HEIGHT = STRIP.top + STRIP.height + 36;

/** Neighbouring phases are told apart; the guilty one is red. */
const SHADES = ["#455A64", "#78909C"] as const;

type Timeline = Autoscaling["timeline"];

/** A value that holds until the next one. */
function stairs(
  timeline: Timeline,
  of: (point: Timeline[number]) => number,
): readonly (readonly [number, number])[] {
  return timeline.flatMap((point, index) => {
    const next = timeline[index + 1];
    return [[point.seconds, of(point)] as const, ...(next ? [[next.seconds, of(point)] as const] : [])];
  });
}

/** The course of an autoscaling run: rate, replicas, and the phases of the last replica on the same axis. */
export function scalingChart(run: Autoscaling, limitSeconds: number): string | undefined {
  const { timeline, phases, totalSeconds, from, to } = run;
  if (timeline.length < 2) return undefined;
  const first = Math.min(0, timeline[0]?.seconds ?? 0);
  const last = Math.max(timeline.at(-1)?.seconds ?? 0, totalSeconds ?? 0, limitSeconds);
  const ticks = linearTicks(last, 12).filter((tick) => tick <= last);
  const rates = linearTicks(Math.max(...timeline.map(({ rate }) => rate)), 5);
  const most = Math.max(...timeline.map(({ desired, inRotation }) => Math.max(desired, inRotation)), to);
  // one more than there ever were: the lines of rate and replicas stay apart
  const replicas = linearTicks(most + 1, 5).filter(Number.isInteger);
  const bottom = PLOT.top + PLOT.height;
  const end = WIDTH - PLOT.right;
  const x = (seconds: number): number => PLOT.left + ((seconds - first) / (last - first)) * (end - PLOT.left);
  const yOf =
    (top: number) =>
    (value: number): number =>
      bottom - (value / top) * PLOT.height;
  const [yRate, yReplicas] = [yOf(rates.at(-1) ?? 1), yOf(replicas.at(-1) ?? 1)];
  const place = (y: (value: number) => number, points: readonly (readonly [number, number])[]) =>
    points.map(([seconds, value]) => [x(seconds), y(value)] as const);
  return svg(
    WIDTH,
    HEIGHT,
    `Autoscaling from ${from} to ${to} replicas: ${totalSeconds === undefined ? "not reached" : duration(totalSeconds)}`,
    [
      ...replicas.flatMap((tick) => [
        lineFrom([PLOT.left, yReplicas(tick)], [end, yReplicas(tick)], { colour: INK.grid }),
        textAt(PLOT.left - 8, yReplicas(tick) + 4, digits(tick), { anchor: "end" }),
      ]),
      ...rates.map((tick) => textAt(end + 8, yRate(tick) + 4, digits(tick), { colour: INK.blue })),
      textAt(end + 52, PLOT.top - 10, "req/s", { anchor: "end", colour: INK.blue }),
      textAt(PLOT.left - 8, PLOT.top - 10, "replicas", { anchor: "end" }),
      ...ticks.flatMap((tick) => [
        lineFrom([x(tick), bottom], [x(tick), bottom + 4], { colour: INK.line }),
        textAt(x(tick), bottom + 16, `${digits(tick)} s`, { anchor: "middle" }),
      ]),
      lineFrom([x(0), PLOT.top], [x(0), bottom], { colour: INK.quiet, dash: "3 3" }),
      lineFrom([x(limitSeconds), PLOT.top], [x(limitSeconds), bottom], { colour: INK.fail, dash: "6 4" }),
      textAt(x(limitSeconds) - 5, PLOT.top + 12, `limit ${duration(limitSeconds)}`, {
        anchor: "end",
        colour: INK.fail,
      }),
      path(
        place(
          yRate,
          stairs(timeline, ({ rate }) => rate),
        ),
        { colour: INK.blue, width: 1.5 },
      ),
      path(
        place(
          yReplicas,
          stairs(timeline, ({ desired }) => desired),
        ),
        { colour: INK.invalid, dash: "5 4" },
      ),
      path(
        place(
          yReplicas,
          stairs(timeline, ({ inRotation }) => inRotation),
        ),
        { colour: INK.pass, width: 2.5 },
      ),
      ...legend(),
      ...strip(phases, x),
    ],
  );
}

function legend(): readonly string[] {
  const entries = [
    ["in rotation", INK.pass],
    ["desired", INK.invalid],
    ["rate", INK.blue],
  ] as const;
  return entries.flatMap(([text, colour], index) => {
    const left = PLOT.left + 20 + index * 100;
    return [lineFrom([left, 9], [left + 16, 9], { colour, width: 3 }), textAt(left + 22, 13, text)];
  });
}

/** Where a label below the strip stands: as near to its phase as there is room, in the first row or the second. */
function labelPlace(
  ends: [number, number],
  left: number,
  width: number,
): { readonly x: number; readonly row: number } {
  const row = Math.max(left, ends[0]) + width <= WIDTH ? 0 : 1;
  const x = Math.min(Math.max(left, ends[row]), WIDTH - width);
  ends[row] = x + width;
  return { x, row };
}

/** Phases one after the other; those too narrow for their name are named below. */
function strip(
  phases: readonly { readonly phase: Phase; readonly seconds: number }[],
  x: (seconds: number) => number,
): readonly string[] {
  const worst = guilty(phases)?.phase;
  const ends: [number, number] = [0, 0];
  let from = 0;
  return phases.flatMap(({ phase, seconds }, index) => {
    const [left, right] = [x(from), x(from + seconds)];
    from += seconds;
    const blamed = phase === worst;
    const name = `${phase} ${duration(seconds)}`;
    const colour = blamed ? INK.guilty : (SHADES[index % 2] ?? SHADES[0]);
    const bar = rect(left, STRIP.top, Math.max(1, right - left), STRIP.height, colour);
    if (right - left > name.length * 6.6) {
      const inside = { anchor: "middle", colour: "#fff", bold: blamed } as const;
      return [bar, textAt((left + right) / 2, STRIP.top + 16, name, inside)];
    }
    const place = labelPlace(ends, left, name.length * 6.2 + 10);
    const below = STRIP.top + STRIP.height + 14 + place.row * 15;
    return [bar, textAt(place.x, below, name, { colour: blamed ? INK.guilty : INK.quiet, bold: blamed })];
  });
}
