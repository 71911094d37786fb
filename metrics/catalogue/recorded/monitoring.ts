import { clusterMetrics } from "./define";

/** Scrape jobs of one cluster at most. */
export const MAX_JOBS = 40;
/** Alerting rules of one cluster at most; severity and component follow from the name. */
export const MAX_ALERTS = 200;

/** Ways by which an Alertmanager notifies. */
export const integrations = ["email", "pagerduty", "slack", "webhook"] as const;

/** What label values are limited to, so that a cluster's series keep their budget. */
export const limits = [
  "buckets",
  "gpu_types",
  "models_served",
  "models_transferred",
  "namespaces",
  "partitions",
] as const;

/** The monitoring about itself. */
export const monitoring = clusterMetrics({
  heartbeat: {
    name: "heartbeat:timestamp_seconds",
    unit: "unix seconds",
    federate: "health",
    meaning: "when the cluster's rules were evaluated last, by its own clock",
  },
  targetsUp: {
    name: "targets:up",
    unit: "count",
    labels: { job: MAX_JOBS },
    federate: "health",
    meaning: "targets of a job whose last scrape succeeded; 0 where all are down",
  },
  targetsDown: {
    name: "targets:down",
    unit: "count",
    labels: { job: MAX_JOBS },
    federate: "health",
    meaning: "targets of a job whose last scrape failed; 0 where all are up",
  },
  scrapeDuration: {
    name: "scrape_duration:max_seconds",
    unit: "seconds",
    labels: { job: MAX_JOBS },
    meaning: "longest last scrape among the targets of a job",
  },
  prometheusSeries: {
    name: "prometheus_series:count",
    unit: "count",
    meaning: "series in the head of the cluster's Prometheus",
  },
  prometheusSamples: {
    name: "prometheus_samples:rate5m",
    unit: "per second",
    meaning: "samples the cluster's Prometheus takes in",
  },
  prometheusStorage: {
    name: "prometheus_storage:bytes",
    unit: "bytes",
    meaning: "blocks on the disk of the cluster's Prometheus",
  },
  prometheusConfigReloaded: {
    name: "prometheus_config_reload:success",
    unit: "boolean",
    meaning: "1 while the last reload of the configuration succeeded",
  },
  prometheusRuleFailures: {
    name: "prometheus_rule_failures:rate5m",
    unit: "per second",
    meaning: "rule evaluations that failed",
  },
  prometheusRuleGroupsMissed: {
    name: "prometheus_rule_groups_missed:rate5m",
    unit: "per second",
    meaning: "evaluations of rule groups left out because the one before took too long",
  },
  prometheusNotificationsDropped: {
    name: "prometheus_notifications_dropped:rate5m",
    unit: "per second",
    meaning: "alerts that reached no Alertmanager",
  },
  prometheusScrapesOverLimit: {
    name: "prometheus_scrapes_over_limit:rate5m",
    unit: "per second",
    meaning: "scrapes refused since they had more samples than allowed",
  },
  prometheusSamplesRejected: {
    name: "prometheus_samples_rejected:rate5m",
    unit: "per second",
    labels: { reason: ["duplicate_timestamp", "out_of_order"] },
    meaning:
      "scraped samples rejected for their timestamps: a series with two writers, or a clock that went back",
  },
  alertsFiring: {
    name: "alerts:firing",
    unit: "count",
    labels: { alertname: () => MAX_ALERTS, severity: 1, component: 1 },
    meaning: "alerts that fire on the cluster, by name: how alerts cross to the hub",
  },
  alertmanagerMembers: {
    name: "alertmanager_members:min",
    unit: "count",
    meaning: "peers that the loneliest Alertmanager of the cluster sees, itself included",
  },
  alertmanagerAlerts: {
    name: "alertmanager_alerts:max",
    unit: "count",
    labels: { state: ["active", "suppressed", "unprocessed"] },
    meaning: "alerts that an Alertmanager of the cluster holds",
  },
  alertmanagerNotifications: {
    name: "alertmanager_notifications:rate5m",
    unit: "per second",
    labels: { integration: integrations },
    meaning: "notifications tried",
  },
  alertmanagerNotificationsFailed: {
    name: "alertmanager_notifications_failed:rate5m",
    unit: "per second",
    labels: { integration: integrations },
    meaning: "notifications that failed",
  },
  limitsUsed: {
    name: "limits:used",
    unit: "count",
    labels: { limit: limits },
    meaning:
      "values that a limited label has; above limits:allowed the rest is left out of the cluster's recordings",
  },
  limitsAllowed: {
    name: "limits:allowed",
    unit: "count",
    labels: { limit: limits },
    meaning: "values that a limited label may have",
  },
});
