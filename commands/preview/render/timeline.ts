import type { Evaluated, Series } from "../evaluate";
import { fieldOf, show } from "../field";
import type { Shown } from "../field";
import { escapeHtml, FONT, INK, textWidth } from "./html";
import type { Size } from "./html";

interface Segment {
  readonly from: number;
  readonly to: number;
  readonly shown: Shown;
}

/** Height of the axis and the legend. */
const AXIS = 40;

/** Neighbouring points of the same value as one segment; where there is no sample there is none. */
function segments({ panel, window }: Evaluated, { name, points }: Series): readonly Segment[] {
  const field = fieldOf(panel, name);
  const found: { from: number; to: number; value: number }[] = [];
  const step = (points[1]?.[0] ?? window.to) - (points[0]?.[0] ?? window.from);
  for (const [time, value] of points) {
    if (value === null) continue;
    const before = found.at(-1);
    const to = Math.min(time + step, window.to);
    if (before?.value === value && before.to >= time) before.to = to;
    else found.push({ from: Math.max(time, window.from), to, value });
  }
  return found.map(({ from, to, value }) => ({ from, to, shown: show(field, value) }));
}

/** The states that occur, each once. */
function legend(evaluated: Evaluated, width: number, y: number): string {
  const states = new Map(
    evaluated.series
      .flatMap((one) => segments(evaluated, one))
      .map(({ shown }) => [shown.text, shown.colour]),
  );
  let x = 0;
  return [...states]
    .map(([text, colour]) => {
      const at = x;
      x += textWidth(text, 11) + 30;
      return x > width
        ? ""
        : `<rect x="${at}" y="${y - 9}" width="10" height="10" fill="${colour ?? INK.quiet}"/><text x="${at + 15}" y="${y}" font-size="11" fill="${INK.text}">${escapeHtml(text)}</text>`;
    })
    .join("");
}

const MINUTE = 60_000;

/** Distance of the labels of a time axis: at most eight of them. */
function tick(range: number): number {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440].map((minutes) => minutes * MINUTE);
  return steps.find((step) => range / step <= 8) ?? 1440 * MINUTE;
}

/** States over time as SVG: one bar a series, in the words of the states where there is room. */
export function timeline(evaluated: Evaluated, { width, height }: Size): string {
  const { series, window } = evaluated;
  const names = Math.min(width * 0.3, Math.max(...series.map(({ name }) => textWidth(name, 12)), 40) + 12);
  const row = Math.min(64, (height - AXIS) / Math.max(1, series.length));
  const bar = row * 0.76;
  const x = (time: number): number =>
    names + ((time - window.from) / (window.to - window.from)) * (width - names - 6);
  const rows = series.map((one, index) => {
    const y = index * row + (row - bar) / 2;
    const bars = segments(evaluated, one).map(({ from, to, shown }) => {
      const [left, right] = [x(from), x(to)];
      const fits = textWidth(shown.text, 11) + 8 < right - left;
      const word = fits
        ? `<text x="${left + 6}" y="${y + bar / 2 + 4}" fill="#fff" font-size="11" font-weight="600">${escapeHtml(shown.text)}</text>`
        : "";
      return `<rect x="${left}" y="${y}" width="${Math.max(1, right - left)}" height="${bar}" fill="${shown.colour ?? INK.quiet}"><title>${escapeHtml(shown.text)}</title></rect>${word}`;
    });
    return `<text x="${names - 8}" y="${y + bar / 2 + 4}" text-anchor="end" font-size="12" fill="${INK.text}">${escapeHtml(one.name)}</text>${bars.join("")}`;
  });
  const every = tick(window.to - window.from);
  const first = Math.ceil(window.from / every) * every;
  const ticks = Array.from(
    { length: Math.max(0, Math.floor((window.to - first) / every) + 1) },
    (_, index) => {
      const time = first + index * every;
      const label = new Date(time).toISOString().slice(11, 16);
      const bottom = series.length * row;
      return `<line x1="${x(time)}" x2="${x(time)}" y1="${bottom}" y2="${bottom + 4}" stroke="${INK.line}"/><text x="${x(time)}" y="${bottom + 16}" text-anchor="${x(time) > width - 20 ? "end" : "middle"}" font-size="11" fill="${INK.quiet}">${label}</text>`;
    },
  );
  return `<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escapeHtml(FONT)}">${rows.join("")}${ticks.join("")}${legend(evaluated, width, Math.min(height - 4, series.length * row + AXIS - 4))}</svg>`;
}
