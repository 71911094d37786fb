import { exporterMetrics } from "./define";

/** Labels that targets carry beside cluster, job and instance, whatever discovered them. */
const anyTarget = ["member", "namespace", "pod", "node", "service", "host"] as const;

/** What every Prometheus writes about its scrapes and alerts; series of federate jobs carry member in place of cluster. */
export const scrapes = exporterMetrics(
  { exporter: "prometheus", versions: ">=3.0", target: anyTarget },
  {
    up: { name: "up", unit: "boolean", meaning: "1 while the last scrape of the target succeeded" },
    duration: { name: "scrape_duration_seconds", unit: "seconds", meaning: "time the last scrape took" },
    samples: { name: "scrape_samples_scraped", unit: "count", meaning: "samples the target exposed" },
    samplesKept: {
      name: "scrape_samples_post_metric_relabeling",
      unit: "count",
      meaning: "samples left after metric relabelling",
    },
    alerts: {
      name: "ALERTS",
      unit: "info",
      labels: ["alertname", "alertstate", "severity", "component"],
      meaning: "1 for each alert that is pending or firing; it also carries the alert's other labels",
    },
  },
);

/** A Prometheus about itself. */
export const prometheus = exporterMetrics(
  { exporter: "prometheus", versions: ">=3.0", target: [] },
  {
    headSeries: {
      name: "prometheus_tsdb_head_series",
      unit: "count",
      meaning: "series in the head",
    },
    samplesAppended: {
      name: "prometheus_tsdb_head_samples_appended_total",
      type: "counter",
      unit: "count",
      labels: ["type"],
      meaning: "samples taken in",
    },
    blocksBytes: {
      name: "prometheus_tsdb_storage_blocks_bytes",
      unit: "bytes",
      meaning: "blocks on disk",
    },
    configReloaded: {
      name: "prometheus_config_last_reload_successful",
      unit: "boolean",
      meaning: "1 while the last reload of the configuration succeeded",
    },
    ruleFailures: {
      name: "prometheus_rule_evaluation_failures_total",
      type: "counter",
      unit: "count",
      labels: ["rule_group"],
      meaning: "rule evaluations that failed",
    },
    ruleGroupsMissed: {
      name: "prometheus_rule_group_iterations_missed_total",
      type: "counter",
      unit: "count",
      labels: ["rule_group"],
      meaning: "evaluations of a group left out because the one before took too long",
    },
    notificationsDropped: {
      name: "prometheus_notifications_dropped_total",
      type: "counter",
      unit: "count",
      labels: ["alertmanager"],
      meaning: "alerts that reached no Alertmanager",
    },
    scrapesOverLimit: {
      name: "prometheus_target_scrapes_exceeded_sample_limit_total",
      type: "counter",
      unit: "count",
      meaning: "scrapes refused since they had more samples than allowed",
    },
    samplesOutOfOrder: {
      name: "prometheus_target_scrapes_sample_out_of_order_total",
      type: "counter",
      unit: "count",
      meaning: "samples rejected since newer ones of their series were there",
    },
    samplesDuplicate: {
      name: "prometheus_target_scrapes_sample_duplicate_timestamp_total",
      type: "counter",
      unit: "count",
      meaning: "samples rejected since their series had another value for that time",
    },
  },
);
