import { exporterMetrics } from "./define";

const target = ["namespace", "pod", "node", "service"] as const;

/** KServe's Python model server: no count of requests, no status; a failed request is predicted, not postprocessed. */
export const kserve = exporterMetrics(
  { exporter: "kserve", versions: ">=0.11", target },
  {
    predict: {
      name: "request_predict_seconds",
      type: "histogram",
      unit: "seconds",
      labels: ["model_name"],
      meaning: "time of a prediction",
    },
    postprocess: {
      name: "request_postprocess_seconds",
      type: "histogram",
      unit: "seconds",
      labels: ["model_name"],
      meaning: "time of what follows a prediction that succeeded",
    },
    predictCreated: {
      name: "request_predict_seconds_created",
      unit: "unix seconds",
      labels: ["model_name"],
      meaning: "when the server made the first prediction of a model",
    },
  },
);

const revision = [
  "kn_service_name",
  "kn_configuration_name",
  "kn_revision_name",
  "k8s_namespace_name",
] as const;

/** Knative Serving since it speaks OpenTelemetry: queue proxy and autoscaler. */
export const knative = exporterMetrics(
  { exporter: "knative", versions: ">=1.19", target },
  {
    duration: {
      name: "kn_serving_invocation_duration_seconds",
      type: "histogram",
      unit: "seconds",
      labels: [...revision, "http_response_status_code"],
      renames: ["revision_app_request_latencies", "revision_app_request_count"],
      meaning: "time the model server took, as its proxy saw it",
    },
    podsDesired: {
      name: "kn_revision_pods_desired",
      unit: "count",
      labels: revision,
      renames: ["autoscaler_desired_pods"],
      meaning: "pods the autoscaler wants",
    },
    podsActual: {
      name: "kn_revision_pods_count",
      unit: "count",
      labels: revision,
      renames: ["autoscaler_actual_pods"],
      meaning: "pods there are",
    },
  },
);

const olderRevision = ["service_name", "configuration_name", "revision_name", "namespace_name"] as const;
const response = ["response_code", "response_code_class", "container_name", "pod_name"] as const;

/** Knative Serving before. */
export const olderKnative = exporterMetrics(
  { exporter: "knative", versions: "<1.19", target },
  {
    duration: {
      name: "revision_app_request_latencies",
      type: "histogram",
      unit: "milliseconds",
      labels: [...olderRevision, ...response],
      renames: ["kn_serving_invocation_duration_seconds"],
      meaning: "time the model server took, as its proxy saw it",
    },
    requests: {
      name: "revision_app_request_count",
      type: "counter",
      unit: "count",
      labels: [...olderRevision, ...response],
      renames: ["kn_serving_invocation_duration_seconds"],
      meaning: "requests that reached the model server",
    },
    podsDesired: {
      name: "autoscaler_desired_pods",
      unit: "count",
      labels: olderRevision,
      renames: ["kn_revision_pods_desired"],
      meaning: "pods the autoscaler wants",
    },
    podsActual: {
      name: "autoscaler_actual_pods",
      unit: "count",
      labels: olderRevision,
      renames: ["kn_revision_pods_count"],
      meaning: "pods there are",
    },
  },
);
