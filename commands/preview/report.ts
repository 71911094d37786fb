import { emptyOnes } from "./selectors";
import type { AskedSelector } from "./selectors";

const state = ({ series, emptyIsGood }: AskedSelector): string =>
  series > 0 ? String(series) : emptyIsGood === undefined ? "EMPTY" : "0 (good)";

/** Every selector with its number of series, as a table; then the empty ones, and the count. */
export function selectorReport(asked: readonly AskedSelector[]): string {
  const rows = asked.map((one) => [one.dashboard, one.panel, state(one), one.selector]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0), 6));
  const lines = [["Dashboard", "Panel", "Series", "Selector"], ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const empty = emptyOnes(asked);
  const good = asked.filter(({ series, emptyIsGood }) => series === 0 && emptyIsGood !== undefined);
  const list = (
    title: string,
    ones: readonly AskedSelector[],
    why: (one: AskedSelector) => string,
  ): string[] =>
    ones.length === 0
      ? []
      : ["", title, ...ones.map((one) => `  ${one.dashboard}, ${one.panel}: ${one.selector}${why(one)}`)];
  return [
    ...lines,
    ...list("Empty, and good so:", good, ({ emptyIsGood = "" }) => ` (${emptyIsGood})`),
    ...list("Empty:", empty, () => ""),
    "",
    `${asked.length} selectors: ${asked.length - empty.length - good.length} with series, ${good.length} empty and good so, ${empty.length} empty`,
  ].join("\n");
}
