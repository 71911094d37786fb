import { stringify } from "yaml";
import { commonInhibition, localMuting, remoteMuting } from "./inhibition";
import type { Receiver } from "./receivers";
import { causes, receiverConfig } from "./receivers";
import type { AlertmanagerConfig, RouteConfig } from "./schema";

export interface AlertmanagerConfigArgs {
  readonly role: "hub" | "member";
  readonly receivers: readonly Receiver[];
  /**
   * How soon a change of a group is told, and how soon a member's own delivery opens for what fires already: a
   * Prometheus duration. Default: 5m on the hub, 1m on a member.
   */
  readonly groupInterval?: string | undefined;
}

/** Receiver of what is only looked at. */
const NOBODY = "nobody";

/** What belongs together in one notification: it always tells of one cluster. */
export const GROUP_BY = ["cluster", "component", "alertname"] as const;

/**
 * How long a new group waits. A member's Alertmanager that has just started hears of an alert up to a minute before it
 * hears that the hub is reached, and must not have told it by then.
 */
const WAIT = {
  hub: { critical: "10s", warning: "30s" },
  member: { critical: "90s", warning: "90s" },
} as const;

/** How often a receiver of heartbeats hears of a Watchdog that fires. */
const HEARTBEAT = { group_wait: "0s", group_interval: "1m", repeat_interval: "1m" } as const;

const to = (receiver: string, matchers: readonly string[], more: Partial<RouteConfig> = {}): RouteConfig => ({
  receiver,
  matchers,
  ...more,
});

/**
 * The same tree on hub and members, so that one alert has one group key wherever it is delivered, and a service that
 * goes by that key takes both for the same. Only the Watchdog of the local way differs: a member's own.
 */
function routes(role: AlertmanagerConfigArgs["role"]): readonly RouteConfig[] {
  const heartbeat = { ...HEARTBEAT, group_by: ["cluster", "hop"] };
  return [
    to(role === "member" ? "heartbeat" : NOBODY, ['alertname="Watchdog"', 'hop="local"'], heartbeat),
    to("heartbeat", ['alertname="Watchdog"'], heartbeat),
    to(NOBODY, ['severity="info"']),
    to("critical", ['severity="critical"'], { group_wait: WAIT[role].critical, repeat_interval: "1h" }),
  ];
}

/** The configuration as data. What no route names is a warning: nothing is lost for want of a route. */
export function alertmanagerConfig({
  role,
  receivers,
  groupInterval = role === "hub" ? "5m" : "1m",
}: AlertmanagerConfigArgs): AlertmanagerConfig {
  return {
    route: {
      receiver: "warning",
      group_by: GROUP_BY,
      group_wait: WAIT[role].warning,
      group_interval: groupInterval,
      repeat_interval: "12h",
      routes: routes(role),
    },
    inhibit_rules: [role === "member" ? localMuting : remoteMuting, ...commonInhibition],
    receivers: [...causes.map((cause) => receiverConfig(cause, receivers)), { name: NOBODY }],
  };
}

/** The configuration as text: the same data, the same bytes. */
export function renderAlertmanagerConfig(config: AlertmanagerConfig): string {
  return stringify(config, { lineWidth: 0, aliasDuplicateObjects: false, version: "1.1" });
}
