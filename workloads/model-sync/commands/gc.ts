import type { Applied } from "../retention/apply";
import { applyPlan } from "../retention/apply";
import { connectHub } from "../retention/hub";
import { takeInventory } from "../retention/inventory";
import type { Plan, Removal } from "../retention/plan";
import { planRetention, reclaimableBytes, removalKinds } from "../retention/plan";
import type { RetentionReport } from "../retention/report";
import { reportOf, writeReport } from "../retention/report";
import type { HubSettings } from "../retention/settings";
import type { Print } from "./print";

export interface GcOptions {
  readonly apply: boolean;
  /** JSON lines in place of text. */
  readonly json: boolean;
  /** Of the process: a pod finds the API server by it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const subject = (removal: Removal): string => ("prefix" in removal ? removal.prefix : removal.key);

/** Lines of a plan, for people. */
function planLines(plan: Plan): string[] {
  const bytes = reclaimableBytes(plan);
  return [
    ...plan.kept.map(({ prefix, reasons }) => `keep    ${prefix}  ${reasons.join("; ")}`),
    ...plan.removals.map((removal) => `remove  ${subject(removal)}  ${removal.kind}, ${removal.bytes} bytes`),
    ...plan.problems.map((problem) => `problem ${problem}`),
    ...removalKinds.map((kind) => `reclaimable ${kind}: ${bytes[kind]} bytes`),
  ];
}

const appliedLines = ({ removed, spared, failed }: Applied): string[] => [
  ...removed.map((removal) => `removed ${subject(removal)}`),
  ...spared.map(({ removal, reasons }) => `spared  ${subject(removal)}  ${reasons.join("; ")}`),
  ...failed.map(({ removal, error }) => `failed  ${subject(removal)}  ${error.reason}: ${error.message}`),
];

/** The same as JSON lines, for a pod's log. */
function jsonLines(plan: Plan, applied: Applied | undefined, report: RetentionReport): string[] {
  const spared = new Map(applied?.spared.map(({ removal, reasons }) => [removal, reasons]));
  const failed = new Map(applied?.failed.map(({ removal, error }) => [removal, error]));
  const events = [
    ...plan.kept.map((kept) => ({ event: "keep", ...kept })),
    ...plan.removals.map((removal) => {
      const error = failed.get(removal);
      const reasons = spared.get(removal);
      if (error !== undefined)
        return { event: "failed", ...removal, reason: error.reason, detail: error.message };
      if (reasons !== undefined) return { event: "spared", ...removal, reasons };
      return { event: applied === undefined ? "would-remove" : "removed", ...removal };
    }),
    { event: "finished", ...report },
  ];
  return events.map((event) => JSON.stringify(event));
}

/**
 * Shows what retention would remove, and removes it when `apply` is given here or in the settings. The report stays in
 * the bucket for the exporter.
 *
 * @returns 0, or 1 when a removal failed
 */
export async function gc(settings: HubSettings, options: GcOptions, print: Print): Promise<number> {
  const hub = connectHub(settings, options.environment);
  try {
    const plan = planRetention(await takeInventory(hub), settings.retention);
    const apply = options.apply || settings.retention.apply;
    if (!options.json) planLines(plan).forEach(print);
    const applied = apply ? await applyPlan(hub, plan) : undefined;
    const report = reportOf(plan, applied, new Date().toISOString());
    if (options.json) jsonLines(plan, applied, report).forEach(print);
    else if (applied === undefined) print("dry run: nothing was removed");
    else appliedLines(applied).forEach(print);
    await writeReport(hub.bucket, report);
    return applied !== undefined && applied.failed.length > 0 ? 1 : 0;
  } finally {
    hub.bucket.close();
  }
}
