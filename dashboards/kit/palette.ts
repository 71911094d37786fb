/**
 * Colours that stay apart for the colour-blind and keep a contrast of 3:1 and more on white. What a colour says is
 * always said in words too.
 */
const SERIES_COLOURS = [
  "#0077BB",
  "#D9620F",
  "#00806F",
  "#AA3377",
  "#997700",
  "#332288",
  "#C0392B",
  "#5B6770",
] as const;

/** What a value means, whatever is measured; text in white on each of them has a contrast of 4.5:1 and more. */
export const STATE_COLOURS = {
  good: "#00796B",
  warning: "#A35C00",
  critical: "#B3261E",
  /** Nothing is known: neither good nor bad. */
  blind: "#5B6770",
  /** Says nothing of good or bad. */
  neutral: "#37474F",
} as const;

export type StateColour = keyof typeof STATE_COLOURS;

/** Marks of events on graphs. */
export const ANNOTATION_COLOURS = { deployment: "#AA3377", transfer: "#0077BB" } as const;

/** The colour of the n-th of things that have no colour of their own. */
export function seriesColour(index: number): string {
  return SERIES_COLOURS[index % SERIES_COLOURS.length] ?? SERIES_COLOURS[0];
}
