import { fedCluster, scrapes } from "../../metrics/catalogue";
import type { Selectable } from "../../metrics/types";
import { ALERTMANAGER_JOB } from "../health";
import { alertsDropped } from "../health/symptoms";
import { by } from "../recording/expressions";
import type { AlertDefinition } from "./alert";
import type { Subject } from "./args";

const { monitoring } = fedCluster;
const component = "monitoring" as const;

/** What Prometheus and the Alertmanagers say of themselves. */
export const monitoringAlerts: Subject = ({ own }, { declared, thresholds }) => {
  const happens = (
    metric: Selectable,
    definition: Omit<AlertDefinition, "component" | "expr">,
  ): AlertDefinition => ({ ...definition, component, expr: `sum by (cluster) (${own(metric)}) > 0` });
  const replicas = own(scrapes.up, { job: ALERTMANAGER_JOB });
  const limited = `${by("max", ["cluster", "limit"], own(monitoring.limitsUsed))} / ${by("max", ["cluster", "limit"], own(monitoring.limitsAllowed))}`;
  return [
    {
      alert: "PrometheusConfigRefused",
      severity: "warning",
      component,
      expr: `min by (cluster) (${own(monitoring.prometheusConfigReloaded)}) == 0`,
      for: "5m",
      summary: "Prometheus of {{ $labels.cluster }} refused its new configuration.",
      description:
        "The last reload of Prometheus on {{ $labels.cluster }} failed (success {{ $value }}): it goes on with the configuration before.",
    },
    happens(monitoring.prometheusRuleFailures, {
      alert: "PrometheusRulesFail",
      severity: "critical",
      for: "5m",
      summary: "Rules of {{ $labels.cluster }} can not be evaluated.",
      description:
        "{{ $value | humanize }} rule evaluations a second fail on {{ $labels.cluster }}: alerts and health there can be wrong.",
    }),
    happens(monitoring.prometheusRuleGroupsMissed, {
      alert: "PrometheusRulesLate",
      severity: "warning",
      for: "15m",
      summary: "Rules of {{ $labels.cluster }} are evaluated too slowly.",
      description:
        "{{ $value | humanize }} evaluations of rule groups a second are left out on {{ $labels.cluster }}.",
    }),
    {
      alert: "PrometheusAlertsDropped",
      severity: "critical",
      component,
      // while a replica is missing, what is sent to it is lost, and that alert tells of it
      expr: `${alertsDropped(own)} > 0 unless on (cluster) min by (cluster) (${replicas}) == 0`,
      for: "10m",
      summary: "Alerts of {{ $labels.cluster }} do not reach its Alertmanager.",
      description: "{{ $value | humanize }} alerts a second of {{ $labels.cluster }} are lost on their way.",
    },
    happens(monitoring.prometheusSamplesRejected, {
      alert: "PrometheusSamplesRejected",
      severity: "warning",
      for: "15m",
      summary: "Prometheus of {{ $labels.cluster }} rejects samples.",
      description:
        "{{ $value | humanize }} samples a second are rejected on {{ $labels.cluster }} for their time: a series has two writers, or a clock went back.",
    }),
    happens(monitoring.prometheusScrapesOverLimit, {
      alert: "PrometheusScrapesOverLimit",
      severity: "warning",
      for: "10m",
      summary: "Targets of {{ $labels.cluster }} have more samples than allowed.",
      description:
        "{{ $value | humanize }} scrapes a second are refused as a whole on {{ $labels.cluster }}: nothing is known of their targets.",
    }),
    {
      alert: "AlertmanagerReplicasMissing",
      severity: declared.alertmanagers === 1 ? "critical" : "warning",
      component,
      // one that is alone does not gossip, and tells of no members
      expr:
        `(sum by (cluster) (${replicas}) or max by (cluster) (0 * absent(${replicas}))) < ${declared.alertmanagers}` +
        ` or on (cluster) ${own(monitoring.alertmanagerMembers)} < ${declared.alertmanagers}`,
      for: "5m",
      summary: "An Alertmanager of {{ $labels.cluster }} is missing.",
      description: `{{ $value }} of ${declared.alertmanagers} Alertmanagers of {{ $labels.cluster }} answer and see each other.`,
    },
    {
      alert: "AlertmanagerNotificationsFail",
      severity: "critical",
      component,
      expr: `${by("sum", ["cluster", "integration"], own(monitoring.alertmanagerNotificationsFailed))} > 0`,
      for: "10m",
      summary: "Notifications of {{ $labels.cluster }} by {{ $labels.integration }} fail.",
      description:
        "{{ $value | humanize }} notifications a second by {{ $labels.integration }} fail on {{ $labels.cluster }}.",
    },
    {
      alert: "RecordingLimitReached",
      severity: "warning",
      component,
      expr: `${limited} > ${thresholds.labelLimitUsed.critical}`,
      for: "30m",
      summary: "Recordings of {{ $labels.cluster }} leave {{ $labels.limit }} out.",
      description:
        "{{ $labels.cluster }} has {{ $value | humanizePercentage }} of the {{ $labels.limit }} its recordings tell apart: the rest is left out.",
    },
  ];
};
