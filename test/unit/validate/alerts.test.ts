import { judgeAlerts } from "../../../commands/validate/lines/alerts";
import type { DeclaredWay } from "../../../commands/validate/lines/alertsDeclared";
import type { AlertsEvidence } from "../../../commands/validate/lines/alertsEvidence";
import { integrationsOf, receiverOf } from "../../../commands/validate/lines/routes";
import { alertmanagerConfig } from "../../../rules/alertmanager";
import type { Receiver } from "../../../rules/alertmanager";

const webhook: Receiver = {
  kind: "webhook",
  name: "site",
  causes: ["critical", "warning", "heartbeat"],
  url: "https://hooks.example",
};
const pager: Receiver = { kind: "pagerduty", name: "pager", causes: ["critical"] };

const configOf = (role: "hub" | "member", receivers: readonly Receiver[]) =>
  JSON.parse(JSON.stringify(alertmanagerConfig({ role, receivers }))) as ReturnType<
    typeof alertmanagerConfig
  >;

const own = "alertmanager-0.federation.svc:9093";
const hub = "192.168.200.10:30993";
const target = (job: string, scrapeUrl: string, health: "down" | "up" = "up", lastError = "") => ({
  scrapePool: job,
  scrapeUrl,
  labels: { job, cluster: "hpc" },
  health,
  lastError,
});

const declared: DeclaredWay = {
  role: "member",
  namespace: "federation",
  own: [own],
  hub: [hub],
  config: configOf("member", [webhook, pager]),
  others: false,
};

const good: AlertsEvidence = {
  declared,
  cluster: "hpc",
  ready: 1,
  discovered: [own, hub],
  targets: [
    target("alertmanager", "https://alertmanager-0.federation.svc:9093/metrics"),
    target("hub-alertmanager", "https://192.168.200.10:30993/metrics"),
  ],
  errors: { [own]: 0, [hub]: 0 },
  hops: ["hub", "local"],
  inForce: configOf("member", [webhook, pager]),
  tried: { webhook: 3, pagerduty: 0 },
  failed: { webhook: 0 },
};

const causes = (evidence: AlertsEvidence, hubIsRed = false): readonly string[] =>
  judgeAlerts(evidence, hubIsRed).problems.map(({ cause }) => cause);

test("an alert's way is whole when everything is up, sent to, and a Watchdog was told", () => {
  const verdict = judgeAlerts(good, false);
  expect(verdict.status).toBe("ok");
  expect(verdict.evidence).toEqual([
    "Prometheus sends to 2 Alertmanagers: alertmanager-0.federation.svc:9093, 192.168.200.10:30993",
    "routes lead to critical: webhook, pagerduty; warning: webhook",
    "Watchdog fires (hub, local) and was told of late by webhook 3 times, no request failed",
  ]);
});

test.each<[string, Partial<AlertsEvidence>, string]>([
  ["a Watchdog does not fire", { hops: ["hub"] }, "Watchdog of hpc does not fire (hop local)"],
  [
    "its Alertmanager is away, whatever follows from that",
    {
      ready: 0,
      targets: [target("alertmanager", `https://${own}/metrics`, "down", "no such host"), good.targets[1]!],
      errors: { [own]: 12, [hub]: 0 },
    },
    "0 of 1 replica of Alertmanager ready",
  ],
  ["one is not sent to", { discovered: [own] }, `Prometheus does not send to ${hub}`],
  [
    "another one is sent to",
    { discovered: [own, hub, "10.0.0.9:9093"] },
    "Prometheus sends to 10.0.0.9:9093, which the settings do not declare",
  ],
  [
    "one is not scraped",
    { targets: [good.targets[0]!] },
    `Alertmanager ${hub} is not scraped: nothing shows whether it answers`,
  ],
  [
    "nothing tells whether alerts arrive",
    { errors: { [own]: 0 } },
    `nothing shows whether alerts reach ${hub}: no prometheus_notifications_errors_total with cluster="hpc" of late`,
  ],
  [
    "the hub's refuses it",
    {
      targets: [
        good.targets[0]!,
        target("hub-alertmanager", "https://192.168.200.10:30993/metrics", "down", "401"),
      ],
      errors: { [own]: 0, [hub]: 3 },
    },
    "Alertmanager https://192.168.200.10:30993/metrics is down: 401",
  ],
  ["alerts are lost", { errors: { [own]: 0, [hub]: 3 } }, `3 alerts did not reach ${hub} of late`],
  ["a receiver is down", { failed: { webhook: 4 } }, "4 requests to receivers by webhook failed of late"],
  [
    "it runs with another configuration",
    { inForce: configOf("member", [webhook]) },
    "Alertmanager's configuration is not the one that the settings declare",
  ],
  [
    "nobody is told",
    { declared: { ...declared, config: configOf("member", []) }, inForce: configOf("member", []) },
    "nobody is told of critical alerts",
  ],
  [
    "no Watchdog is told",
    { tried: { webhook: 0 } },
    "no Watchdog was told by webhook within the last minutes, though it fires",
  ],
])("is red, once, when %s", (_, change, cause) => expect(causes({ ...good, ...change })).toEqual([cause]));

test("what the hub's own line tells is not told again", () => {
  const change = {
    targets: [good.targets[0]!, target("hub-alertmanager", "https://192.168.200.10:30993/metrics", "down")],
    errors: { [own]: 0, [hub]: 3 },
  };
  expect(causes({ ...good, ...change }, true)).toEqual([]);
});

test("without a receiver of heartbeats the last step is said to be unproven", () => {
  const config = configOf("hub", [pager]);
  const evidence = {
    ...good,
    declared: { ...declared, role: "hub", hub: [], config },
    hops: ["hub"],
    discovered: [own],
    inForce: config,
    tried: {},
  } as const;
  const verdict = judgeAlerts(evidence, false);
  expect(verdict.status).toBe("ok");
  expect(verdict.evidence[2]).toBe("no receiver of heartbeats, so no notification proves the last step");
});

describe("alerts of a site's Prometheus", () => {
  const site = { ...good, declared: { ...declared, others: true } };

  test("may go to the site's own Alertmanagers as well", () => {
    const verdict = judgeAlerts({ ...site, discovered: ["10.0.0.9:9093", own, hub] }, false);
    expect(verdict.status).toBe("ok");
    expect(verdict.evidence[0]).toBe(
      `Prometheus sends to 2 Alertmanagers: ${own}, ${hub}, and to 1 of the site's own`,
    );
  });

  test("are told how to be sent, where the site does not", () =>
    expect(judgeAlerts({ ...site, discovered: ["10.0.0.9:9093"] }, false).problems).toEqual([
      {
        cause: `Prometheus does not send to ${own}, ${hub}`,
        action:
          "in the values of the site's chart set prometheus.prometheusSpec.additionalAlertManagerConfigsSecret: " +
          "{name: federation-alertmanagers, key: alertmanagers.yml, optional: true}",
      },
    ]));
});

test.each([
  [{ severity: "critical" }, "critical"],
  [{ severity: "warning" }, "warning"],
  [{ severity: "info" }, "nobody"],
  [{ alertname: "Watchdog", hop: "hub", severity: "info" }, "heartbeat"],
  [{ alertname: "Watchdog", hop: "local", severity: "info" }, "heartbeat"],
])("on a member %j is routed to %s", (labels, name) =>
  expect(receiverOf(good.inForce, labels)?.name).toBe(name),
);

test("matchers of every kind, and one that cannot be read", () => {
  const config = (matcher: string) => ({
    route: { receiver: "else", routes: [{ receiver: "taken", matchers: [matcher] }] },
    inhibit_rules: [],
    receivers: [{ name: "else" }, { name: "taken", webhook_configs: [] }],
  });
  const to = (matcher: string): string => receiverOf(config(matcher), { a: "one" })?.name ?? "";
  expect(to('a="one"')).toBe("taken");
  expect(to('a!="one"')).toBe("else");
  expect(to('a=~"o.*|x"')).toBe("taken");
  expect(to('a=~"n"')).toBe("else");
  expect(to('a!~"x"')).toBe("taken");
  expect(to("a is one")).toBe("else");
  expect(integrationsOf({ name: "taken", webhook_configs: [] })).toEqual([]);
  expect(integrationsOf(undefined)).toEqual([]);
});
