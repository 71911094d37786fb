import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { DEFAULT_THRESHOLDS } from "../../../metrics/thresholds";
import { DEFAULT_OBJECTIVES } from "../../../rules/alerts";
import type {
  AlertingSettings,
  BenchmarkTarget,
  HubSettings,
  LandingZone,
  MemberCredentials,
  MemberSettings,
  ModelSyncSettings,
  ServedModel,
} from "../../../settings";
import { CLUSTER_UID } from "../../support/mocks";
import {
  PROMETHEUS_IMAGE,
  federation,
  hubAlertmanagers,
  memberConfig,
  members,
  pricePerGpuHour,
  web,
} from "../../support/sites";
import { benchmarkArgs, target } from "../components/performance/samples";

export const GRAFANA_IMAGE = `docker.io/grafana/grafana:13.2.1@sha256:${"0".repeat(64)}`;

/** The common part of both roles, with every optional part present. */
function site(
  cluster: string,
): Omit<
  HubSettings,
  | "role"
  | "members"
  | "federation"
  | "memberCredentials"
  | "pricePerGpuHour"
  | "currency"
  | "alerting"
  | "serving"
> {
  return {
    stack: cluster,
    cluster,
    clusterUid: CLUSTER_UID,
    kubeconfig: pulumi.secret("kubeconfig"),
    protect: true,
    namespace: "federation",
    agentsNamespace: "federation-agents",
    transferNamespace: "federation-transfer",
    prometheus: {
      kind: "deploy",
      retention: { time: "15d", size: "40GB" },
      storage: { size: "50Gi", class: "local-path" },
      resources: { requests: { cpu: "250m", memory: "1Gi" }, limits: { cpu: "2", memory: "4Gi" } },
      scrapeInterval: "30s",
      evaluationInterval: "15s",
      expose: { kind: "nodePort", port: 30990, allowFrom: ["192.168.200.0/24"] },
      remoteWrite: [],
    },
    kubernetes: {
      nodes: [{ name: "node-0", address: "192.168.100.10" }],
      apiServer: { addresses: ["192.168.100.10"], port: 6443 },
      kubeletTls: { kind: "clusterCa" },
      nodeExporterPort: 9110,
    },
    hosts: memberConfig.targets.hosts,
    inventory: memberConfig.inventory,
    servedModels: [],
    images: {
      prometheus: PROMETHEUS_IMAGE,
      kubeStateMetrics: "ksm:v2",
      nodeExporter: "node-exporter:v1",
      alertmanager: "alertmanager:v0.28.1",
      node: "node:24",
      grafana: GRAFANA_IMAGE,
      k6: "k6:1.8.1",
    },
    credentials: { kind: "stack", web: pulumi.secret(web) },
  };
}
const alerting: AlertingSettings = {
  runbookUrl: "https://runbooks.example/runbook.md",
  receivers: [{ kind: "pagerduty", name: "pager", causes: ["critical"] }],
  thresholds: DEFAULT_THRESHOLDS,
  objectives: DEFAULT_OBJECTIVES,
  receiverSecrets: { "pager.key": pulumi.secret("pager key") },
};
export const member: MemberSettings = {
  ...site("hpc"),
  role: "member",
  alerting: {
    ...alerting,
    hubAlertmanagers,
    hubUser: pulumi.secret({ username: "alerts-hpc-1", password: "alerts password" }),
  },
  hubStack: "organization/federation/cloud",
};
export const hub: HubSettings = {
  ...site("cloud"),
  role: "hub",
  alerting: {
    ...alerting,
    expose: { kind: "nodePort", ports: [30993, 30994], allowFrom: ["192.168.100.0/24"] },
    clients: pulumi.secret({ "alerts-hpc-1": "hash of alerts" } as Readonly<Record<string, string>>),
  },
  members,
  pricePerGpuHour,
  currency: "USD",
  serving: [],
  federation: pulumi.secret(federation),
  memberCredentials: pulumi.secret({
    hpc: { ...web, alerts: { username: "alerts-hpc-1", password: "alerts password" } },
  } as Readonly<Record<string, MemberCredentials>>),
};

const worker = { text: "worker", sha256: createHash("sha256").update("worker").digest("hex") };
const key = (accessKey: string) => ({ accessKey, secretKey: `${accessKey}-secret` });
export const landingZone: LandingZone = {
  worker,
  minio: {
    url: "https://192.168.200.10:30900",
    region: "us-east-1",
    ca: "ca of minio",
    metrics: { auth: "bearerToken" },
  },
  mlflow: {
    url: "https://192.168.200.10:30500",
    allowUnauthenticated: false,
    ca: "ca of mlflow",
    metrics: true,
  },
  buckets: { models: "models", benchmarks: "benchmarks" },
  adoptBuckets: [],
  retention: {
    schedule: "30 3 * * *",
    keepLast: 5,
    minAgeSeconds: 604_800,
    apply: false,
    inferenceServices: "kubernetes",
  },
  admin: pulumi.secret(key("admin")),
  mlflowCredentials: pulumi.secret({ username: "hub", password: "hub-password" }),
  users: [
    { name: "writer-1", secretKey: pulumi.secret("w-secret"), grant: { kind: "writer", member: "hpc" } },
    { name: "reader-1", secretKey: pulumi.secret("r-secret"), grant: { kind: "reader", member: "hpc" } },
    { name: "gc-1", secretKey: pulumi.secret("gc-secret"), grant: { kind: "retention" } },
    { name: "gcr-1", secretKey: pulumi.secret("gcr-secret"), grant: { kind: "retentionReader" } },
  ],
  retentionCredentials: pulumi.secret(key("gc")),
  retentionReaderCredentials: pulumi.secret(key("gcr")),
  metricsToken: pulumi.secret("token of minio"),
};
const { ca: _ca, ...benchmarkRest } = target;
/** A hub that measures a served model. */
export const benchmarked: Pick<HubSettings, "benchmarks" | "benchmarkCredentials"> = {
  benchmarks: {
    namespace: "benchmarks",
    targets: [benchmarkRest as BenchmarkTarget],
    scripts: benchmarkArgs().scripts,
  },
  benchmarkCredentials: {
    prometheus: pulumi.secret({
      username: "benchmark-1",
      password: "benchmark password",
      ca: "ca certificates",
    }),
    store: pulumi.secret(key("benchmark-1")),
  },
};
export const modelSync: ModelSyncSettings = {
  worker,
  minioUrl: landingZone.minio.url,
  mlflow: landingZone.mlflow,
  mlflowCredentials: pulumi.secret({ username: "hpc", password: "hpc-password" }),
  grant: pulumi.secret({ region: "us-east-1", bucket: "models", writer: key("w"), reader: key("r") }),
  source: {
    volume: { kind: "hostPath", path: "/mnt/beegfs" },
    root: "models/trained",
    guard: { kind: "fsType", fsType: "beegfs" },
    include: ["*"],
    exclude: [],
    runAs: { user: 65534, group: 65534, supplementalGroups: [] },
  },
  quiescence: { settleSeconds: 60, maxWaitSeconds: 86_400 },
  registeredName: "{member}-{model}",
  adopt: [],
  schedule: "*/15 * * * *",
  timeZone: "UTC",
  largestModelBytes: 2 ** 30,
  bandwidth: { timetable: [], expectedBytesPerSecond: 2 ** 20 },
  readBack: "all",
  verify: { schedule: "15 2 * * *", readBack: "all" },
  resources: { requests: { cpu: "250m", memory: "256Mi" }, limits: { cpu: "2", memory: "512Mi" } },
  nodeSelector: {},
  tolerations: [],
};
export const served: ServedModel = {
  key: "federation:hub.serving[0]",
  model: "chat",
  namespace: "models",
  workload: { kind: "deployment", name: "chat-predictor", podLabels: { app: "chat" } },
  scaling: { kind: "hpa", minReplicas: 1, maxReplicas: 3, cpuUtilization: 60 },
  placement: { nodeSelector: {}, tolerations: [] },
  topologySpread: [],
  disruptionBudget: { maxUnavailable: 1 },
  container: { name: "kserve-container", cpuLimit: "600m" },
};
