import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { ruleSpec } from "../../components/monitoring/operatorObjects";
import { clusterRules } from "../../components/monitoring/prometheusFiles";
import { checkSite } from "../../components/monitoring/siteCheck";
import type { Finding, SiteEndpoint } from "../../components/monitoring/siteCheck";
import { lookBack } from "../../components/monitoring/siteCheck/lookBack";
import { hubAlertmanagers, memberConfig } from "../support/sites";
import type { Server } from "./support/servers";
import { dispose, serve } from "./support/servers";
import type { TlsServer } from "./support/tls";
import { tlsServer } from "./support/tls";

/*
 * A real Prometheus, configured as the Prometheus Operator does it for kube-prometheus-stack, over exporters that tell
 * of two nodes. Before it a door with TLS and a password, as an ingress has them.
 */

const CREDENTIALS = { kind: "basic", username: "federation", password: "let me in" } as const;
const NODES = ["slurm-ctl", "gpu-01"];
const ALERTMANAGERS = ["alertmanager-0.federation.svc:9093", ...hubAlertmanagers];
const UID = "0c8b6f5e-0000-4000-8000-000000000001";

/** What the exporters of a small cluster tell, by path. */
const told: Readonly<Record<string, readonly string[]>> = {
  "/kube-state-metrics": NODES.map((node) => `kube_node_info{node="${node}"} 1`),
  ...Object.fromEntries(
    NODES.map((node) => [
      `/node-exporter/${node}`,
      [`node_uname_info{nodename="${node}",sysname="Linux"} 1`],
    ]),
  ),
  ...Object.fromEntries(NODES.map((node) => [`/kubelet/${node}`, [`kubelet_node_name{node="${node}"} 1`]])),
  ...Object.fromEntries(
    NODES.map((node) => [
      `/cadvisor/${node}`,
      [
        `container_memory_working_set_bytes{namespace="a",pod="of-${node}",container="c",id="/1",name="n"} 1e6`,
      ],
    ]),
  ),
  "/older/kube-state-metrics": ['kube_node_info{node="gpu-01"} 1'],
  "/apiserver": ['apiserver_current_inflight_requests{request_kind="mutating"} 0'],
};

interface Site {
  readonly externalLabels: Readonly<Record<string, string>>;
  /** Whether a default scrape class stamps `cluster`, and the node exporter's monitor `node`. */
  readonly stamped: boolean;
  /** Further jobs of exporters: job and path. */
  readonly more?: readonly (readonly [job: string, path: string])[];
  readonly retention: string;
  readonly alertmanagers: readonly string[];
  /** Rule files by name. */
  readonly rules: Readonly<Record<string, object>>;
}

const doors: TlsServer[] = [];
const servers: Server[] = [];
let exporters: Server;

/** A process of its own: what this one does meanwhile must make no scrape late. */
const EXPORTERS = `
  const [port, told] = [Number(process.argv[1]), JSON.parse(process.argv[2])];
  require("node:http").createServer(({ url }, answer) => {
    answer.writeHead(told[url] === undefined ? 404 : 200, { "content-type": "text/plain; version=0.0.4" });
    answer.end((told[url] ?? []).join("\\n") + "\\n");
  }).listen(port, "127.0.0.1");
`;

beforeAll(async () => {
  exporters = await serve("exporters", "/apiserver", (port) => ({
    name: process.execPath,
    args: ["-e", EXPORTERS, String(port), JSON.stringify(told)],
    env: {},
  }));
  servers.push(exporters);
});

afterAll(async () => {
  await Promise.all(doors.map((door) => door.close()));
  await dispose(...servers);
});

function scrapeConfigs(site: Site, port: number): readonly object[] {
  const stamp = { target_label: "cluster", replacement: "hpc" };
  const job = (name: string, path: string, node?: string) => ({
    job_name: `serviceMonitor/monitoring/${path.slice(1)}/${name}`,
    metrics_path: path,
    honor_labels: name === "kube-state-metrics",
    static_configs: [{ targets: [new URL(exporters.url).host] }],
    relabel_configs: [
      { target_label: "job", replacement: name },
      { source_labels: ["__metrics_path__"], target_label: "instance" },
      ...(site.stamped ? [stamp] : []),
      ...(node === undefined || (!site.stamped && name === "node-exporter")
        ? []
        : [{ target_label: "node", replacement: node }]),
    ],
  });
  return [
    job("kube-state-metrics", "/kube-state-metrics"),
    job("apiserver", "/apiserver"),
    ...NODES.flatMap((node) => [
      job("node-exporter", `/node-exporter/${node}`, node),
      job("kubelet", `/kubelet/${node}`, node),
      job("kubelet", `/cadvisor/${node}`, node),
    ]),
    ...(site.more ?? []).map(([name, path]) => job(name, path)),
    {
      job_name: "serviceMonitor/monitoring/kube-prometheus-stack-prometheus/0",
      static_configs: [{ targets: [`127.0.0.1:${port}`] }],
      relabel_configs: [
        { target_label: "job", replacement: "kube-prometheus-stack-prometheus" },
        ...(site.stamped ? [stamp] : []),
      ],
    },
  ].map((config, index) => ({ ...config, job_name: `${config.job_name}-${index}` }));
}

/** The site's Prometheus, once every target of it has answered. */
async function prometheusOf(site: Site): Promise<Server> {
  let targets = 0;
  const server = await serve("prometheus", "/-/ready", (port, folder) => {
    const scrape_configs = scrapeConfigs(site, port);
    targets = scrape_configs.length;
    const rules = join(folder, "rules");
    mkdirSync(rules, { recursive: true });
    for (const [name, content] of Object.entries(site.rules))
      writeFileSync(join(rules, name), stringify(content));
    writeFileSync(
      join(folder, "prometheus.yml"),
      stringify({
        global: {
          scrape_interval: "5s",
          scrape_timeout: "5s",
          evaluation_interval: "30s",
          external_labels: site.externalLabels,
        },
        rule_files: [join(rules, "*.yaml")],
        alerting: {
          alertmanagers: [{ scheme: "https", static_configs: [{ targets: site.alertmanagers }] }],
        },
        scrape_configs,
      }),
    );
    return {
      name: "prometheus",
      args: [
        `--config.file=${join(folder, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--storage.tsdb.retention.time=${site.retention}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      env: {},
    };
  });
  servers.push(server);
  await until(server, `count(up == 1) == ${targets}`);
  await until(server, `count(up == 1) == ${targets} and on () count(${ALERTMANAGERS_KNOWN}) >= 1`);
  return server;
}

/** Prometheus tells of its discovery by its own metrics, which are there after its first scrape of itself. */
const ALERTMANAGERS_KNOWN = "prometheus_notifications_alertmanagers_discovered";

/** Waits until an expression has a series; at the end of patience the error tells what the targets say. */
async function until(server: Server, query: string): Promise<void> {
  for (const deadline = Date.now() + 60_000; ;) {
    const answer = await fetch(`${server.url}/api/v1/query?query=${encodeURIComponent(query)}`);
    const { data } = (await answer.json()) as { readonly data: { readonly result: readonly unknown[] } };
    if (data.result.length > 0) return;
    if (Date.now() > deadline)
      throw new Error(`${query}: nothing\n${await (await fetch(`${server.url}/api/v1/targets`)).text()}`);
    await sleep(100);
  }
}

/** A door before it: TLS, a password, and answers of its own where those of another version are played. */
async function doorTo(server: Server, own: Readonly<Record<string, object>> = {}): Promise<SiteEndpoint> {
  const expected = `Basic ${Buffer.from(`${CREDENTIALS.username}:${CREDENTIALS.password}`).toString("base64")}`;
  const door = await tlsServer((from: IncomingMessage, answer: ServerResponse) => {
    const path = from.url ?? "/";
    if (from.headers.authorization !== expected) return void answer.writeHead(401).end("Unauthorized\n");
    const played = own[path];
    if (played !== undefined) return void answer.end(JSON.stringify({ status: "success", data: played }));
    const asked = request(new URL(path, server.url), { headers: from.headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    asked.on("error", () => answer.destroy());
    asked.end();
  });
  doors.push(door);
  return {
    url: `https://127.0.0.1:${door.port}`,
    ca: readFileSync(door.caFile, "utf8"),
    credentials: CREDENTIALS,
  };
}

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

let prometheus: Server;
beforeAll(async () => {
  prometheus = await prometheusOf(good);
});

describe("a site's Prometheus", () => {
  it("that fits has nothing to be said of", async () => {
    expect(await check(await doorTo(prometheus))).toEqual([]);
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
    const older = await doorTo(prometheus, { "/api/v1/status/buildinfo": { version: "2.55.1" } });
    expect(await check(older)).toEqual([
      { severity: "error", key: "version", found: "Prometheus 2.55.1", advice: "upgrade to 3.0 or newer" },
    ]);
  });

  it("with the label cluster as an external label alone records nothing, and is told how to stamp it", async () => {
    const bare = await prometheusOf({
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
    const findings = await check(await doorTo(bare));
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
    const doubled = await prometheusOf({
      ...good,
      more: [
        ["kube-state-metrics", "/older/kube-state-metrics"],
        ["node", "/node-exporter/gpu-01"],
      ],
    });
    expect(summary(await check(await doorTo(doubled)))).toEqual([
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
    const endpoint = await doorTo(prometheus);
    await exporters.stop();
    await until(prometheus, "count(up == 0) == 8 unless on () kube_node_info");
    try {
      expect(await check(endpoint)).toEqual([]);
    } finally {
      await exporters.start();
      await until(prometheus, "count(up == 1) == 9");
    }
  });

  it("that can not be read is that and no more", async () => {
    const endpoint = await doorTo(prometheus);
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
