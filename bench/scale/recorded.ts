import { maxSeries } from "../../metrics/budget";
import { clusterRecorded, hubRecorded } from "../../metrics/catalogue";
import type { ClusterMetric, Domain } from "../../metrics/catalogue";
import { health, hubHealth } from "../../metrics/catalogue/recorded/health";
import { FEDERATION } from "../../metrics/levels";
import type { Inventory } from "../../metrics/inventory";
import { clustersOf, valueAt } from "../../test/dashboards/support/syntheticSite";

/** A recorded series of the hub. */
export interface Recorded {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Series of one hub-only name at most: labels that follow from each other are not known as such there. */
const MOST = 2000;

function valuesOf(label: string, domain: Domain, inventory: Inventory): readonly string[] {
  if (typeof domain === "object") return domain;
  const count =
    typeof domain === "number" ? domain : typeof domain === "string" ? inventory[domain] : domain(inventory);
  return Array.from({ length: count }, (_, index) => `${label}-${index + 1}`);
}

/** Most values that each label has anywhere. */
function widest(inventory: Inventory): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const { domains } of [...clusterRecorded, ...Object.values<ClusterMetric>(health)])
    for (const [label, domain] of Object.entries(domains)) {
      const values = valuesOf(label, domain, inventory);
      if (values.length > (found.get(label)?.length ?? 0)) found.set(label, values);
    }
  return found;
}

function product(
  name: string,
  cluster: string,
  labels: Readonly<Record<string, readonly string[]>>,
  most: number,
): readonly Recorded[] {
  let sets: readonly Readonly<Record<string, string>>[] = [{ cluster }];
  for (const [label, values] of Object.entries(labels))
    sets = sets.flatMap((set) => values.map((value) => ({ ...set, [label]: value }))).slice(0, most);
  return sets.map((set) => ({ name, labels: set }));
}

/**
 * What a hub holds of itself and of its member: every recorded name with as many series as the inventory allows, so
 * that a dashboard is never faster at a site of that size.
 */
export function recordedSeries(inventory: Inventory): readonly Recorded[] {
  const known = widest(inventory);
  const cluster = [...clusterRecorded, ...Object.values<ClusterMetric>(health)].flatMap((metric) => {
    const labels = Object.fromEntries(
      Object.entries(metric.domains).map(([label, domain]) => [label, valuesOf(label, domain, inventory)]),
    );
    return clustersOf(metric.name).flatMap((of) =>
      product(metric.name, of, labels, maxSeries(metric, inventory)),
    );
  });
  const hub = [...hubRecorded, ...Object.values(hubHealth)].flatMap(({ name, labels: own }) => {
    const labels = Object.fromEntries(
      own
        .filter((label) => label !== "cluster")
        .map((label) => [
          label,
          label === "job" ? ["federate-health", "federate-detail"] : (known.get(label) ?? [`${label}-1`]),
        ]),
    );
    const clusters = clustersOf(name);
    return clusters.flatMap((of) => product(name, of, of === FEDERATION ? {} : labels, MOST));
  });
  return [...new Map([...cluster, ...hub].map((one) => [JSON.stringify(one), one])).values()];
}

/** A series that the history writer can write. */
export const withValues = (series: readonly Recorded[], now: number) =>
  series.map((one) => ({ ...one, value: (time: number): number => valueAt(one, time, now) }));
