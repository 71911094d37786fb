import type { RuleGroup } from "../types";
import type { AlertDefinition, AlertScope } from "./alert";
import { clusterScope, hubScope } from "./alert";
import { apiAlerts } from "./api";
import type { ClusterAlertArgs, Subject } from "./args";
import { alertGroup } from "./args";
import { gpuAlerts } from "./gpus";
import type { HubAlertArgs } from "./hub";
import { memberAlerts, servedAlerts } from "./hub";
import { deliveryAlerts } from "./delivery";
import { monitoringAlerts } from "./monitoring";
import { absenceAlerts, targetAlerts } from "./targets";
import { nodeAlerts } from "./nodes";
import { objectiveAlerts } from "./objectives";
import { servingAlerts } from "./serving";
import { slurmAlerts } from "./slurm";
import { beegfsAlerts, minioAlerts } from "./storage";
import { registryAlerts, transferAlerts } from "./transfer";

export { anchorOf } from "./alert";
export type { Severity } from "./alert";
export { DEFAULT_OBJECTIVES } from "./args";
export type { ClusterAlertArgs, Objectives } from "./args";
export { START_BOUNDS } from "./startBounds";

/** Alerts by subject, one group each. */
const subjects: Readonly<Record<string, Subject>> = {
  api: apiAlerts,
  nodes: nodeAlerts,
  gpus: gpuAlerts,
  slurm: slurmAlerts,
  beegfs: beegfsAlerts,
  minio: minioAlerts,
  transfer: transferAlerts,
  registry: registryAlerts,
  serving: servingAlerts,
  monitoring: monitoringAlerts,
  targets: targetAlerts,
  delivery: deliveryAlerts,
  absence: absenceAlerts,
};

const groupOf = (
  { alert }: AlertScope,
  name: string,
  definitions: readonly AlertDefinition[],
  interval?: string,
): readonly RuleGroup[] => alertGroup(`alerts-${name}`, definitions.map(alert), interval);

/** The alerts of a cluster about itself, evaluated there and nowhere else. */
export function clusterAlertGroups(args: ClusterAlertArgs): readonly RuleGroup[] {
  const scope = clusterScope({ cluster: args.declared.cluster, runbookUrl: args.runbookUrl });
  const { pages, tickets } = objectiveAlerts(scope, args);
  return [
    ...Object.entries(subjects).flatMap(([name, subject]) => groupOf(scope, name, subject(scope, args))),
    // objectives look back over hours and days, which need not be read anew every few seconds
    ...groupOf(scope, "objectives", pages, "1m"),
    ...groupOf(scope, "objectives-slow", tickets, "5m"),
  ];
}

/** The alerts that only the hub can evaluate; none without members. */
export function hubAlertGroups(args: HubAlertArgs): readonly RuleGroup[] {
  if (args.members.length === 0) return [];
  const scope = hubScope(args);
  return [
    ...groupOf(scope, "members", memberAlerts(args)),
    ...groupOf(scope, "pipeline", servedAlerts(args)),
  ];
}
