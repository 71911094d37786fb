import type { FailureKind } from "../result";

const kinds: Readonly<Record<FailureKind, true>> = {
  "unknown-host": true,
  refused: true,
  reset: true,
  timeout: true,
  tls: true,
  "http-401": true,
  "http-403": true,
  "http-404": true,
  "http-429": true,
  "http-4xx": true,
  "http-5xx": true,
  other: true,
};

/** Every kind of failure. The result's own list comes with its schema, which is no load for a virtual user. */
export const failureKinds = Object.keys(kinds) as readonly FailureKind[];

/**
 * Why a request had no good answer, by its HTTP status (0: none) and k6's error code; undefined for a good one. k6
 * numbers errors by where they arise: 1050 time-out, 11xx names, 12xx TCP, 13xx TLS.
 */
export function failureOf(status: number, code: number): FailureKind | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status === 401 || status === 403 || status === 404 || status === 429) return `http-${status}`;
  if (status >= 500) return "http-5xx";
  if (status >= 400) return "http-4xx";
  if (code === 1050 || code === 1211) return "timeout";
  if (code >= 1100 && code < 1200) return "unknown-host";
  if (code === 1212) return "refused";
  if (code === 1201 || code === 1220) return "reset";
  if (code >= 1300 && code < 1400) return "tls";
  return "other";
}
