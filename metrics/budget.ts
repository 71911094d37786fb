import type { ClusterMetric, Domain, FederateJob } from "./catalogue";
import { clusterRecorded } from "./catalogue";
import type { Inventory } from "./inventory";

/** Samples a federate scrape may return beyond the computed worst case, as a factor. */
const HEAD_ROOM = 1.5;

function size(domain: Domain, inventory: Inventory): number {
  if (typeof domain === "number") return domain;
  if (typeof domain === "function") return domain(inventory);
  return typeof domain === "string" ? inventory[domain] : domain.length;
}

/** Most series a cluster of that inventory records under the metric's name: the product over its labels. */
export function maxSeries({ domains }: Pick<ClusterMetric, "domains">, inventory: Inventory): number {
  return Object.values(domains).reduce<number>((product, domain) => product * size(domain, inventory), 1);
}

/** Most series that a federate job fetches from a cluster of that inventory. */
export function worstCase(inventory: Inventory, job: FederateJob): number {
  return clusterRecorded
    .filter(({ federate }) => federate === job)
    .reduce((sum, metric) => sum + maxSeries(metric, inventory), 0);
}

/** The `sample_limit` of a federate job: the worst case and half as much again. */
export function sampleLimit(inventory: Inventory, job: FederateJob): number {
  return Math.ceil(worstCase(inventory, job) * HEAD_ROOM);
}

/** Whether a label's values come from outside the program, so that only the rule itself can limit them. */
function isOpen(domain: Domain): boolean {
  return typeof domain === "string" || typeof domain === "function";
}

/** Whether a rule must limit the series it writes to {@link maxSeries}. */
export function needsLimit({ domains }: Pick<ClusterMetric, "domains">): boolean {
  return Object.values(domains).some(isOpen);
}
