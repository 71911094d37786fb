import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { workloadLabels } from "../kubernetes/pods";
import type { PodResources } from "../kubernetes/pods";
import { credentialFiles } from "./credentials";
import type { CredentialSource } from "./credentials";
import { durationMs } from "./durations";
import type { PrometheusConfigArgs } from "./prometheusConfig";
import { prometheusFiles } from "./prometheusFiles";
import type { PrometheusExtras } from "./prometheusFiles";
import { NAMES, PROMETHEUS, exposureSpec, headlessSpec, serviceSpec, statefulSetSpec } from "./prometheusPod";
import type { Exposure } from "./prometheusPod";

export interface ClusterPrometheusArgs {
  /** Name of the namespace it runs in. */
  readonly namespace: pulumi.Input<string>;
  /** Image reference with tag and digest; it must contain promtool. */
  readonly image: string;
  readonly resources: PodResources;
  /** The claim of the TSDB: it grows in place and survives `pulumi destroy` where protected. */
  readonly storage: { readonly size: string; readonly class: string; readonly protect: boolean };
  readonly config: PrometheusConfigArgs;
  readonly credentials: CredentialSource;
  /** Absent: reached from inside the cluster only. */
  readonly expose?: Exposure | undefined;
  /** Whether clients with a user may write series to it (`/api/v1/write`); default: no. */
  readonly remoteWriteReceiver?: boolean;
  /** Jobs and rules beyond those of its own cluster. */
  readonly extras?: PrometheusExtras;
  /** Files beyond the server's own in the stack's credentials Secret; not used with existing Secrets. */
  readonly extraCredentials?: pulumi.Input<Readonly<Record<string, string>>>;
}

/** What it reads of the cluster: targets, and metrics of the kubelets and the API server; never `nodes/proxy`. */
export const prometheusRules: types.input.rbac.v1.PolicyRule[] = [
  { apiGroups: [""], resources: ["nodes", "pods", "services"], verbs: ["get", "list", "watch"] },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["get", "list", "watch"] },
  { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
  { nonResourceURLs: ["/metrics"], verbs: ["get"] },
];

/** Everything wrong with the arguments: field, value, what is allowed. */
export function clusterPrometheusProblems({ config, expose }: ClusterPrometheusArgs): readonly string[] {
  const problems: string[] = [];
  for (const field of ["scrapeInterval", "evaluationInterval"] as const) {
    try {
      if (durationMs(config[field]) < 1_000)
        problems.push(`config.${field}: "${config[field]}" is under 1s; ask for more`);
    } catch (error) {
      problems.push(`config.${field}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const [least, most] = expose?.kind === "nodePort" ? [30_000, 32_767] : [1, 65_535];
  if (expose !== undefined && (expose.port < least || expose.port > most)) {
    problems.push(`expose.port: ${expose.port} is no ${expose.kind} port; choose one of ${least} to ${most}`);
  }
  if (expose?.allowFrom.length === 0) {
    problems.push("expose.allowFrom: empty, so nobody could connect; list the CIDRs of the clients");
  }
  const hosts = config.targets.hosts.map(({ name }) => name);
  const twice = hosts.find((host, index) => hosts.indexOf(host) !== index);
  if (twice !== undefined)
    problems.push(`config.targets.hosts: "${twice}" is there twice; name every host once`);
  return problems;
}

/** The Prometheus of one cluster: scrapes it and what surrounds it, keeps its history, serves it by TLS and password. */
export class ClusterPrometheus extends pulumi.ComponentResource {
  /** URL for clients inside the cluster. */
  public readonly internalUrl: pulumi.Output<string>;

  public constructor(name: string, args: ClusterPrometheusArgs, opts?: pulumi.ComponentResourceOptions) {
    super("federation:monitoring:ClusterPrometheus", name, {}, opts);
    const problems = clusterPrometheusProblems(args);
    if (problems.length > 0) throw new pulumi.RunError(`${name}: ${problems.join("; ")}`);

    const labels = workloadLabels(PROMETHEUS, args.image);
    const metadata = (fixed?: string): types.input.meta.v1.ObjectMeta => ({
      ...(fixed === undefined ? {} : { name: fixed }),
      namespace: args.namespace,
      labels,
    });
    const parent = { parent: this };

    const { account, binding } = this.access(name, args, metadata());
    const mounted = this.files(name, args, metadata);
    const claim = new k8s.core.v1.PersistentVolumeClaim(
      `${name}-claim`,
      {
        metadata: metadata(NAMES.claim),
        spec: {
          accessModes: ["ReadWriteOnce"],
          storageClassName: args.storage.class,
          resources: { requests: { storage: args.storage.size } },
        },
      },
      { parent: this, protect: args.storage.protect, retainOnDelete: args.storage.protect },
    );
    const headless = new k8s.core.v1.Service(
      `${name}-headless-service`,
      { metadata: metadata(NAMES.headless), spec: headlessSpec },
      parent,
    );
    new k8s.apps.v1.StatefulSet(
      `${name}-stateful-set`,
      {
        metadata: metadata(NAMES.statefulSet),
        spec: statefulSetSpec({
          image: args.image,
          resources: args.resources,
          credentials: args.credentials,
          remoteWriteReceiver: args.remoteWriteReceiver ?? false,
          serviceAccountName: account.metadata.name,
          claimName: claim.metadata.name,
        }),
      },
      {
        parent: this,
        deleteBeforeReplace: true,
        dependsOn: [binding, headless, ...mounted],
        customTimeouts: { create: "20m", update: "20m" },
      },
    );
    const service = new k8s.core.v1.Service(
      `${name}-service`,
      { metadata: metadata(NAMES.service), spec: serviceSpec },
      parent,
    );
    if (args.expose !== undefined) {
      new k8s.core.v1.Service(
        `${name}-external-service`,
        { metadata: metadata(NAMES.external), spec: exposureSpec(args.expose) },
        parent,
      );
    }
    this.internalUrl = pulumi.interpolate`https://${service.metadata.name}.${service.metadata.namespace}.svc:9090`;
    this.registerOutputs({ internalUrl: this.internalUrl });
  }

  /** Its identity in the cluster. */
  private access(
    name: string,
    { namespace }: ClusterPrometheusArgs,
    metadata: types.input.meta.v1.ObjectMeta,
  ): { account: k8s.core.v1.ServiceAccount; binding: k8s.rbac.v1.ClusterRoleBinding } {
    const parent = { parent: this };
    const unscoped = { labels: metadata.labels ?? {} };
    const account = new k8s.core.v1.ServiceAccount(`${name}-service-account`, { metadata }, parent);
    const role = new k8s.rbac.v1.ClusterRole(
      `${name}-cluster-role`,
      { metadata: unscoped, rules: prometheusRules },
      parent,
    );
    const binding = new k8s.rbac.v1.ClusterRoleBinding(
      `${name}-cluster-role-binding`,
      {
        metadata: unscoped,
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role.metadata.name },
        subjects: [{ kind: "ServiceAccount", name: account.metadata.name, namespace }],
      },
      parent,
    );
    return { account, binding };
  }

  /** What it mounts and reloads: fixed names, updated in place. */
  private files(
    name: string,
    { config, credentials, extras, extraCredentials }: ClusterPrometheusArgs,
    metadata: (fixed: string) => types.input.meta.v1.ObjectMeta,
  ): pulumi.Resource[] {
    const configMap = new k8s.core.v1.ConfigMap(
      `${name}-config`,
      { metadata: metadata(NAMES.config), data: prometheusFiles(config, extras).files },
      { parent: this },
    );
    if (credentials.kind === "existing") return [configMap];
    const data = pulumi
      .all([pulumi.output(credentials.web), pulumi.output(extraCredentials ?? {})])
      .apply(([web, extra]) =>
        Object.fromEntries(
          Object.entries({ ...credentialFiles(web), ...extra })
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([file, text]) => [file, Buffer.from(text).toString("base64")]),
        ),
      );
    const secret = new k8s.core.v1.Secret(
      `${name}-credentials`,
      { metadata: metadata(NAMES.credentials), type: "Opaque", data: pulumi.secret(data) },
      { parent: this },
    );
    return [configMap, secret];
  }
}
