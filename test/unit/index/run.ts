import * as command from "@pulumi/command";
import * as kubernetes from "@pulumi/kubernetes";
import * as minio from "@pulumi/minio";
import * as pulumi from "@pulumi/pulumi";
import * as grafana from "@pulumiverse/grafana";
import * as dashboards from "../../../dashboards";
import type { Settings } from "../../../settings";
import { record, summary } from "../../support/mocks";
import type { RecordOptions, Registration } from "../../support/mocks";

/** What one run of the program registered, and its stack outputs. */
export interface Run {
  readonly registrations: readonly Registration[];
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** Runs the whole program anew, with settings of its own, against a mocked engine. */
export async function run(
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

/** Registrations, as `type name`, that settings have beyond those of a base, none of which may be missing. */
export async function added(
  base: Settings,
  settings: Settings,
  options: RecordOptions = {},
): Promise<readonly string[]> {
  const before = summary((await run(base, options)).registrations);
  const now = summary((await run(settings, options)).registrations);
  expect(now).toEqual(expect.arrayContaining([...before]));
  return now.filter((name) => !before.includes(name));
}

/** Registrations that both roles have, where every optional part is left out. */
export const COMMON = [
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

/** Which stack outputs are Outputs, and of each of these whether it is a secret. */
export async function secretness(
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
