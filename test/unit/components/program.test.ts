import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { HubSettings, MemberSettings, Settings, WebCredentials } from "../../../settings";
import { CLUSTER_UID, record, summary } from "../../support/mocks";
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

/** Runs the whole program anew, with settings of its own, against a mocked engine. */
async function run(
  settings: Settings,
  options: RecordOptions = {},
  preflight: () => unknown = () => true,
): Promise<Run> {
  jest.resetModules();
  // the SDKs stay loaded: what is fresh is the program
  jest.doMock("@pulumi/pulumi", () => pulumi);
  jest.doMock("@pulumi/kubernetes", () => kubernetes);
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
