import { siteFindings } from "../../../components/monitoring/siteCheck/findings";
import type { Expected } from "../../../components/monitoring/siteCheck/findings";
import type { SiteFacts } from "../../../components/monitoring/siteCheck/facts";
import { lines } from "../../../components/monitoring/siteCheck";
import { lookBack } from "../../../components/monitoring/siteCheck/lookBack";
import { operatorFindings, selects } from "../../../components/monitoring/siteCheck/operator";
import type { PrometheusSpec } from "../../../components/monitoring/siteCheck/operator";

const RELEASE = { release: "kube-prometheus-stack" };
const spec: PrometheusSpec = {
  ruleSelector: { matchLabels: RELEASE },
  ruleNamespaceSelector: {},
  scrapeConfigSelector: { matchLabels: RELEASE },
  scrapeConfigNamespaceSelector: {},
  replicas: 1,
  shards: 1,
};
const operator = (change: Partial<PrometheusSpec>, labels: Readonly<Record<string, string>> = RELEASE) =>
  operatorFindings({ namespace: "monitoring", labels }, { ...spec, ...change }).map(
    ({ severity, key, found }) => [severity, key, found],
  );

describe("the operator's object", () => {
  it("with the chart's usual selectors takes objects with the release's label up", () => {
    expect(operator({})).toEqual([]);
    expect(operator({ replicas: undefined, shards: undefined } as never)).toEqual([]);
  });

  it("that selects other labels, or nothing, is refused by the selector", () => {
    expect(operator({}, {})).toEqual([
      ["error", "ruleSelector", '{"matchLabels":{"release":"kube-prometheus-stack"}}'],
      ["error", "scrapeConfigSelector", '{"matchLabels":{"release":"kube-prometheus-stack"}}'],
    ]);
    const { scrapeConfigSelector: _, ...without } = spec;
    expect(operatorFindings({ namespace: "monitoring", labels: RELEASE }, without)).toEqual([
      {
        severity: "error",
        key: "scrapeConfigSelector",
        found: "none, which selects nothing",
        advice:
          "set prometheus.prometheusSpec.scrapeConfigSelector, or scrapeConfigSelectorNilUsesHelmValues: true",
      },
    ]);
  });

  it("that selects namespaces by a label warns, and by their name is known", () => {
    const named = (name: string) => ({ matchLabels: { "kubernetes.io/metadata.name": name } });
    expect(operator({ ruleNamespaceSelector: named("monitoring") })).toEqual([]);
    expect(operator({ ruleNamespaceSelector: { matchLabels: { team: "hpc" } } })).toEqual([
      ["warning", "ruleNamespaceSelector", '{"matchLabels":{"team":"hpc"}}'],
    ]);
  });

  it.each<[Partial<PrometheusSpec>, readonly string[]]>([
    [{ paused: true }, ["error", "paused", "true"]],
    [{ shards: 2 }, ["error", "shards", "2"]],
    [{ overrideHonorLabels: true }, ["error", "overrideHonorLabels", "true"]],
    [{ enforcedNamespaceLabel: "namespace" }, ["error", "enforcedNamespaceLabel", "namespace"]],
    [{ replicas: 2 }, ["warning", "replicas", "2"]],
  ])("with %j is found", (change, finding) => {
    expect(operator(change)).toEqual([finding]);
  });
});

test("selectors are those of Kubernetes", () => {
  const labels = { a: "1" };
  const by = (operator: string, values?: readonly string[], key = "a") =>
    selects({ matchExpressions: [{ key, operator, ...(values ? { values } : {}) }] }, labels);
  expect([selects(undefined, labels), selects({}, {})]).toEqual([false, true]);
  expect([by("In", ["1"]), by("In", ["2"]), by("NotIn", ["1"]), by("NotIn", ["2"])]).toEqual([
    true,
    false,
    false,
    true,
  ]);
  expect([
    by("Exists"),
    by("Exists", undefined, "b"),
    by("DoesNotExist"),
    by("DoesNotExist", undefined, "b"),
  ]).toEqual([true, false, false, true]);
});

const expected: Expected = {
  cluster: "hpc",
  namespace: "monitoring",
  ruleFiles: ["rules-cluster.yml", "alerts-cluster.yml"],
  lookBack: "3d",
  targets: [
    { job: "kube-state-metrics" },
    { job: "node-exporter", node: "a" },
    { job: "node-exporter", node: "b" },
  ],
  alertmanagers: ["alertmanager-0.federation.svc:9093"],
  gpus: true,
};
const facts: SiteFacts = {
  version: "3.5.0",
  externalLabels: { cluster: "hpc" },
  retention: "10d or 40GB",
  records: [
    { name: "fed_cluster:targets:up", file: "/rules/monitoring-federation-rules-cluster.yaml" },
    { name: "instance:node_cpu:ratio", file: "/rules/monitoring-node-exporter.yaml" },
  ],
  alertmanagers: ["alertmanager-0.federation.svc:9093", "10.0.0.7:9093"],
  families: [
    { subject: "kube-state-metrics", metric: "kube_node_info", byCluster: { hpc: 2 } },
    { subject: "DCGM exporters", metric: "DCGM_FI_DEV_GPU_UTIL", byCluster: {} },
  ],
  targets: [
    { job: "kube-state-metrics" },
    { job: "node-exporter", node: "a" },
    { job: "node-exporter", node: "b" },
    { job: "coredns" },
  ],
};
const site = (change: Partial<SiteFacts>) =>
  siteFindings(expected, { ...facts, ...change }).map(({ severity, key, found }) => [severity, key, found]);

describe("what a site's Prometheus says", () => {
  it("fits, with the project's own GPU exporters yet to come", () => {
    expect(site({})).toEqual([]);
  });

  it("lacks an exporter, or has the cluster under another name", () => {
    const family = { subject: "kube-state-metrics", metric: "kube_node_info" };
    expect(site({ families: [{ ...family, byCluster: {} }] })).toEqual([
      ["error", "kube-state-metrics", "no series kube_node_info"],
    ]);
    expect(site({ families: [{ ...family, byCluster: { hpc: 1, "hpc-old": 1 } }] })).toEqual([
      ["error", "label cluster of kube-state-metrics", 'kube_node_info with cluster "hpc-old"'],
    ]);
    expect(site({ externalLabels: {} })).toEqual([["error", "external label cluster", "none"]]);
  });

  it("names a job otherwise, or leaves the node out", () => {
    expect(
      site({ targets: [{ job: "kube-state-metrics" }, { job: "prometheus-node-exporter", node: "a" }] }),
    ).toEqual([
      [
        "error",
        "job node-exporter",
        "no target of cluster hpc with it, but kube-state-metrics, prometheus-node-exporter",
      ],
    ]);
    expect(site({ targets: [{ job: "kube-state-metrics" }, { job: "node-exporter" }] })).toEqual([
      ["error", "label node of job node-exporter", "none"],
    ]);
    expect(site({ targets: [{ job: "kube-state-metrics" }, { job: "node-exporter", node: "a" }] })).toEqual([
      ["warning", "job node-exporter", "no target on b"],
    ]);
  });

  it("keeps less than rules look back; by size alone it is not known", () => {
    expect(site({ retention: "1d" })).toEqual([["warning", "retention", "1d"]]);
    expect(site({ retention: "40GB" })).toEqual([]);
  });

  it("sends alerts nowhere yet, which is told with the values that the stack's Secret needs", () => {
    const [finding] = siteFindings(expected, { ...facts, alertmanagers: [] });
    expect(lines(finding === undefined ? [] : [finding])).toBe(
      "  - Alertmanagers: nothing is sent to alertmanager-0.federation.svc:9093; after pulumi up set " +
        "prometheus.prometheusSpec.additionalAlertManagerConfigsSecret: {name: federation-alertmanagers, " +
        "key: alertmanagers.yml, optional: true}",
    );
  });
});

test("rules look back as far as the longest of their ranges, subqueries and offsets", () => {
  const rule = (expr: string) => ({ record: "a:b:c", expr });
  expect(lookBack([{ rules: [rule("rate(a[1h])"), rule("max_over_time(a[90m:1m] offset 30m)")] }])).toBe(
    "90m",
  );
  expect(lookBack([{ rules: [rule("up")] }])).toBe("5m");
});
