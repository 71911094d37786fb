import type { Knee } from "../analysis/knee";
import { percentile } from "../analysis/percentiles";
import { digits, duration, rate } from "../format";
import { INK, lineFrom, linearTicks, logTicks, path, svg, textAt, at } from "./svg";

const SIZE = { width: 980, height: 340 };
const PLOT = { left: 74, right: 20, top: 34, bottom: 46 };

interface Point {
  readonly rate: number;
  readonly p50: number;
  readonly p95: { readonly value: number; readonly low: number; readonly high: number };
  readonly state: "met" | "missed" | "invalid";
}

const COLOURS = { met: INK.pass, missed: INK.fail, invalid: INK.invalid } as const;

/** Latency against rate, with the target's limit and the knee. Undefined of fewer than two steps with answers. */
export function latencyChart(knee: Knee, limitSeconds: number): string | undefined {
  const points: readonly Point[] = knee.steps
    .flatMap(({ load, p95, state }) => {
      const p50 = percentile(load.latencies, 0.5);
      return p95 === undefined || p50 === undefined
        ? []
        : [
            {
              rate: load.targetRate,
              p50: p50.value,
              p95: { ...p95, high: Number.isFinite(p95.high) ? p95.high : p95.value },
              state,
            },
          ];
    })
    .sort((one, other) => one.rate - other.rate);
  if (points.length < 2) return undefined;
  const xs = linearTicks(Math.max(...points.map((point) => point.rate)) * 1.02, 10);
  const positive = [...points.flatMap(({ p50, p95 }) => [p50, p95.low, p95.high]), limitSeconds].filter(
    (value) => value > 0,
  );
  const ys = logTicks(Math.min(...positive), Math.max(...positive));
  const [low, high, right] = [ys[0] ?? 1e-3, ys.at(-1) ?? 1, xs.at(-1) ?? 1];
  const bottom = SIZE.height - PLOT.bottom;
  const x = (value: number): number => PLOT.left + (value / right) * (SIZE.width - PLOT.left - PLOT.right);
  const y = (value: number): number =>
    bottom - (Math.log(Math.max(value, low) / low) / Math.log(high / low || 2)) * (bottom - PLOT.top);
  const end = SIZE.width - PLOT.right;
  const knees =
    knee.low > 0
      ? [
          lineFrom([x(knee.low), PLOT.top], [x(knee.low), bottom], { colour: INK.blue, width: 1.5 }),
          textAt(
            x(knee.low),
            PLOT.top - 8,
            `knee ${rate(knee.low)}${knee.problems.length > 0 ? " (not confirmed)" : ""}`,
            {
              anchor: x(knee.low) > SIZE.width * 0.8 ? "end" : "middle",
              colour: INK.blue,
              bold: true,
            },
          ),
        ]
      : [];
  return svg(
    SIZE.width,
    SIZE.height,
    `P50 and P95 of the latency against the rate; the knee is at ${rate(knee.low)}`,
    [
      ...ys.flatMap((tick) => [
        lineFrom([PLOT.left, y(tick)], [end, y(tick)], { colour: INK.grid }),
        textAt(PLOT.left - 8, y(tick) + 4, duration(tick), { anchor: "end" }),
      ]),
      ...xs.flatMap((tick) => [
        lineFrom([x(tick), bottom], [x(tick), bottom + 4], { colour: INK.line }),
        textAt(x(tick), bottom + 17, digits(tick), { anchor: "middle" }),
      ]),
      lineFrom([PLOT.left, bottom], [end, bottom], { colour: INK.line }),
      textAt((PLOT.left + end) / 2, SIZE.height - 8, "requests per second", { anchor: "middle" }),
      lineFrom([PLOT.left, y(limitSeconds)], [end, y(limitSeconds)], { colour: INK.fail, dash: "6 4" }),
      textAt(PLOT.left + 6, y(limitSeconds) - 5, `P95 limit ${duration(limitSeconds)}`, { colour: INK.fail }),
      ...knees,
      path(
        points.map((point) => [x(point.rate), y(point.p50)]),
        { colour: INK.pale },
      ),
      path(
        points.map((point) => [x(point.rate), y(point.p95.value)]),
        { colour: INK.quiet, width: 1.5 },
      ),
      ...points.map(({ rate: asked, p95, state }) =>
        [
          lineFrom([x(asked), y(p95.low)], [x(asked), y(p95.high)], { colour: COLOURS[state], width: 2 }),
          `<circle cx="${at(x(asked))}" cy="${at(y(p95.value))}" r="4" fill="${state === "invalid" ? "#fff" : COLOURS[state]}" stroke="${COLOURS[state]}" stroke-width="1.5"/>`,
        ].join(""),
      ),
      ...legend(),
    ],
  );
}

function legend(): readonly string[] {
  const entries = [
    ["P95 met", INK.pass],
    ["P95 missed", INK.fail],
    ["not evidence", INK.invalid],
    ["P50", INK.pale],
  ] as const;
  return entries.flatMap(([text, colour], index) => {
    const left = PLOT.left + index * 104;
    return [
      `<circle cx="${at(left + 5)}" cy="9" r="4" fill="${text === "not evidence" ? "#fff" : colour}" stroke="${colour}" stroke-width="1.5"/>`,
      textAt(left + 14, 13, text),
    ];
  });
}
