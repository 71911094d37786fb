import { parse } from "yaml";
import { replicaAddresses } from "../../../components/monitoring/alertmanagerClients";
import { alertmanagerConfig, renderAlertmanagerConfig } from "../../../rules/alertmanager";
import type { AlertmanagerConfig } from "../../../rules/alertmanager";
import type { HubSite, MemberSite } from "../sites";

/** The way of one cluster's alerts as its settings declare it. */
export interface DeclaredWay {
  readonly role: "hub" | "member";
  /** Of the cluster's own Alertmanager. */
  readonly namespace: string;
  /** Addresses (`host:port`) of its replicas, and of the hub's, which a member sends to as well. */
  readonly own: readonly string[];
  readonly hub: readonly string[];
  /** Of Alertmanager, as a reader of its file has it. */
  readonly config: AlertmanagerConfig;
  /** Whether Prometheus may send to others as well: that of a site has Alertmanagers of the site's own. */
  readonly others: boolean;
}

export function declaredWay({ settings, existing }: HubSite | MemberSite): DeclaredWay {
  const { role } = settings;
  const { namespace, alerting } = role === "hub" ? settings.hub : settings.member;
  const { receivers, groupInterval } = alerting;
  return {
    role,
    namespace,
    own: replicaAddresses(namespace, role === "hub" ? settings.hub.alerting.expose.ports.length : 1),
    hub: role === "hub" ? [] : settings.member.alerting.hubAlertmanagers,
    config: parse(
      renderAlertmanagerConfig(alertmanagerConfig({ role, receivers, groupInterval })),
    ) as AlertmanagerConfig,
    others: existing !== undefined,
  };
}
