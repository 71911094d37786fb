/** Three significant digits, no zeros at the end. */
export function digits(value: number): string {
  if (value === 0) return "0";
  const places = Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return String(Number(value.toFixed(places)));
}

/** `12.5 ms`, `1.2 s`, `2.5 min`. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${digits(seconds * 1e3)} ms`;
  return seconds < 120 ? `${digits(seconds)} s` : `${digits(seconds / 60)} min`;
}

/** `2.5 %`. */
export const percent = (ratio: number): string => `${digits(ratio * 100)} %`;

/** `50 req/s`. */
export const rate = (perSecond: number): string => `${digits(perSecond)} req/s`;

/** `0.0123 USD`. */
export const money = (amount: number, currency: string): string => `${digits(amount)} ${currency}`;

/** `1 GPU`, `3 GPUs`. */
export const counted = (count: number, what: string): string =>
  `${digits(count)} ${what}${count === 1 ? "" : "s"}`;
