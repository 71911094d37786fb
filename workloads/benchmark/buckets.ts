/**
 * The log buckets that latencies are counted in: percentiles of steps, scenarios and pods do not merge, counts do. This
 * file has no import, so that a k6 script can take it in as it is.
 *
 * Bucket 0 holds latencies up to 1 ms, bucket i those above 1.01^(i-1) ms up to 1.01^i ms, the last one what is above
 * about 102 s and has no upper bound.
 */

/** Upper bound of bucket 0, ms. */
export const LOWEST_MS = 1;
/** Each bound is this many times the one before: buckets are 1 % wide. */
export const RATIO = 1.01;
/** Number of buckets, with the first and the last one. */
export const BUCKETS = 1161;

const bounds: readonly number[] = Array.from(
  { length: BUCKETS - 1 },
  (_, index) => LOWEST_MS * RATIO ** index,
);

/** The highest latency that bucket `index` holds, ms; infinite for the last one. */
export function upperBoundMs(index: number): number {
  return bounds[index] ?? Infinity;
}

/** The latency that all of bucket `index` lie above, ms. */
export function lowerBoundMs(index: number): number {
  return index === 0 ? 0 : (bounds[index - 1] ?? NaN);
}

/** The bucket of a latency in ms. Exact at the bounds: `upperBoundMs(bucketOf(x)) >= x > lowerBoundMs(bucketOf(x))`. */
export function bucketOf(milliseconds: number): number {
  if (!(milliseconds > LOWEST_MS)) return 0;
  let index = Math.min(BUCKETS - 1, Math.ceil(Math.log(milliseconds / LOWEST_MS) / Math.log(RATIO)));
  // the logarithm may be off by one unit in its last place
  while (index < BUCKETS - 1 && milliseconds > upperBoundMs(index)) index++;
  while (index > 0 && milliseconds <= lowerBoundMs(index)) index--;
  return index;
}

/** The k6 counter of good answers, which each count under their bucket's tag. */
export const BUCKET_METRIC = "latency";

/** A bucket as the value of the counter's tag `bucket`: `0042`. */
export const bucketTag = (index: number): string => String(index).padStart(4, "0");

/** Name of the part of the counter that k6 keeps of a bucket: `latency{bucket:0042}`. */
export const bucketName = (index: number): string => `${BUCKET_METRIC}{bucket:${bucketTag(index)}}`;

/** The bucket that a part of the counter counts; undefined for a metric that is none. */
export function bucketOfName(name: string): number | undefined {
  const digits = /^latency\{bucket:(\d{4})\}$/.exec(name)?.[1];
  return digits === undefined || Number(digits) >= BUCKETS ? undefined : Number(digits);
}
