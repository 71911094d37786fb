import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { refusal } from "../components/kubernetes/refusal";
import { alertDelivery } from "../components/monitoring/alertmanagerClients";
import { credentialFiles } from "../components/monitoring/credentials";
import { ExistingPrometheus } from "../components/monitoring/existingPrometheus";
import { renderConfig } from "../components/monitoring/prometheusConfig";
import { clusterRules } from "../components/monitoring/prometheusFiles";
import type { PrometheusFiles } from "../components/monitoring/prometheusFiles";
import type { AlertmanagerClientConfig, ScrapeConfig } from "../components/monitoring/prometheusSchema";
import { additionalJobs } from "../components/monitoring/scrapeJobs";
import { checkSite, lines } from "../components/monitoring/siteCheck";
import type { PrometheusSpec } from "../components/monitoring/siteCheck";
import { lookBack } from "../components/monitoring/siteCheck/lookBack";
import { siteTargets } from "../components/monitoring/siteCheck/targets";
import { renderRules } from "../rules";
import type { RuleGroup } from "../rules";
import type { Settings, SitePrometheus } from "../settings";
import { deliveryOf, hubUserFiles, watchOf } from "./alerting";
import { transferMetrics } from "./transfer";

/** What a site's Prometheus will be given, known before anything is declared. */
export interface SitePlan {
  readonly kind: "existing";
  readonly prometheus: SitePrometheus;
  readonly rules: Readonly<Record<string, readonly RuleGroup[]>>;
  readonly jobs: readonly ScrapeConfig[];
  readonly alertmanagers: readonly AlertmanagerClientConfig[];
  /** The same as files, for who checks those. */
  readonly files: PrometheusFiles;
}

/** Rules and scrape jobs for the site's Prometheus. */
export function planSite(settings: Settings, prometheus: SitePrometheus): SitePlan {
  const { cluster, inventory, kubernetes: k8s, hosts } = settings;
  const rules = clusterRules({ cluster, inventory, watch: watchOf(settings) });
  const { alerting, jobs: delivery } = alertDelivery({ cluster, ...deliveryOf(settings) });
  const additional = additionalJobs(cluster, {
    dcgmExporter: k8s.dcgmExporter,
    modelTransfer: transferMetrics(settings),
    hosts,
  });
  const jobs = [...additional, ...delivery];
  const ruleFiles = Object.fromEntries(
    Object.entries(rules).map(([file, groups]) => [file, renderRules(groups)]),
  );
  const prometheusConfig = renderConfig({ alerting, rule_files: Object.keys(rules), scrape_configs: jobs });
  return {
    kind: "existing",
    prometheus,
    rules,
    jobs,
    alertmanagers: alerting.alertmanagers,
    files: {
      prometheusConfig,
      ruleFiles,
      ruleGroups: Object.values(rules).flat(),
      files: { "prometheus.yml": prometheusConfig, ...ruleFiles },
    },
  };
}

/** Name of the operator's namespace, as soon as its Prometheus was found to fit; a preview only reads. */
function checkedNamespace(
  settings: Settings,
  { prometheus, rules, alertmanagers, files }: SitePlan,
  provider: kubernetes.Provider,
): pulumi.Output<string> {
  const { cluster, stack } = settings;
  const { object, url, ca, labels = {} } = prometheus;
  if (!prometheus.check) return pulumi.output(object.namespace);
  const found = new kubernetes.apiextensions.CustomResource(
    "site-prometheus",
    { apiVersion: "monitoring.coreos.com/v1", kind: "Prometheus", spec: {} },
    { id: `${object.namespace}/${object.name}`, provider },
  );
  const spec = Reflect.get(found, "spec") as pulumi.Output<PrometheusSpec | undefined>;
  return pulumi.all([spec, prometheus.credentials]).apply(async ([read, credentials]) => {
    const findings = await checkSite({
      endpoint: { url, ca, credentials },
      expected: {
        cluster,
        labels,
        namespace: object.namespace,
        ruleFiles: Object.keys(rules),
        lookBack: lookBack(files.ruleGroups),
        targets: siteTargets({ nodes: settings.kubernetes.nodes, hosts: settings.hosts }),
        alertmanagers: alertmanagers.flatMap(({ static_configs }) =>
          static_configs.flatMap((one) => one.targets),
        ),
        gpus: settings.kubernetes.dcgmExporter !== undefined,
      },
      spec: read ?? {},
    });
    const errors = findings.filter(({ severity }) => severity === "error");
    const at = `the site's Prometheus ${object.namespace}/${object.name} at ${url}`;
    if (errors.length > 0)
      throw refusal(
        `stack "${stack}": ${at} does not fit yet, and was given nothing (docs/operations.md, "A Prometheus that the ` +
          `site has already")\n${lines(findings)}`,
      );
    if (findings.length > 0) await pulumi.log.warn(`${at}:\n${lines(findings)}`);
    return object.namespace;
  });
}

/** The project's part in the site's Prometheus. */
export function declareSitePrometheus(
  settings: Settings,
  plan: SitePlan,
  provider: kubernetes.Provider,
): void {
  const { credentials } = settings;
  const { prometheus } = plan;
  const hub = settings.role === "member" ? hubUserFiles(settings) : undefined;
  // checked before: such a member has its credentials from the hub
  const web = credentials.kind === "stack" ? credentials.web.apply(credentialFiles) : pulumi.output({});
  new ExistingPrometheus(
    "prometheus",
    {
      namespace: checkedNamespace(settings, plan, provider),
      labels: prometheus.labels ?? {},
      rules: plan.rules,
      evaluationInterval: prometheus.evaluationInterval,
      jobs: plan.jobs,
      alertmanagers: plan.alertmanagers,
      credentials: pulumi.all([web, hub ?? pulumi.output({})]).apply(([own, more]) => ({ ...own, ...more })),
    },
    { provider },
  );
}
