import { exporterMetrics } from "./define";

/** Requests that a Prometheus answers: how it knows that it is federated. */
export const prometheusHttp = exporterMetrics(
  { exporter: "prometheus", versions: ">=3.0", target: [] },
  {
    requests: {
      name: "prometheus_http_requests_total",
      type: "counter",
      unit: "count",
      labels: ["handler", "code"],
      meaning: "requests answered",
    },
  },
);
