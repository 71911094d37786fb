import type { SyncState } from "../state/types";
import { table } from "../report";

/** The state as a table for people. */
export function statusLines(state: SyncState): string[] {
  const rows = Object.entries(state.models)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([model, { outcome, reason, published, seen }]) => [
      model,
      outcome,
      reason ?? "",
      published?.snapshot.slice(0, 12) ?? "",
      published?.version ? `${published.version.name} v${published.version.version}` : "",
      seen,
    ]);
  const { lastRun, lastSuccess, lastVerify } = state;
  return [
    ...table(["model", "outcome", "reason", "snapshot", "registered", "seen"], rows),
    `last run: ${lastRun ? `${lastRun.finished}, ${lastRun.ok ? "ok" : "not ok"}` : "never"}; last success: ${lastSuccess ?? "never"}`,
    `last verify: ${lastVerify ? `${lastVerify.finished}, ${lastVerify.faultCount} faults in ${lastVerify.objects} objects` : "never"}`,
  ];
}
