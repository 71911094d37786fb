import { isStuck } from "../files/quiescence";
import type { Observation } from "../files/quiescence";
import { unfinished } from "../files/model";
import type { ModelCounters, ModelState } from "../state/types";
import { noCounters } from "../state/types";
import type { Outcome, Reason } from "../types";
import { SyncError } from "../types";

/** What became of one model, and what that changes in the state. */
export interface ModelResult {
  readonly model: string;
  readonly outcome: Outcome;
  readonly reason?: Reason;
  readonly detail?: string;
  readonly bytes: number;
  readonly files: number;
  readonly version?: { readonly name: string; readonly version: string };
  readonly change: StateChange;
}

export interface StateChange {
  /** Set to the new value; `null` removes what was there, absent leaves it. */
  readonly published?: ModelState["published"];
  readonly observed?: ModelState["observed"] | null;
  readonly quarantined?: ModelState["quarantined"] | null;
  /** Added to the sums. */
  readonly counters?: Partial<ModelCounters>;
}

/** Outcomes after which a run has done all it could for a model. */
const good: ReadonlySet<Outcome> = new Set(["published", "unchanged", "registered", "waiting"]);

/** Whether a result counts as a good end; a version that the registry did not take is published, but not good. */
export function isGood(result: Pick<ModelResult, "outcome" | "reason">): boolean {
  return good.has(result.outcome) && (result.outcome === "waiting" || result.reason === undefined);
}

const byReason: Readonly<Partial<Record<Reason, Outcome>>> = {
  unreadable: "unreadable",
  "format-not-allowed": "rejected",
  "symlink-escapes": "rejected",
  "path-not-allowed": "rejected",
  "name-taken": "rejected",
  "content-changed": "quarantined",
};

/** Names the outcome of a model that did not come through; `seen` tells how long it has been unfinished. */
export function outcomeOf(
  error: SyncError,
  seen: Observation | undefined,
  now: number,
  maxWaitMs: number,
): Outcome {
  if (unfinished.has(error.reason)) return seen && isStuck(seen, now, maxWaitMs) ? "stuck" : "waiting";
  // A mismatch that another try may cure is a failure of the line; one that was read back is a fault of the bytes.
  if (error.reason === "checksum-mismatch") return error.transient ? "failed" : "quarantined";
  return byReason[error.reason] ?? "failed";
}

/** Anything thrown, as an error with a reason; what nobody foresaw is `refused`, so that it fails one model only. */
export function asSyncError(error: unknown): SyncError {
  if (error instanceof SyncError) return error;
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new SyncError("refused", told, false, { cause: error });
}

export function observedState(seen: Observation): NonNullable<ModelState["observed"]> {
  return {
    identity: seen.identity,
    since: new Date(seen.since).toISOString(),
    changing: new Date(seen.changing).toISOString(),
  };
}

export function observationOf(observed: ModelState["observed"]): Observation | undefined {
  if (!observed) return undefined;
  const [since, changing] = [Date.parse(observed.since), Date.parse(observed.changing)];
  return Number.isNaN(since) || Number.isNaN(changing)
    ? undefined
    : { identity: observed.identity, since, changing };
}

/** Applies a result to what the state holds of the model now; sums are added, so nothing of another worker is lost. */
export function applyResult(before: ModelState | undefined, result: ModelResult, now: number): ModelState {
  const { change, outcome, reason, detail } = result;
  const published = change.published ?? before?.published;
  const observed = change.observed === undefined ? before?.observed : (change.observed ?? undefined);
  const quarantined =
    change.quarantined === undefined ? before?.quarantined : (change.quarantined ?? undefined);
  const sums = before?.counters ?? noCounters;
  const counters = Object.fromEntries(
    Object.entries(sums).map(([name, value]: [string, number]) => [
      name,
      value + (change.counters?.[name as keyof ModelCounters] ?? 0),
    ]),
  ) as unknown as ModelCounters;
  return {
    ...(published && { published }),
    ...(observed && { observed }),
    ...(quarantined && { quarantined }),
    outcome,
    ...(reason && { reason }),
    ...(detail !== undefined && { detail: detail.slice(0, 500) }),
    seen: new Date(now).toISOString(),
    counters,
  };
}
