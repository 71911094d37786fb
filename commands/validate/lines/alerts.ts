import { isDeepStrictEqual } from "node:util";
import { addressOf } from "../../../components/monitoring/siteCheck/facts";
import { SEND_ALERTS } from "../../../components/monitoring/siteCheck/findings";
import { counted, judged, listed } from "../verdict";
import type { Problem, Verdict } from "../verdict";
import { SEND_ERRORS } from "./alertsEvidence";
import type { AlertsEvidence } from "./alertsEvidence";
import { integrationsOf, receiverOf } from "./routes";

const MISSING = "docs/runbook.md, AlertmanagerReplicasMissing";

/** Whether Prometheus sends to those that it should, and only to those. */
function sendingProblems({ declared, ready, discovered }: AlertsEvidence): readonly Problem[] {
  const { own, hub, others } = declared;
  const addresses = [...own, ...hub];
  const missing = addresses.filter((address) => !discovered.includes(address));
  const strange = others ? [] : discovered.filter((address) => !addresses.includes(address));
  const up = "`pulumi up` puts its configuration right";
  return [
    ...(ready < own.length
      ? [
          {
            cause: `${ready} of ${counted(own.length, "replica")} of Alertmanager ready`,
            action: MISSING,
          },
        ]
      : []),
    ...(missing.length > 0
      ? [
          {
            cause: `Prometheus does not send to ${listed(missing)}`,
            action: others ? `in the values of the site's chart ${SEND_ALERTS}` : up,
          },
        ]
      : []),
    ...(strange.length > 0
      ? [{ cause: `Prometheus sends to ${listed(strange)}, which the settings do not declare`, action: up }]
      : []),
  ];
}

/** From Prometheus to its Alertmanagers; what concerns the hub's is left out where the hub's own line tells of it. */
function deliveryProblems(evidence: AlertsEvidence, withoutHub: boolean): readonly Problem[] {
  const { declared, cluster, targets, errors } = evidence;
  const sending = sendingProblems(evidence);
  // a replica that is not ready is down as well: told once
  if (sending.length > 0) return sending;
  const heard = [...declared.own, ...(withoutHub ? [] : declared.hub)];
  const problems = heard.flatMap((address): readonly Problem[] => {
    const found = targets.filter(({ scrapeUrl }) => addressOf(scrapeUrl) === address);
    if (found.length === 0)
      return [
        {
          cause: `Alertmanager ${address} is not scraped: nothing shows whether it answers`,
          action: "look at the jobs alertmanager and hub-alertmanager; `pulumi up` declares them",
        },
      ];
    return found
      .filter(({ health }) => health !== "up")
      .map(({ scrapeUrl, health, lastError }) => ({
        cause: `Alertmanager ${scrapeUrl} is ${health}: ${lastError || "not scraped yet"}`,
        action: declared.hub.includes(address)
          ? "allowFrom of hub.alerting.expose, firewall, and credentials: `pulumi up` the hub, then the member"
          : MISSING,
      }));
  });
  if (problems.length > 0) return problems;
  const blind = heard.filter((address) => errors[address] === undefined);
  if (blind.length > 0)
    return [
      {
        cause: `nothing shows whether alerts reach ${listed(blind)}: no ${SEND_ERRORS} with cluster="${cluster}" of late`,
        action: "see that this Prometheus scrapes itself; just after its start, ask again in a minute",
      },
    ];
  return heard
    .filter((address) => (errors[address] ?? 0) > 0)
    .map((address) => ({
      cause: `${counted(errors[address] ?? 0, "alert")} did not reach ${address} of late`,
      action: "docs/runbook.md, PrometheusAlertsDropped",
    }));
}

/** From the Alertmanagers to the receivers. */
function tellingProblems(evidence: AlertsEvidence): readonly Problem[] {
  const { cluster, declared, inForce, tried, failed } = evidence;
  if (!isDeepStrictEqual(declared.config, inForce))
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
        action: `name someone in federation:${declared.role}.alerting.receivers (docs/operations.md, "Alerts")`,
      },
    ];
  return heartbeats(evidence)
    .filter((integration) => !((tried[integration] ?? 0) > 0))
    .map((integration) => ({
      cause: `no Watchdog was told by ${integration} within the last minutes, though it fires`,
      action: "look at Alertmanager's log: its notifications neither fail nor succeed",
    }));
}

/** Integrations by which a Watchdog of this cluster is told. */
function heartbeats({ declared, cluster, inForce }: AlertsEvidence): readonly string[] {
  const hop = declared.role === "hub" ? "hub" : "local";
  return integrationsOf(receiverOf(inForce, { cluster, hop, alertname: "Watchdog", severity: "info" }));
}

/** @param hubIsRed whether the hub's own line tells that its Alertmanagers are not well */
export function judgeAlerts(evidence: AlertsEvidence, hubIsRed: boolean): Verdict {
  const { declared, cluster, discovered, hops, inForce, tried } = evidence;
  const expected = declared.role === "hub" ? ["hub"] : ["hub", "local"];
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
  const addresses = [...declared.own, ...declared.hub];
  const others = discovered.filter((address) => !addresses.includes(address)).length;
  return judged(
    [
      `Prometheus sends to ${counted(addresses.length, "Alertmanager")}: ${listed(addresses)}${others === 0 ? "" : `, and to ${others} of the site's own`}`,
      `routes lead to ${told("critical")}; ${told("warning")}`,
      beats.length === 0
        ? "no receiver of heartbeats, so no notification proves the last step"
        : `Watchdog fires (${hops.join(", ")}) and was told of late by ${beats.map((one) => `${one} ${tried[one] ?? 0} times`).join(", ")}, no request failed`,
    ],
    problems,
  );
}
