import { exporterMetrics } from "./define";

const request = [
  "verb",
  "group",
  "version",
  "resource",
  "subresource",
  "scope",
  "component",
  "dry_run",
] as const;

/** The Kubernetes API server. */
export const apiServer = exporterMetrics(
  { exporter: "kube-apiserver", versions: ">=1.28", target: [] },
  {
    requests: {
      name: "apiserver_request_total",
      type: "counter",
      unit: "count",
      labels: [...request, "code"],
      meaning: "requests answered",
    },
    duration: {
      name: "apiserver_request_duration_seconds",
      type: "histogram",
      unit: "seconds",
      labels: request,
      meaning: "time to answer",
    },
    inflight: {
      name: "apiserver_current_inflight_requests",
      unit: "count",
      labels: ["request_kind"],
      meaning: "most requests at work within the last second: mutating, readOnly",
    },
  },
);
