import { buildDashboards } from "../../../dashboards";
import { DEFAULT_THRESHOLDS } from "../../../metrics/thresholds";

export const dashboards = buildDashboards({
  hub: "cloud",
  members: ["hpc"],
  thresholds: DEFAULT_THRESHOLDS,
  priced: true,
});
/** Of all dashboards, in their order. */
export const uids = [
  "federation-cluster-overview",
  "federation-resource-utilization",
  "federation-workload-status",
  "federation-model-pipeline",
  "federation-inference-performance",
  "federation-health",
];
