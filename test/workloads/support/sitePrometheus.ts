import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { request } from "node:http";
import { join } from "node:path";
import { stringify } from "yaml";
import { Prometheus, awaitSeries } from "../../../commands/preview/prometheus";
import type { SiteEndpoint } from "../../../components/monitoring/siteCheck";
import type { Server } from "./servers";
import { dispose, serve } from "./servers";
import type { TlsServer } from "./tls";
import { tlsServer } from "./tls";

/*
 * A real Prometheus, configured as the Prometheus Operator does it for kube-prometheus-stack, over exporters that tell
 * of two nodes. Before it a door with TLS and a password, as an ingress has them.
 */

export const CREDENTIALS = { kind: "basic", username: "federation", password: "let me in" } as const;
export const NODES = ["slurm-ctl", "gpu-01"];
/** Of the PrometheusRules, as part of their files' names. */
export const UID = "0c8b6f5e-0000-4000-8000-000000000001";
/** Namespace of the operator's object `Prometheus`. */
export const NAMESPACE = "monitoring";

/** Seconds until something that must come has come. */
const PATIENCE_SECONDS = 60;

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

export interface Site {
  readonly externalLabels: Readonly<Record<string, string>>;
  /** Whether a default scrape class stamps `cluster`, and the node exporter's monitor `node`. */
  readonly stamped: boolean;
  /** Further jobs of exporters: job and path. */
  readonly more?: readonly (readonly [job: string, path: string])[];
  readonly retention: string;
  /** Addresses that it sends alerts to. */
  readonly alertmanagers: readonly string[];
  /** How it speaks to them. Default: https. */
  readonly scheme?: "http" | "https";
  /** Rule files by name. */
  readonly rules: Readonly<Record<string, object>>;
  /** Jobs that the operator makes of ScrapeConfigs, and others of the site's. */
  readonly jobs?: readonly object[];
  /** Default: 5s. */
  readonly scrapeInterval?: string;
}

/** A process of its own: what this one does meanwhile must make no scrape late. */
const EXPORTERS = `
  const [port, told] = [Number(process.argv[1]), JSON.parse(process.argv[2])];
  require("node:http").createServer(({ url }, answer) => {
    answer.writeHead(told[url] === undefined ? 404 : 200, { "content-type": "text/plain; version=0.0.4" });
    answer.end((told[url] ?? []).join("\\n") + "\\n");
  }).listen(port, "127.0.0.1");
`;

export const hostOf = ({ url }: Server): string => new URL(url).host;

/** Prometheus tells of its discovery by its own metrics, which are there after its first scrape of itself. */
const ALERTMANAGERS_KNOWN = "prometheus_notifications_alertmanagers_discovered";

/** Asks a server directly; one client each, so that its connections are kept. */
const clients = new Map<string, Prometheus>();
export function clientOf({ url }: Server): Prometheus {
  const client = clients.get(url) ?? new Prometheus({ url });
  clients.set(url, client);
  return client;
}

/** Waits until an expression has a series; at the end of patience the error tells what the targets say. */
export async function until(server: Server, query: string): Promise<void> {
  const limit = AbortSignal.timeout(PATIENCE_SECONDS * 1000);
  const some = (series: readonly unknown[]): true | undefined => (series.length > 0 ? true : undefined);
  try {
    await awaitSeries(clientOf(server), query, some, limit);
  } catch (cause) {
    const targets = await (await fetch(`${server.url}/api/v1/targets`)).text();
    throw new Error(`${query}: nothing within ${PATIENCE_SECONDS} s\n${targets}`, { cause });
  }
}

/** The site: its exporters, and each Prometheus and each door that a test opens. */
export class SiteMaker {
  readonly #doors: TlsServer[] = [];
  readonly #servers: Server[] = [];

  private constructor(readonly exporters: Server) {
    this.#servers.push(exporters);
  }

  public static async start(): Promise<SiteMaker> {
    return new SiteMaker(
      await serve("exporters", "/apiserver", (port) => ({
        name: process.execPath,
        args: ["-e", EXPORTERS, String(port), JSON.stringify(told)],
        env: {},
      })),
    );
  }

  public async dispose(): Promise<void> {
    for (const client of clients.values()) client.close();
    await Promise.all(this.#doors.map((door) => door.close()));
    await dispose(...this.#servers);
  }

  /** Writes the configuration of a Prometheus; returns how many targets it has, and those that nothing answers count too. */
  public write(folder: string, port: number, site: Site): number {
    const scrape_configs = [...this.#scrapeConfigs(site, port), ...(site.jobs ?? [])];
    const rules = join(folder, "rules");
    mkdirSync(rules, { recursive: true });
    for (const [name, content] of Object.entries(site.rules))
      writeFileSync(join(rules, name), stringify(content));
    const { scrapeInterval = "5s", scheme = "https" } = site;
    const global = {
      scrape_interval: scrapeInterval,
      scrape_timeout: scrapeInterval,
      evaluation_interval: "30s",
      external_labels: site.externalLabels,
    };
    const config = {
      global,
      rule_files: [join(rules, "*.yaml")],
      alerting: { alertmanagers: [{ scheme, static_configs: [{ targets: site.alertmanagers }] }] },
      scrape_configs,
    };
    writeFileSync(join(folder, "prometheus.yml"), stringify(config));
    return scrape_configs.length;
  }

  /** The site's Prometheus, once every target of it has answered. */
  public async prometheus(site: Site): Promise<Server> {
    let targets = 0;
    const server = await serve("prometheus", "/-/ready", (port, folder) => {
      targets = this.write(folder, port, site);
      return {
        name: "prometheus",
        args: [
          `--config.file=${join(folder, "prometheus.yml")}`,
          `--storage.tsdb.path=${join(folder, "data")}`,
          `--storage.tsdb.retention.time=${site.retention}`,
          `--web.listen-address=127.0.0.1:${port}`,
          "--web.enable-lifecycle",
        ],
        env: {},
      };
    });
    this.#servers.push(server);
    await until(server, `count(up == 1) == ${targets} and on () count(${ALERTMANAGERS_KNOWN}) >= 1`);
    return server;
  }

  /** Gives a Prometheus another configuration; its status says whether it took it. */
  public async reload(server: Server, site: Site): Promise<number> {
    this.write(server.folder, Number(new URL(server.url).port), site);
    return (await fetch(`${server.url}/-/reload`, { method: "POST" })).status;
  }

  /** A door before it: TLS, a password, GET alone; and answers of its own where those of another version are played. */
  public async doorTo(server: Server, own: Readonly<Record<string, object>> = {}): Promise<SiteEndpoint> {
    const { username, password } = CREDENTIALS;
    const expected = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    const door = await tlsServer((from: IncomingMessage, answer: ServerResponse) => {
      const path = from.url ?? "/";
      if (from.headers.authorization !== expected) return void answer.writeHead(401).end("Unauthorized\n");
      if (from.method !== "GET") return void answer.writeHead(403).end("GET alone\n");
      const played = own[path];
      if (played !== undefined) return void answer.end(JSON.stringify({ status: "success", data: played }));
      const asked = request(new URL(path, server.url), { headers: from.headers }, (got) => {
        answer.writeHead(got.statusCode ?? 502, got.headers);
        got.pipe(answer);
      });
      asked.on("error", () => answer.destroy());
      asked.end();
    });
    this.#doors.push(door);
    return {
      url: `https://127.0.0.1:${door.port}`,
      ca: readFileSync(door.caFile, "utf8"),
      credentials: CREDENTIALS,
    };
  }

  #scrapeConfigs(site: Site, port: number): readonly { readonly job_name: string }[] {
    const stamp = { target_label: "cluster", replacement: "hpc" };
    const job = (name: string, path: string, node?: string) => ({
      job_name: `serviceMonitor/${NAMESPACE}/${path.slice(1)}/${name}`,
      metrics_path: path,
      honor_labels: name === "kube-state-metrics",
      static_configs: [{ targets: [hostOf(this.exporters)] }],
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
        job_name: `serviceMonitor/${NAMESPACE}/kube-prometheus-stack-prometheus/0`,
        static_configs: [{ targets: [`127.0.0.1:${port}`] }],
        relabel_configs: [
          { target_label: "job", replacement: "kube-prometheus-stack-prometheus" },
          ...(site.stamped ? [stamp] : []),
        ],
      },
    ].map((config, index) => ({ ...config, job_name: `${config.job_name}-${index}` }));
  }
}
