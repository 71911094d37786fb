import { metrics } from "../metrics/contract";
import type { RuleGroup } from "./types";

/**
 * What a cluster records about itself, for the hub to fetch. Every selector is restricted to the cluster's own label:
 * on the hub the same names also arrive by federation, and must not be written a second time.
 */
export function clusterRuleGroups({ cluster }: { readonly cluster: string }): RuleGroup[] {
  const own = `{cluster=${JSON.stringify(cluster)}}`;
  const up = `${metrics.up.name}${own}`;
  return [
    {
      name: "cluster-heartbeat",
      rules: [{ record: metrics.heartbeat.name, expr: "vector(time())", labels: { cluster } }],
    },
    {
      name: "cluster-targets",
      rules: [
        { record: metrics.targetsUp.name, expr: `sum by (cluster, job) (${up})` },
        { record: metrics.targetsDown.name, expr: `sum by (cluster, job) (${up} == bool 0)` },
      ],
    },
    {
      name: "cluster-models",
      rules: [
        {
          record: metrics.modelStage.name,
          expr: `max by (cluster, model, version, stage) (${metrics.transferStage.name}${own})`,
        },
      ],
    },
  ];
}
