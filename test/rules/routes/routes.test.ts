import { parse } from "yaml";
import {
  GROUP_BY,
  IDENTITY,
  alertmanagerConfig,
  renderAlertmanagerConfig,
  secretsOf,
} from "../../../rules/alertmanager";
import type { RouteConfig } from "../../../rules/alertmanager";
import { alertsOf, clusterGroups, hubGroups } from "../alerts/site";
import { receivers } from "./receivers";
import { RunningAlertmanager, amtool, withConfig } from "./server";

const roles = ["hub", "member"] as const;
type Role = (typeof roles)[number];
const configs = {
  hub: alertmanagerConfig({ role: "hub", receivers }),
  member: alertmanagerConfig({ role: "member", receivers }),
} as const;

/** Every alert there is, once a name and severity, of one cluster. */
const every = [...alertsOf(clusterGroups()), ...alertsOf(hubGroups())].map(({ rule }) => ({
  alertname: rule.alert,
  ...rule.labels,
}));

const label = (labels: Readonly<Record<string, string>>): string[] =>
  Object.entries(labels).map(([name, value]) => `${name}=${value}`);

describe.each(roles)("the configuration of a %s", (role) => {
  const config = configs[role];

  it("is accepted by amtool", () => {
    withConfig(config, (file) => {
      const said = amtool("check-config", file);
      expect(said).toMatch(/SUCCESS/);
      expect(said).toContain(` - 14 inhibit rules`);
      expect(said).toContain(" - 4 receivers");
    });
  });

  it("is the same text each time, and says what it is made of", () => {
    const text = renderAlertmanagerConfig(config);
    expect(renderAlertmanagerConfig(alertmanagerConfig({ role, receivers }))).toBe(text);
    expect(parse(text)).toEqual(JSON.parse(JSON.stringify(config)));
  });

  it("groups and mutes within one cluster alone", () => {
    const groupings = (route: RouteConfig): (readonly string[])[] => [
      ...(route.group_by === undefined ? [] : [route.group_by]),
      ...(route.routes ?? []).flatMap(groupings),
    ];
    expect(groupings(config.route).filter((labels) => !labels.includes("cluster"))).toEqual([]);
    expect(config.inhibit_rules.filter(({ equal }) => !equal.includes("cluster"))).toEqual([]);
  });

  it("names only alerts that exist", () => {
    const names = new Set(every.map(({ alertname }) => alertname));
    const asked = config.inhibit_rules
      .flatMap(({ source_matchers, target_matchers }) => [...source_matchers, ...target_matchers])
      .flatMap((matcher) => /^alertname=~?"(.+)"$/.exec(matcher)?.[1]?.split("|") ?? []);
    expect(asked.filter((name) => !names.has(name))).toEqual([]);
    expect(asked.length).toBeGreaterThan(30);
  });

  it.each([
    [{ alertname: "GpuHot", cluster: "hpc", severity: "critical" }, "critical"],
    [{ alertname: "GpuHot", cluster: "cloud", severity: "critical" }, "critical"],
    [{ alertname: "GpuHot", cluster: "hpc", severity: "warning" }, "warning"],
    [{ alertname: "GpuHot", cluster: "cloud", severity: "warning" }, "warning"],
    [{ alertname: "GpuXid", cluster: "hpc", severity: "info" }, "nobody"],
    [{ alertname: "HubReachable", cluster: "hpc", severity: "info" }, "nobody"],
    [{ alertname: "Watchdog", cluster: "hpc", severity: "info", hop: "hub" }, "heartbeat"],
    [{ alertname: "Watchdog", cluster: "cloud", severity: "info", hop: "hub" }, "heartbeat"],
    [{ alertname: "Watchdog", cluster: "hpc", severity: "info", hop: "federation" }, "heartbeat"],
    [
      { alertname: "Watchdog", cluster: "hpc", severity: "info", hop: "local" },
      role === "member" ? "heartbeat" : "nobody",
    ],
    // of somebody else's rules, which know no severity of ours
    [{ alertname: "Foreign", cluster: "hpc", severity: "page" }, "warning"],
    [{ alertname: "Foreign" }, "warning"],
  ])("routes %j to %s", (labels, receiver) => {
    withConfig(config, (file) => {
      const said = amtool(
        "config",
        "routes",
        "test",
        `--config.file=${file}`,
        `--verify.receivers=${receiver}`,
        ...label(labels),
      );
      expect(said.trim()).toBe(receiver);
    });
  });

  it("routes every alert there is by its severity, the Watchdogs apart", () => {
    withConfig(config, (file) => {
      const wrong = every.filter((labels) => {
        const { alertname, severity, hop } = labels as Readonly<Record<string, string>>;
        const local = hop === "local" && role === "hub" ? "nobody" : "heartbeat";
        const expected = alertname === "Watchdog" ? local : severity === "info" ? "nobody" : severity;
        const routed = amtool(
          "config",
          "routes",
          "test",
          `--config.file=${file}`,
          ...label({ ...labels, cluster: "hpc" }),
        );
        return routed.trim() !== expected;
      });
      expect(wrong).toEqual([]);
    });
  });
});

describe("receivers", () => {
  const told = (role: Role, name: string) =>
    configs[role].receivers.find((receiver) => receiver.name === name);

  it("are the same on hub and member, since a cut link must not lose anyone", () => {
    expect(configs.member.receivers).toEqual(configs.hub.receivers);
    expect(configs.member.route.routes?.map(({ matchers }) => matchers)).toEqual(
      configs.hub.route.routes?.map(({ matchers }) => matchers),
    );
  });

  it("read every secret from a file", () => {
    expect(receivers.map(secretsOf)).toEqual([
      ["on-call.key"],
      ["operators.url"],
      ["tickets.password"],
      ["dead-man.url"],
      ["bot.token", "bot.ca.crt"],
      ["log.password"],
    ]);
    expect(told("hub", "critical")).toEqual({
      name: "critical",
      webhook_configs: [
        {
          url: "https://bot.site.example/alerts",
          max_alerts: 100,
          send_resolved: true,
          http_config: {
            authorization: { credentials_file: "/etc/alertmanager/secrets/bot.token" },
            tls_config: { ca_file: "/etc/alertmanager/secrets/bot.ca.crt" },
          },
        },
        {
          url: "https://log.site.example:8443/alerts",
          max_alerts: 100,
          send_resolved: true,
          http_config: {
            basic_auth: {
              username: "federation",
              password_file: "/etc/alertmanager/secrets/log.password",
            },
          },
        },
      ],
      slack_configs: [
        expect.objectContaining({
          api_url_file: "/etc/alertmanager/secrets/operators.url",
          channel: "#federation",
          send_resolved: true,
        }),
      ],
      pagerduty_configs: [
        expect.objectContaining({
          routing_key_file: "/etc/alertmanager/secrets/on-call.key",
          send_resolved: true,
        }),
      ],
    });
    expect(told("hub", "warning")?.email_configs).toEqual([
      expect.objectContaining({
        to: "tickets@site.example",
        smarthost: "smtp.site.example:587",
        require_tls: true,
        auth_username: "federation",
        auth_password_file: "/etc/alertmanager/secrets/tickets.password",
      }),
    ]);
    expect(told("hub", "heartbeat")?.webhook_configs).toEqual([
      { url_file: "/etc/alertmanager/secrets/dead-man.url", max_alerts: 100, send_resolved: false },
    ]);
    expect(told("hub", "nobody")).toEqual({ name: "nobody" });
  });

  it("are nobody where none are given", () => {
    const bare = alertmanagerConfig({ role: "hub", receivers: [] });
    expect(bare.receivers).toEqual(["critical", "warning", "heartbeat", "nobody"].map((name) => ({ name })));
    withConfig(bare, (file) => expect(amtool("check-config", file)).toMatch(/SUCCESS/));
  });
});

const nodeOf = (cluster: string, alertname: string, severity: string, more: object = {}) => ({
  alertname,
  severity,
  cluster,
  component: "nodes",
  instance: "a:9100",
  host: "a",
  ...more,
});

describe("a real Alertmanager", () => {
  const running: RunningAlertmanager[] = [];
  const start = async (role: Role): Promise<RunningAlertmanager> => {
    // nobody to be told: this is about who would be, and a test has no business on the network
    const server = await RunningAlertmanager.start(alertmanagerConfig({ role, receivers: [] }));
    running.push(server);
    return server;
  };
  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.stop()));
  });

  it.each(roles)("groups by cluster, component and name, on a %s", async (role) => {
    const server = await start(role);
    await server.send([
      nodeOf("hpc", "NodeMemoryFull", "warning"),
      nodeOf("hpc", "NodeMemoryFull", "warning", { instance: "b:9100", host: "b" }),
      nodeOf("cloud", "NodeMemoryFull", "warning"),
      nodeOf("hpc", "NodeOutage", "critical"),
      { alertname: "Watchdog", cluster: "hpc", severity: "info", component: "monitoring", hop: "hub" },
      { alertname: "Watchdog", cluster: "hpc", severity: "info", component: "monitoring", hop: "federation" },
    ]);
    const groups = (await server.groups()).map(({ receiver, labels, alerts }) =>
      [receiver.name, labels.cluster, labels.alertname ?? labels.hop, alerts.length].join(" "),
    );
    expect(groups.sort()).toEqual([
      "critical hpc NodeOutage 1",
      "heartbeat hpc federation 1",
      "heartbeat hpc hub 1",
      "warning cloud NodeMemoryFull 1",
      "warning hpc NodeMemoryFull 2",
    ]);
    expect(
      Object.keys((await server.groups()).find(({ receiver }) => receiver.name === "critical")!.labels),
    ).toEqual([...GROUP_BY].sort());
  });

  it("lets a critical alert mute the lesser one about the same thing of the same cluster alone", async () => {
    const server = await start("hub");
    const full = (cluster: string, severity: string, device: string) =>
      nodeOf(cluster, "NodeFilesystemFull", severity, { device });
    await server.send([
      full("hpc", "critical", "sda"),
      full("hpc", "warning", "sda"),
      full("hpc", "warning", "sdb"),
      full("cloud", "warning", "sda"),
    ]);
    expect(await server.muted()).toEqual({
      "hpc/NodeFilesystemFull/warning": ["hpc/NodeFilesystemFull/critical"],
    });
    const muted = (await server.alerts()).filter(({ status }) => status.inhibitedBy.length > 0);
    expect(muted.map(({ labels }) => [labels.cluster, labels.device])).toEqual([["hpc", "sda"]]);
  });

  it("lets a cause mute its consequences, of the same cluster and thing alone", async () => {
    const server = await start("hub");
    const target = (cluster: string, host: string) => ({
      alertname: "TargetDown",
      severity: "warning",
      cluster,
      component: "monitoring",
      job: "dcgm",
      instance: `${host}:9400`,
      host,
    });
    const model = (cluster: string, alertname: string, severity: string, name: string) => ({
      alertname,
      severity,
      cluster,
      component: "serving",
      model: name,
    });
    await server.send([
      nodeOf("hpc", "NodeDown", "warning"),
      target("hpc", "a"),
      target("hpc", "b"),
      target("cloud", "a"),
      { alertname: "TargetDown", severity: "warning", cluster: "hpc", component: "monitoring", job: "minio" },
      model("cloud", "ServingDown", "critical", "llama"),
      model("cloud", "ServingReplicasMissing", "warning", "llama"),
      model("cloud", "ServingErrorsBurn", "critical", "resnet"),
    ]);
    expect(await server.muted()).toEqual({
      "cloud/ServingReplicasMissing/warning": ["cloud/ServingDown/critical"],
      "hpc/TargetDown/warning": ["hpc/NodeDown/warning"],
    });
  });

  it("shows what the hub knows of a member it is blind to as one alert, and never mutes what the member itself sends", async () => {
    const server = await start("hub");
    const member = (alertname: string, severity: string) => ({
      alertname,
      severity,
      cluster: "hpc",
      component: "monitoring",
    });
    await server.send([
      member("MemberUnreachable", "critical"),
      member("MemberWatchdogSilent", "critical"),
      member("MemberDetailMissing", "warning"),
      nodeOf("hpc", "NodeOutage", "critical"),
    ]);
    expect(await server.muted()).toEqual({
      "hpc/MemberDetailMissing/warning": ["hpc/MemberUnreachable/critical"],
      "hpc/MemberWatchdogSilent/critical": ["hpc/MemberUnreachable/critical"],
    });
  });

  it("is silent on a member while the hub is reached, but for its own Watchdog, and speaks when it is not", async () => {
    const server = await start("member");
    const reachable = {
      alertname: "HubReachable",
      cluster: "hpc",
      severity: "info",
      component: "monitoring",
    };
    const watchdog = (hop: string) => ({
      alertname: "Watchdog",
      cluster: "hpc",
      severity: "info",
      component: "monitoring",
      hop,
    });
    await server.send([
      reachable,
      nodeOf("hpc", "NodeOutage", "critical"),
      nodeOf("hpc", "NodeMemoryFull", "warning"),
      watchdog("hub"),
      watchdog("local"),
    ]);
    const by = ["hpc/HubReachable/info"];
    expect(await server.muted()).toEqual({
      "hpc/NodeMemoryFull/warning": by,
      "hpc/NodeOutage/critical": by,
      "hpc/Watchdog/info": by,
    });
    const open = (await server.alerts()).filter(({ status }) => status.inhibitedBy.length === 0);
    expect(open.map(({ labels }) => labels.hop ?? labels.alertname).sort()).toEqual([
      "HubReachable",
      "local",
    ]);
    await server.resolve(reachable);
    expect(await server.muted()).toEqual({});
  });

  it("is not muted on the hub by a member that reaches it", async () => {
    const server = await start("hub");
    await server.send([
      { alertname: "HubReachable", cluster: "hpc", severity: "info", component: "monitoring" },
      nodeOf("hpc", "NodeOutage", "critical"),
    ]);
    expect(await server.muted()).toEqual({});
  });

  it("is silent on the hub about what a member told that now delivers by itself, and tells what the hub says of it", async () => {
    const server = await start("hub");
    const ofMember = (alertname: string, severity: string, more: object = {}) => ({
      alertname,
      severity,
      cluster: "hpc",
      component: "monitoring",
      ...more,
    });
    await server.send([
      ofMember("MemberDeliversItself", "info"),
      ofMember("MemberUnreachable", "critical"),
      ofMember("Watchdog", "info", { hop: "hub" }),
      ofMember("Watchdog", "info", { hop: "federation" }),
      nodeOf("hpc", "NodeOutage", "critical"),
      nodeOf("cloud", "NodeOutage", "critical"),
      nodeOf("west", "NodeOutage", "critical"),
    ]);
    const by = ["hpc/MemberDeliversItself/info"];
    const muted = (await server.alerts()).filter(({ status }) => status.inhibitedBy.length > 0);
    expect(await server.muted()).toEqual({ "hpc/NodeOutage/critical": by, "hpc/Watchdog/info": by });
    expect(muted.map(({ labels }) => labels.hop)).toEqual(expect.arrayContaining(["hub"]));
    expect(muted).toHaveLength(2);
  });
});

describe("the labels by which an alert mutes a lesser one of its name", () => {
  it("are all that alerts of several severities carry", () => {
    const severities = new Map<string, Set<string>>();
    for (const labels of every) {
      const { alertname, severity = "" } = labels as Readonly<Record<string, string>>;
      severities.set(alertname ?? "", new Set([...(severities.get(alertname ?? "") ?? []), severity]));
    }
    const several = [...severities].filter(([, found]) => found.size > 1).map(([alertname]) => alertname);
    const carried = [...alertsOf(clusterGroups()), ...alertsOf(hubGroups())]
      .filter(({ rule }) => several.includes(rule.alert))
      .flatMap(({ rule }) => [...rule.expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)])
      .flatMap(([, labels = ""]) => labels.split(/, */))
      .filter((name) => name !== "le" && name !== "" && name !== "source");
    expect([...new Set(carried)].filter((name) => !(IDENTITY as readonly string[]).includes(name))).toEqual(
      [],
    );
  });
});
