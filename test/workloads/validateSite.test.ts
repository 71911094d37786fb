import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { StackReader } from "../../commands/pulumiCli";
import { KubeApi } from "../../commands/validate/kube";
import type { KubeAnswer } from "../../commands/validate/kube";
import { linesOf } from "../../commands/validate/lines";
import { judgeAlerts } from "../../commands/validate/lines/alerts";
import { declaredWay } from "../../commands/validate/lines/alertsDeclared";
import type { DeclaredWay } from "../../commands/validate/lines/alertsDeclared";
import { gatherAlerts } from "../../commands/validate/lines/alertsEvidence";
import { validateOptions } from "../../commands/validate/options";
import { runLines } from "../../commands/validate/run";
import type { Outcome } from "../../commands/validate/run";
import { sitesOf } from "../../commands/validate/sites";
import type { MemberSite, Sites } from "../../commands/validate/sites";
import type { Verdict } from "../../commands/validate/verdict";
import { CREDENTIALS as CREDENTIALS_FOLDER } from "../../components/monitoring/credentials";
import { federateJobs } from "../../components/monitoring/federateJobs";
import { federationFiles } from "../../components/monitoring/federatedPrometheus";
import { ruleSpec } from "../../components/monitoring/operatorObjects";
import type { SiteEndpoint } from "../../components/monitoring/siteCheck";
import { alertmanagerConfig, renderAlertmanagerConfig } from "../../rules/alertmanager";
import { until } from "../../sandbox/checks";
import {
  edited,
  HUB_OBJECT,
  hubConfig,
  MEMBER_OBJECT,
  memberConfig,
  sampleSecrets,
} from "../unit/settings/samples";
import type { Server } from "./support/servers";
import { dispose, serve } from "./support/servers";
import {
  CREDENTIALS,
  hostOf,
  NAMESPACE,
  NODES,
  SiteMaker,
  UID,
  until as untilSeries,
} from "./support/sitePrometheus";
import type { Site } from "./support/sitePrometheus";

/*
 * `validate` of a member whose Prometheus is the site's own: that one, the hub's which federates it through its door, and
 * the Alertmanagers are real; of the cluster there is what the API server would tell of the operator's objects.
 */

const OBJECT = { namespace: NAMESPACE, name: "kube-prometheus-stack-prometheus" };
const SELECTED = { release: "kube-prometheus-stack" };
const folder = mkdtempSync(join(tmpdir(), "validate-site-"));

/** What ends everything that was begun, the first last. */
const undoing: (() => Promise<void> | void)[] = [() => rmSync(folder, { recursive: true })];

const portOf = (server: HttpServer): number => (server.address() as AddressInfo).port;
async function listening(answer: () => string): Promise<HttpServer> {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () =>
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(answer()),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  undoing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return server;
}

let maker: SiteMaker;
let prometheus: Server;
let hub: Server;
let alertmanagers: readonly [own: Server, hub: Server];
/** Told by the stack's Alertmanager of every Watchdog. */
let webhook: HttpServer;
/** An Alertmanager of the site's own, whose receiver is down and which is asked again and again. */
let siteAlertmanager: HttpServer;
let tried = 0;
let endpoint: SiteEndpoint;

const config = (): DeclaredWay["config"] =>
  parse(
    renderAlertmanagerConfig(
      alertmanagerConfig({
        role: "member",
        receivers: [
          {
            kind: "webhook",
            name: "site",
            causes: ["critical", "warning", "heartbeat"],
            url: `http://127.0.0.1:${portOf(webhook)}/`,
          },
        ],
      }),
    ),
  ) as DeclaredWay["config"];

async function served(...[label, health, command]: Parameters<typeof serve>): Promise<Server> {
  const server = await serve(label, health, command);
  undoing.push(() => dispose(server));
  return server;
}

const startAlertmanager = (text: string): Promise<Server> =>
  served("alertmanager", "/-/ready", (port, at) => {
    writeFileSync(join(at, "alertmanager.yml"), text);
    return {
      name: "alertmanager",
      args: [
        `--config.file=${join(at, "alertmanager.yml")}`,
        `--storage.path=${join(at, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--cluster.listen-address=",
      ],
      env: {},
    };
  });

type Rule = Parameters<typeof ruleSpec>[0][number]["rules"][number];
const watchdog = (hop: string): Rule => ({
  alert: "Watchdog",
  expr: "vector(1)",
  labels: { cluster: "hpc", hop, severity: "info", component: "monitoring" },
  annotations: {},
});
const heartbeat: Rule = {
  record: "fed_cluster:heartbeat:timestamp_seconds",
  expr: "vector(time())",
  labels: { cluster: "hpc" },
};
const group = (name: string, ...rules: readonly Rule[]) => ({ name, interval: "1s", rules });

/** What the stack gives to the operator. */
const rules = {
  "federation-rules-cluster": [group("recorded", heartbeat)],
  "federation-alerts-cluster": [group("delivery", watchdog("hub"), watchdog("local"))],
};
const scrapeConfigs = ["federation-alertmanager", "federation-hub-alertmanager"];

type Groups = Readonly<Record<string, Parameters<typeof ruleSpec>[0]>>;
/** Files as the operator names those of a namespace. */
const filesOf = (objects: Groups): Record<string, object> =>
  Object.fromEntries(
    Object.entries(objects).map(([name, groups]) => [
      `${NAMESPACE}-${name}-${UID}.yaml`,
      ruleSpec(groups, "30s"),
    ]),
  );

/** A job that the operator makes of a ScrapeConfig, or of a monitor of the site's. */
const job = (pool: string, name: string, target: string, more: object = {}): object => ({
  job_name: pool,
  static_configs: [{ targets: [target] }],
  relabel_configs: [
    { target_label: "cluster", replacement: "hpc" },
    { target_label: "job", replacement: name },
  ],
  ...more,
});

/** The site with everything in place, and changes to it. */
function siteWith({ own = rules, jobs = [], ...change }: Change = {}): Site {
  const [ours, hubs] = alertmanagers;
  const siteOwn = `127.0.0.1:${portOf(siteAlertmanager)}`;
  return {
    externalLabels: { cluster: "hpc", prometheus: "monitoring/kube-prometheus-stack-prometheus" },
    stamped: true,
    retention: "15d",
    scrapeInterval: "1s",
    scheme: "http",
    alertmanagers: [siteOwn, hostOf(ours), hostOf(hubs)],
    rules: {
      ...filesOf(own),
      // the site has a Watchdog and failing rules of its own
      ...filesOf({
        "kube-prometheus-stack-general.rules": [
          {
            name: "general.rules",
            interval: "1s",
            rules: [
              { alert: "Watchdog", expr: "vector(1)", labels: { severity: "none" }, annotations: {} },
              { record: "site:broken", expr: "up + on () up" },
            ],
          },
        ],
      }),
    },
    jobs: [
      job(`scrapeConfig/${NAMESPACE}/federation-alertmanager`, "alertmanager", hostOf(ours)),
      job(`scrapeConfig/${NAMESPACE}/federation-hub-alertmanager`, "hub-alertmanager", hostOf(hubs), {
        metric_relabel_configs: [{ action: "drop", source_labels: ["__name__"], regex: ".+" }],
      }),
      job(`serviceMonitor/${NAMESPACE}/kube-prometheus-stack-alertmanager/0`, "alertmanager", siteOwn),
      ...jobs,
    ],
    ...change,
  };
}
type Change = Partial<Omit<Site, "jobs" | "rules">> & {
  readonly own?: Groups;
  /** Beside those that are always there. */
  readonly jobs?: readonly object[];
};

/** What the API server tells of the operator's objects and of the stack's Alertmanager. */
interface Objects {
  readonly rules: Groups;
  readonly scrapeConfigs: readonly string[];
  readonly spec: object;
}
const objects: Objects = {
  rules,
  scrapeConfigs,
  spec: {
    ruleSelector: { matchLabels: SELECTED },
    ruleNamespaceSelector: {},
    scrapeConfigSelector: { matchLabels: SELECTED },
    scrapeConfigNamespaceSelector: {},
  },
};

function kubeOf(change: Partial<Objects>): KubeApi {
  const told = { ...objects, ...change };
  const operator = (version: string, plural: string): string =>
    `/apis/monitoring.coreos.com/${version}/namespaces/${NAMESPACE}/${plural}`;
  const ours = "?labelSelector=app.kubernetes.io%2Fpart-of%3Dfederation";
  const answers: Readonly<Record<string, object>> = {
    [`${operator("v1", "prometheuses")}/${OBJECT.name}`]: { spec: told.spec },
    [`${operator("v1", "prometheusrules")}${ours}`]: {
      items: Object.entries(told.rules).map(([name, groups]) => ({
        metadata: { name },
        spec: ruleSpec(groups, "30s"),
      })),
    },
    [`${operator("v1alpha1", "scrapeconfigs")}${ours}`]: {
      items: told.scrapeConfigs.map((name) => ({ metadata: { name }, spec: {} })),
    },
    "/apis/apps/v1/namespaces/federation/statefulsets/alertmanager": {
      status: { readyReplicas: 1 },
      spec: { template: { spec: { volumes: [{ name: "config", configMap: { name: "c" } }] } } },
    },
    "/api/v1/namespaces/federation/configmaps/c": { data: { "alertmanager.yml": stringify(config()) } },
  };
  const kube = new KubeApi({ server: "https://127.0.0.1:1", authorize: () => Promise.resolve() });
  kube.send = (_, path): Promise<KubeAnswer> => {
    const answer = answers[path];
    return Promise.resolve(
      answer === undefined
        ? { status: 404, text: JSON.stringify({ message: `${path} not found` }) }
        : { status: 200, text: JSON.stringify(answer) },
    );
  };
  return kube;
}

let secrets: Awaited<ReturnType<typeof sampleSecrets>>;
const caFile = join(folder, "door.crt");

interface Settings {
  readonly objects?: Partial<Objects>;
  /** Of the member's stack: whom it reads the site's Prometheus as, and where. */
  readonly password?: string;
  readonly url?: string;
  /** Of the hub's stack. */
  readonly listed?: object;
  readonly flags?: readonly string[];
}

const EXISTING = { prometheus: { mode: "existing", caFile } };

/** Hub and member as their stacks describe them. */
function sites({ objects: change = {}, password, url, listed = EXISTING, flags = [] }: Settings = {}): Sites {
  const { username } = CREDENTIALS;
  const member = edited(
    edited(
      edited(
        edited(MEMBER_OBJECT, "prometheus", {
          mode: "existing",
          url: url ?? endpoint.url,
          caFile,
          object: OBJECT,
          labels: SELECTED,
        }),
        "kubernetes.nodes",
        NODES.map((name, index) => ({ name, address: `192.168.100.1${index}` })),
      ),
      "hosts",
      [],
    ),
    "alerting.hubAlertmanagers",
    [hostOf(alertmanagers[1])],
  );
  const known = { username, password: CREDENTIALS.password };
  const configs: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    cloud: {
      ...hubConfig(
        secrets,
        edited(HUB_OBJECT, "members", [
          {
            cluster: "hpc",
            url: listed === EXISTING ? endpoint.url : "https://192.168.100.10:30990",
            ...listed,
          },
        ]),
      ),
      ...(listed === EXISTING
        ? { "federation:memberPrometheusCredentials": JSON.stringify({ hpc: known }) }
        : {}),
    },
    hpc: {
      ...memberConfig(member),
      "federation:prometheusCredentials": JSON.stringify({ ...known, password: password ?? known.password }),
    },
  };
  const of = (stack: string) => configs[stack.slice(stack.lastIndexOf("/") + 1)] ?? {};
  const reader: StackReader = {
    stacks: () => Object.keys(configs),
    readConfig: (stack) => ({
      values: of(stack),
      secretKeys: new Set(
        ["kubeconfig", "hubSecrets", "prometheusCredentials", "memberPrometheusCredentials"].map(
          (key) => `federation:${key}`,
        ),
      ),
    }),
    readOutputs: () => ({
      caCertificate: "PEM",
      localCredentials: { username: "local-1", password: "secret" },
    }),
  };
  const options = validateOptions(["--stack", "cloud", "--prometheus", `cloud=${hub.url}`, ...flags]);
  return sitesOf({ reader, kubeOf: () => kubeOf(change) }, options);
}

const made = new Set<MemberSite>();
function memberOf({ members: [entry] }: Sites): MemberSite {
  if (entry === undefined || !("site" in entry)) throw new Error("no member");
  made.add(entry.site);
  return entry.site;
}

/** These lines alone, as `validate` asks them; what they need is taken for well. */
async function outcomes(of: Sites, ...keys: readonly string[]): Promise<readonly Outcome[]> {
  memberOf(of);
  const lines = linesOf(of, validateOptions(["--stack", "cloud", "--no-canary"]));
  const ours = keys.flatMap((key) => lines.filter((line) => line.key === key));
  const within = (needed: readonly string[]): readonly string[] => needed.filter((key) => keys.includes(key));
  const heard = new Set(ours.flatMap(({ hears = [] }) => hears).filter((key) => !keys.includes(key)));
  const stubs = [...heard].map((key) => ({
    ...ours[0]!,
    key,
    needs: [],
    hears: [],
    check: () => Promise.resolve<Verdict>({ status: "ok", evidence: [], problems: [] }),
  }));
  const asked = ours.map((line) => ({ ...line, needs: within(line.needs) }));
  const all = await runLines([...stubs, ...asked], new AbortController().signal);
  return all.filter(({ key }) => keys.includes(key));
}
const line = async (key: string, settings: Settings = {}): Promise<Outcome> =>
  (await outcomes(sites(settings), key))[0]!;

const alertsWith = async (change: Partial<DeclaredWay> = {}): Promise<Verdict> => {
  const site = memberOf(sites());
  const declared = { ...declaredWay(site), own: [hostOf(alertmanagers[0])], config: config(), ...change };
  return judgeAlerts(await gatherAlerts(site, declared, new AbortController().signal), false);
};

const causes = ({ problems }: Pick<Verdict, "problems">): readonly string[] =>
  problems.map(({ cause }) => cause);

/** Waits until exactly these causes are told. */
const becomes = (
  what: string,
  expected: readonly string[],
  look: () => Promise<Pick<Verdict, "problems">>,
): Promise<void> =>
  until(what, 60, async () => {
    const found = causes(await look());
    return JSON.stringify(found) === JSON.stringify(expected) ? [] : ["found:", ...found];
  });

/** Gives the site another configuration, and afterwards the whole one again. */
async function changed(change: Change, look: () => Promise<void>): Promise<void> {
  expect(await maker.reload(prometheus, siteWith(change))).toBe(200);
  try {
    await look();
  } finally {
    await maker.reload(prometheus, siteWith());
  }
}

/** The hub's Prometheus: its two federate jobs of the member, by the files that the hub's stack makes. */
function writeHub(at: string, password: string): void {
  const members = [
    {
      cluster: "hpc",
      url: endpoint.url,
      intervals: { health: "1s", detail: "1s" },
      sampleLimits: { health: 500, detail: 20_000 },
      existing: { auth: "basic", ca: endpoint.ca ?? "" } as const,
    },
  ];
  const access = { hpc: { username: CREDENTIALS.username, password } };
  for (const [name, text] of Object.entries(federationFiles(members, access, "")))
    writeFileSync(join(at, name), text);
  writeFileSync(
    join(at, "prometheus.yml"),
    stringify(
      { global: { external_labels: { cluster: "cloud" } }, scrape_configs: federateJobs(members) },
      { aliasDuplicateObjects: false },
    ).replaceAll(CREDENTIALS_FOLDER, at),
  );
}

beforeAll(async () => {
  secrets = await sampleSecrets();
  webhook = await listening(() => "");
  siteAlertmanager = await listening(() => {
    tried += 1;
    return ["notifications", "notification_requests_failed"]
      .map((name) => `alertmanager_${name}_total{integration="webhook"} ${tried}\n`)
      .join("");
  });
  alertmanagers = [
    await startAlertmanager(stringify(config())),
    await startAlertmanager(stringify({ route: { receiver: "none" }, receivers: [{ name: "none" }] })),
  ];
  maker = await SiteMaker.start();
  undoing.push(() => maker.dispose());
  // Alertmanager is scraped before the first Watchdog: what is told from now on is counted
  const { "federation-alerts-cluster": _, ...silent } = rules;
  prometheus = await maker.prometheus(siteWith({ own: silent }));
  await untilSeries(prometheus, `alertmanager_notifications_total{instance="${hostOf(alertmanagers[0])}"}`);
  expect(await maker.reload(prometheus, siteWith())).toBe(200);
  endpoint = await maker.doorTo(prometheus);
  writeFileSync(caFile, endpoint.ca ?? "");
  hub = await served("prometheus", "/-/ready", (port, at) => {
    writeHub(at, CREDENTIALS.password);
    return {
      name: "prometheus",
      args: [
        `--config.file=${join(at, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(at, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--web.enable-lifecycle",
      ],
      env: {},
    };
  });
});

afterAll(async () => {
  for (const site of made) site.prometheus().close();
  for (const undo of undoing.reverse()) await undo();
});

describe("alerts of a site's Prometheus", () => {
  test("reach the stack's Alertmanager and its receiver, whatever becomes of the site's own", async () => {
    await becomes("the Watchdog was told", [], () => alertsWith());
    const { evidence } = await alertsWith();
    const [own, hubs] = alertmanagers.map(hostOf);
    expect(evidence).toEqual([
      `Prometheus sends to 2 Alertmanagers: ${own ?? ""}, ${hubs ?? ""}, and to 1 of the site's own`,
      "routes lead to critical: webhook; warning: webhook",
      expect.stringMatching(/^Watchdog fires \(hub, local\) and was told of late by webhook [1-9]\d* times/),
    ]);
  });

  test("are not green where Prometheus does not tell whether they arrive", async () => {
    const site = memberOf(sites());
    const declared = { ...declaredWay(site), own: [hostOf(alertmanagers[0])], config: config() };
    const evidence = await gatherAlerts(site, declared, new AbortController().signal);
    // as where the site's Prometheus does not scrape itself
    expect(causes(judgeAlerts({ ...evidence, errors: {} }, false))).toEqual([
      `nothing shows whether alerts reach ${alertmanagers.map(hostOf).join(", ")}: no prometheus_notifications_errors_total with cluster="hpc" of late`,
    ]);
  });

  test("are red where nobody but the site's own Alertmanager is sent them, and say what to set", async () => {
    const [own, hubs] = alertmanagers.map(hostOf);
    const siteOwn = `127.0.0.1:${portOf(siteAlertmanager)}`;
    await changed({ alertmanagers: [siteOwn] }, async () => {
      await becomes("nothing is sent", [`Prometheus does not send to ${own ?? ""}, ${hubs ?? ""}`], () =>
        alertsWith(),
      );
      expect((await alertsWith()).problems[0]?.action).toContain("additionalAlertManagerConfigsSecret");
    });
  });
});

describe("the site's Prometheus of a member", () => {
  const look = (settings: Settings = {}) => line("prometheus/hpc", settings);

  test("answers the credentials of the member's stack, and fits", async () => {
    const { title, status, evidence } = await look();
    expect(title).toBe("The site's Prometheus of hpc answers and fits");
    expect(status).toBe("ok");
    expect(evidence).toEqual([
      expect.stringMatching(/^Prometheus \d.*, up since \d{4}-.*, \d+ series$/),
      `the site's ${NAMESPACE}/${OBJECT.name}: external label cluster="hpc", retention 15d`,
      'with cluster="hpc", each told once: kube-state-metrics, node exporters, cAdvisor of the kubelets, the API server, Prometheus itself',
    ]);
  });

  test("fits with a warning where a run of the program would only warn", async () => {
    const { status, evidence } = await look({ objects: { spec: { ...objects.spec, replicas: 2 } } });
    expect(status).toBe("ok");
    expect(evidence[3]).toMatch(/^warning: replicas: 2; let the hub reach one of them, /);
  });

  test("is red with its one cause where it can not be read", async () => {
    const refused = await look({ password: "wrong" });
    expect(causes(refused)).toEqual([`${endpoint.url}/api/v1/status/buildinfo: HTTP 401 (Unauthorized)`]);
    expect(refused.problems[0]?.action).toBe("correct federation:prometheusCredentials");
    const away = await look({ url: "https://127.0.0.1:1" });
    expect(causes(away)).toEqual([
      expect.stringMatching(/^https:\/\/127\.0\.0\.1:1 could not be read \(connect ECONNREFUSED/),
    ]);
    expect(away.problems[0]?.action).toContain("--prometheus hpc=http://localhost:9090");
    const forwarded = await look({
      url: "https://127.0.0.1:1",
      flags: ["--prometheus", `hpc=${prometheus.url}`],
    });
    expect(causes(forwarded)).toEqual([]);
  });

  test("is red where a run of the program would refuse it, and what depends on it is not asked", async () => {
    const older = await maker.doorTo(prometheus, { "/api/v1/status/buildinfo": { version: "2.55.1" } });
    const all = sites();
    const member = memberOf(all);
    const unfit = { ...member, existing: { ...member.existing!, endpoint: older } };
    const of = { ...all, members: [{ cluster: "hpc", site: unfit }] };
    const found = await outcomes(
      of,
      "prometheus/hpc",
      "federation/hpc",
      "rules/hpc",
      "alerts/hpc",
      "targets/hpc",
    );
    expect(found.map(({ key, status }) => [key, status])).toEqual([
      ["prometheus/hpc", "failed"],
      ...["federation/hpc", "rules/hpc", "alerts/hpc", "targets/hpc"].map((key) => [key, "notChecked"]),
    ]);
    expect(causes(found[0]!)).toEqual(["version: Prometheus 2.55.1"]);
    const { scrapeConfigSelector: _, ...spec } = objects.spec as Readonly<Record<string, object>>;
    expect(causes(await look({ objects: { spec } }))).toEqual([
      "scrapeConfigSelector: none, which selects nothing",
    ]);
  });
});

describe("rules of a site's Prometheus", () => {
  const look = (settings: Settings = {}) => line("rules/hpc", settings);

  test("are well where those of the project are; the site's own are not judged", async () => {
    await becomes("every rule was evaluated", [], look);
    const { title, evidence } = await look();
    expect(title).toBe("Every rule given to the site's Prometheus of hpc is healthy");
    expect(evidence).toEqual([
      "1 recording and 2 alerting rules in 2 groups, all evaluated",
      expect.stringMatching(/^configuration of \d{4}-.* in force$/),
      "given by PrometheusRules federation-rules-cluster, federation-alerts-cluster",
      "not judged: 1 group of the site's own, with 1 rule that fail",
    ]);
  });

  test("are red where the operator did not take up what it was given", async () => {
    const more = {
      ...rules,
      "federation-rules-cluster": [...rules["federation-rules-cluster"], group("later", heartbeat)],
      "federation-alerts-cluster": [group("delivery", watchdog("hub"))],
      "federation-more": [group("all of it", heartbeat)],
    };
    expect(causes(await look({ objects: { rules: more } }))).toEqual([
      "PrometheusRule federation-rules-cluster, group later, is not in force",
      "PrometheusRule federation-alerts-cluster, group delivery, is in force with other rules",
      "PrometheusRule federation-more is not in force",
    ]);
  });

  test("are red where nothing was given", async () => {
    expect(causes(await look({ objects: { rules: {} } }))).toEqual([
      "there is no PrometheusRule monitoring/federation-rules-cluster",
      "there is no PrometheusRule monitoring/federation-alerts-cluster",
    ]);
  });

  test("are red where one of the project fails, or the configuration was refused", async () => {
    const broken: Rule = { record: "fed_local:broken", expr: "up + on () up" };
    const own = { ...rules, "federation-rules-cluster": [group("recorded", heartbeat, broken)] };
    await changed({ own }, () =>
      until("the project's rule fails", 60, async () => {
        const found = causes(await look({ objects: { rules: own } }));
        const [only = "", ...others] = found;
        return /^fed_local:broken \(\S+\.yaml, group recorded\): .*many-to-many/.test(only) &&
          others.length === 0
          ? []
          : ["found:", ...found];
      }),
    );
    const refused = {
      ...rules,
      "federation-rules-cluster": [group("recorded", { ...broken, expr: "sum(" })],
    };
    expect(await maker.reload(prometheus, siteWith({ own: refused }))).toBe(500);
    try {
      await becomes(
        "the configuration is refused",
        ["Prometheus refused its last configuration, and goes on with the one before"],
        () => look({ objects: { rules: refused } }),
      );
    } finally {
      await maker.reload(prometheus, siteWith());
    }
  });
});

describe("scrape jobs of a site's Prometheus", () => {
  const look = (settings: Settings = {}) => line("targets/hpc", settings);
  const etcd = job(`serviceMonitor/${NAMESPACE}/etcd/0`, "etcd", "127.0.0.1:1");

  test("are those of the project and those that rules rely on; others are not judged", () =>
    changed({ jobs: [etcd] }, async () => {
      await becomes("every job that counts is up", [], look);
      await until("the site's own job is down", 60, async () => {
        const { evidence } = await look();
        return evidence[1] === "not judged: 3 targets of the site's other jobs, 1 not up" ? [] : evidence;
      });
      const { title, evidence } = await look();
      expect(title).toBe("Every scrape job of the site's Prometheus of hpc that rules read is up");
      expect(evidence[0]).toBe('10 targets of 6 jobs up, all with cluster="hpc" or a member\'s name');
    }));

  test("are red where the operator did not take one up, or it finds nothing", async () => {
    const given = [...scrapeConfigs, "federation-dcgm-exporter"];
    expect(causes(await look({ objects: { scrapeConfigs: given } }))).toEqual([
      "ScrapeConfig federation-dcgm-exporter is not in force",
    ]);
    expect(causes(await look({ objects: { scrapeConfigs: ["federation-alertmanager"] } }))).toEqual([
      "there is no ScrapeConfig monitoring/federation-hub-alertmanager",
    ]);
    const empty = job(`scrapeConfig/${NAMESPACE}/federation-dcgm-exporter`, "dcgm-exporter", "", {
      static_configs: [],
    });
    await changed({ jobs: [empty] }, () =>
      becomes("one job has no target", ["job dcgm-exporter has no target"], () =>
        look({ objects: { scrapeConfigs: given } }),
      ),
    );
  });

  test("are red where one of the site's own on which rules rely is down", async () => {
    const gone = job(`serviceMonitor/${NAMESPACE}/kubelet/9`, "kubelet", "127.0.0.1:1");
    await changed({ jobs: [gone] }, () =>
      becomes(
        "one kubelet is down",
        [
          'kubelet http://127.0.0.1:1/metrics is down: Get "http://127.0.0.1:1/metrics": dial tcp 127.0.0.1:1: connect: connection refused',
        ],
        look,
      ),
    );
  });
});

describe("the hub's view of a site's Prometheus", () => {
  const look = (settings: Settings = {}) => line("federation/hpc", settings);

  test("is whole through its door, with the member's own heartbeat", async () => {
    await becomes("the member is heard", [], look);
    const { evidence } = await look();
    expect(evidence.slice(0, 2)).toEqual([
      "2 federate jobs up (federate-detail, federate-health)",
      '1 series of 1 recordings with cluster="hpc", not told how many samples are dropped',
    ]);
  });

  test("is red where the door does not let the hub in, and says which credentials are the hub's", async () => {
    const give = async (password: string): Promise<void> => {
      writeHub(hub.folder, password);
      expect((await fetch(`${hub.url}/-/reload`, { method: "POST" })).status).toBe(200);
    };
    await give("wrong");
    try {
      await until("the hub is refused", 60, async () => {
        const { problems } = await look();
        const [{ cause, action } = { cause: "nothing", action: "" }] = problems;
        return /^federate-\w+ and federate-\w+: server returned HTTP status 401 Unauthorized/.test(cause) &&
          action.includes("federation:memberPrometheusCredentials")
          ? []
          : [cause, action];
      });
    } finally {
      await give(CREDENTIALS.password);
    }
  });

  test("is red where the hub's stack takes it for one of the member's stack", async () => {
    expect(causes(await look({ listed: {} }))).toEqual([
      "Prometheus of hpc has mode deploy in federation:hub.members of cloud, and mode existing in its own stack",
    ]);
  });
});
