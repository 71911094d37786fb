/** The metric contract: every metric that rules, dashboards or workloads use, by what exposes it. */
import type { Metric } from "../types";
import { alertmanager } from "./alertmanager";
import { apiServer } from "./apiServer";
import { beegfs } from "./beegfs";
import { dcgm } from "./dcgm";
import { k6 } from "./k6";
import { kubeState } from "./kubeStateMetrics";
import { cadvisor, kubelet } from "./kubelet";
import { minio } from "./minio";
import { mlflow } from "./mlflow";
import { modelRetention, modelTransfer } from "./modelSync";
import { node } from "./node";
import { prometheus, scrapes } from "./prometheus";
import { prometheusHttp } from "./prometheusHttp";
import { clusterRecorded, hubRecorded, localRecorded } from "./recorded";
import { knative, kserve, olderKnative } from "./serving";
import { olderSlurm, olderSlurmJobs, olderSlurmNodes, slurm, slurmJobs, slurmNodes } from "./slurm";
import { olderVllm, vllm } from "./vllm";

export { alertmanager } from "./alertmanager";
export { apiServer } from "./apiServer";
export { beegfs } from "./beegfs";
export { dcgm, plausible } from "./dcgm";
export { k6 } from "./k6";
export { allowedLabels, kubeState } from "./kubeStateMetrics";
export { cadvisor, kubelet } from "./kubelet";
export { minio } from "./minio";
export { mlflow } from "./mlflow";
export { modelRetention, modelTransfer } from "./modelSync";
export { node } from "./node";
export { prometheus, scrapes } from "./prometheus";
export { prometheusHttp } from "./prometheusHttp";
export { clusterRecorded, fedCluster, fedHub, fedLocal, hubRecorded, localRecorded } from "./recorded";
export type { ClusterMetric, Domain, FederateJob } from "./recorded";
export { knative, kserve, olderKnative } from "./serving";
export { olderSlurm, olderSlurmJobs, olderSlurmNodes, slurm, slurmJobs, slurmNodes } from "./slurm";
export { olderVllm, vllm } from "./vllm";

/** Metrics of exporters, by exporter. */
export const exporters: readonly Readonly<Record<string, Metric>>[] = [
  alertmanager,
  apiServer,
  beegfs,
  cadvisor,
  dcgm,
  k6,
  knative,
  kserve,
  kubeState,
  kubelet,
  minio,
  mlflow,
  modelRetention,
  modelTransfer,
  node,
  olderKnative,
  olderSlurm,
  olderSlurmJobs,
  olderSlurmNodes,
  olderVllm,
  prometheus,
  prometheusHttp,
  scrapes,
  slurm,
  slurmJobs,
  slurmNodes,
  vllm,
];

/** Every metric of the contract: what is scraped, and what is recorded of it. */
export const catalogue: readonly Metric[] = [
  ...exporters.flatMap((metrics) => Object.values(metrics)),
  ...clusterRecorded,
  ...localRecorded,
  ...hubRecorded,
];
