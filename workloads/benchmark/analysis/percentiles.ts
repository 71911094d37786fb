import { BUCKETS, lowerBoundMs, upperBoundMs } from "../buckets";
import type { Latencies } from "../result";

/** A percentile of latencies with the interval that holds the true one with 95 % confidence. Seconds. */
export interface Percentile {
  readonly p: number;
  readonly samples: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const CONFIDENCE = 0.95;
/** Samples that must lie beyond a percentile before it is told: 60 for P50, 600 for P95, 3,000 for P99. */
const BEYOND = 30;

/** How many samples a percentile takes at least. */
export const minimumSamples = (p: number): number => Math.ceil(BEYOND / (1 - p) - 1e-6);

/** Number of latencies. */
export const samplesOf = ({ counts }: Latencies): number => counts.reduce((sum, [, n]) => sum + n, 0);

/** Mean in seconds; undefined of none. It is exact: the sum is counted beside the buckets. */
export function meanOf(latencies: Latencies): number | undefined {
  const samples = samplesOf(latencies);
  return samples === 0 ? undefined : latencies.sumSeconds / samples;
}

/** Several windows as one: counts add up, percentiles would not. */
export function merged(all: readonly Latencies[]): Latencies {
  const counts = new Map<number, number>();
  for (const [bucket, n] of all.flatMap((one) => one.counts))
    counts.set(bucket, (counts.get(bucket) ?? 0) + n);
  return {
    counts: [...counts].sort(([one], [other]) => one - other),
    sumSeconds: all.reduce((sum, one) => sum + one.sumSeconds, 0),
  };
}

/** P(X <= k) of a binomial distribution for every k that matters: the first k, and the sums from there on. */
function binomial(n: number, p: number): { readonly first: number; readonly cumulative: readonly number[] } {
  const mode = Math.min(n, Math.floor((n + 1) * p));
  const odds = p / (1 - p);
  const [below, above]: [number[], number[]] = [[], []];
  // relative to the mode: neither side under- or overflows, and what is left out is below 1e-18 of it
  for (let [k, weight] = [mode, 1]; k > 0; k--) {
    weight *= k / ((n - k + 1) * odds);
    if (weight < 1e-18) break;
    below.push(weight);
  }
  for (let [k, weight] = [mode, 1]; k < n; k++) {
    weight *= ((n - k) * odds) / (k + 1);
    if (weight < 1e-18) break;
    above.push(weight);
  }
  const weights = [...below.reverse(), 1, ...above];
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  return { first: mode - below.length, cumulative: weights.map((weight) => (sum += weight) / total) };
}

/**
 * Ranks of the order statistics that hold the percentile between them with 95 % confidence, whatever the distribution
 * is. 0 and n + 1 stand for no such sample: the interval is open there.
 */
export function intervalRanks(n: number, p: number): { readonly low: number; readonly high: number } {
  const { first, cumulative } = binomial(n, p);
  const tail = (1 - CONFIDENCE) / 2;
  const above = cumulative.findIndex((sum) => sum > tail);
  const from = cumulative.findIndex((sum) => sum >= 1 - tail);
  return { low: first + above, high: Math.min(n, first + from) + 1 };
}

/** Where a rank lies: its bucket, and how far into that bucket's samples. */
function locate({ counts }: Latencies, rank: number): { readonly bucket: number; readonly part: number } {
  let before = 0;
  for (const [bucket, n] of counts) {
    if (rank <= before + n) return { bucket, part: (rank - before - 0.5) / n };
    before += n;
  }
  throw new RangeError(`rank ${rank} of ${before} samples`);
}

/** A latency beyond the last bound counts as that bound. */
const upper = (bucket: number): number => upperBoundMs(Math.min(bucket, BUCKETS - 2)) / 1e3;
const lower = (bucket: number): number => lowerBoundMs(bucket) / 1e3;

/** A percentile, nearest rank, with its interval; undefined of no samples. Both ends are bounds of buckets, outwards. */
export function percentile(latencies: Latencies, p: number): Percentile | undefined {
  const samples = samplesOf(latencies);
  if (samples === 0) return undefined;
  const { bucket, part } = locate(latencies, Math.max(1, Math.ceil(samples * p - 1e-9)));
  const ranks = intervalRanks(samples, p);
  return {
    p,
    samples,
    value: lower(bucket) + (upper(bucket) - lower(bucket)) * part,
    low: ranks.low < 1 ? 0 : lower(locate(latencies, ranks.low).bucket),
    high: ranks.high > samples ? Infinity : upper(locate(latencies, ranks.high).bucket),
  };
}

/** The interval that holds a share with 95 % confidence (Wilson): `count` of `of`. */
export function shareInterval(count: number, of: number): { readonly low: number; readonly high: number } {
  if (of === 0) return { low: 0, high: 1 };
  const z = 1.959964;
  const share = count / of;
  const middle = share + z ** 2 / (2 * of);
  const half = z * Math.sqrt((share * (1 - share)) / of + z ** 2 / (4 * of ** 2));
  const whole = 1 + z ** 2 / of;
  return {
    low: count === 0 ? 0 : (middle - half) / whole,
    high: count === of ? 1 : (middle + half) / whole,
  };
}

/** A percentile of values in ascending order, each as it was timed, with its interval. */
export function sampledPercentile(sorted: readonly number[], p: number): Percentile {
  const samples = sorted.length;
  const at = (rank: number): number => sorted[rank - 1] ?? (rank < 1 ? 0 : Infinity);
  const ranks = intervalRanks(samples, p);
  return {
    p,
    samples,
    value: at(Math.max(1, Math.ceil(samples * p - 1e-9))),
    low: at(ranks.low),
    high: at(ranks.high),
  };
}
