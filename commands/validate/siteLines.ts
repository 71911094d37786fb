import { gatherAlerts, judgeAlerts } from "./lines/alerts";
import { gatherCluster, gatherPrometheus, judgeCluster, judgePrometheus } from "./lines/reach";
import { gatherRules, judgeRules } from "./lines/rules";
import { judgeTargets, targetsOf } from "./lines/targets";
import type { Told } from "./lines/targets";
import type { Line } from "./run";
import type { HubSite, MemberSite } from "./sites";
import type { CheckError } from "./verdict";

/** A cluster whose stack is known, or why it is not. */
export type Entry =
  | { readonly cluster: string; readonly site: HubSite | MemberSite }
  | { readonly cluster: string; readonly problem: CheckError };

const LIMIT = 60;

/** The site of an entry; throws what keeps it from being known. */
export function known<S>(entry: { readonly site: S } | { readonly problem: CheckError }): S {
  if ("site" in entry) return entry.site;
  throw entry.problem;
}

export const clusterLine = (entry: Entry): Line => ({
  key: `cluster/${entry.cluster}`,
  title: `Kubernetes of ${entry.cluster} answers`,
  needs: [],
  limitSeconds: LIMIT,
  action: "whether its API server is reached from here, and federation:kubeconfig (npm run init)",
  check: async ({ signal }) => {
    const { kube, clusterUid, stack } = known(entry);
    return judgeCluster(await gatherCluster(kube, clusterUid, signal), stack);
  },
});

export const prometheusLine = (entry: Entry): Line => ({
  key: `prometheus/${entry.cluster}`,
  title: `Prometheus of ${entry.cluster} answers`,
  // one whose stack is not known is told of once
  needs: [`cluster/${entry.cluster}`],
  limitSeconds: LIMIT,
  action: `\`kubectl get pods -n federation\`, its node port and allowFrom; or a port-forward and --prometheus ${entry.cluster}=URL`,
  check: async () => judgePrometheus(await gatherPrometheus(known(entry))),
});

export const rulesLine = (entry: Entry): Line => ({
  key: `rules/${entry.cluster}`,
  title: `Every rule of ${entry.cluster} is healthy`,
  needs: [`prometheus/${entry.cluster}`],
  limitSeconds: LIMIT,
  action: "docs/runbook.md, PrometheusRulesFail",
  check: async () => judgeRules(await gatherRules(known(entry).prometheus())),
});

export const alertsLine = (hub: HubSite, entry: Entry): Line => {
  const ofHub = `alerts/${hub.cluster}`;
  const isMember = entry.cluster !== hub.cluster;
  return {
    key: `alerts/${entry.cluster}`,
    title: `Alerts of ${entry.cluster} reach their receivers`,
    needs: [`cluster/${entry.cluster}`, `prometheus/${entry.cluster}`],
    ...(isMember ? { hears: [ofHub] } : {}),
    limitSeconds: LIMIT,
    action: "docs/runbook.md, AlertmanagerReplicasMissing",
    check: async ({ signal, isRed }) =>
      judgeAlerts(await gatherAlerts(known(entry), signal), isMember && isRed(ofHub)),
  };
};

/** Alertmanagers as targets, told of by the line of the alerts' way. */
export const hubAlertmanagersToldBy = (cluster: string, jobs: readonly string[]): Told => ({
  key: `alerts/${cluster}`,
  covers: (pool) => jobs.includes(pool),
});

export const targetsLine = (entry: Entry, told: readonly Told[]): Line => ({
  key: `targets/${entry.cluster}`,
  title: `Every scrape job of ${entry.cluster} is up`,
  needs: [`prometheus/${entry.cluster}`],
  hears: [...new Set(told.map(({ key }) => key))],
  limitSeconds: LIMIT,
  action: "docs/runbook.md, TargetDown",
  check: async ({ isRed }) => {
    const red = told.filter(({ key }) => isRed(key));
    const evidence = await targetsOf(known(entry).prometheus());
    return judgeTargets(evidence, entry.cluster, (pool) => red.some(({ covers }) => covers(pool)));
  },
});
