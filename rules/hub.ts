import { FEDERATION } from "../metrics/levels";
import { benchmarkRules } from "./recording/hub/benchmarks";
import { comparisonRules } from "./recording/hub/comparison";
import type { Prices } from "./recording/hub/cost";
import { costRules } from "./recording/hub/cost";
import { inferenceRules, pipelineRules } from "./recording/hub/inference";
import type { ExpectedMember } from "./recording/hub/members";
import { memberRules } from "./recording/hub/members";
import { ratioRules } from "./recording/hub/ratios";
import { totalRules } from "./recording/hub/totals";
import type { RuleGroup } from "./types";

export interface HubRulesArgs {
  /** The hub's own cluster, which is no member. */
  readonly cluster: string;
  readonly members: readonly ExpectedMember[];
  /** Price of one GPU hour by GPU type (label `gpu_type`), above 0; types without one cost nothing that is known. */
  readonly pricePerGpuHour: Prices;
}

/**
 * What the hub alone records: about its members, and over all clusters, in the order in which rules read each other.
 *
 * @throws RangeError when the hub is listed as its own member, a member twice, a cluster has the name that stands for
 *   all of them, or a price is not above 0.
 */
export function hubRuleGroups({ cluster, members, pricePerGpuHour }: HubRulesArgs): RuleGroup[] {
  const names = members.map((member) => member.cluster);
  const twice = names.find((name, index) => name === cluster || names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new RangeError(
      `members: ${twice} ${twice === cluster ? "is the hub itself" : "is listed twice"}; list every other cluster once`,
    );
  }
  if ([cluster, ...names].includes(FEDERATION)) {
    throw new RangeError(`${FEDERATION} stands for all clusters together; give the cluster another name`);
  }
  const [wrong] = Object.entries(pricePerGpuHour).filter(([, price]) => !(price > 0 && price < Infinity));
  if (wrong !== undefined) {
    throw new RangeError(`pricePerGpuHour: ${wrong[0]} costs ${wrong[1]}; give a price above 0`);
  }
  const costs = costRules(pricePerGpuHour);
  const priced = costs.length > 0;
  return [
    ...memberRules(members),
    ratioRules(),
    inferenceRules(),
    pipelineRules(),
    benchmarkRules(),
    ...costs,
    comparisonRules(cluster, names, priced),
    totalRules(members.length, priced),
  ];
}
