import type { FileStat } from "../types";
import { SyncError } from "../types";

/** What a model looked like, and since when; times in milliseconds of the worker's clock, never of the files. */
export interface Observation {
  readonly identity: string;
  /** Since when it looks so without a break. */
  readonly since: number;
  /** Since when it has been waiting to be published at all. */
  readonly changing: number;
}

/** Adds one look at the files to what earlier looks saw. */
export function observe(earlier: Observation | undefined, identity: string, now: number): Observation {
  // A clock set back would otherwise make a window that never ends.
  const changing = Math.min(earlier?.changing ?? now, now);
  if (earlier?.identity === identity && earlier.since <= now) return { ...earlier, changing };
  return { identity, since: now, changing };
}

/** Milliseconds for which the model must still look the same; 0 when it is settled. */
export function unsettledFor(seen: Observation, now: number, settleMs: number): number {
  return Math.max(0, seen.since + settleMs - now);
}

/** Whether a model has waited longer than it may. */
export function isStuck(seen: Observation, now: number, maxWaitMs: number): boolean {
  return now - seen.changing > maxWaitMs;
}

/** Shortest time between the look that first saw a file as it is and its reading, for its hash to be kept: whole-second
 * mtimes hide a second write within the second of the first. */
export const trustAfterMs = 2000;

/** Whether hashes of files read from `readFrom` on stay valid as long as the files look the same. */
export function isTrusted(seen: Observation, readFrom: number): boolean {
  return readFrom - seen.since >= trustAfterMs;
}

/** The marker of a finished save: there, not empty, not older than any other file. Fails with `incomplete` otherwise. */
export function checkMarker(files: readonly FileStat[], marker: string | undefined): void {
  if (marker === undefined) return;
  const found = files.find((file) => file.path === marker);
  const fault = (told: string): SyncError => new SyncError("incomplete", `marker ${marker}: ${told}`, true);
  if (!found) throw fault("not there yet");
  if (found.size === 0) throw fault("empty");
  const newer = files.find((file) => file.mtimeNs > found.mtimeNs);
  if (newer) throw fault(`older than ${newer.path}`);
}
