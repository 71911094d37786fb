/** A resource as `pulumi stack export` shows it, as far as the comparison needs it. */
export interface ExportedResource {
  readonly urn: string;
  readonly type: string;
  readonly custom: boolean;
  /** Read, not managed. */
  readonly external?: boolean;
  readonly id?: string;
  /** URN and id of the provider, joined by `::`. */
  readonly provider?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

type Spec = Readonly<Record<string, unknown>>;

const stackType = "pulumi:pulumi:Stack";
const providerType = "pulumi:providers:kubernetes";
const labels = { app: "bench" };
const template = {
  metadata: { labels },
  spec: { containers: [{ name: "unused", image: "unused.invalid/unused:1" }] },
};
const rbac = "rbac.authorization.k8s.io";
const binding: Spec = { roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "view" }, subjects: [] };
const clusterScoped = /:(?:Namespace|ClusterRole|ClusterRoleBinding|PriorityClass|StorageClass)$/;

/** The least that the API server accepts of each kind, and nothing that starts a pod or takes a volume. */
const minimal: Readonly<Record<string, Spec>> = {
  "core/v1:Namespace": {},
  "core/v1:ConfigMap": { data: { key: "value" } },
  "core/v1:Secret": { stringData: { key: "value" } },
  "core/v1:ServiceAccount": {},
  "core/v1:Service": { spec: { ports: [{ port: 80 }] } },
  "core/v1:PersistentVolumeClaim": {
    spec: {
      accessModes: ["ReadWriteOnce"],
      storageClassName: "",
      resources: { requests: { storage: "1Mi" } },
    },
  },
  "apps/v1:Deployment": { spec: { replicas: 0, selector: { matchLabels: labels }, template } },
  "apps/v1:StatefulSet": {
    spec: { replicas: 0, serviceName: "", selector: { matchLabels: labels }, template },
  },
  "apps/v1:DaemonSet": {
    spec: {
      selector: { matchLabels: labels },
      template: { ...template, spec: { ...template.spec, nodeSelector: { bench: "none" } } },
    },
  },
  [`${rbac}/v1:ClusterRole`]: { rules: [] },
  [`${rbac}/v1:Role`]: { rules: [] },
  [`${rbac}/v1:ClusterRoleBinding`]: binding,
  [`${rbac}/v1:RoleBinding`]: binding,
  "networking.k8s.io/v1:NetworkPolicy": { spec: { podSelector: {} } },
  "policy/v1:PodDisruptionBudget": { spec: { minAvailable: 0, selector: { matchLabels: labels } } },
};

/** The SDK's class of a type: `kubernetes:networking.k8s.io/v1:NetworkPolicy` is `k8s.networking.v1.NetworkPolicy`. */
function classOf(type: string): string {
  const [, group = "", version = "", kind = ""] = /^kubernetes:([^/]+)\/([^:]+):(\w+)$/.exec(type) ?? [];
  return `k8s.${group.split(".")[0] ?? ""}.${version}.${kind}`;
}

const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");

/** Resources by type, the stack itself left out. */
export function countByType(resources: readonly ExportedResource[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of resources) if (type !== stackType) counts[type] = (counts[type] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * A flat program that registers as many resources of the same types as a stack holds, with minimal specs, in
 * namespaces of its own (`bench-…`), through providers with the same options (but the kubeconfig, which it reads from
 * the file named by `BENCH_KUBECONFIG`). Throws an Error for a type it knows no minimal spec of.
 */
export function minimalProgram(resources: readonly ExportedResource[]): string {
  const lines = [
    'import { readFileSync } from "node:fs";',
    'import * as k8s from "@pulumi/kubernetes";',
    'import * as pulumi from "@pulumi/pulumi";',
    "",
    'const kubeconfig = pulumi.secret(readFileSync(process.env.BENCH_KUBECONFIG ?? "", "utf8"));',
  ];
  const providers = new Map<string, string>();
  const namespace = resources.find(
    ({ type, external }) => type.endsWith("core/v1:Namespace") && external !== true,
  );
  resources.forEach((resource, index) => {
    const name = `bench-${index}`;
    const provider = providers.get((resource.provider ?? "").split("::").slice(0, -1).join("::"));
    const options = provider === undefined ? "{}" : `{ provider: ${provider} }`;
    if (resource.type === stackType) return;
    if (resource.type === providerType) {
      providers.set(resource.urn, `provider${index}`);
      lines.push(`const provider${index} = new k8s.Provider("${name}", ${providerArguments(resource)});`);
    } else if (!resource.custom) {
      lines.push(`new pulumi.ComponentResource(${JSON.stringify(resource.type)}, "${name}");`);
    } else if (resource.external === true) {
      lines.push(`${classOf(resource.type)}.get("${name}", ${JSON.stringify(resource.id)}, ${options});`);
    } else {
      const kept = resource === namespace ? "const namespace = " : "";
      lines.push(
        `${kept}new ${classOf(resource.type)}("${name}", ${minimalArguments(resource, name)}, ${options});`,
      );
    }
  });
  return `${lines.join("\n")}\n`;
}

/** The options of a provider, whose booleans and numbers the state keeps as text. */
function providerArguments({ inputs = {} }: ExportedResource): string {
  const own = Object.entries(inputs).filter(
    ([key]) => !["__internal", "kubeconfig", "version"].includes(key),
  );
  const text = (value: unknown): string =>
    value === "true" || value === "false" ? value : JSON.stringify(value);
  return `{ ${[...own.map(([key, value]) => `${key}: ${text(value)}`), "kubeconfig"].join(", ")} }`;
}

function minimalArguments({ type, urn }: ExportedResource, name: string): string {
  const spec = minimal[type.replace(/^kubernetes:/, "")];
  if (spec === undefined) throw new Error(`no minimal spec of ${type} (${nameOf(urn)}) is known`);
  const place = clusterScoped.test(type) ? "" : "namespace: namespace.metadata.name, ";
  const metadata = `{ name: "${name}", ${place}annotations: { "pulumi.com/skipAwait": "true" } }`;
  return `{ metadata: ${metadata}, ...${JSON.stringify(spec)} }`;
}
