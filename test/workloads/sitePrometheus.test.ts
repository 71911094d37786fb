import { ruleSpec } from "../../components/monitoring/operatorObjects";
import { clusterRules } from "../../components/monitoring/prometheusFiles";
import { checkSite } from "../../components/monitoring/siteCheck";
import type { Finding, SiteEndpoint } from "../../components/monitoring/siteCheck";
import { lookBack } from "../../components/monitoring/siteCheck/lookBack";
import { hubAlertmanagers, memberConfig } from "../support/sites";
import type { Server } from "./support/servers";
import { CREDENTIALS, NODES, SiteMaker, UID, until } from "./support/sitePrometheus";
import type { Site } from "./support/sitePrometheus";

const ALERTMANAGERS = ["alertmanager-0.federation.svc:9093", ...hubAlertmanagers];

const rules = clusterRules(memberConfig);
const groups = Object.values(rules).flat();
const expected = {
  cluster: "hpc",
  namespace: "monitoring",
  labels: { release: "kube-prometheus-stack" },
  ruleFiles: Object.keys(rules),
  lookBack: lookBack(groups),
  targets: [
    { job: "apiserver" },
    { job: "kube-state-metrics" },
    ...NODES.flatMap((node) => [
      { job: "kubelet", node },
      { job: "node-exporter", node },
    ]),
  ],
  alertmanagers: ALERTMANAGERS,
  gpus: false,
};
const spec = {
  ruleSelector: { matchLabels: { release: "kube-prometheus-stack" } },
  ruleNamespaceSelector: {},
  scrapeConfigSelector: { matchLabels: { release: "kube-prometheus-stack" } },
  scrapeConfigNamespaceSelector: {},
};
const check = (endpoint: SiteEndpoint): Promise<readonly Finding[]> =>
  checkSite({ endpoint, expected, spec });
const summary = (findings: readonly Finding[]) =>
  findings.map(({ severity, key, found }) => [severity, key, found]);

const good: Site = {
  externalLabels: { cluster: "hpc", prometheus: "monitoring/kube-prometheus-stack-prometheus" },
  stamped: true,
  retention: "15d",
  alertmanagers: ALERTMANAGERS,
  // what the operator writes of the project's PrometheusRules
  rules: Object.fromEntries(
    Object.entries(rules).map(([file, its]) => [
      `monitoring-federation-${file.replace(".yml", "")}-${UID}.yaml`,
      ruleSpec(its, "30s"),
    ]),
  ),
};

let maker: SiteMaker;
let prometheus: Server;
beforeAll(async () => {
  maker = await SiteMaker.start();
  prometheus = await maker.prometheus(good);
});
afterAll(() => maker.dispose());

describe("a site's Prometheus", () => {
  it("that fits has nothing to be said of", async () => {
    expect(await check(await maker.doorTo(prometheus))).toEqual([]);
  });

  it("evaluates the project's rules as the operator's files", async () => {
    const answer = await fetch(`${prometheus.url}/api/v1/rules`);
    const { data } = (await answer.json()) as {
      readonly data: { readonly groups: readonly { readonly name: string; readonly interval: number }[] };
    };
    const seconds = new Map([
      ["1m", 60],
      ["5m", 300],
    ]);
    expect(data.groups.map(({ name, interval }) => [name, interval]).sort()).toEqual(
      groups.map(({ name, interval }) => [name, seconds.get(interval ?? "") ?? 30]).sort(),
    );
  });

  it("that is too old is refused by its version", async () => {
    const older = await maker.doorTo(prometheus, { "/api/v1/status/buildinfo": { version: "2.55.1" } });
    expect(await check(older)).toEqual([
      { severity: "error", key: "version", found: "Prometheus 2.55.1", advice: "upgrade to 3.0 or newer" },
    ]);
  });

  it("with the label cluster as an external label alone records nothing, and is told how to stamp it", async () => {
    const bare = await maker.prometheus({
      externalLabels: { cluster: "other" },
      stamped: false,
      retention: "1d",
      alertmanagers: ALERTMANAGERS.slice(0, 1),
      rules: {
        "monitoring-federation-rules-cluster-of-others.yaml": {
          groups: [
            { name: "g", rules: [{ record: "fed_cluster:targets:up", expr: "sum by (cluster, job) (up)" }] },
          ],
        },
      },
    });
    const findings = await check(await maker.doorTo(bare));
    expect(summary(findings)).toEqual([
      ["error", "external label cluster", '"other"'],
      ["error", "label cluster of kube-state-metrics", "2 of 2 series of kube_node_info without it"],
      ["error", "label cluster of node exporters", "2 of 2 series of node_uname_info without it"],
      [
        "error",
        "label cluster of cAdvisor of the kubelets",
        "2 of 2 series of container_memory_working_set_bytes without it",
      ],
      [
        "error",
        "label cluster of the API server",
        "1 of 1 series of apiserver_current_inflight_requests without it",
      ],
      [
        "error",
        "label cluster of Prometheus itself",
        "1 of 1 series of prometheus_tsdb_head_series without it",
      ],
      [
        "error",
        "recording rules",
        `${bare.folder}/rules/monitoring-federation-rules-cluster-of-others.yaml records fed_cluster:, fed_local:, fed_hub: too`,
      ],
      ["warning", "retention", "1d"],
      ["warning", "Alertmanagers", `nothing is sent to ${hubAlertmanagers.join(", ")}`],
    ]);
    expect(findings[1]?.advice).toBe(
      "stamp it on every target: prometheus.prometheusSpec.scrapeClasses: [{name: federation, default: true, relabelings: " +
        "[{targetLabel: cluster, replacement: hpc}]}]; a monitor with a scrape class of its own needs the relabeling there",
    );
  });

  it("that scrapes an exporter twice is refused by whom it would count twice", async () => {
    const doubled = await maker.prometheus({
      ...good,
      more: [
        ["kube-state-metrics", "/older/kube-state-metrics"],
        ["node", "/node-exporter/gpu-01"],
      ],
    });
    expect(summary(await check(await maker.doorTo(doubled)))).toEqual([
      [
        "error",
        "duplicate kube-state-metrics",
        "node gpu-01 is told by job kube-state-metrics at /kube-state-metrics and job kube-state-metrics at /older/kube-state-metrics",
      ],
      [
        "error",
        "duplicate node exporters",
        "nodename gpu-01 is told by job node at /node-exporter/gpu-01 and job node-exporter at /node-exporter/gpu-01",
      ],
    ]);
  });

  it("whose exporters do not answer for the moment fits nevertheless", async () => {
    const endpoint = await maker.doorTo(prometheus);
    await maker.exporters.stop();
    await until(prometheus, "count(up == 0) == 8 unless on () kube_node_info");
    try {
      expect(await check(endpoint)).toEqual([]);
    } finally {
      await maker.exporters.start();
      await until(prometheus, "count(up == 1) == 9");
    }
  });

  it("that can not be read is that and no more", async () => {
    const endpoint = await maker.doorTo(prometheus);
    const of = async (change: Partial<SiteEndpoint>) => summary(await check({ ...endpoint, ...change }));
    expect(await of({ credentials: { ...CREDENTIALS, password: "wrong" } })).toEqual([
      ["error", "/api/v1/status/buildinfo", "HTTP 401 (Unauthorized)"],
    ]);
    expect(await of({ credentials: { kind: "bearer", token: "wrong" } })).toEqual([
      ["error", "/api/v1/status/buildinfo", "HTTP 401 (Unauthorized)"],
    ]);
    expect(await of({ url: `${endpoint.url}/elsewhere` })).toEqual([
      ["error", "/api/v1/status/buildinfo", "HTTP 404 (404 page not found)"],
    ]);
    expect(await of({ ca: undefined })).toEqual([
      [
        "error",
        "federation:member.prometheus.url",
        expect.stringMatching(/could not be read \(self-signed certificate/),
      ],
    ]);
    expect(await of({ url: "https://127.0.0.1:1" })).toEqual([
      ["error", "federation:member.prometheus.url", expect.stringContaining("ECONNREFUSED")],
    ]);
  });
});
