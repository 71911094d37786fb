/** One request, as far as an engine's figures depend on it. */
export interface Asked {
  /** Tokens read. */
  readonly prompt: number;
  /** Of them those that the prefix cache has: the beginning that all prompts share. */
  readonly cached: number;
  /** Tokens written. */
  readonly output: number;
  /** Why it ends: it said all, or wrote as much as it may. */
  readonly reason: "length" | "stop";
}

const prompts = { shortest: 64, longest: 256, shared: 48 };
const outputs = { shortest: 8, longest: 24 };

/** The request of that number: each of its own lengths. */
export function askedOf(number: number): Asked {
  const between = ({ shortest, longest }: typeof outputs, step: number): number =>
    shortest + ((number * step) % (longest - shortest + 1));
  const output = between(outputs, 11);
  return {
    prompt: between(prompts, 37),
    // whoever is first fills the cache
    cached: number === 0 ? 0 : prompts.shared,
    output,
    reason: output === outputs.longest ? "length" : "stop",
  };
}

/** Requests a second: a wave of ten minutes. */
const wave = { mean: 4, swing: 2, period: 600_000 };
/** Of each hundred requests the first come all at once, more than the engine works on at the same time. */
const burst = { of: 100, size: 20 };

/** When the request after that number comes, which came at that moment; milliseconds since the engine started. */
export function nextArrival(number: number, at: number): number {
  if (number % burst.of < burst.size - 1) return at;
  const perSecond = wave.mean + wave.swing * Math.sin((2 * Math.PI * at) / wave.period);
  return at + 1_000 / perSecond;
}
