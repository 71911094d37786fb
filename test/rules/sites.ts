import { clusterRecorded, fedCluster, fedHub, fedLocal } from "../../metrics/catalogue";
import type { Selectable } from "../../metrics/types";
import { DEFAULT_INVENTORY } from "../../metrics/inventory";
import type { Inventory } from "../../metrics/inventory";
import type { ExpectedMember, RecordingRule, RuleGroup } from "../../rules";
import { clusterRuleGroups, hubRuleGroups } from "../../rules";

export const PRICES = { "rtx-a6000": 0.8, "tesla-t4": 0.35 } as const;

/** A member as the hub's rules expect it. */
export function expected(cluster: string, staleAfterSeconds = 60): ExpectedMember {
  return { cluster, staleAfterSeconds, sampleLimits: { health: 150, detail: 3000 } };
}

/** What a cluster records about itself. */
export function clusterGroups(cluster: string, inventory: Partial<Inventory> = {}): RuleGroup[] {
  return clusterRuleGroups({ cluster, inventory: { ...DEFAULT_INVENTORY, ...inventory } });
}

/** What the hub `cloud` alone records. */
export function hubGroups(members: readonly ExpectedMember[] = [expected("hpc")]): RuleGroup[] {
  return hubRuleGroups({ cluster: "cloud", members, pricePerGpuHour: PRICES });
}

/** The recording rules of groups. */
export function recordings(groups: readonly RuleGroup[]): RecordingRule[] {
  return groups.flatMap(({ rules }) => rules).filter((rule) => "record" in rule);
}

/** What clusters record of their health: by many rules a name, and limited by what a site declares. */
const judged = new Set(
  [fedCluster.health, fedLocal.health, fedHub.health].flatMap((metrics) =>
    Object.values<Selectable>(metrics).map(({ name }) => name),
  ),
);

/** Whether a recorded name is one of health, which has tests of its own. */
export const isHealth = (name: string): boolean => judged.has(name);

/** What is recorded for the hub and is not health. */
export const measured = clusterRecorded.filter(({ name }) => !isHealth(name));
