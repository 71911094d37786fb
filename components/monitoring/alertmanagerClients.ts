import { ALERTMANAGER_JOB, HUB_ALERTMANAGER_JOB } from "../../rules/health";
import { ALERTMANAGER_NAMES, ALERTMANAGER_PORT, indexes } from "./alertmanagerPod";
import { basicAuthFiles, ownCa } from "./credentials";
import type { HttpConfig, PrometheusConfig, RelabelConfig, ScrapeConfig } from "./prometheusSchema";

/** What one Prometheus needs to send alerts, and to watch whether they arrive. */
export interface AlertDelivery {
  readonly alerting: PrometheusConfig["alerting"];
  readonly jobs: readonly ScrapeConfig[];
}

export interface AlertDeliveryArgs {
  readonly cluster: string;
  /** Namespace of Prometheus and of the cluster's own Alertmanager. */
  readonly namespace: string;
  /** Replicas of the cluster's own Alertmanager. */
  readonly replicas: number;
  /** Addresses (`host:port`) of the hub's Alertmanagers, each of its own; absent on the hub. */
  readonly hub?: readonly string[] | undefined;
}

/** The user with whom a member's Prometheus sends to the hub: `hub.username` and `hub.password` among its credentials. */
export const HUB_USER = "hub";

/** Addresses (`host:port`) inside the cluster of its own Alertmanager, one a replica. */
export const replicaAddresses = (namespace: string, replicas: number): readonly string[] =>
  indexes(replicas).map(
    (index) => `${ALERTMANAGER_NAMES.replica(index)}.${namespace}.svc:${String(ALERTMANAGER_PORT)}`,
  );

/** What is for a member's own Alertmanager alone: that the hub is reached, and the Watchdog of the local way. */
const notForTheHub: readonly RelabelConfig[] = [
  { action: "drop", source_labels: ["alertname"], regex: "HubReachable" },
  { action: "drop", source_labels: ["hop"], regex: "local" },
];

/**
 * Every replica by an address of its own. A member sends to its own Alertmanager and to the hub's, and probes the
 * hub's: of those probes only whether they succeed is kept, since the samples are about the hub.
 *
 * The cluster's own server certificate names Prometheus's Service; its Alertmanager serves the same one.
 */
export function alertDelivery({ cluster, namespace, replicas, hub }: AlertDeliveryArgs): AlertDelivery {
  const own: HttpConfig = {
    scheme: "https",
    basic_auth: basicAuthFiles("local"),
    tls_config: { ...ownCa, server_name: `prometheus.${namespace}.svc` },
  };
  const outside: HttpConfig = { scheme: "https", basic_auth: basicAuthFiles(HUB_USER), tls_config: ownCa };
  const local = [{ targets: replicaAddresses(namespace, replicas) }];
  const relabel_configs = [{ target_label: "cluster", replacement: cluster }];
  return {
    alerting: {
      alertmanagers: [
        { api_version: "v2", ...own, static_configs: local },
        ...(hub === undefined
          ? []
          : [
              {
                api_version: "v2" as const,
                ...outside,
                static_configs: [{ targets: hub }],
                alert_relabel_configs: notForTheHub,
              },
            ]),
      ],
    },
    jobs: [
      { job_name: ALERTMANAGER_JOB, ...own, static_configs: local, relabel_configs },
      ...(hub === undefined
        ? []
        : [
            {
              job_name: HUB_ALERTMANAGER_JOB,
              ...outside,
              scrape_interval: "15s",
              scrape_timeout: "5s",
              static_configs: [{ targets: hub }],
              relabel_configs,
              metric_relabel_configs: [{ action: "drop" as const, source_labels: ["__name__"], regex: ".+" }],
            },
          ]),
    ],
  };
}
