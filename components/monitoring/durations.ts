const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/** A Prometheus duration (`15s`, `1m30s`) in milliseconds; throws on anything else. */
export function durationMs(text: string): number {
  const parts = [...text.matchAll(/(\d+)(ms|[smhdwy])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) {
    throw new Error(`"${text}" is no duration; write a number and a unit such as 15s or 1m30s`);
  }
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ""] ?? 0), 0);
}

/** The same in seconds. */
export const durationSeconds = (text: string): number => durationMs(text) / 1_000;

/** The longest a scrape may take: ten seconds as usual, but always less than its interval. */
export function scrapeTimeout(interval: string): string {
  const ms = durationMs(interval);
  if (ms > 10_000) return "10s";
  return `${String(Math.max(1, Math.floor(ms * 0.8)))}ms`;
}
