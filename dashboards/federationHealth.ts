import { fedCluster } from "../metrics/catalogue";
import { health } from "../metrics/catalogue/recorded/health";
import { line } from "./kit/dashboard";
import type { DashboardDefinition, Row } from "./kit/dashboard";
import { NONE, beyond } from "./kit/limits";
import { addresses } from "./addresses";
import { memberRow } from "./federationMembers";
import { bars, by, named, stat, table, timeSeries } from "./kit/panels";
import { clusterStyles } from "./kit/site";
import type { Site } from "./kit/site";
import { SEVERITIES, SUCCESS, WATCHDOG } from "./kit/states";
import { variables } from "./kit/variables";
import { max, ratio, series, sum } from "./kit/vector";

const { monitoring, machines } = fedCluster;

function prometheusRow(site: Site): Row {
  const styles = clusterStyles(site);
  return {
    title: "Prometheus of each cluster",
    lines: [
      line(5, [
        24,
        table({
          title: "Its own troubles",
          description:
            "What goes wrong inside each Prometheus, per second over 5 minutes. Everything should be 0, and the configuration loaded.",
          rows: { cluster: "Cluster" },
          columns: [
            {
              title: "Configuration loaded",
              vector: series(monitoring.prometheusConfigReloaded),
              states: SUCCESS,
            },
            { title: "Rules failed", vector: series(monitoring.prometheusRuleFailures) },
            { title: "Rule groups missed", vector: series(monitoring.prometheusRuleGroupsMissed) },
            { title: "Alerts dropped", vector: series(monitoring.prometheusNotificationsDropped) },
            { title: "Scrapes over limit", vector: series(monitoring.prometheusScrapesOverLimit) },
            { title: "Samples rejected", vector: sum(series(monitoring.prometheusSamplesRejected)) },
          ],
        }),
      ]),
      line(
        7,
        [
          8,
          timeSeries({
            title: "Series",
            description: "Series in memory: what decides how much of it Prometheus needs.",
            queries: [by(series(monitoring.prometheusSeries), "cluster")],
            styles,
          }),
        ],
        [
          8,
          timeSeries({
            title: "Samples taken in",
            description: "Samples per second, of all scrapes and rules.",
            queries: [by(series(monitoring.prometheusSamples), "cluster")],
            styles,
          }),
        ],
        [
          8,
          timeSeries({
            title: "Storage",
            description: "Blocks on disk; the oldest go when the retention of time or size is reached.",
            queries: [by(series(monitoring.prometheusStorage), "cluster")],
            styles,
          }),
        ],
      ),
    ],
  };
}

function targetRow(site: Site): Row {
  return {
    title: "Targets, limits and clocks",
    lines: [
      line(
        11,
        [
          10,
          table({
            title: "Targets by job",
            description: "Targets whose last scrape succeeded and failed, and the longest of these scrapes.",
            rows: { cluster: "Cluster", job: "Job" },
            columns: [
              { title: "Up", vector: series(monitoring.targetsUp), width: 70 },
              {
                title: "Down",
                vector: series(monitoring.targetsDown),
                width: 70,
                limits: NONE,
              },
              { title: "Longest scrape", vector: series(monitoring.scrapeDuration), width: 120 },
            ],
            sortBy: { column: "Down" },
          }),
        ],
        [
          8,
          table({
            title: "Label limits",
            description:
              "Values that a limited label has, of those it may have. Red begins beyond that: the rest is left out of the recordings.",
            rows: { cluster: "Cluster", limit: "Limit" },
            columns: [
              { title: "Has", vector: series(monitoring.limitsUsed), width: 60 },
              { title: "May have", vector: series(monitoring.limitsAllowed), width: 80 },
              {
                title: "Used",
                vector: ratio(series(monitoring.limitsUsed), series(monitoring.limitsAllowed)),
                bar: 1,
                limits: beyond(site.thresholds.labelLimitUsed),
              },
            ],
            sortBy: { column: "Used" },
          }),
        ],
        [
          6,
          bars({
            title: "Largest clock offset",
            description: "Of all machines of a cluster, by their own time synchronisation.",
            queries: [by(max(series(machines.clockOffset)), "cluster")],
            limits: site.thresholds.clockOffset,
          }),
        ],
      ),
    ],
  };
}

function alertingRow(): Row {
  return {
    title: "Alerting",
    lines: [
      line(
        8,
        [
          12,
          table({
            title: "Alerts that fire",
            description:
              "Everywhere, by name; how many of each. First steps: the alert's heading in the runbook.",
            emptyIsGood: "no alert fires",
            rows: { severity: "Severity", cluster: "Cluster", alertname: "Alert", component: "Component" },
            columns: [{ title: "Firing", vector: series(monitoring.alertsFiring), width: 80 }],
            widths: { severity: 90, cluster: 110 },
            sortBy: { column: "Severity", lowest: true },
            labelStates: { severity: SEVERITIES },
          }),
        ],
        [
          6,
          timeSeries({
            title: "Notifications",
            description: "Notifications that Alertmanagers tried to send, and those that failed.",
            queries: [
              named(sum(series(monitoring.alertmanagerNotifications)), "tried", "cluster"),
              named(sum(series(monitoring.alertmanagerNotificationsFailed)), "failed", "cluster"),
            ],
          }),
        ],
        [
          3,
          stat({
            title: "Watchdog",
            description:
              "An alert that always fires: while it is silent, the cluster's alerts are not evaluated.",
            queries: [by(series(health.watchdog), "cluster")],
            states: WATCHDOG,
            vertical: true,
          }),
        ],
        [
          3,
          stat({
            title: "Alertmanager peers",
            description: "Peers that the loneliest Alertmanager of a cluster sees, itself included.",
            queries: [by(series(monitoring.alertmanagerMembers), "cluster")],
            plain: true,
          }),
        ],
      ),
    ],
  };
}

/** The monitoring of the monitoring: whether what the other dashboards say can be believed. */
export function federationHealth(site: Site): DashboardDefinition {
  return {
    ...addresses.federationHealth,
    description:
      "Whether the hub hears every member, whether each Prometheus works, and whether alerts reach somebody.",
    variables: [variables.cluster()],
    rows: [
      ...(site.members.length === 0 ? [] : [memberRow(site)]),
      prometheusRow(site),
      targetRow(site),
      alertingRow(),
    ],
  };
}
