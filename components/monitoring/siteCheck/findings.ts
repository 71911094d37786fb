import { CLUSTER_LEVEL, HUB_LEVEL, LOCAL_LEVEL } from "../../../metrics/levels";
import { durationMs } from "../durations";
import { OPERATOR_NAMES } from "../operatorObjects";
import type { Family, SiteFacts } from "./facts";
import { problem, warning } from "./finding";
import type { Finding } from "./finding";

/** What a site's Prometheus must be for the project's rules. */
export interface Expected {
  readonly cluster: string;
  /** Namespace of the project's PrometheusRules, and their files' names. */
  readonly namespace: string;
  readonly ruleFiles: readonly string[];
  /** The furthest that a rule looks back, a Prometheus duration. */
  readonly lookBack: string;
  /** Targets of the site's own jobs, on which rules rely. */
  readonly targets: readonly { readonly job: string; readonly node?: string | undefined }[];
  /** Addresses (`host:port`) to which alerts are to go. */
  readonly alertmanagers: readonly string[];
  /** Whether DCGM measures GPUs here, by a job of the project. */
  readonly gpus: boolean;
}

const VALUES = "prometheus.prometheusSpec";

/** Bounds of histograms are written otherwise before (`le="1"` for `le="1.0"`), and rules name them. */
const LEAST_MAJOR = 3;

function versionFindings({ version }: SiteFacts): readonly Finding[] {
  return Number(version.split(".")[0]) >= LEAST_MAJOR
    ? []
    : [problem("version", `Prometheus ${version}`, `upgrade to ${String(LEAST_MAJOR)}.0 or newer`)];
}

function externalFindings({ cluster }: Expected, { externalLabels }: SiteFacts): readonly Finding[] {
  const found = externalLabels.cluster;
  if (found === cluster) return [];
  return [
    problem(
      "external label cluster",
      found === undefined ? "none" : `"${found}"`,
      `set ${VALUES}.externalLabels: {cluster: ${cluster}}`,
    ),
  ];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, next) => total + next, 0);

/** External labels are on no stored series, so every target has to carry the label itself. */
function familyFindings(
  cluster: string,
  { subject, metric, byCluster, doubled }: Family,
): readonly Finding[] {
  const all = sum(Object.values(byCluster));
  const own = byCluster[cluster] ?? 0;
  const others = Object.keys(byCluster).filter((name) => name !== "" && name !== cluster);
  return [
    ...(own === all
      ? []
      : [
          problem(
            `label cluster of ${subject}`,
            others.length > 0
              ? `${metric} with cluster ${others.map((name) => `"${name}"`).join(", ")}`
              : `${String(all - own)} of ${String(all)} series of ${metric} without it`,
            `stamp it on every target: ${VALUES}.scrapeClasses: [{name: federation, default: true, relabelings: ` +
              `[{targetLabel: cluster, replacement: ${cluster}}]}]; a monitor with a scrape class of its own needs the relabeling there`,
          ),
        ]),
    ...(doubled === undefined
      ? []
      : [
          problem(
            `duplicate ${subject}`,
            `${doubled.what} is told by ${doubled.tellers.join(" and ")}`,
            "let one of them be scraped: every sum counts it twice",
          ),
        ]),
  ];
}

/** The project's own exporters are scraped by its own jobs, which are yet to come. */
function missingFamilies({ families }: SiteFacts, own: readonly string[]): readonly Finding[] {
  return families
    .filter(({ subject, byCluster }) => !own.includes(subject) && Object.keys(byCluster).length === 0)
    .map(({ subject, metric }) =>
      problem(subject, `no series ${metric}`, "let the site's Prometheus scrape it: rules read its metrics"),
    );
}

const NODE_RELABELING = "{sourceLabels: [__meta_kubernetes_pod_node_name], targetLabel: node}";

function targetFindings({ targets, cluster }: Expected, { targets: found }: SiteFacts): readonly Finding[] {
  // without the label cluster nothing of it is found, and that is told already
  if (found.length === 0) return [];
  return [...new Set(targets.map(({ job }) => job))].flatMap((job): readonly Finding[] => {
    const there = found.filter((target) => target.job === job);
    const nodes = targets.flatMap((target) =>
      target.job === job && target.node !== undefined ? [target.node] : [],
    );
    if (there.length === 0) {
      const others = [...new Set(found.map((target) => target.job))].sort().join(", ");
      return [
        problem(
          `job ${job}`,
          `no target of cluster ${cluster} with it, but ${others}`,
          "name it so: jobLabel of its monitor, or a relabeling with targetLabel: job",
        ),
      ];
    }
    if (nodes.length > 0 && there.every(({ node }) => node === undefined))
      return [
        problem(
          `label node of job ${job}`,
          "none",
          `add to the relabelings of its monitor ${NODE_RELABELING} (of the node exporter: ` +
            "prometheus-node-exporter.prometheus.monitor.relabelings)",
        ),
      ];
    const missing = nodes.filter((node) => !there.some((target) => target.node === node));
    return missing.length === 0
      ? []
      : [
          warning(
            `job ${job}`,
            `no target on ${missing.join(", ")}`,
            "bring them up, or correct federation:member.kubernetes.nodes: each is an alert",
          ),
        ];
  });
}

/**
 * Name of a PrometheusRule by the file that the operator makes of it: namespace, name and, in newer ones, UID. Undefined
 * for a file that comes from another namespace.
 */
export function ruleObjectOf(namespace: string, file: string): string | undefined {
  const name = file
    .slice(file.lastIndexOf("/") + 1)
    .replace(/(-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?\.ya?ml$/, "");
  return name.startsWith(`${namespace}-`) ? name.slice(namespace.length + 1) : undefined;
}

function isOwn({ namespace, ruleFiles }: Expected, file: string): boolean {
  const name = ruleObjectOf(namespace, file);
  return ruleFiles.some((own) => name === OPERATOR_NAMES.rules(own));
}

function recordFindings(expected: Expected, { records }: SiteFacts): readonly Finding[] {
  const levels = [CLUSTER_LEVEL, LOCAL_LEVEL, HUB_LEVEL];
  const files = records
    .filter(({ name, file }) => levels.some((level) => name.startsWith(level)) && !isOwn(expected, file))
    .map(({ file }) => file);
  return [...new Set(files)].map((file) =>
    problem(
      "recording rules",
      `${file} records ${levels.join(", ")} too`,
      "remove it: a series with two writers alternates between them",
    ),
  );
}

function retentionFindings({ lookBack }: Expected, { retention }: SiteFacts): readonly Finding[] {
  const [time] = /^[\dydhmsw]+$/.exec(retention.split(" ")[0] ?? "") ?? [];
  if (time === undefined || durationMs(time) >= durationMs(lookBack)) return [];
  return [
    warning("retention", time, `set ${VALUES}.retention to ${lookBack} or more: rules look back so far`),
  ];
}

/** What a site does once, so that the project's alerts are sent. */
export const SEND_ALERTS =
  `set ${VALUES}.additionalAlertManagerConfigsSecret: {name: ${OPERATOR_NAMES.alertmanagers}, ` +
  `key: ${OPERATOR_NAMES.alertmanagersKey}, optional: true}`;

function alertmanagerFindings(expected: Expected, { alertmanagers }: SiteFacts): readonly Finding[] {
  const missing = expected.alertmanagers.filter((address) => !alertmanagers.includes(address));
  if (missing.length === 0) return [];
  return [
    warning("Alertmanagers", `nothing is sent to ${missing.join(", ")}`, `after pulumi up ${SEND_ALERTS}`),
  ];
}

/** Everything about a site's Prometheus that does not fit, by what it says of itself. */
export function siteFindings(expected: Expected, facts: SiteFacts): readonly Finding[] {
  return [
    ...versionFindings(facts),
    ...externalFindings(expected, facts),
    ...missingFamilies(facts, ["DCGM exporters"]),
    ...facts.families.flatMap((family) => familyFindings(expected.cluster, family)),
    ...targetFindings(expected, facts),
    ...recordFindings(expected, facts),
    ...retentionFindings(expected, facts),
    ...alertmanagerFindings(expected, facts),
  ];
}
