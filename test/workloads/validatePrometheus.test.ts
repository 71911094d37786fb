import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { Prometheus } from "../../commands/preview/prometheus";
import type { KubeApi } from "../../commands/validate/kube";
import { judgeAlerts } from "../../commands/validate/lines/alerts";
import type { DeclaredWay } from "../../commands/validate/lines/alertsDeclared";
import { gatherAlerts } from "../../commands/validate/lines/alertsEvidence";
import { gatherFederation, judgeFederation } from "../../commands/validate/lines/federation";
import { gatherGpus, judgeGpus } from "../../commands/validate/lines/gpus";
import { gatherPrometheus, judgePrometheus } from "../../commands/validate/lines/reach";
import { gatherRemoteWrite, judgeRemoteWrite } from "../../commands/validate/lines/remoteWrite";
import { gatherRules, judgeRules } from "../../commands/validate/lines/rules";
import { judgeTargets, targetsOf } from "../../commands/validate/lines/targets";
import type { HubSite } from "../../commands/validate/sites";
import type { Verdict } from "../../commands/validate/verdict";
import { alertmanagerConfig, renderAlertmanagerConfig } from "../../rules/alertmanager";
import { until } from "../../sandbox/checks";
import type { Server } from "./support/servers";
import { dispose, serve } from "./support/servers";

/** Told by Alertmanager of every Watchdog. */
let webhook: HttpServer;
let told = 0;
/** What an exporter of GPUs says. */
let gpus: HttpServer;
let alertmanager: Server;
let member: Server;
let hub: Server;
const config = () =>
  alertmanagerConfig({
    role: "hub",
    receivers: [
      {
        kind: "webhook",
        name: "site",
        causes: ["critical", "warning", "heartbeat"],
        url: `http://127.0.0.1:${portOf(webhook)}/`,
      },
    ],
  });

const portOf = (server: HttpServer): number => (server.address() as AddressInfo).port;
const hostOf = ({ url }: Server): string => new URL(url).host;

async function listening(answer: () => string): Promise<HttpServer> {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () =>
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(answer()),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

interface Made {
  readonly jobs: readonly object[];
  readonly rules: readonly object[];
  readonly alerting?: object;
}

const rulesFile = "rules-test.yml";

function write(folder: string, { jobs, rules, alerting }: Made): void {
  writeFileSync(join(folder, rulesFile), stringify({ groups: [{ name: "test", rules }] }));
  writeFileSync(
    join(folder, "prometheus.yml"),
    stringify({
      global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
      rule_files: [join(folder, rulesFile)],
      scrape_configs: jobs,
      ...(alerting === undefined ? {} : { alerting }),
    }),
  );
}

async function prometheus(made: Made, ...flags: readonly string[]): Promise<Server> {
  return serve("prometheus", "/-/ready", (port, folder) => {
    write(folder, made);
    return {
      name: "prometheus",
      args: [
        `--config.file=${join(folder, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--web.enable-lifecycle",
        ...flags,
      ],
      env: {},
    };
  });
}

const job = (name: string, cluster: string, targets: readonly string[], more: object = {}): object => ({
  job_name: name,
  static_configs: [{ targets, labels: { cluster } }],
  ...more,
});
const watchdog = (cluster: string, hop: string): object => ({
  alert: "Watchdog",
  expr: "vector(1)",
  labels: { cluster, hop, severity: "info" },
});
const heartbeat = (cluster: string): object => ({
  record: "fed_cluster:heartbeat:timestamp_seconds",
  expr: "vector(time())",
  labels: { cluster },
});
const federate = (name: string, more: object = {}): object => ({
  job_name: `${name}/hpc`,
  metrics_path: "/federate",
  params: { "match[]": ['{__name__=~"fed_cluster:.+"}'] },
  honor_labels: true,
  honor_timestamps: false,
  static_configs: [{ targets: [hostOf(member)], labels: { job: name, member: "hpc" } }],
  metric_relabel_configs: [{ action: "labeldrop", regex: "member|job|instance" }],
  ...more,
});
const hubJobs = (): readonly object[] => [
  // itself: that alerts arrive is told by its own metrics
  job("prometheus", "cloud", [hostOf(hub)]),
  job("alertmanager", "cloud", [hostOf(alertmanager)]),
  job("dcgm-exporter", "cloud", [`127.0.0.1:${portOf(gpus)}`], { honor_labels: true }),
  federate("federate-health"),
  // what comes twice would be two writers of one series
  federate("federate-detail", { params: { "match[]": ['{__name__="fed_cluster:none"}'] } }),
];
const hubRules = [heartbeat("cloud")];
const hubAlerting = (): object => ({
  alertmanagers: [{ static_configs: [{ targets: [hostOf(alertmanager)] }] }],
});

const clients = new Map<string, Prometheus>();
/** One client a server: each keeps its connections. */
function at({ url }: Server): Prometheus {
  const client = clients.get(url) ?? new Prometheus({ url });
  clients.set(url, client);
  return client;
}
const causes = ({ problems }: Verdict): readonly string[] => problems.map(({ cause }) => cause);

/** Waits until a line's judgement has exactly these causes. */
const becomes = (what: string, expected: readonly string[], look: () => Promise<Verdict>): Promise<void> =>
  until(what, 60, async () => {
    const found = causes(await look());
    return JSON.stringify(found) === JSON.stringify(expected) ? [] : ["found:", ...found];
  });

async function reload(server: Server, made: Made): Promise<number> {
  write(server.folder, made);
  return (await fetch(`${server.url}/-/reload`, { method: "POST" })).status;
}

beforeAll(async () => {
  webhook = await listening(() => String(++told));
  gpus = await listening(
    () => 'DCGM_FI_DEV_FB_USED{gpu="0",UUID="GPU-1",gpu_type="rtx-a6000",namespace="models",pod="m-1"} 61\n',
  );
  alertmanager = await serve("alertmanager", "/-/ready", (port, folder) => {
    writeFileSync(join(folder, "alertmanager.yml"), renderAlertmanagerConfig(config()));
    return {
      name: "alertmanager",
      args: [
        `--config.file=${join(folder, "alertmanager.yml")}`,
        `--storage.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--cluster.listen-address=",
      ],
      env: {},
    };
  });
  member = await prometheus({ jobs: [], rules: [heartbeat("hpc")] });
  hub = await prometheus({ jobs: [], rules: [] }, "--web.enable-remote-write-receiver");
  await reload(hub, { jobs: hubJobs(), rules: hubRules, alerting: hubAlerting() });
});

afterAll(async () => {
  for (const client of clients.values()) client.close();
  await dispose(hub, member, alertmanager);
  for (const server of [webhook, gpus]) {
    server.closeAllConnections();
    server.close();
  }
});

test("a Prometheus tells its version and how long it is up", async () => {
  const verdict = judgePrometheus(await gatherPrometheus({ prometheus: () => at(hub) } as HubSite));
  expect(verdict.evidence).toEqual([
    expect.stringMatching(/^Prometheus \d.*, up since \d{4}-.*, \d+ series$/),
  ]);
});

test("jobs are up, are missing targets, are down", async () => {
  const look = async (): Promise<Verdict> => judgeTargets(await targetsOf(at(hub)), "cloud", () => false);
  await becomes("every job is up", [], look);
  const jobs = [...hubJobs(), job("gone", "cloud", ["127.0.0.1:1"]), job("empty", "cloud", [])];
  expect(await reload(hub, { jobs, rules: hubRules, alerting: hubAlerting() })).toBe(200);
  await becomes(
    "one job is down and one is empty",
    [
      "job empty has no target",
      'gone http://127.0.0.1:1/metrics is down: Get "http://127.0.0.1:1/metrics": dial tcp 127.0.0.1:1: connect: connection refused',
    ],
    look,
  );
  await reload(hub, { jobs: hubJobs(), rules: hubRules, alerting: hubAlerting() });
  await becomes("every job is up again", [], look);
});

test("rules are healthy, fail, and are refused", async () => {
  const look = async (): Promise<Verdict> => judgeRules(await gatherRules(at(member)));
  await becomes("every rule is healthy", [], look);
  const failing = {
    record: "fed_local:failing",
    expr: 'label_replace({__name__=~"fed_cluster:.+"}, "1bad", "", "", "")',
  };
  expect(await reload(member, { jobs: [], rules: [heartbeat("hpc"), failing] })).toBe(200);
  await until("a rule fails", 60, async () => {
    const found = causes(await look());
    return found.length === 1 && found[0]!.startsWith("fed_local:failing (rules-test.yml, group test): ")
      ? []
      : found;
  });
  expect(await reload(member, { jobs: [], rules: [heartbeat("hpc"), { ...failing, expr: "sum(" }] })).toBe(
    500,
  );
  await until("the configuration is refused", 60, async () => {
    const found = causes(await look());
    return found.includes("Prometheus refused its last configuration, and goes on with the one before")
      ? []
      : found;
  });
  expect(await reload(member, { jobs: [], rules: [heartbeat("hpc")] })).toBe(200);
  await becomes("every rule is healthy again", [], look);
});

test("a member is heard with its own heartbeat, and another one under its name is found", async () => {
  const look = async (own: Server): Promise<Verdict> =>
    judgeFederation(await gatherFederation(at(hub), at(own), "hpc", 30));
  await becomes("the member is heard", [], () => look(member));
  const { evidence } = await look(member);
  expect(evidence[0]).toBe("2 federate jobs up (federate-detail, federate-health)");
  expect(evidence[1]).toBe(
    '1 series of 1 recordings with cluster="hpc", not told how many samples are dropped',
  );
  const other = await prometheus({ jobs: [], rules: [heartbeat("hpc")] });
  try {
    await until("the other one has a heartbeat", 60, async () => {
      const found = await at(other).instant("fed_cluster:heartbeat:timestamp_seconds", Date.now());
      return found.length === 1 ? [] : ["none yet"];
    });
    expect(causes(await look(other))).toEqual([
      expect.stringMatching(/^the hub's heartbeat \S+ labelled hpc was never recorded by hpc's Prometheus/),
    ]);
  } finally {
    await dispose(other);
  }
});

test("alerts reach the receiver, as Watchdogs show", async () => {
  const kube = {
    get: (path: string) =>
      Promise.resolve(
        path.includes("/statefulsets/")
          ? {
              status: { readyReplicas: 1 },
              spec: { template: { spec: { volumes: [{ name: "config", configMap: { name: "c" } }] } } },
            }
          : { data: { "alertmanager.yml": renderAlertmanagerConfig(config()) } },
      ),
  } as unknown as KubeApi;
  const site = {
    cluster: "cloud",
    scrapeSeconds: () => Promise.resolve(1),
    kube,
    prometheus: () => at(hub),
  } as unknown as HubSite;
  const declared: DeclaredWay = {
    role: "hub",
    namespace: "federation",
    own: [hostOf(alertmanager)],
    hub: [],
    config: parse(renderAlertmanagerConfig(config())) as DeclaredWay["config"],
    others: false,
  };
  const look = async (): Promise<Verdict> =>
    judgeAlerts(await gatherAlerts(site, declared, new AbortController().signal), false);
  // Alertmanager was scraped before the first Watchdog: what is told from now on is counted
  await becomes("no Watchdog fires", ["Watchdog of cloud does not fire (hop hub)"], look);
  const rules = [...hubRules, watchdog("cloud", "hub")];
  expect(await reload(hub, { jobs: hubJobs(), rules, alerting: hubAlerting() })).toBe(200);
  await becomes("the Watchdog was told", [], look);
  expect(told).toBeGreaterThan(0);
  expect((await look()).evidence[2]).toMatch(
    /^Watchdog fires \(hub\) and was told of late by webhook [1-9]\d* times, no request failed$/,
  );
});

test("GPUs are joined to the pods that hold them", async () => {
  const pod = { namespace: "models", ready: true, source: "hpc", version: "1", port: 8080, gpus: 1 };
  const look = async (name: string): Promise<Verdict> =>
    judgeGpus(await gatherGpus(at(hub), "cloud", "m", [{ ...pod, name }], 1));
  await becomes("the GPU has its pod", [], () => look("m-1"));
  expect((await look("m-1")).evidence).toEqual([
    "1 GPU held by 1 pod: m-1 has GPU-1 (rtx-a6000, 61 MiB in use)",
  ]);
  expect(causes(await look("m-2"))).toEqual([
    "DCGM's series lack m-2 (0 of 1 GPU): 1 DCGM exporter up, without the names of pods",
  ]);
});

test("an empty write request is accepted by a receiver, and refused where there is none", async () => {
  const look = async (server: Server): Promise<Verdict> =>
    judgeRemoteWrite(
      await gatherRemoteWrite(
        { cluster: "cloud", prometheus: () => at(server) } as HubSite,
        at(server),
        "benchmark-1",
      ),
    );
  const accepted = await look(hub);
  expect(accepted.evidence[0]).toMatch(/^an empty write request as benchmark-1 was answered 20[04]$/);
  expect(accepted.status).toBe("ok");
  expect(causes(await look(member))[0]).toMatch(
    /^the hub's Prometheus answers 404 to a write request of benchmark-1/,
  );
});
