import type { Address } from "./kit/dashboard";

/** Every dashboard's uid and title, in the order of the links between them. */
export const addresses = {
  clusterOverview: { uid: "federation-cluster-overview", title: "Clusters / Cluster Overview" },
  resourceUtilization: { uid: "federation-resource-utilization", title: "Clusters / Resource Utilization" },
  workloadStatus: { uid: "federation-workload-status", title: "Workloads / Workload Status" },
  modelPipeline: { uid: "federation-model-pipeline", title: "Models / Model Pipeline" },
  inferencePerformance: { uid: "federation-inference-performance", title: "Models / Inference Performance" },
  federationHealth: { uid: "federation-health", title: "Monitoring / Federation Health" },
} as const satisfies Readonly<Record<string, Address>>;
