import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { ALERTMANAGER_NAMES } from "../../../components/monitoring/alertmanagerPod";
import { alertmanager } from "../../../metrics/catalogue";
import { select } from "../../../metrics/select";
import { alertmanagerConfig, renderAlertmanagerConfig } from "../../../rules/alertmanager";
import type { AlertmanagerConfig } from "../../../rules/alertmanager";
import { ALERTMANAGER_JOB, HUB_ALERTMANAGER_JOB } from "../../../rules/health";
import type { HubSite, MemberSite } from "../sites";
import { counted, judged, listed } from "../verdict";
import type { Problem, Verdict } from "../verdict";
import { integrationsOf, receiverOf } from "./routes";
import { targetsOf } from "./targets";
import type { Target } from "./targets";

/** The way of one cluster's alerts: Prometheus, Alertmanagers, receivers. */
export interface AlertsEvidence {
  readonly role: "hub" | "member";
  readonly cluster: string;
  readonly replicas: { readonly wanted: number; readonly ready: number };
  /** Addresses (`host:port`) of the hub's Alertmanagers that a member sends to. */
  readonly hubAddresses: readonly string[];
  /** URLs that Prometheus sends to. */
  readonly discovered: readonly string[];
  /** Of the Alertmanagers. */
  readonly targets: readonly Target[];
  /** Alerts that did not arrive of late, by URL of the Alertmanager. */
  readonly errors: Readonly<Record<string, number>>;
  /** Watchdogs that fire, by their hop. */
  readonly hops: readonly string[];
  readonly declared: AlertmanagerConfig;
  /** What Alertmanager was given. */
  readonly inForce: AlertmanagerConfig;
  /** Notifications tried within the last minutes, and requests of such that failed of late, by integration. */
  readonly tried: Readonly<Record<string, number>>;
  readonly failed: Readonly<Record<string, number>>;
}

/** A Watchdog is told again each minute; seconds beside the scrapes within which that must show. */
const REPEAT_SECONDS = 60;
/** Scrapes within which a failure is of late. */
const FAILURE_SCRAPES = 3;
/** Of requests to receivers, each try counted; the catalogue's counters count what was given up. */
const REQUESTS_FAILED = "alertmanager_notification_requests_failed_total";
const SEND_ERRORS = "prometheus_notifications_errors_total";

interface StatefulSet {
  readonly status: { readonly readyReplicas?: number };
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly volumes: readonly {
          readonly name: string;
          readonly configMap?: { readonly name: string };
        }[];
      };
    };
  };
}

/** What both roles have of settings. */
function ownOf({ settings }: HubSite | MemberSite) {
  return settings.role === "hub"
    ? {
        role: settings.role,
        namespace: settings.hub.namespace,
        alerting: settings.hub.alerting,
        wanted: settings.hub.alerting.expose.ports.length,
        hubAddresses: [],
      }
    : {
        role: settings.role,
        namespace: settings.member.namespace,
        alerting: settings.member.alerting,
        wanted: 1,
        hubAddresses: settings.member.alerting.hubAlertmanagers,
      };
}

/** Ready replicas, and the configuration that they mount. */
async function deployed(
  site: HubSite | MemberSite,
  namespace: string,
  signal: AbortSignal,
): Promise<{ readonly ready: number; readonly config: AlertmanagerConfig }> {
  const { status, spec } = await site.kube.get<StatefulSet>(
    `/apis/apps/v1/namespaces/${namespace}/statefulsets/${ALERTMANAGER_NAMES.statefulSet}`,
    signal,
  );
  const name = spec.template.spec.volumes.find((volume) => volume.name === "config")?.configMap?.name ?? "";
  const { data } = await site.kube.get<{ data: Readonly<Record<string, string>> }>(
    `/api/v1/namespaces/${namespace}/configmaps/${name}`,
    signal,
  );
  return {
    ready: status.readyReplicas ?? 0,
    config: parse(data["alertmanager.yml"] ?? "") as AlertmanagerConfig,
  };
}

export async function gatherAlerts(site: HubSite | MemberSite, signal: AbortSignal): Promise<AlertsEvidence> {
  const { role, namespace, alerting, wanted, hubAddresses } = ownOf(site);
  const { cluster, scrapeSeconds } = site;
  const prometheus = site.prometheus();
  const now = Date.now();
  const own = `{cluster=${JSON.stringify(cluster)}}`;
  const by = async (label: string, query: string): Promise<Readonly<Record<string, number>>> =>
    Object.fromEntries(
      (await prometheus.instant(query, now)).map(({ labels, samples }) => [
        labels[label] ?? "",
        Math.round(samples[0]?.[1] ?? 0),
      ]),
    );
  const [late, told] = [
    FAILURE_SCRAPES * scrapeSeconds,
    REPEAT_SECONDS + (FAILURE_SCRAPES + 1) * scrapeSeconds,
  ];
  const [{ activeAlertmanagers }, { active }, watchdogs, errors, tried, failed, { ready, config }] =
    await Promise.all([
      prometheus.get<{ activeAlertmanagers: readonly { url: string }[] }>("alertmanagers"),
      targetsOf(prometheus),
      prometheus.instant(
        `ALERTS{alertname="Watchdog",alertstate="firing",cluster=${JSON.stringify(cluster)}}`,
        now,
      ),
      by("alertmanager", `sum by (alertmanager) (increase(${SEND_ERRORS}${own}[${late}s]))`),
      by(
        "integration",
        `sum by (integration) (increase(${select(alertmanager.notifications, { cluster })}[${told}s]))`,
      ),
      by("integration", `sum by (integration) (increase(${REQUESTS_FAILED}${own}[${late}s]))`),
      deployed(site, namespace, signal),
    ]);
  const { receivers, groupInterval } = alerting;
  return {
    role,
    cluster,
    replicas: { wanted, ready },
    hubAddresses,
    discovered: activeAlertmanagers.map(({ url }) => url),
    targets: active.filter(({ labels }) =>
      [ALERTMANAGER_JOB, HUB_ALERTMANAGER_JOB].includes(labels.job ?? ""),
    ),
    errors,
    hops: watchdogs.map(({ labels }) => labels.hop ?? "").sort(),
    // as a reader of the file has it
    declared: parse(
      renderAlertmanagerConfig(alertmanagerConfig({ role, receivers, groupInterval })),
    ) as AlertmanagerConfig,
    inForce: config,
    tried,
    failed,
  };
}

const MISSING = "docs/runbook.md, AlertmanagerReplicasMissing";

/** From Prometheus to its Alertmanagers; what concerns the hub's is left out where the hub's own line tells of it. */
function deliveryProblems(evidence: AlertsEvidence, withoutHub: boolean): readonly Problem[] {
  const { replicas, hubAddresses, discovered, targets, errors } = evidence;
  const ofHub = (url: string): boolean => hubAddresses.some((address) => url.includes(`//${address}/`));
  const heard = (url: string): boolean => !(withoutHub && ofHub(url));
  const problems: Problem[] = [];
  if (replicas.ready < replicas.wanted)
    problems.push({
      cause: `${replicas.ready} of ${counted(replicas.wanted, "replica")} of Alertmanager ready`,
      action: MISSING,
    });
  const expected = replicas.wanted + hubAddresses.length;
  if (discovered.length !== expected)
    problems.push({
      cause: `Prometheus sends to ${counted(discovered.length, "Alertmanager")}, declared are ${expected}`,
      action: "`pulumi up` puts its configuration right",
    });
  // a replica that is not ready is down as well: told once
  if (problems.length > 0) return problems;
  for (const { scrapeUrl, health, lastError } of targets.filter((one) => one.health !== "up"))
    if (heard(scrapeUrl))
      problems.push({
        cause: `Alertmanager ${scrapeUrl} is ${health}: ${lastError || "not scraped yet"}`,
        action: ofHub(scrapeUrl)
          ? "allowFrom of hub.alerting.expose, firewall, and credentials: `pulumi up` the hub, then the member"
          : MISSING,
      });
  if (problems.length > 0) return problems;
  return Object.entries(errors)
    .filter(([url, count]) => count > 0 && heard(url))
    .map(([url, count]) => ({
      cause: `${counted(count, "alert")} did not reach ${url} of late`,
      action: "docs/runbook.md, PrometheusAlertsDropped",
    }));
}

/** From the Alertmanagers to the receivers. */
function tellingProblems({
  role,
  cluster,
  declared,
  inForce,
  tried,
  failed,
}: AlertsEvidence): readonly Problem[] {
  if (!isDeepStrictEqual(declared, inForce))
    return [
      {
        cause: "Alertmanager's configuration is not the one that the settings declare",
        action: "`pulumi up` rolls its replicas with it",
      },
    ];
  const failing = Object.entries(failed).filter(([, count]) => count > 0);
  if (failing.length > 0)
    return failing.map(([integration, count]) => ({
      cause: `${counted(count, "request")} to receivers by ${integration} failed of late`,
      action: "docs/runbook.md, AlertmanagerNotificationsFail",
    }));
  if (integrationsOf(receiverOf(inForce, { cluster, severity: "critical" })).length === 0)
    return [
      {
        cause: "nobody is told of critical alerts",
        action: `name someone in federation:${role}.alerting.receivers (docs/operations.md, "Alerts")`,
      },
    ];
  return heartbeats({ role, cluster, inForce })
    .filter((integration) => !((tried[integration] ?? 0) > 0))
    .map((integration) => ({
      cause: `no Watchdog was told by ${integration} within the last minutes, though it fires`,
      action: "look at Alertmanager's log: its notifications neither fail nor succeed",
    }));
}

/** Integrations by which a Watchdog of this cluster is told. */
function heartbeats({ role, cluster, inForce }: Pick<AlertsEvidence, "cluster" | "inForce" | "role">) {
  const hop = role === "hub" ? "hub" : "local";
  return integrationsOf(receiverOf(inForce, { cluster, hop, alertname: "Watchdog", severity: "info" }));
}

/** @param hubIsRed whether the hub's own line tells that its Alertmanagers are not well */
export function judgeAlerts(evidence: AlertsEvidence, hubIsRed: boolean): Verdict {
  const { role, cluster, discovered, hops, inForce, tried } = evidence;
  const expected = role === "hub" ? ["hub"] : ["hub", "local"];
  const silent = expected.filter((hop) => !hops.includes(hop));
  const delivery = deliveryProblems(evidence, hubIsRed);
  const problems: readonly Problem[] =
    silent.length > 0
      ? [
          {
            cause: `Watchdog of ${cluster} does not fire (hop ${silent.join(", ")})`,
            action: "docs/runbook.md, Watchdog",
          },
        ]
      : delivery.length > 0
        ? delivery
        : tellingProblems(evidence);
  const told = (severity: string): string => {
    const ways = integrationsOf(receiverOf(inForce, { cluster, severity }));
    return `${severity}: ${ways.length === 0 ? "nobody" : ways.join(", ")}`;
  };
  const beats = heartbeats(evidence);
  return judged(
    [
      `Prometheus sends to ${counted(discovered.length, "Alertmanager")}: ${listed(discovered.map((url) => new URL(url).host))}`,
      `routes lead to ${told("critical")}; ${told("warning")}`,
      beats.length === 0
        ? "no receiver of heartbeats, so no notification proves the last step"
        : `Watchdog fires (${hops.join(", ")}) and was told of late by ${beats.map((one) => `${one} ${tried[one] ?? 0} times`).join(", ")}, no request failed`,
    ],
    problems,
  );
}
