const factors: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Bytes of a Kubernetes storage quantity, rounded up. */
export function bytesOf(quantity: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([kMGT]|[KMGT]i|)$/.exec(quantity) ?? [];
  const factor = unit === undefined ? undefined : factors[unit];
  if (number === undefined || factor === undefined) throw new Error(`not a storage quantity: ${quantity}`);
  return Math.ceil(Number(number) * factor);
}
