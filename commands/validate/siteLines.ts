import { judgeAlerts } from "./lines/alerts";
import { declaredWay } from "./lines/alertsDeclared";
import { gatherAlerts } from "./lines/alertsEvidence";
import { gatherFit, judgeFit } from "./lines/fit";
import { gatherCluster, gatherPrometheus, judgeCluster, judgePrometheus } from "./lines/reach";
import { gatherRules, judgeRules } from "./lines/rules";
import { gatherSiteRules, judgeSiteRules } from "./lines/siteRules";
import { gatherSiteTargets, judgeSiteTargets } from "./lines/siteTargets";
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

/** Whether a member's Prometheus is the site's own. */
const isExisting = (entry: Entry): boolean => "site" in entry && entry.site.existing !== undefined;

/**
 * Where it is the site's own, it must also fit: else a run of the program gives it nothing, and what depends on it is not
 * asked.
 */
export const prometheusLine = (entry: Entry): Line => ({
  key: `prometheus/${entry.cluster}`,
  title: isExisting(entry)
    ? `The site's Prometheus of ${entry.cluster} answers and fits`
    : `Prometheus of ${entry.cluster} answers`,
  // one whose stack is not known is told of once
  needs: [`cluster/${entry.cluster}`],
  limitSeconds: LIMIT,
  action: isExisting(entry)
    ? "federation:member.prometheus (url, caFile, object), federation:prometheusCredentials, and that the kubeconfig's user may read the operator's objects"
    : `\`kubectl get pods -n federation\`, its node port and allowFrom; or a port-forward and --prometheus ${entry.cluster}=URL`,
  check: async ({ signal }) => {
    const site = known(entry);
    return site.existing === undefined
      ? judgePrometheus(await gatherPrometheus(site))
      : judgeFit(await gatherFit(site, site.existing, signal), site.cluster);
  },
});

export const rulesLine = (entry: Entry): Line => ({
  key: `rules/${entry.cluster}`,
  title: isExisting(entry)
    ? `Every rule given to the site's Prometheus of ${entry.cluster} is healthy`
    : `Every rule of ${entry.cluster} is healthy`,
  needs: [`prometheus/${entry.cluster}`],
  limitSeconds: LIMIT,
  action: "docs/runbook.md, PrometheusRulesFail",
  check: async ({ signal }) => {
    const { kube, prometheus, existing } = known(entry);
    return existing === undefined
      ? judgeRules(await gatherRules(prometheus()))
      : judgeSiteRules(await gatherSiteRules(kube, existing.object.namespace, prometheus(), signal));
  },
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
    check: async ({ signal, isRed }) => {
      const site = known(entry);
      return judgeAlerts(await gatherAlerts(site, declaredWay(site), signal), isMember && isRed(ofHub));
    },
  };
};

/** Alertmanagers as targets, told of by the line of the alerts' way. */
export const hubAlertmanagersToldBy = (cluster: string, jobs: readonly string[]): Told => ({
  key: `alerts/${cluster}`,
  covers: (pool) => jobs.includes(pool),
});

export const targetsLine = (entry: Entry, told: readonly Told[]): Line => ({
  key: `targets/${entry.cluster}`,
  title: isExisting(entry)
    ? `Every scrape job of the site's Prometheus of ${entry.cluster} that rules read is up`
    : `Every scrape job of ${entry.cluster} is up`,
  needs: [`prometheus/${entry.cluster}`],
  hears: [...new Set(told.map(({ key }) => key))],
  limitSeconds: LIMIT,
  action: "docs/runbook.md, TargetDown",
  check: async ({ signal, isRed }) => {
    const { kube, prometheus, existing } = known(entry);
    const red = told.filter(({ key }) => isRed(key));
    const explained = (pool: string): boolean => red.some(({ covers }) => covers(pool));
    return existing === undefined
      ? judgeTargets(await targetsOf(prometheus()), entry.cluster, explained)
      : judgeSiteTargets(
          await gatherSiteTargets(kube, existing.object.namespace, prometheus(), signal),
          entry.cluster,
          explained,
        );
  },
});
