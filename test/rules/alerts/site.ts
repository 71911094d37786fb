import { DEFAULT_THRESHOLDS } from "../../../metrics/thresholds";
import type { AlertingRule, RuleGroup } from "../../../rules";
import { DEFAULT_OBJECTIVES, clusterAlertGroups, hubAlertGroups } from "../../../rules/alerts";
import type { ClusterAlertArgs } from "../../../rules/alerts";
import type { DeclaredCluster } from "../../../rules/health";
import { everything } from "../health/site";

export const RUNBOOK = "https://runbooks.example/runbook.md";

/** A member that is declared to have everything there is. */
export const declared: DeclaredCluster = {
  ...everything,
  targets: [
    { job: "apiserver" },
    { job: "node-exporter", node: "ctl" },
    { job: "node", host: "gpu-01" },
    { job: "slurm-jobs", host: "ctl" },
    { job: "prometheus" },
  ],
};

/** The alerts of such a cluster about itself. */
export function clusterGroups(change: Partial<ClusterAlertArgs> = {}): readonly RuleGroup[] {
  return clusterAlertGroups({
    declared,
    role: "member",
    thresholds: DEFAULT_THRESHOLDS,
    objectives: DEFAULT_OBJECTIVES,
    runbookUrl: RUNBOOK,
    ...change,
  });
}

/** The alerts of a hub about two members. */
export function hubGroups(members: readonly string[] = ["hpc", "west"]): readonly RuleGroup[] {
  return hubAlertGroups({
    cluster: "cloud",
    members,
    thresholds: DEFAULT_THRESHOLDS,
    runbookUrl: RUNBOOK,
  });
}

/** An alerting rule where it stands. */
export interface Placed {
  readonly group: RuleGroup;
  readonly rule: AlertingRule;
}

export function alertsOf(groups: readonly RuleGroup[]): Placed[] {
  return groups.flatMap((group) => group.rules.flatMap((rule) => ("alert" in rule ? [{ group, rule }] : [])));
}
