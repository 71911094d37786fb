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
