import type { Bandwidth, ReadBack } from "./types";

/** Beside the bytes: the listing, the image's pull, MLflow, retries. */
const OVERHEAD_SECONDS = 900;
/** Times what the figures give: a deadline is for what hangs, not for a slow hour. */
const MARGIN = 2;
/** Models of the largest size that are reckoned with when everything published is verified. */
const PUBLISHED_MODELS = 20;

export interface RunSize {
  readonly largestModelBytes: number;
  readonly bandwidth: Bandwidth;
  readonly readBack: ReadBack;
  readonly settleSeconds: number;
}

const shareOf = (readBack: ReadBack): number => {
  if (typeof readBack === "object") return readBack.sample;
  return readBack === "all" ? 1 : 0;
};

const wholeMinutes = (seconds: number): number => Math.ceil(seconds / 60) * 60;

/** Bytes per second at the slowest hour: the least of what the way carries and of every cap. */
export function slowestBytesPerSecond({
  bytesPerSecond,
  timetable,
  expectedBytesPerSecond,
}: Bandwidth): number {
  return Math.min(
    expectedBytesPerSecond,
    bytesPerSecond ?? Infinity,
    ...timetable.map((window) => window.bytesPerSecond),
  );
}

/**
 * Seconds after which a run is ended: long enough for the largest model, sent and read back at the slowest hour. An
 * ended run loses nothing: the next one goes on at the part.
 */
export function runDeadlineSeconds({
  largestModelBytes,
  bandwidth,
  readBack,
  settleSeconds,
}: RunSize): number {
  const bytes = largestModelBytes * (1 + shareOf(readBack));
  return wholeMinutes(settleSeconds + OVERHEAD_SECONDS + (MARGIN * bytes) / slowestBytesPerSecond(bandwidth));
}

/** Seconds after which a verification is ended: long enough to read back its share of what is published. */
export function verifyDeadlineSeconds({
  largestModelBytes,
  bandwidth,
  readBack,
}: Omit<RunSize, "settleSeconds">): number {
  const bytes = PUBLISHED_MODELS * largestModelBytes * shareOf(readBack);
  return wholeMinutes(OVERHEAD_SECONDS + (MARGIN * bytes) / slowestBytesPerSecond(bandwidth));
}
