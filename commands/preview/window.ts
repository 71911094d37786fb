/** A window of time, in milliseconds. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

const UNITS: Readonly<Record<string, number>> = { s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7, w: 6.048e8 };

/** The window that a dashboard's own `now-6h` to `now` is at a moment. */
export function windowAt(now: number, { from, to }: { readonly from: string; readonly to: string }): Window {
  const moment = (text: string): number => {
    const [, count = "0", unit = "s"] = /^now(?:-(\d+)([smhdw]))?$/.exec(text) ?? [];
    if (!text.startsWith("now")) throw new Error(`time "${text}" is not understood; use now-<number><unit>`);
    return now - Number(count) * (UNITS[unit] ?? 0);
  };
  return { from: moment(from), to: moment(to) };
}

/** Steps Grafana rounds to, in seconds. */
const STEPS = [
  1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
];

/** Distance of the points of a graph, ms: the window by the points there is room for, but no less than `least`. */
export function stepOf({ from, to }: Window, points: number, least: number): number {
  const wanted = (to - from) / points / 1000;
  return Math.max(least, (STEPS.find((step) => step >= wanted) ?? 86_400) * 1000);
}

/** A Prometheus duration of whole seconds. */
const duration = (ms: number): string => `${Math.round(ms / 1000)}s`;

/** Grafana's own variables: `scrapeInterval` is what the data source says of itself, ms. */
export function builtIn(
  window: Window,
  step: number,
  scrapeInterval: number,
): Readonly<Record<string, string>> {
  const range = window.to - window.from;
  return {
    __interval: duration(step),
    __interval_ms: String(step),
    // enough samples for a rate whatever the step
    __rate_interval: duration(Math.max(step + scrapeInterval, 4 * scrapeInterval)),
    __range: duration(range),
    __range_s: String(Math.round(range / 1000)),
    __range_ms: String(range),
    __from: String(window.from),
    __to: String(window.to),
  };
}

/** The window moved so that its points lie on multiples of the step, as Grafana's data source asks. */
export const aligned = ({ from, to }: Window, step: number): Window => ({
  from: Math.floor(from / step) * step,
  to: Math.floor(to / step) * step,
});
