import { fedCluster, scrapes } from "../../metrics/catalogue";
import { prometheusHttp } from "../../metrics/catalogue/prometheusHttp";
import { HUB_ALERTMANAGER_JOB } from "../health";
import type { AlertDefinition } from "./alert";
import type { Subject } from "./args";

const component = "monitoring" as const;

/** Age of the last heartbeat above which a Watchdog falls silent, seconds. */
const HEARTBEAT_SECONDS = 90;

/** Ways of an alert to its receiver; each has a Watchdog that always fires, and whose silence an outside service notices. */
type Hop = "hub" | "local" | "federation";

/** An alert that always fires, as long as `expr` holds. */
export function watchdog(hop: Hop, expr: string, description: string): AlertDefinition {
  return {
    alert: "Watchdog",
    severity: "info",
    component,
    expr,
    for: "30s",
    labels: { hop },
    summary: `Alerts of {{ $labels.cluster }} find their way (${hop}).`,
    description,
  };
}

/** What shows that alerts are evaluated and delivered; on a member also that the hub's Alertmanagers are reached. */
export const deliveryAlerts: Subject = ({ own }, { role }) => {
  const alive = `time() - ${own(fedCluster.monitoring.heartbeat)} < ${HEARTBEAT_SECONDS}`;
  const told = "Rules of {{ $labels.cluster }} were evaluated {{ $value | humanizeDuration }} ago.";
  const probed = own(scrapes.up, { job: HUB_ALERTMANAGER_JOB });
  const federated = own(prometheusHttp.requests, { handler: "/federate", code: "200" });
  return [
    watchdog("hub", alive, told),
    ...(role === "hub"
      ? []
      : [
          watchdog("local", alive, told),
          {
            alert: "HubReachable",
            severity: "info" as const,
            component,
            expr:
              `max by (cluster) (min_over_time(${probed}[2m])) == 1` +
              ` and on (cluster) sum by (cluster) (increase(${federated}[3m])) > 0`,
            for: "1m",
            summary: "{{ $labels.cluster }} and the hub reach each other.",
            description:
              "An Alertmanager of the hub has answered every probe from {{ $labels.cluster }} for 2 minutes (up {{ $value }}), and the hub fetches its series: the hub notifies, the local Alertmanager is muted.",
          },
        ]),
  ];
};
