import type * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Alertmanager } from "../components/monitoring/alertmanager";
import { HUB_USER } from "../components/monitoring/alertmanagerClients";
import type { AlertDeliveryArgs } from "../components/monitoring/alertmanagerClients";
import { alertmanagerFlows } from "../components/monitoring/alertmanagerFlows";
import { userFiles } from "../components/monitoring/credentials";
import type { Flow } from "../components/kubernetes/flows";
import type { ClusterAlertArgs } from "../rules/alerts";
import type { MemberSettings, Settings } from "../settings";
import { alertmanagerReplicas, declaredCluster } from "./declared";
import { sitePods } from "./sitePods";

/** What health and alerts hold the stack's cluster to. */
export function watchOf(settings: Settings): ClusterAlertArgs {
  const { thresholds, objectives, runbookUrl } = settings.alerting;
  return { declared: declaredCluster(settings), role: settings.role, thresholds, objectives, runbookUrl };
}

const hubAlertmanagers = (settings: Settings): readonly string[] | undefined =>
  settings.role === "member" ? settings.alerting.hubAlertmanagers : undefined;

/** The Alertmanagers that the stack's Prometheus sends to. */
export function deliveryOf(settings: Settings): Omit<AlertDeliveryArgs, "cluster"> {
  return {
    namespace: settings.namespace,
    replicas: alertmanagerReplicas(settings),
    hub: hubAlertmanagers(settings),
  };
}

/** Every connection of alerts. */
export function alertFlows(settings: Settings): readonly Flow[] {
  return alertmanagerFlows({
    nodes: settings.kubernetes.nodes.map(({ address }) => address),
    replicas: alertmanagerReplicas(settings),
    receivers: settings.alerting.receivers,
    allowFrom: settings.role === "hub" ? settings.alerting.expose.allowFrom : undefined,
    prometheus: settings.prometheus.kind === "existing" ? sitePods(settings.prometheus) : undefined,
    hub: hubAlertmanagers(settings),
  });
}

/** The files with which a member's Prometheus sends alerts to the hub; undefined where existing Secrets hold them. */
export function hubUserFiles({
  alerting,
}: MemberSettings): pulumi.Output<Readonly<Record<string, string>>> | undefined {
  return alerting.hubUser?.apply((user) => userFiles(HUB_USER, user));
}

/** Alertmanager, which tells the receivers. */
export function declareAlerting(
  settings: Settings,
  namespace: pulumi.Input<string>,
  provider: kubernetes.Provider,
): void {
  const { role, alerting, images, credentials } = settings;
  new Alertmanager(
    "alertmanager",
    {
      namespace,
      image: images.alertmanager,
      replicas: alertmanagerReplicas(settings),
      config: { role, receivers: alerting.receivers, groupInterval: alerting.groupInterval },
      receiverSecrets: alerting.receiverSecrets,
      credentials,
      ...(settings.role === "hub"
        ? { clients: settings.alerting.clients, expose: settings.alerting.expose }
        : {}),
    },
    { provider },
  );
}

/** Addresses (`host:port`) of the hub's Alertmanagers for clients outside its cluster, one a replica. */
export function alertmanagerAddresses(settings: Settings): readonly string[] | undefined {
  if (settings.role === "member") return undefined;
  const { ports, addresses } = settings.alerting.expose;
  const [node] = settings.kubernetes.nodes;
  return ports.map((port, index) => `${addresses?.[index] ?? node?.address ?? ""}:${port}`);
}
