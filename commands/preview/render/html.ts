/** Text as HTML, which escapes what XML does. */
export { escapeXml as escapeHtml } from "../../../workloads/benchmark/report/svg";

/** Width of a text in pixels, near enough to lay things out: the fonts in use are about this wide. */
export const textWidth = (text: string, size: number): number => text.length * size * 0.58;

/** The inside of a panel, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export const FONT = "'Inter','DejaVu Sans','Liberation Sans',Arial,sans-serif";

/** Colours of the page: a light theme. */
export const INK = {
  text: "#1F2733",
  quiet: "#56606E",
  grid: "#E3E6EA",
  line: "#C5CAD1",
} as const;
