import type { Component } from "../../metrics/catalogue/recorded/health";
import { clusterRuleGroups, hubRuleGroups, renderRules, staleAfter } from "../../rules";
import type { Prices, RuleGroup } from "../../rules";
import { clusterAlertGroups, hubAlertGroups } from "../../rules/alerts";
import { componentsOf, healthRuleGroup, hubHealthRuleGroup } from "../../rules/health";
import { durationSeconds } from "./durations";
import { federateJobs } from "./federateJobs";
import type { Member } from "./federateJobs";
import { prometheusConfig, renderConfig } from "./prometheusConfig";
import type { PrometheusConfigArgs } from "./prometheusConfig";
import type { ScrapeConfig } from "./prometheusSchema";
import { KUBELET_CA } from "./scrapeJobs";

/** What a hub has beyond its own cluster. */
export interface PrometheusExtras {
  readonly jobs: readonly ScrapeConfig[];
  /** File name (`rules-<subject>.yml`, `alerts-<subject>.yml`) to the groups in it. */
  readonly rules: Readonly<Record<string, readonly RuleGroup[]>>;
}

/** A member with the components that count for its health. */
export interface HubMember extends Member {
  readonly components: readonly Component[];
}

/** What only a hub knows. */
export interface Hub {
  /** The clusters whose recorded series it fetches. */
  readonly members: readonly HubMember[];
  /** Price of one GPU hour by GPU type, in the site's currency. */
  readonly pricePerGpuHour: Prices;
}

/** What the hub adds to the configuration of its own cluster for its members. */
export function hubExtras(args: PrometheusConfigArgs, { members, pricePerGpuHour }: Hub): PrometheusExtras {
  // a member is expected to evaluate its rules as often as the hub does
  const evaluation = durationSeconds(args.evaluationInterval);
  const expected = members.map(({ cluster, intervals, sampleLimits }) => ({
    cluster,
    sampleLimits,
    staleAfterSeconds: staleAfter({
      health: durationSeconds(intervals.health),
      memberEvaluation: evaluation,
      hubEvaluation: evaluation,
    }).ageSeconds,
  }));
  const { cluster, watch } = args;
  const { thresholds, runbookUrl } = watch;
  const health = hubHealthRuleGroup({
    hub: { cluster, components: componentsOf(watch.declared) },
    members,
    limits: thresholds.health,
  });
  const names = members.map((member) => member.cluster);
  return {
    jobs: federateJobs(members),
    rules: {
      "rules-hub.yml": [...hubRuleGroups({ cluster, members: expected, pricePerGpuHour }), health],
      "alerts-hub.yml": hubAlertGroups({ cluster, members: names, thresholds, runbookUrl }),
    },
  };
}

/** Files of what a cluster records and alerts of itself. */
export const CLUSTER_FILES = { rules: "rules-cluster.yml", alerts: "alerts-cluster.yml" } as const;

/** What a cluster records and alerts of itself, by file. */
export function clusterRules({
  watch,
  ...site
}: Pick<PrometheusConfigArgs, "cluster" | "inventory" | "watch">): Readonly<
  Record<string, readonly RuleGroup[]>
> {
  return {
    [CLUSTER_FILES.rules]: [...clusterRuleGroups(site), healthRuleGroup(watch.declared, watch.thresholds)],
    [CLUSTER_FILES.alerts]: clusterAlertGroups(watch),
  };
}

/** What one Prometheus is given. */
export interface PrometheusFiles {
  /** Text of `prometheus.yml`. */
  readonly prometheusConfig: string;
  /** Text of each rule file by name. */
  readonly ruleFiles: Readonly<Record<string, string>>;
  /** The groups the rule files are made of. */
  readonly ruleGroups: readonly RuleGroup[];
  /** The whole folder by file name: configuration, rules, and the kubelets' CA if any. */
  readonly files: Readonly<Record<string, string>>;
}

/** The configuration folder of one Prometheus; all of it is known at preview. */
export function prometheusFiles(
  args: PrometheusConfigArgs,
  extras: PrometheusExtras = { jobs: [], rules: {} },
): PrometheusFiles {
  const rules = { ...clusterRules(args), ...extras.rules };
  const { kubeletTls } = args.targets;
  const text = renderConfig(prometheusConfig(args, Object.keys(rules), extras.jobs));
  const ruleFiles = Object.fromEntries(
    Object.entries(rules).map(([file, groups]) => [file, renderRules(groups)]),
  );
  return {
    prometheusConfig: text,
    ruleFiles,
    ruleGroups: Object.values(rules).flat(),
    files: {
      "prometheus.yml": text,
      ...ruleFiles,
      ...(kubeletTls.kind === "ca" ? { [KUBELET_CA]: kubeletTls.pem } : {}),
    },
  };
}
