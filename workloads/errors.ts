/** The named reasons of errors of the workers; exit codes, metrics and tests use these words. */
export type Reason =
  | "root-not-mounted"
  | "unreadable"
  | "not-quiescent"
  | "incomplete"
  | "truncated"
  | "format-not-allowed"
  | "symlink-escapes"
  | "path-not-allowed"
  | "changed-while-read"
  | "checksum-mismatch"
  | "content-changed"
  | "name-taken"
  | "denied"
  | "not-found"
  | "no-space"
  | "refused"
  | "unavailable"
  | "timeout"
  | "registry-unavailable"
  | "claimed-elsewhere";

/** An error with a named reason; `transient` says whether another try can help. */
export class SyncError extends Error {
  constructor(
    readonly reason: Reason,
    message: string,
    readonly transient: boolean,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = "SyncError";
  }
}
