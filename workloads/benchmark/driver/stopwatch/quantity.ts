const scales: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
};

/** A quantity of Kubernetes as a number: `500m` is 0.5, `2k` is 2,000, `1Ki` is 1,024; NaN for what is none. */
export function quantity(text: string): number {
  const [, digits = "", unit = ""] = /^([\d.]+)([a-zA-Z]*)$/.exec(text) ?? [];
  return digits === "" ? NaN : Number(digits) * (scales[unit] ?? NaN);
}
