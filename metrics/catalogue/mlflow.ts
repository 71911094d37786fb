import { exporterMetrics } from "./define";

/** MLflow with `--expose-prometheus` (prometheus-flask-exporter): HTTP alone, nothing of models. */
export const mlflow = exporterMetrics(
  { exporter: "mlflow", versions: ">=2.0", target: ["namespace", "pod", "node", "service", "host"] },
  {
    requests: {
      name: "mlflow_http_request_total",
      type: "counter",
      unit: "count",
      labels: ["method", "status"],
      meaning: "requests answered",
    },
    duration: {
      name: "mlflow_http_request_duration_seconds",
      type: "histogram",
      unit: "seconds",
      labels: ["method", "status", "mlflow_version"],
      meaning: "time to answer",
    },
    info: { name: "mlflow_exporter_info", unit: "info", labels: ["version"], meaning: "1 for each server" },
  },
);
