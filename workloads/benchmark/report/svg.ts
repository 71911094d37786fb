/**
 * Graphs as SVG text. Drawn by hand: the report is made in the pod, and its bundle has to fit into a ConfigMap, which no
 * chart library does beside everything else.
 */

export const FONT = "'Inter','DejaVu Sans','Liberation Sans',Arial,sans-serif";

/** Colours: a light theme, told apart by people who do not see all colours. */
export const INK = {
  text: "#1F2733",
  quiet: "#56606E",
  grid: "#E3E6EA",
  line: "#C5CAD1",
  pass: "#00796B",
  fail: "#C62828",
  invalid: "#B26A00",
  blue: "#1565C0",
  pale: "#90CAF9",
  guilty: "#C62828",
} as const;

export const escapeXml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** A value's place; the figures are short, and the same on every machine. */
export const at = (value: number): string => String(Math.round(value * 10) / 10);

export interface TextStyle {
  readonly anchor?: "start" | "middle" | "end";
  readonly colour?: string;
  readonly size?: number;
  readonly bold?: boolean;
}

export function textAt(x: number, y: number, text: string, style: TextStyle = {}): string {
  const { anchor = "start", colour = INK.quiet, size = 11, bold = false } = style;
  return `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}" font-size="${size}" fill="${colour}"${bold ? ' font-weight="600"' : ""}>${escapeXml(text)}</text>`;
}

export interface LineStyle {
  readonly colour: string;
  readonly width?: number;
  readonly dash?: string;
}

export function lineFrom(
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  { colour, width = 1, dash }: LineStyle,
): string {
  return `<line x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}" stroke="${colour}" stroke-width="${width}"${dash === undefined ? "" : ` stroke-dasharray="${dash}"`}/>`;
}

export function path(
  points: readonly (readonly [number, number])[],
  { colour, width = 2, dash }: LineStyle,
): string {
  const places = points.map(([x, y]) => `${at(x)},${at(y)}`).join(" ");
  return `<polyline points="${places}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linejoin="round"${dash === undefined ? "" : ` stroke-dasharray="${dash}"`}/>`;
}

export const rect = (x: number, y: number, width: number, height: number, colour: string): string =>
  `<rect x="${at(x)}" y="${at(y)}" width="${at(Math.max(0, width))}" height="${at(height)}" fill="${colour}"/>`;

/** A graph, with what it shows in words for those who cannot see it. */
export function svg(width: number, height: number, says: string, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(says)}" font-family="${escapeXml(FONT)}">${parts.join("")}</svg>`;
}

/** Round values of a linear axis from 0: at most `most` steps. */
export function linearTicks(top: number, most: number): readonly number[] {
  const rough = (top || 1) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((times) => times * power >= rough * (1 - 1e-9)) ?? 10) * power;
  const count = Math.ceil((top || 1) / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** 1, 2 and 5 of every power of ten that a logarithmic axis needs for these values. */
export function logTicks(low: number, high: number): readonly number[] {
  const all: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    all.push(...[1, 2, 5].map((times) => Number((times * 10 ** power).toPrecision(12))));
  const first = all.findLastIndex((tick) => tick <= low * (1 + 1e-9));
  const last = all.findIndex((tick) => tick >= high * (1 - 1e-9));
  return all.slice(Math.max(0, first), last + 1);
}
