import { createHash } from "node:crypto";
import * as command from "@pulumi/command";
import * as kubernetes from "@pulumi/kubernetes";
import * as minio from "@pulumi/minio";
import * as pulumi from "@pulumi/pulumi";
import type {
  HostExportersSettings,
  HubSettings,
  LandingZone,
  MemberSettings,
  ModelSyncSettings,
  Settings,
  WebCredentials,
} from "../../../settings";
import { CLUSTER_UID, only, record, summary, valueOf } from "../../support/mocks";
import type { RecordOptions, Registration } from "../../support/mocks";
import {
  PROMETHEUS_IMAGE,
  federation,
  memberConfig,
  members,
  pricePerGpuHour,
  web,
} from "../../support/sites";

interface Run {
  readonly registrations: readonly Registration[];
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** The common part of both roles, with every optional part present. */
function site(
  cluster: string,
): Omit<HubSettings, "role" | "members" | "federation" | "memberCredentials" | "pricePerGpuHour"> {
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
    images: {
      prometheus: PROMETHEUS_IMAGE,
      kubeStateMetrics: "ksm:v2",
      nodeExporter: "node-exporter:v1",
      node: "node:24",
    },
    credentials: { kind: "stack", web: pulumi.secret(web) },
  };
}
const member: MemberSettings = { ...site("hpc"), role: "member", hubStack: "organization/federation/cloud" };
const hub: HubSettings = {
  ...site("cloud"),
  role: "hub",
  members,
  pricePerGpuHour,
  federation: pulumi.secret(federation),
  memberCredentials: pulumi.secret({ hpc: web } as Readonly<Record<string, WebCredentials>>),
};

const worker = { text: "worker", sha256: createHash("sha256").update("worker").digest("hex") };
const key = (accessKey: string) => ({ accessKey, secretKey: `${accessKey}-secret` });
const landingZone: LandingZone = {
  worker,
  minio: { url: "https://192.168.200.10:30900", region: "us-east-1" },
  mlflow: { url: "https://192.168.200.10:30500", allowUnauthenticated: false },
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
  "federation:monitoring:ClusterPrometheus prometheus",
  "federation:monitoring:KubeStateMetrics kube-state-metrics",
  "federation:monitoring:NodeExporter node-exporter",
  "kubernetes:apps/v1:DaemonSet node-exporter-daemon-set",
  "kubernetes:apps/v1:Deployment kube-state-metrics-deployment",
  "kubernetes:apps/v1:StatefulSet prometheus-stateful-set",
  "kubernetes:core/v1:ConfigMap prometheus-config",
  "kubernetes:core/v1:Namespace agents-namespace",
  "kubernetes:core/v1:Namespace cluster-identity",
  "kubernetes:core/v1:Namespace federation-namespace",
  "kubernetes:core/v1:PersistentVolumeClaim prometheus-claim",
  "kubernetes:core/v1:Secret prometheus-credentials",
  "kubernetes:core/v1:Service prometheus-external-service",
  "kubernetes:core/v1:Service prometheus-headless-service",
  "kubernetes:core/v1:Service prometheus-service",
  "kubernetes:core/v1:ServiceAccount kube-state-metrics-service-account",
  "kubernetes:core/v1:ServiceAccount prometheus-service-account",
  "kubernetes:networking.k8s.io/v1:NetworkPolicy agents-default-deny",
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
    const expected = [...COMMON, "federation:monitoring:FederatedPrometheus prometheus"].sort();
    expect(summary((await run(hub)).registrations)).toEqual(expected);
    expect(summary((await run(hub, { preview: true })).registrations)).toEqual(expected);
  });

  it.each([
    ["member", member],
    ["hub", hub],
  ] as const)("gives every object of a %s the verified provider", async (_, settings) => {
    const { registrations } = await run(settings);
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
          "rules-hub.yml": expect.any(String) as string,
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
    const { retention, storage, resources, scrapeInterval, evaluationInterval, remoteWrite } =
      member.prometheus;
    const { outputs } = await run({
      ...member,
      prometheus: { retention, storage, resources, scrapeInterval, evaluationInterval, remoteWrite },
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
