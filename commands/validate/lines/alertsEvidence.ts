import { parse } from "yaml";
import { ALERTMANAGER_NAMES } from "../../../components/monitoring/alertmanagerPod";
import { addressOf } from "../../../components/monitoring/siteCheck/facts";
import { alertmanager } from "../../../metrics/catalogue";
import { matching, select } from "../../../metrics/select";
import type { AlertmanagerConfig } from "../../../rules/alertmanager";
import { ALERTMANAGER_JOB, HUB_ALERTMANAGER_JOB } from "../../../rules/health";
import type { KubeApi } from "../kube";
import type { HubSite, MemberSite } from "../sites";
import type { DeclaredWay } from "./alertsDeclared";
import { targetsOf } from "./targets";
import type { Target } from "./targets";

/** The way of one cluster's alerts: Prometheus, Alertmanagers, receivers. */
export interface AlertsEvidence {
  readonly declared: DeclaredWay;
  readonly cluster: string;
  /** Ready replicas of the cluster's own Alertmanager. */
  readonly ready: number;
  /** Addresses that Prometheus sends to. */
  readonly discovered: readonly string[];
  /** Of the declared Alertmanagers. */
  readonly targets: readonly Target[];
  /** Alerts that did not arrive of late, by address of the Alertmanager; none where Prometheus tells nothing of one. */
  readonly errors: Readonly<Record<string, number>>;
  /** Watchdogs that fire, by their hop. */
  readonly hops: readonly string[];
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
export const SEND_ERRORS = "prometheus_notifications_errors_total";

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

/** Ready replicas, and the configuration that they mount. */
async function deployed(
  kube: KubeApi,
  namespace: string,
  signal: AbortSignal,
): Promise<{ readonly ready: number; readonly config: AlertmanagerConfig }> {
  const { status, spec } = await kube.get<StatefulSet>(
    `/apis/apps/v1/namespaces/${namespace}/statefulsets/${ALERTMANAGER_NAMES.statefulSet}`,
    signal,
  );
  const name = spec.template.spec.volumes.find((volume) => volume.name === "config")?.configMap?.name ?? "";
  const { data } = await kube.get<{ data: Readonly<Record<string, string>> }>(
    `/api/v1/namespaces/${namespace}/configmaps/${name}`,
    signal,
  );
  return {
    ready: status.readyReplicas ?? 0,
    config: parse(data["alertmanager.yml"] ?? "") as AlertmanagerConfig,
  };
}

const anyOf = (texts: readonly string[]): string =>
  texts.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");

export async function gatherAlerts(
  { cluster, kube, prometheus: from, scrapeSeconds }: HubSite | MemberSite,
  declared: DeclaredWay,
  signal: AbortSignal,
): Promise<AlertsEvidence> {
  const prometheus = from();
  const now = Date.now();
  const by = async (label: string, query: string): Promise<Readonly<Record<string, number>>> =>
    Object.fromEntries(
      (await prometheus.instant(query, now)).map(({ labels, samples }) => [
        labels[label] ?? "",
        Math.round(samples[0]?.[1] ?? 0),
      ]),
    );
  const seconds = Math.ceil(await scrapeSeconds());
  const late = FAILURE_SCRAPES * seconds;
  const told = REPEAT_SECONDS + (FAILURE_SCRAPES + 1) * seconds;
  // a site's Prometheus may scrape an Alertmanager of the site's own as well
  const notifications = select(alertmanager.notifications, {
    cluster,
    job: ALERTMANAGER_JOB,
    instance: matching(anyOf(declared.own)),
  });
  const requestsFailed = notifications.replace(alertmanager.notifications.name, REQUESTS_FAILED);
  const [{ activeAlertmanagers }, { active }, watchdogs, errors, tried, failed, { ready, config }] =
    await Promise.all([
      prometheus.get<{ activeAlertmanagers: readonly { url: string }[] }>("alertmanagers"),
      targetsOf(prometheus),
      prometheus.instant(
        `ALERTS{alertname="Watchdog",alertstate="firing",hop!="",cluster=${JSON.stringify(cluster)}}`,
        now,
      ),
      by(
        "alertmanager",
        `sum by (alertmanager) (increase(${SEND_ERRORS}{cluster=${JSON.stringify(cluster)}}[${late}s]))`,
      ),
      by("integration", `sum by (integration) (increase(${notifications}[${told}s]))`),
      by("integration", `sum by (integration) (increase(${requestsFailed}[${late}s]))`),
      deployed(kube, declared.namespace, signal),
    ]);
  const addresses = [...declared.own, ...declared.hub];
  return {
    declared,
    cluster,
    ready,
    discovered: activeAlertmanagers.map(({ url }) => addressOf(url)),
    targets: active.filter(
      ({ labels, scrapeUrl }) =>
        [ALERTMANAGER_JOB, HUB_ALERTMANAGER_JOB].includes(labels.job ?? "") &&
        addresses.includes(addressOf(scrapeUrl)),
    ),
    errors: Object.fromEntries(Object.entries(errors).map(([url, count]) => [addressOf(url), count])),
    hops: watchdogs.map(({ labels }) => labels.hop ?? "").sort(),
    inForce: config,
    tried,
    failed,
  };
}
