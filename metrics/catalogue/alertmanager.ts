import { exporterMetrics } from "./define";

/** An Alertmanager about itself. */
export const alertmanager = exporterMetrics(
  { exporter: "alertmanager", versions: ">=0.25", target: ["namespace", "pod", "node", "service", "host"] },
  {
    alerts: {
      name: "alertmanager_alerts",
      unit: "count",
      labels: ["state"],
      meaning: "alerts it holds: active, suppressed, unprocessed",
    },
    members: {
      name: "alertmanager_cluster_members",
      unit: "count",
      meaning: "peers it sees, itself included",
    },
    notifications: {
      name: "alertmanager_notifications_total",
      type: "counter",
      unit: "count",
      labels: ["integration", "receiver_name"],
      meaning: "notifications tried",
    },
    notificationsFailed: {
      name: "alertmanager_notifications_failed_total",
      type: "counter",
      unit: "count",
      labels: ["integration", "receiver_name", "reason"],
      meaning: "notifications that failed",
    },
    configReloaded: {
      name: "alertmanager_config_last_reload_successful",
      unit: "boolean",
      meaning: "1 while the last reload of the configuration succeeded",
    },
  },
);
