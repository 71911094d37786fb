import type { Reason } from "../errors";
import { SyncError } from "../errors";

/** The store's own answer to one request, or the connection's failure, as a named reason. */
export class S3Error extends SyncError {
  constructor(
    reason: Reason,
    message: string,
    transient: boolean,
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
    /** S3 error code (`NoSuchUpload`), or the system's (`ECONNRESET`). */
    readonly code: string,
    options?: { readonly cause?: unknown },
  ) {
    super(reason, message, transient, options);
    this.name = "S3Error";
  }
}

const byCode: Readonly<Record<string, readonly [Reason, boolean]>> = {
  AccessDenied: ["denied", false],
  InvalidAccessKeyId: ["denied", false],
  SignatureDoesNotMatch: ["denied", false],
  RequestTimeTooSkewed: ["denied", false],
  NoSuchBucket: ["not-found", false],
  NoSuchKey: ["not-found", false],
  NoSuchUpload: ["not-found", false],
  NoSuchVersion: ["not-found", false],
  PreconditionFailed: ["claimed-elsewhere", false],
  ConditionalRequestConflict: ["unavailable", true],
  XMinioStorageFull: ["no-space", false],
  XMinioAdminBucketQuotaExceeded: ["no-space", false],
  QuotaExceeded: ["no-space", false],
  BadDigest: ["checksum-mismatch", true],
  XAmzContentChecksumMismatch: ["checksum-mismatch", true],
  XAmzContentSHA256Mismatch: ["checksum-mismatch", true],
  IncompleteBody: ["unavailable", true],
  RequestTimeout: ["timeout", true],
  KeyTooLongError: ["path-not-allowed", false],
  XMinioInvalidObjectName: ["path-not-allowed", false],
};

function byStatus(status: number): readonly [Reason, boolean] {
  if (status === 401 || status === 403) return ["denied", false];
  if (status === 404) return ["not-found", false];
  if (status === 412) return ["claimed-elsewhere", false];
  if (status === 507) return ["no-space", false];
  if (status === 408) return ["timeout", true];
  if (status === 429 || status >= 500) return ["unavailable", true];
  return ["refused", false];
}

/** Maps an answer that is not a success to an error; `what` names operation and key. */
export function errorOfAnswer(status: number, code: string, message: string, what: string): S3Error {
  // MinIO's answer when a disk fills up under a request, before it notices that it is nearly full.
  const full = message.includes("no space left on device");
  const [reason, transient] = full ? (["no-space", false] as const) : (byCode[code] ?? byStatus(status));
  const told = [code, message].filter((part) => part !== "").join(": ");
  return new S3Error(
    reason,
    `${what}: HTTP ${status}${told === "" ? "" : ` ${told}`}`,
    transient,
    status,
    code,
  );
}

const untrusted = /^(CERT_|ERR_TLS_CERT|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_SSL_)/;

/** Maps a failure of the connection; certificates that are not trusted never pass, everything else may. */
export function errorOfConnection(cause: unknown, what: string): SyncError {
  if (cause instanceof SyncError) return cause;
  const { code: named, message } =
    ((typeof cause === "object" ? cause : null) as { code?: unknown; message?: unknown } | null) ?? {};
  const code = typeof named === "string" ? named : "";
  const told = typeof message === "string" && message !== "" ? message : code === "" ? String(cause) : code;
  if (untrusted.test(code)) {
    return new S3Error("denied", `${what}: certificate not trusted: ${told}`, false, 0, code, { cause });
  }
  const reason: Reason = code === "ETIMEDOUT" ? "timeout" : "unavailable";
  return new S3Error(reason, `${what}: ${told}`, true, 0, code, { cause });
}

/** Whether the store said that a condition (`If-None-Match`, `If-Match`) does not hold. */
export function isPreconditionFailed(error: unknown): boolean {
  return error instanceof S3Error && error.status === 412;
}

/** Whether an upload is gone: completed by a request whose answer was lost, finished by another worker, or aborted. */
export function isNoSuchUpload(error: unknown): boolean {
  return error instanceof S3Error && error.code === "NoSuchUpload";
}
