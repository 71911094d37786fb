import * as path from "node:path";
import { stringify } from "yaml";
import { components } from "../../metrics/catalogue/recorded/health";
import type { RuleGroup } from "../../rules";
import type { AlertmanagerClientConfig, HttpConfig, RelabelConfig, ScrapeConfig } from "./prometheusSchema";

/**
 * What the Prometheus Operator (monitoring.coreos.com) is given in place of files: the same rule groups and scrape jobs
 * under its own key names. A file of credentials becomes a key of the same name in the Secret {@link NAMES.credentials}.
 */

/** Fixed names: what a site's own configuration refers to. */
export const OPERATOR_NAMES = {
  rules: (file: string): string => `federation-${path.basename(file, ".yml")}`,
  job: (job: string): string => `federation-${job}`,
  credentials: "federation-credentials",
  alertmanagers: "federation-alertmanagers",
  alertmanagersKey: "alertmanagers.yml",
} as const;

type Tree = Readonly<Record<string, unknown>>;

const present = (tree: Tree): Tree =>
  Object.fromEntries(Object.entries(tree).filter(([, value]) => value !== undefined));

/** `spec` of a PrometheusRule; a group without an interval of its own is evaluated every `interval`. */
export function ruleSpec(
  groups: readonly RuleGroup[],
  interval: string,
): { readonly groups: readonly Tree[] } {
  return { groups: groups.map((group) => ({ interval, ...group })) };
}

/** Names of the credential files that requests of these kinds need. */
export function filesOf(clients: readonly HttpConfig[]): readonly string[] {
  const files = clients.flatMap(({ basic_auth, authorization, tls_config }) => [
    basic_auth?.username_file,
    basic_auth?.password_file,
    authorization?.credentials_file,
    tls_config?.ca_file,
  ]);
  return [...new Set(files.filter((file) => file !== undefined).map((file) => path.basename(file)))].sort();
}

const secretKey = (file: string): Tree => ({ name: OPERATOR_NAMES.credentials, key: path.basename(file) });

function httpOf({ scheme, basic_auth, authorization, tls_config: tls }: HttpConfig): Tree {
  return present({
    scheme: scheme?.toUpperCase(),
    basicAuth: basic_auth && {
      username: secretKey(basic_auth.username_file),
      password: secretKey(basic_auth.password_file),
    },
    authorization: authorization && { credentials: secretKey(authorization.credentials_file) },
    tlsConfig:
      tls &&
      present({
        ca: tls.ca_file === undefined ? undefined : { secret: secretKey(tls.ca_file) },
        serverName: tls.server_name,
        insecureSkipVerify: tls.insecure_skip_verify,
      }),
  });
}

const relabeling = ({ source_labels, target_label, ...rest }: RelabelConfig): Tree =>
  present({ sourceLabels: source_labels, targetLabel: target_label, ...rest });

const ROLES = { node: "Node", pod: "Pod", endpointslice: "EndpointSlice" } as const;

/**
 * `spec` of a ScrapeConfig. The operator names jobs itself, so the label `job` is set by relabelling, which every
 * version understands.
 */
export function scrapeConfigSpec(job: ScrapeConfig): Tree {
  return {
    ...httpOf(job),
    ...present({
      metricsPath: job.metrics_path,
      params: job.params,
      honorLabels: job.honor_labels,
      honorTimestamps: job.honor_timestamps,
      scrapeInterval: job.scrape_interval,
      scrapeTimeout: job.scrape_timeout,
      fallbackScrapeProtocol: job.fallback_scrape_protocol,
      sampleLimit: job.sample_limit,
      labelLimit: job.label_limit,
      staticConfigs: job.static_configs,
      kubernetesSDConfigs: job.kubernetes_sd_configs?.map(({ role, namespaces, selectors }) =>
        present({
          role: ROLES[role],
          namespaces,
          selectors: selectors?.map(({ label }) => ({ role: ROLES[role], label })),
        }),
      ),
      metricRelabelings: job.metric_relabel_configs?.map(relabeling),
    }),
    relabelings: [...(job.relabel_configs ?? []), { target_label: "job", replacement: job.job_name }].map(
      relabeling,
    ),
  };
}

/** Alerts of this project alone: those of the site go to the site's own Alertmanager. */
const ourAlerts: RelabelConfig = {
  action: "keep",
  source_labels: ["component"],
  regex: components.join("|"),
};

/**
 * Text of `additionalAlertManagerConfigs`, which names no Secrets: users and CA stand in it, so it is one itself.
 * `files` are the credentials by file name.
 */
export function additionalAlertmanagers(
  alertmanagers: readonly AlertmanagerClientConfig[],
  files: Readonly<Record<string, string>>,
): string {
  const content = (file: string): string | undefined => files[path.basename(file)];
  const inline = alertmanagers.map(({ basic_auth, tls_config, alert_relabel_configs, ...rest }) =>
    present({
      ...rest,
      basic_auth: basic_auth && {
        username: content(basic_auth.username_file),
        password: content(basic_auth.password_file),
      },
      tls_config:
        tls_config &&
        present({
          ca: tls_config.ca_file === undefined ? undefined : content(tls_config.ca_file),
          server_name: tls_config.server_name,
        }),
      alert_relabel_configs: [ourAlerts, ...(alert_relabel_configs ?? [])],
    }),
  );
  return stringify(inline, { lineWidth: 0, aliasDuplicateObjects: false, version: "1.1" });
}
