import * as pulumi from "@pulumi/pulumi";
import type { UserPassword, WebCredentials } from "../../components/monitoring/credentials";
import type { ClusterPrometheusArgs } from "../../components/monitoring/clusterPrometheus";
import type { HubMember } from "../../components/monitoring/prometheusFiles";
import { kubeStateMetricsPods } from "../../components/monitoring/kubeStateMetrics";
import { nodeExporterPods } from "../../components/monitoring/nodeExporter";
import { DEFAULT_THRESHOLDS } from "../../metrics/thresholds";
import { DEFAULT_OBJECTIVES } from "../../rules/alerts";
import type { ClusterAlertArgs } from "../../rules/alerts";
import { DEFAULT_INVENTORY } from "../../metrics/inventory";
import type { PrometheusConfigArgs } from "../../components/monitoring/prometheusConfig";

const watch: ClusterAlertArgs = {
  declared: {
    cluster: "hpc",
    machines: 2,
    targets: [
      { job: "prometheus" },
      { job: "node", host: "gpu-01" },
      { job: "slurm-jobs", host: "slurm-ctl" },
    ],
    gpus: 4,
    slurm: "slurmctld",
    beegfs: true,
    minio: false,
    mlflow: false,
    transfer: { runWithin: 7_200, verifyWithin: 172_800 },
    models: [],
    alertmanagers: 1,
  },
  role: "member",
  thresholds: DEFAULT_THRESHOLDS,
  objectives: DEFAULT_OBJECTIVES,
  runbookUrl: "https://runbooks.example/runbook.md",
};

/** Addresses of the hub's Alertmanagers. */
export const hubAlertmanagers = ["192.168.200.10:30993", "192.168.200.10:30994"];

/** A complete configuration of one cluster: every kind of target there is. */
export const memberConfig: PrometheusConfigArgs = {
  cluster: "hpc",
  targets: {
    kubeletTls: { kind: "clusterCa" },
    kubeStateMetrics: kubeStateMetricsPods("federation"),
    nodeExporter: nodeExporterPods("federation-agents", 9110),
    dcgmExporter: { namespace: "gpu-operator", labels: { app: "nvidia-dcgm-exporter" }, port: 9400 },
    hosts: [
      { name: "slurm-ctl", address: "192.168.100.10", roles: ["slurmctld", "node", "beegfs"] },
      { name: "gpu-01", address: "192.168.100.21", roles: ["node", "dcgm"] },
    ],
  },
  inventory: DEFAULT_INVENTORY,
  watch,
  delivery: { namespace: "federation", replicas: 1, hub: hubAlertmanagers },
  scrapeInterval: "30s",
  evaluationInterval: "30s",
  retention: { time: "15d", size: "40GB" },
  remoteWrite: [],
};

export const hubConfig: PrometheusConfigArgs = {
  ...memberConfig,
  cluster: "cloud",
  targets: {
    ...memberConfig.targets,
    hosts: [],
    services: {
      minio: {
        servers: ["https://192.168.200.10:30900", "https://minio-2.example"],
        ownCa: true,
        token: true,
      },
      mlflow: { url: "https://192.168.200.10:30500", ownCa: true, user: true },
    },
  },
  watch: {
    ...watch,
    role: "hub",
    declared: {
      cluster: "cloud",
      machines: 1,
      targets: [{ job: "prometheus" }],
      gpus: 2,
      beegfs: false,
      minio: true,
      mlflow: true,
      retentionWithin: 172_800,
      models: ["llama"],
      alertmanagers: 2,
    },
  },
  delivery: { namespace: "federation", replicas: 2 },
  remoteWrite: [
    { name: "archive", url: "https://archive.example:8443/api/v1/write", credentials: "archive" },
  ],
};

export const pricePerGpuHour = { "rtx-a6000": 0.8 } as const;

export const members: readonly HubMember[] = [
  {
    cluster: "hpc",
    url: "https://192.168.100.10:30990",
    intervals: { health: "15s", detail: "60s" },
    sampleLimits: { health: 500, detail: 20_000 },
    components: ["api", "nodes", "gpus", "storage", "scheduler", "transfer", "monitoring"],
  },
];

/** Stand-ins: nothing here is or looks like a key. */
export const web: WebCredentials = {
  caCertificates: "ca certificates",
  serverCertificate: "server certificate",
  serverKey: "server key",
  users: { "local-1": "hash of local", "federation-1": "hash of federation" },
  local: { username: "local-1", password: "local password" },
};

export const federation: Readonly<Record<string, UserPassword>> = {
  hpc: { username: "federation-1", password: "federation password" },
};

export const PROMETHEUS_IMAGE = `quay.io/prometheus/prometheus:v3.16.0@sha256:${"0".repeat(64)}`;

export const prometheusArgs = (): ClusterPrometheusArgs => ({
  namespace: "federation",
  image: PROMETHEUS_IMAGE,
  resources: { requests: { cpu: "250m", memory: "1Gi" }, limits: { cpu: "2", memory: "4Gi" } },
  storage: { size: "50Gi", class: "local-path", protect: true },
  config: memberConfig,
  credentials: { kind: "stack", web: pulumi.secret(web) },
  expose: { kind: "nodePort", port: 30990, allowFrom: ["192.168.200.0/24"] },
});
