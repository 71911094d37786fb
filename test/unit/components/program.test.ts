import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import * as command from "@pulumi/command";
import * as kubernetes from "@pulumi/kubernetes";
import * as minio from "@pulumi/minio";
import * as pulumi from "@pulumi/pulumi";
import * as grafana from "@pulumiverse/grafana";
import { parse } from "yaml";
import { DEFAULT_OBJECTIVES } from "../../../rules/alerts";
import type {
  AlertingSettings,
  BenchmarkTarget,
  DeployedGrafana,
  HostExportersSettings,
  HubSettings,
  LandingZone,
  MemberCredentials,
  MemberSettings,
  ModelSyncSettings,
  ServedModel,
  Settings,
  SiteGrafana,
  SitePrometheus,
} from "../../../settings";
import { lines } from "../../../components/monitoring/siteCheck";
import type { Finding, SiteCheckArgs } from "../../../components/monitoring/siteCheck";
import * as dashboards from "../../../dashboards";
import { DEFAULT_THRESHOLDS } from "../../../metrics/thresholds";
import { CLUSTER_UID, only, record, summary, valueOf } from "../../support/mocks";
import type { RecordOptions, Registration } from "../../support/mocks";
import { benchmarkArgs, target as benchmarkTarget } from "./performance/samples";
import {
  PROMETHEUS_IMAGE,
  federation,
  hubAlertmanagers,
  memberConfig,
  members,
  pricePerGpuHour,
  web,
} from "../../support/sites";

const GRAFANA_IMAGE = `docker.io/grafana/grafana:13.2.1@sha256:${"0".repeat(64)}`;

interface Run {
  readonly registrations: readonly Registration[];
  readonly outputs: Readonly<Record<string, unknown>>;
}

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
const member: MemberSettings = {
  ...site("hpc"),
  role: "member",
  alerting: {
    ...alerting,
    hubAlertmanagers,
    hubUser: pulumi.secret({ username: "alerts-hpc-1", password: "alerts password" }),
  },
  hubStack: "organization/federation/cloud",
};
const deployedGrafana: DeployedGrafana = {
  kind: "deploy",
  expose: { kind: "nodePort", port: 30300, allowFrom: ["192.168.200.0/24"] },
  anonymousViewers: false,
  credentials: pulumi.secret({
    caCertificates: "ca certificates",
    serverCertificate: "certificate of grafana",
    serverKey: "key of grafana",
    prometheus: web.local,
    admin: { username: "admin", password: "admin password" },
  }),
};
const siteGrafana: SiteGrafana = {
  kind: "existing",
  url: "https://grafana.example",
  ca: "ca of grafana",
  token: pulumi.secret("token of grafana"),
  prometheus: pulumi.secret({ caCertificates: "ca certificates", user: web.local }),
};
const hub: HubSettings = {
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
const landingZone: LandingZone = {
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
const { ca: _ca, ...benchmarkRest } = benchmarkTarget;
/** A hub that measures a served model. */
const benchmarked: Pick<HubSettings, "benchmarks" | "benchmarkCredentials"> = {
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
const modelSync: ModelSyncSettings = {
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
const hostExporters: HostExportersSettings = {
  privateKey: pulumi.secret("host-private-key"),
  hosts: [
    {
      name: "gpu-01",
      address: "192.168.100.21",
      port: 22,
      user: "root",
      hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample",
      exporters: [
        {
          kind: "node",
          version: "1.10.2",
          url: "file:///sw/node_exporter",
          sha256: "0".repeat(64),
          port: 9100,
          args: [],
          environment: {},
        },
      ],
      mounts: [],
      paused: false,
    },
  ],
};
const served: ServedModel = {
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
const sitePrometheus: SitePrometheus = {
  kind: "existing",
  url: "https://prometheus.hpc.example",
  ca: "ca of the site",
  object: { namespace: "monitoring", name: "kube-prometheus-stack-prometheus" },
  labels: { release: "kube-prometheus-stack" },
  evaluationInterval: "30s",
  check: true,
  credentials: pulumi.secret({ kind: "bearer", token: "token of the site" } as const),
};
/** The operator's object, as the cluster would show it. */
const operated = {
  reads: {
    "monitoring/kube-prometheus-stack-prometheus": { spec: { ruleSelector: { matchLabels: { a: "b" } } } },
  },
};
/** A host on which all is as declared. */
const asApplied = { "command:local:run": () => ({ stdout: "mark first\nnonce 00000000" }) };

/** Runs the whole program anew, with settings of its own, against a mocked engine. */
async function run(
  settings: Settings,
  options: RecordOptions = {},
  preflight: () => unknown = () => true,
): Promise<Run> {
  jest.resetModules();
  // the SDKs stay loaded: what is fresh is the program
  jest.doMock("@pulumi/pulumi", () => pulumi);
  jest.doMock("@pulumi/command", () => command);
  jest.doMock("@pulumi/kubernetes", () => kubernetes);
  jest.doMock("@pulumi/minio", () => minio);
  jest.doMock("@pulumiverse/grafana", () => grafana);
  // pure, and slow to load
  jest.doMock("../../../dashboards", () => dashboards);
  jest.doMock("../../../settings", () => ({ loadSettings: () => settings, preflight }));
  let outputs: Readonly<Record<string, unknown>> = {};
  const registrations = await record(
    () => (outputs = jest.requireActual<Readonly<Record<string, unknown>>>("../../../index")),
    options,
  );
  return { registrations, outputs };
}

const COMMON = [
  "federation:kubernetes:FederationNamespace agents",
  "federation:kubernetes:FederationNamespace federation",
  "federation:kubernetes:VerifiedCluster cluster",
  "federation:monitoring:Alertmanager alertmanager",
  "federation:monitoring:ClusterPrometheus prometheus",
  "federation:monitoring:KubeStateMetrics kube-state-metrics",
  "federation:monitoring:NodeExporter node-exporter",
  "kubernetes:apps/v1:DaemonSet node-exporter-daemon-set",
  "kubernetes:apps/v1:Deployment kube-state-metrics-deployment",
  "kubernetes:apps/v1:StatefulSet alertmanager-stateful-set",
  "kubernetes:apps/v1:StatefulSet prometheus-stateful-set",
  "kubernetes:core/v1:ConfigMap alertmanager-config",
  "kubernetes:core/v1:ConfigMap prometheus-config",
  "kubernetes:core/v1:Namespace agents-namespace",
  "kubernetes:core/v1:Namespace cluster-identity",
  "kubernetes:core/v1:Namespace federation-namespace",
  "kubernetes:core/v1:PersistentVolumeClaim prometheus-claim",
  "kubernetes:core/v1:Secret alertmanager-credentials",
  "kubernetes:core/v1:Secret alertmanager-receivers",
  "kubernetes:core/v1:Secret prometheus-credentials",
  "kubernetes:core/v1:Service alertmanager-0-service",
  "kubernetes:core/v1:Service alertmanager-headless-service",
  "kubernetes:core/v1:Service prometheus-external-service",
  "kubernetes:core/v1:Service prometheus-headless-service",
  "kubernetes:core/v1:Service prometheus-service",
  "kubernetes:core/v1:ServiceAccount kube-state-metrics-service-account",
  "kubernetes:core/v1:ServiceAccount prometheus-service-account",
  "kubernetes:networking.k8s.io/v1:NetworkPolicy agents-default-deny",
  "kubernetes:networking.k8s.io/v1:NetworkPolicy federation-alertmanager",
  "kubernetes:networking.k8s.io/v1:NetworkPolicy federation-default-deny",
  "kubernetes:networking.k8s.io/v1:NetworkPolicy federation-kube-state-metrics",
  "kubernetes:networking.k8s.io/v1:NetworkPolicy federation-prometheus",
  "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole kube-state-metrics-cluster-role",
  "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole prometheus-cluster-role",
  "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding kube-state-metrics-cluster-role-binding",
  "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding prometheus-cluster-role-binding",
  "pulumi:providers:kubernetes cluster-bootstrap",
  "pulumi:providers:kubernetes cluster-provider",
];

describe("the program", () => {
  it("registers exactly this for a member, in a preview too", async () => {
    expect(summary((await run(member)).registrations)).toEqual(COMMON);
    expect(summary((await run(member, { preview: true })).registrations)).toEqual(COMMON);
  });

  it("registers the same around the federated Prometheus for a hub, in a preview too", async () => {
    const expected = [
      ...COMMON,
      "federation:monitoring:FederatedPrometheus prometheus",
      "kubernetes:core/v1:Service alertmanager-1-service",
      "kubernetes:policy/v1:PodDisruptionBudget alertmanager-disruption-budget",
    ].sort();
    expect(summary((await run(hub)).registrations)).toEqual(expected);
    expect(summary((await run(hub, { preview: true })).registrations)).toEqual(expected);
  });

  it.each([
    ["member", member],
    ["hub", hub],
  ] as const)("gives every object of a %s the verified provider", async (_, settings) => {
    const { registrations } = await run(
      settings.role === "hub" ? { ...settings, serving: [served] } : settings,
    );
    for (const { type, name, provider } of registrations.filter((one) =>
      one.type.startsWith("kubernetes:"),
    )) {
      expect(`${type} ${name} by ${provider}`).toBe(
        `${type} ${name} by ${name === "cluster-identity" ? "cluster-bootstrap" : "cluster-provider"}`,
      );
    }
  });

  it("declares neither exporters nor their namespace where they exist already", async () => {
    const existing = { namespace: "monitoring", labels: { app: "exporter" }, port: 9100 };
    const { registrations } = await run({
      ...member,
      kubernetes: {
        ...member.kubernetes,
        existingKubeStateMetrics: existing,
        existingNodeExporter: existing,
      },
    });
    expect(summary(registrations)).toEqual(
      COMMON.filter((name) => !/agents|kube-state-metrics|node-exporter/i.test(name)),
    );
  });

  it("adds the landing zone and retention to a hub, in a preview too", async () => {
    const added = async (preview: boolean): Promise<readonly string[]> => {
      const before = summary((await run(hub, { preview })).registrations);
      const now = summary((await run({ ...hub, landingZone }, { preview })).registrations);
      expect(now).toEqual(expect.arrayContaining([...before]));
      return now.filter((name) => !before.includes(name));
    };
    const up = await added(false);
    expect(up.filter((name) => /federation:|pulumi:|Namespace/.test(name))).toEqual([
      "federation:kubernetes:FederationNamespace transfer",
      "federation:transfer:ModelLandingZone landing-zone",
      "federation:transfer:ModelRetention model-retention",
      "kubernetes:core/v1:Namespace transfer-namespace",
      "pulumi:providers:minio minio",
    ]);
    expect(up.filter((name) => name.startsWith("minio:"))).toHaveLength(4 + 4 * 3);
    expect(await added(true)).toEqual(up);
  });

  it("adds what scales and places served models to a hub, in a preview too", async () => {
    const added = async (preview: boolean): Promise<readonly string[]> => {
      const before = summary((await run(hub, { preview })).registrations);
      const now = summary((await run({ ...hub, serving: [served] }, { preview })).registrations);
      expect(now).toEqual(expect.arrayContaining([...before]));
      return now.filter((name) => !before.includes(name));
    };
    expect(await added(false)).toEqual([
      "federation:performance:ModelServing serving-chat",
      "kubernetes:apps/v1:Deployment serving-chat-deployment",
      "kubernetes:apps/v1:DeploymentPatch serving-chat-deployment-fields",
      "kubernetes:autoscaling/v2:HorizontalPodAutoscaler serving-chat-autoscaler",
      "kubernetes:policy/v1:PodDisruptionBudget serving-chat-disruption-budget",
    ]);
    expect(await added(true)).toEqual(await added(false));
  });

  it("adds benchmarks to a hub that lists targets, in a preview too, and nothing where it lists none", async () => {
    const settings = { ...hub, landingZone, ...benchmarked };
    const added = async (preview: boolean): Promise<readonly string[]> => {
      const before = summary((await run({ ...hub, landingZone }, { preview })).registrations);
      const now = summary((await run(settings, { preview })).registrations);
      expect(now).toEqual(expect.arrayContaining([...before]));
      return now.filter((name) => !before.includes(name));
    };
    const up = await added(false);
    expect(up).toEqual([
      "federation:kubernetes:FederationNamespace benchmarks",
      "federation:performance:InferenceBenchmark benchmark-llama-a6000",
      "kubernetes:batch/v1:CronJob benchmark-llama-a6000-cron-job",
      "kubernetes:batch/v1:Job benchmark-llama-a6000-job",
      "kubernetes:core/v1:ConfigMap benchmark-llama-a6000-config",
      "kubernetes:core/v1:ConfigMap benchmark-llama-a6000-driver",
      "kubernetes:core/v1:ConfigMap benchmark-llama-a6000-job-config",
      "kubernetes:core/v1:ConfigMap benchmark-llama-a6000-load",
      "kubernetes:core/v1:Namespace benchmarks-namespace",
      "kubernetes:core/v1:Secret benchmark-llama-a6000-credentials",
      "kubernetes:core/v1:ServiceAccount benchmark-llama-a6000-service-account",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy benchmarks-benchmark-llama-a6000",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy benchmarks-default-deny",
      "kubernetes:rbac.authorization.k8s.io/v1:Role benchmark-llama-a6000-role",
      "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding benchmark-llama-a6000-role-binding",
    ]);
    expect(await added(true)).toEqual(up);
    const { registrations, outputs } = await run(settings);
    const { data } = only(registrations, "benchmark-llama-a6000-config").inputs as {
      data: Record<string, string>;
    };
    expect(JSON.parse(data["config.json"] ?? "")).toMatchObject({
      target: { cluster: "cloud", pricePerGpuHour },
      prometheus: { url: "https://prometheus.federation.svc:9090", settleSeconds: 35 },
      store: { url: landingZone.minio.url, region: "us-east-1", bucket: "benchmarks" },
      registry: { url: landingZone.mlflow.url },
    });
    const reports = outputs.benchmarkReports as Readonly<Record<string, pulumi.Output<string>>>;
    expect(await valueOf(reports["llama-a6000"]!)).toBe("s3://benchmarks/llama-3-8b/");
    expect((await run({ ...hub, landingZone })).outputs).not.toHaveProperty("benchmarkReports");
  });

  it("adds exporters on hosts to a member, in a preview too", async () => {
    const added = async (preview: boolean): Promise<readonly string[]> => {
      const settings = { ...member, hostExporters };
      const now = summary((await run(settings, { preview, calls: asApplied })).registrations);
      expect(now).toEqual(expect.arrayContaining([...COMMON]));
      return now.filter((name) => !COMMON.includes(name));
    };
    expect(await added(false)).toEqual([
      "command:remote:Command host-exporters-gpu-01",
      "federation:hosts:HostExporters host-exporters",
      "pulumi:providers:command hosts",
    ]);
    expect(await added(true)).toEqual(await added(false));
  });

  it("touches hosts by a provider of its own, and only once the cluster is known to be the right one", async () => {
    const into: Registration[] = [];
    await run({ ...member, hostExporters }, { into, calls: asApplied });
    expect(only(into, "host-exporters-gpu-01").provider).toBe("hosts");
    const identity = into.findIndex(({ name }) => name === "cluster-identity");
    expect(into.findIndex(({ name }) => name === "host-exporters-gpu-01")).toBeGreaterThan(identity);
  });

  it("touches MinIO by its own provider, and only once the cluster is known to be the right one", async () => {
    const into: Registration[] = [];
    await run({ ...hub, landingZone }, { into });
    expect(into.filter(({ type }) => type.startsWith("minio:")).map(({ provider }) => provider)).toEqual(
      Array<string>(4 + 4 * 3).fill("minio"),
    );
    const { inputs } = only(into, "minio");
    expect(inputs).toMatchObject({
      minioServer: "192.168.200.10:30900",
      minioRegion: "us-east-1",
      minioSsl: "true",
    });
    const identity = into.findIndex(({ name }) => name === "cluster-identity");
    expect(into.findIndex(({ name }) => name === "minio")).toBeGreaterThan(identity);
  });

  it("lets benchmarks write to the hub's Prometheus, and only where there are some", async () => {
    const written = async (settings: HubSettings): Promise<readonly boolean[]> => {
      const { registrations } = await run(settings);
      const pod = JSON.stringify(only(registrations, "prometheus-stateful-set").inputs);
      const policy = JSON.stringify(only(registrations, "federation-prometheus").inputs);
      return [
        pod.includes("--web.enable-remote-write-receiver"),
        policy.includes('{"kubernetes.io/metadata.name":"benchmarks"}'),
      ];
    };
    expect(await written(hub)).toEqual([false, false]);
    expect(await written({ ...hub, landingZone, ...benchmarked })).toEqual([true, true]);
  });

  it("adds the transfer to a member, in a preview too, in a namespace that admits its mount", async () => {
    const { registrations } = await run({ ...member, modelSync });
    const names = summary(registrations);
    expect(names).toEqual(expect.arrayContaining([...COMMON]));
    expect(names.filter((name) => !COMMON.includes(name) && /federation:|CronJob/.test(name))).toEqual([
      "federation:kubernetes:FederationNamespace transfer",
      "federation:transfer:ModelSync model-sync",
      "kubernetes:batch/v1:CronJob model-sync-run",
      "kubernetes:batch/v1:CronJob model-sync-verify",
    ]);
    const levels = only(registrations, "transfer-namespace").inputs as {
      metadata: { labels: Record<string, string> };
    };
    expect(levels.metadata.labels["pod-security.kubernetes.io/enforce"]).toBe("privileged");
    expect(summary((await run({ ...member, modelSync }, { preview: true })).registrations)).toEqual(names);
  });

  it("scrapes what it moves models with, and only then", async () => {
    const jobs = async (settings: Settings): Promise<string> => {
      const { registrations } = await run(settings);
      const config = only(registrations, "prometheus-config").inputs as { data: Record<string, string> };
      return config.data["prometheus.yml"] ?? "";
    };
    expect(await jobs(member)).not.toContain("model-transfer");
    expect(await jobs({ ...member, modelSync })).toContain("app.kubernetes.io/name=model-sync-exporter");
    expect(await jobs(hub)).not.toContain("model-transfer");
    expect(await jobs({ ...hub, landingZone })).toContain("app.kubernetes.io/name=model-retention-exporter");
  });

  it("scrapes object store and registry of a landing zone with their CAs and credentials, and only then", async () => {
    const jobsAndFiles = async (settings: Settings) => {
      const { registrations } = await run(settings);
      const config = only(registrations, "prometheus-config").inputs as { data: Record<string, string> };
      const { data } = only(registrations, "prometheus-credentials").inputs as {
        data: { value: Record<string, string> };
      };
      const { scrape_configs } = parse(config.data["prometheus.yml"] ?? "") as {
        scrape_configs: { job_name: string }[];
      };
      const files = Object.entries(data.value)
        .filter(([name]) => /^(minio|mlflow)\./.test(name))
        .map(([name, text]) => [name, Buffer.from(text, "base64").toString()]);
      const jobs = scrape_configs
        .map(({ job_name }) => job_name)
        .filter((job) => /^(minio|mlflow)/.test(job));
      return { jobs, files: Object.fromEntries(files) as Readonly<Record<string, string>> };
    };
    expect(await jobsAndFiles(hub)).toEqual({ jobs: [], files: {} });
    expect(await jobsAndFiles({ ...hub, landingZone })).toEqual({
      jobs: ["minio", "minio-api", "mlflow"],
      files: {
        "minio.ca.crt": "ca of minio",
        "minio.token": "token of minio",
        "mlflow.ca.crt": "ca of mlflow",
        "mlflow.password": "hub-password",
        "mlflow.username": "hub",
      },
    });
    const { metricsToken: _token, mlflowCredentials: _user, ...open } = landingZone;
    const mlflow = { ...landingZone.mlflow, allowUnauthenticated: true, metrics: false };
    expect(await jobsAndFiles({ ...hub, landingZone: { ...open, mlflow } })).toEqual({
      jobs: ["minio", "minio-api"],
      files: { "minio.ca.crt": "ca of minio" },
    });
  });

  it("adds Grafana beside a hub's Prometheus where it is to be deployed, in a preview too", async () => {
    const added = async (preview: boolean): Promise<readonly string[]> => {
      const before = summary((await run(hub, { preview })).registrations);
      const now = summary((await run({ ...hub, grafana: deployedGrafana }, { preview })).registrations);
      expect(now).toEqual(expect.arrayContaining([...before]));
      return now.filter((name) => !before.includes(name));
    };
    const up = await added(false);
    expect(up).toEqual([
      "federation:monitoring:Grafana grafana",
      "kubernetes:apps/v1:Deployment grafana-deployment",
      "kubernetes:core/v1:ConfigMap grafana-config",
      "kubernetes:core/v1:ConfigMap grafana-federation-cluster-overview",
      "kubernetes:core/v1:ConfigMap grafana-federation-health",
      "kubernetes:core/v1:ConfigMap grafana-federation-inference-performance",
      "kubernetes:core/v1:ConfigMap grafana-federation-model-pipeline",
      "kubernetes:core/v1:ConfigMap grafana-federation-resource-utilization",
      "kubernetes:core/v1:ConfigMap grafana-federation-workload-status",
      "kubernetes:core/v1:Secret grafana-credentials",
      "kubernetes:core/v1:Service grafana-service",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy federation-grafana",
    ]);
    expect(await added(true)).toEqual(up);
  });

  it("gives Grafana this Prometheus, this site's dashboards and a way between the two", async () => {
    const { registrations, outputs } = await run({ ...hub, grafana: deployedGrafana });
    const { data } = only(registrations, "grafana-config").inputs as { data: Record<string, string> };
    expect(data["provisioning_datasources_federation.yaml"]).toContain(
      "url: https://prometheus.federation.svc:9090\n",
    );
    expect(data["grafana.ini"]).toContain("root_url = https://192.168.100.10:30300\n");
    const [health] = dashboards
      .buildDashboards({ hub: "cloud", members: ["hpc"], thresholds: DEFAULT_THRESHOLDS, priced: true })
      .filter(({ uid }) => uid === "federation-health");
    expect(only(registrations, "grafana-federation-health").inputs.data).toEqual({
      "federation-health.json": health?.json,
    });
    expect(only(registrations, "grafana-deployment").inputs).toMatchObject({
      spec: { template: { spec: { containers: [{ image: GRAFANA_IMAGE }] } } },
    });
    const { spec } = only(registrations, "federation-prometheus").inputs as {
      spec: { ingress: { from: { podSelector?: { matchLabels: Record<string, string> } }[] }[] };
    };
    const sources = spec.ingress.flatMap(({ from }) =>
      from.map(({ podSelector }) => podSelector?.matchLabels),
    );
    expect(sources.map((labels) => labels?.["app.kubernetes.io/name"])).toContain("grafana");
    expect(outputs.grafanaUrl).toBe("https://192.168.100.10:30300");
    expect((await secretness(outputs)).grafanaAdmin).toBe(true);
    expect(await valueOf(outputs.grafanaAdmin as pulumi.Output<unknown>)).toEqual({
      username: "admin",
      password: "admin password",
    });
  });

  it("writes the dashboards to a Grafana that the site has, once the cluster is known to be the right one", async () => {
    const into: Registration[] = [];
    const { outputs } = await run({ ...hub, grafana: siteGrafana }, { into });
    expect(summary(into).filter((name) => name.includes("rafana"))).toEqual([
      "federation:monitoring:ExistingGrafana grafana",
      "grafana:oss/dashboard:Dashboard grafana-federation-cluster-overview",
      "grafana:oss/dashboard:Dashboard grafana-federation-health",
      "grafana:oss/dashboard:Dashboard grafana-federation-inference-performance",
      "grafana:oss/dashboard:Dashboard grafana-federation-model-pipeline",
      "grafana:oss/dashboard:Dashboard grafana-federation-resource-utilization",
      "grafana:oss/dashboard:Dashboard grafana-federation-workload-status",
      "grafana:oss/dataSource:DataSource grafana-data-source",
      "grafana:oss/folder:Folder grafana-folder",
      "pulumi:providers:grafana grafana-provider",
    ]);
    expect(only(into, "grafana-data-source").inputs).toMatchObject({
      url: "https://192.168.100.10:30990",
      basicAuthEnabled: true,
    });
    expect(only(into, "grafana-provider").inputs).toMatchObject({
      url: "https://grafana.example",
      caCert: "ca of grafana",
    });
    const identity = into.findIndex(({ name }) => name === "cluster-identity");
    expect(into.findIndex(({ name }) => name === "grafana-provider")).toBeGreaterThan(identity);
    expect(Object.keys(outputs)).toContain("grafanaUrl");
    expect(Object.keys(outputs)).not.toContain("grafanaAdmin");
  });

  describe("where the site has a Prometheus", () => {
    const site: MemberSettings = { ...member, modelSync, prometheus: sitePrometheus };
    const checkSite = jest.fn<Promise<readonly Finding[]>, [SiteCheckArgs]>();
    const withSite = (settings: MemberSettings, options: RecordOptions = {}): Promise<Run> => {
      jest.doMock("../../../components/monitoring/siteCheck", () => ({ checkSite, lines }));
      return run(settings, { ...operated, ...options });
    };
    beforeEach(() => checkSite.mockReset().mockResolvedValue([]));
    afterEach(() => jest.dontMock("../../../components/monitoring/siteCheck"));
    const declared = (registrations: readonly Registration[]): readonly string[] =>
      summary(registrations).filter((name) => !/transfer|model-sync/.test(name));
    const scrapes = [
      ...["alertmanager", "beegfs", "dcgm", "dcgm-exporter", "hub-alertmanager", "node"],
      ...["slurm-jobs", "slurm-nodes", "slurm-partitions", "slurm-scheduler"],
    ];
    const expected = [
      "federation:kubernetes:FederationNamespace federation",
      "federation:kubernetes:VerifiedCluster cluster",
      "federation:monitoring:Alertmanager alertmanager",
      "federation:monitoring:ExistingPrometheus prometheus",
      "kubernetes:apps/v1:StatefulSet alertmanager-stateful-set",
      "kubernetes:core/v1:ConfigMap alertmanager-config",
      "kubernetes:core/v1:Namespace cluster-identity",
      "kubernetes:core/v1:Namespace federation-namespace",
      "kubernetes:core/v1:Secret alertmanager-credentials",
      "kubernetes:core/v1:Secret alertmanager-receivers",
      "kubernetes:core/v1:Secret prometheus-alertmanagers",
      "kubernetes:core/v1:Secret prometheus-credentials",
      "kubernetes:core/v1:Service alertmanager-0-service",
      "kubernetes:core/v1:Service alertmanager-headless-service",
      "kubernetes:monitoring.coreos.com/v1:Prometheus site-prometheus",
      "kubernetes:monitoring.coreos.com/v1:PrometheusRule prometheus-federation-alerts-cluster",
      "kubernetes:monitoring.coreos.com/v1:PrometheusRule prometheus-federation-rules-cluster",
      ...scrapes
        // no DCGM exporter in Kubernetes here
        .filter((job) => job !== "dcgm-exporter")
        .map((job) => `kubernetes:monitoring.coreos.com/v1alpha1:ScrapeConfig prometheus-federation-${job}`),
      "kubernetes:networking.k8s.io/v1:NetworkPolicy federation-alertmanager",
      "kubernetes:networking.k8s.io/v1:NetworkPolicy federation-default-deny",
      "pulumi:providers:kubernetes cluster-bootstrap",
      "pulumi:providers:kubernetes cluster-provider",
    ].sort();

    it("registers its part in that and no server, claim or exporter, in a preview too", async () => {
      const { registrations } = await withSite(site);
      expect(declared(registrations)).toEqual(expected);
      expect(declared((await withSite(site, { preview: true })).registrations)).toEqual(expected);
      expect(only(registrations, "site-prometheus").id).toBe("monitoring/kube-prometheus-stack-prometheus");
    });

    it("asks it first: by its URL, CA and credentials, for what the settings declare", async () => {
      await withSite(site);
      expect(checkSite).toHaveBeenCalledTimes(1);
      const [asked] = checkSite.mock.calls[0] ?? [];
      expect(asked).toEqual({
        endpoint: {
          url: "https://prometheus.hpc.example",
          ca: "ca of the site",
          credentials: { kind: "bearer", token: "token of the site" },
        },
        expected: {
          cluster: "hpc",
          labels: { release: "kube-prometheus-stack" },
          namespace: "monitoring",
          ruleFiles: ["rules-cluster.yml", "alerts-cluster.yml"],
          lookBack: "3d",
          targets: [{ job: "apiserver" }, { job: "kube-state-metrics" }, { job: "kubelet", node: "node-0" }],
          alertmanagers: ["alertmanager-0.federation.svc:9093", ...hubAlertmanagers],
          gpus: false,
        },
        spec: { ruleSelector: { matchLabels: { a: "b" } } },
      });
    });

    it("gives it nothing where it does not fit, and says all of why", () => {
      const script = join(__dirname, "../../support/unfitSite.ts");
      const run = spawnSync(process.execPath, ["--import", "tsx", script], { encoding: "utf8" });
      expect(run.stderr).toBe("");
      const { registered, error } = JSON.parse(run.stdout) as { registered: string[]; error: string };
      expect(registered).toEqual(expect.arrayContaining(["site-prometheus", "prometheus"]));
      expect(registered.filter((name) => name.startsWith("prometheus-"))).toEqual([]);
      expect(error.split("\n")).toEqual([
        'stack "test": the site\'s Prometheus monitoring/kube-prometheus-stack-prometheus at https://127.0.0.1:1 does ' +
          'not fit yet, and was given nothing (docs/operations.md, "A Prometheus that the site has already")',
        expect.stringMatching(/^ {2}- ruleSelector: none, which selects nothing; set /),
        expect.stringMatching(/^ {2}- scrapeConfigSelector: none, which selects nothing; set /),
        expect.stringMatching(
          /^ {2}- federation:member\.prometheus\.url: https:\/\/127\.0\.0\.1:1 could not be read \(.*ECONNREFUSED.*\); correct url /,
        ),
      ]);
    });

    it("goes on with warnings, which it tells", async () => {
      const warned = jest.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);
      checkSite.mockResolvedValue([
        { severity: "warning", key: "retention", found: "1d", advice: "keep more" },
      ]);
      expect(declared((await withSite(site)).registrations)).toEqual(expected);
      expect(warned.mock.calls).toEqual([
        [
          "the site's Prometheus monitoring/kube-prometheus-stack-prometheus at https://prometheus.hpc.example:\n" +
            "  - retention: 1d; keep more",
        ],
      ]);
      warned.mockRestore();
    });

    it("asks nothing where it is not to be checked", async () => {
      const { registrations } = await withSite({ ...site, prometheus: { ...sitePrometheus, check: false } });
      expect(declared(registrations)).toEqual(expected.filter((name) => !name.endsWith(" site-prometheus")));
      expect(checkSite).not.toHaveBeenCalled();
    });

    it("lets the site's Prometheus, and no other, reach Alertmanager and what moves models", async () => {
      const { registrations } = await withSite(site);
      const sources = (policy: string): readonly unknown[] => {
        const { spec } = only(registrations, policy).inputs as {
          spec: { ingress: { from: unknown[] }[] };
        };
        return spec.ingress.flatMap(({ from }) => from);
      };
      const pods = {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } },
        podSelector: {
          matchLabels: {
            "app.kubernetes.io/name": "prometheus",
            "operator.prometheus.io/name": "kube-prometheus-stack-prometheus",
          },
        },
      };
      expect(sources("federation-alertmanager")).toEqual([pods]);
      expect(sources("transfer-model-sync-exporter")).toEqual([pods]);
    });

    it("declares only what the site's Prometheus names so: neither cAdvisor nor itself by a job of ours", async () => {
      const { registrations } = await withSite(site);
      const { spec } = only(registrations, "prometheus-federation-alerts-cluster").inputs as {
        spec: { groups: { name: string; rules: { expr: string }[] }[] };
      };
      const absent = spec.groups.find(({ name }) => name === "alerts-absence")?.rules.map(({ expr }) => expr);
      const jobs = [...(absent ?? []).join().matchAll(/job="([^"]+)"/g)].map(([, job]) => job);
      expect(new Set(jobs)).toEqual(
        new Set([
          ...scrapes.filter((job) => job !== "dcgm-exporter"),
          ...["apiserver", "kube-state-metrics", "kubelet", "model-transfer"],
        ]),
      );
    });

    it("has the site's URL for the hub", async () => {
      expect((await withSite(site)).outputs.federationUrl).toBe("https://prometheus.hpc.example");
    });
  });

  it("hands the rendered files to the preflight before anything is registered", async () => {
    const into: Registration[] = [];
    const preflight = jest.fn(() => {
      throw new Error("refused");
    });
    await expect(run(hub, { into }, preflight)).rejects.toThrow("refused");
    expect(into).toEqual([]);
    expect(preflight).toHaveBeenCalledTimes(1);
    expect(preflight).toHaveBeenCalledWith(
      expect.objectContaining({
        stack: "cloud",
        cluster: "cloud",
        prometheusConfig: expect.stringContaining("federate-health/hpc") as string,
        ruleFiles: {
          "rules-cluster.yml": expect.any(String) as string,
          "alerts-cluster.yml": expect.any(String) as string,
          "rules-hub.yml": expect.any(String) as string,
          "alerts-hub.yml": expect.any(String) as string,
        },
      }),
    );
  });

  it("has a member's outputs, the password a secret and the certificates not", async () => {
    const { outputs } = await run(member);
    expect(Object.keys(outputs).sort()).toEqual([
      "caCertificate",
      "cluster",
      "federationUrl",
      "localCredentials",
      "role",
    ]);
    expect(outputs).toMatchObject({
      role: "member",
      cluster: "hpc",
      federationUrl: "https://192.168.100.10:30990",
    });
    expect(await secretness(outputs)).toEqual({ caCertificate: false, localCredentials: true });
  });

  it("has a hub's outputs, the members' credentials a secret", async () => {
    const { outputs } = await run(hub);
    expect(Object.keys(outputs).sort()).toEqual([
      "alertmanagers",
      "caCertificate",
      "cluster",
      "localCredentials",
      "memberCredentials",
      "prometheusUrl",
      "role",
    ]);
    expect(outputs).toMatchObject({
      role: "hub",
      cluster: "cloud",
      alertmanagers: ["192.168.100.10:30993", "192.168.100.10:30994"],
      prometheusUrl: "https://192.168.100.10:30990",
    });
    expect(await secretness(outputs)).toEqual({
      caCertificate: false,
      localCredentials: true,
      memberCredentials: true,
    });
  });

  it("says where models arrive, where they do", async () => {
    const { outputs } = await run({ ...hub, landingZone });
    const zone = outputs.landingZone as { modelsBucket: pulumi.Output<string> };
    expect(zone).toMatchObject({
      minioUrl: "https://192.168.200.10:30900",
      region: "us-east-1",
      mlflowUrl: "https://192.168.200.10:30500",
    });
    expect(await valueOf(zone.modelsBucket)).toBe("models");
  });

  it("has no URL where Prometheus is not exposed, and no credentials where Secrets exist", async () => {
    const { expose: _, ...prometheus } = hub.prometheus;
    const { outputs } = await run({
      ...member,
      prometheus,
      credentials: { kind: "existing", secrets: ["web"] },
    });
    expect(outputs).toEqual({ role: "member", cluster: "hpc" });
  });
});

async function secretness(
  outputs: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, boolean>>> {
  const pairs = Object.entries(outputs).map(async ([name, value]) => {
    const secret =
      typeof value === "object" && value !== null ? (Reflect.get(value, "isSecret") as unknown) : undefined;
    return [name, await secret] as const;
  });
  const settled = await Promise.all(pairs);
  return Object.fromEntries(
    settled.filter((pair): pair is [string, boolean] => typeof pair[1] === "boolean"),
  );
}
