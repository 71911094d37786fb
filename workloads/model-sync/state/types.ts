import type { Outcome, Reason } from "../types";

/** The stages a version passes in this worker, in order. */
export const stages = ["trained", "quiescent", "hashed", "uploaded", "verified", "registered"] as const;
export type Stage = (typeof stages)[number];

/** Running sums over the life of the state; the exporter serves them as counters. */
export interface ModelCounters {
  readonly bytesSent: number;
  /** Bytes copied on the server instead of being sent. */
  readonly bytesCopied: number;
  readonly filesSent: number;
  readonly filesCopied: number;
  /** Files found already in place, from an interrupted run or another worker. */
  readonly filesAdopted: number;
  readonly checksumMismatches: number;
}

export interface ModelState {
  /** The last published snapshot and its content. */
  readonly published?: {
    readonly snapshot: string;
    readonly digest: string;
    readonly files: number;
    readonly bytes: number;
    /**
     * SHA-256 of its manifest's text, once a run has fetched it and found it whole: of the same text nothing need be
     * read again.
     */
    readonly manifest?: string;
    /**
     * Hash of (path, size, mtime, inode) of every file when it was read, absent when a modification time was too
     * fresh to trust: then the next run reads the files again.
     */
    readonly identity?: string;
    /** Registered name and version; absent until registered. */
    readonly version?: { readonly name: string; readonly version: string };
    /** Seconds since the epoch at which each stage was reached. */
    readonly stages: Readonly<Partial<Record<Stage, number>>>;
  };
  /** What the model looked like while it was not yet quiescent. */
  readonly observed?: {
    readonly identity: string;
    /** ISO time since when it looks so. */
    readonly since: string;
    /** ISO time since when it has been changing without being published. */
    readonly changing: string;
  };
  /** Set while this very snapshot is refused; cleared by a change of the files or by `run --retry-quarantined`. */
  readonly quarantined?: {
    readonly snapshot: string;
    readonly reason: Reason;
    readonly detail: string;
    readonly at: string;
  };
  /** What the last run that saw the model said. */
  readonly outcome: Outcome;
  readonly reason?: Reason;
  readonly detail?: string;
  /** ISO time of that. */
  readonly seen: string;
  readonly counters: ModelCounters;
}

export interface RunSummary {
  readonly started: string;
  readonly finished: string;
  /** Whether every model came to a good end (published, unchanged, registered or waiting). */
  readonly ok: boolean;
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
}

export interface VerifySummary {
  readonly finished: string;
  readonly versions: number;
  readonly objects: number;
  readonly bytesReadBack: number;
  /** Object keys found gone or different, at most 100. */
  readonly faults: readonly { readonly key: string; readonly fault: string }[];
  readonly faultCount: number;
}

/** `state/<member>/state.json`: a cache; the truth is bucket and registry. */
export interface SyncState {
  readonly schema: 1;
  readonly member: string;
  readonly models: Readonly<Record<string, ModelState>>;
  readonly lastRun?: RunSummary;
  /** ISO time of the end of the last run that was ok. */
  readonly lastSuccess?: string;
  readonly lastVerify?: VerifySummary;
  /** Tries repeated, by reason, over the life of the state. */
  readonly retries: Readonly<Partial<Record<Reason, number>>>;
}

export const noCounters: ModelCounters = {
  bytesSent: 0,
  bytesCopied: 0,
  filesSent: 0,
  filesCopied: 0,
  filesAdopted: 0,
  checksumMismatches: 0,
};

export function emptyState(member: string): SyncState {
  return { schema: 1, member, models: {}, retries: {} };
}
