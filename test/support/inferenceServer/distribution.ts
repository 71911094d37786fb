/** How long one request takes of the server's own time, in milliseconds. */
export type Distribution =
  | { readonly kind: "constant"; readonly ms: number }
  | { readonly kind: "uniform"; readonly lowMs: number; readonly highMs: number }
  | { readonly kind: "exponential"; readonly meanMs: number }
  | { readonly kind: "lognormal"; readonly medianMs: number; readonly sigma: number };

/** Uniform in [0, 1). */
export type Random = () => number;

/** The same numbers for the same seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One draw, in milliseconds. */
export function draw(distribution: Distribution, random: Random): number {
  switch (distribution.kind) {
    case "constant":
      return distribution.ms;
    case "uniform":
      return distribution.lowMs + (distribution.highMs - distribution.lowMs) * random();
    case "exponential":
      return -distribution.meanMs * Math.log(1 - random());
    case "lognormal": {
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      return distribution.medianMs * Math.exp(distribution.sigma * normal);
    }
  }
}
