import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  alertmanagerConfig,
  receiverProblems,
  renderAlertmanagerConfig,
  secretsOf,
} from "../../rules/alertmanager";
import type { AlertmanagerConfigArgs } from "../../rules/alertmanager";
import { workloadLabels } from "../kubernetes/pods";
import type { PodResources } from "../kubernetes/pods";
import {
  ALERTMANAGER,
  ALERTMANAGER_NAMES,
  alertmanagerHeadlessSpec,
  alertmanagerStatefulSetSpec,
  indexes,
  replicaServiceSpec,
} from "./alertmanagerPod";
import type { AlertmanagerExposure } from "./alertmanagerPod";
import { credentialFiles } from "./credentials";
import type { CredentialSource } from "./credentials";

export interface AlertmanagerArgs {
  /** Name of the namespace it runs in. */
  readonly namespace: pulumi.Input<string>;
  /** Image reference with tag and digest; it must contain amtool. */
  readonly image: string;
  /** 2 on the hub, which notifies for all; 1 on a member. */
  readonly replicas: number;
  readonly config: AlertmanagerConfigArgs;
  /** Content of the receivers' secrets by file name (`secretsOf`). */
  readonly receiverSecrets: Readonly<Record<string, pulumi.Input<string>>>;
  /** What it serves TLS with and whom it lets in: the same as Prometheus. */
  readonly credentials: CredentialSource;
  /** Further users, name to bcrypt hash: the members' Prometheus on the hub. Not used with existing Secrets. */
  readonly clients?: pulumi.Input<Readonly<Record<string, string>>>;
  /** Absent: reached from inside the cluster only. */
  readonly expose?: AlertmanagerExposure | undefined;
  /** URL for links in notifications. */
  readonly externalUrl?: string | undefined;
  /** Default: 10m and 32Mi, at most 200m and 256Mi. */
  readonly resources?: PodResources;
}

const defaultResources: PodResources = {
  requests: { cpu: "10m", memory: "32Mi" },
  limits: { cpu: "200m", memory: "256Mi" },
};

function exposureProblems(replicas: number, expose: AlertmanagerExposure): readonly string[] {
  const [least, most] = expose.kind === "nodePort" ? [30_000, 32_767] : [1, 65_535];
  const { ports, addresses, allowFrom } = expose;
  return [
    ...(ports.length === replicas
      ? []
      : [`expose.ports: ${ports.length} for ${replicas} replicas; give each one of its own`]),
    ...ports
      .filter((port) => port < least || port > most)
      .map((port) => `expose.ports: ${port} is no ${expose.kind} port; choose ${least} to ${most}`),
    ...(expose.kind === "nodePort" && new Set(ports).size < ports.length
      ? [`expose.ports: ${ports.join(", ")} are not all different; a node port leads to one replica alone`]
      : []),
    ...(addresses === undefined || addresses.length === replicas
      ? []
      : [`expose.addresses: ${addresses.length} for ${replicas} replicas; give each one of its own`]),
    ...(allowFrom.length > 0
      ? []
      : ["expose.allowFrom: empty, so nobody could connect; list the CIDRs of the clients"]),
  ];
}

/** Everything wrong with the arguments: field, value, what is allowed. */
export function alertmanagerProblems(args: AlertmanagerArgs): readonly string[] {
  const { replicas, config, receiverSecrets, expose } = args;
  const needed = config.receivers.flatMap(secretsOf);
  const given = Object.keys(receiverSecrets);
  return [
    ...(Number.isInteger(replicas) && replicas >= 1 && replicas <= 5
      ? []
      : [`replicas: ${replicas}; give 1 to 5`]),
    ...receiverProblems(config.receivers).map((problem) => `config.${problem}`),
    ...needed
      .filter((file) => !given.includes(file))
      .map((file) => `receiverSecrets: ${file} is missing; a receiver needs it`),
    ...given
      .filter((file) => !needed.includes(file))
      .map((file) => `receiverSecrets: no receiver needs ${file}; take it out, or name its receiver`),
    ...(expose === undefined ? [] : exposureProblems(replicas, expose)),
  ];
}

/**
 * For amtool, which lets go of a stream of HTTP/2 before its end: the server logs each of these as a panic, every ten
 * seconds of readiness.
 */
const WITHOUT_HTTP2 = "enable_http2: false\n";

const encoded = (files: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(files)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([file, text]) => [file, Buffer.from(text).toString("base64")]),
  );

/**
 * Delivers the alerts of the Prometheus that list it. Its configuration and secrets have names of their own for each
 * content, so that a change rolls the replicas, one at a time; what one of them knows, the other keeps meanwhile.
 */
export class Alertmanager extends pulumi.ComponentResource {
  /** Addresses (`host:port`) for clients inside the cluster, one a replica. */
  public readonly addresses: pulumi.Output<readonly string[]>;

  public constructor(name: string, args: AlertmanagerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("federation:monitoring:Alertmanager", name, {}, opts);
    const problems = alertmanagerProblems(args);
    if (problems.length > 0) throw new pulumi.RunError(`${name}: ${problems.join("; ")}`);

    const { namespace, image, replicas, expose } = args;
    const labels = workloadLabels(ALERTMANAGER, image);
    const metadata = (fixed?: string): types.input.meta.v1.ObjectMeta => ({
      ...(fixed === undefined ? {} : { name: fixed }),
      namespace,
      labels,
    });
    const parent = { parent: this };
    const mounted = this.mounted(name, args, metadata());

    const headless = new k8s.core.v1.Service(
      `${name}-headless-service`,
      { metadata: metadata(ALERTMANAGER_NAMES.headless), spec: alertmanagerHeadlessSpec },
      parent,
    );
    new k8s.apps.v1.StatefulSet(
      `${name}-stateful-set`,
      {
        metadata: metadata(ALERTMANAGER_NAMES.statefulSet),
        spec: alertmanagerStatefulSetSpec({
          image,
          replicas,
          resources: args.resources ?? defaultResources,
          externalUrl: args.externalUrl,
          ...mounted,
        }),
      },
      { parent: this, dependsOn: [headless] },
    );
    const services = indexes(replicas).map(
      (index) =>
        new k8s.core.v1.Service(
          `${name}-${index}-service`,
          { metadata: metadata(ALERTMANAGER_NAMES.replica(index)), spec: replicaServiceSpec(index, expose) },
          parent,
        ),
    );
    if (replicas > 1) {
      new k8s.policy.v1.PodDisruptionBudget(
        `${name}-disruption-budget`,
        { metadata: metadata(), spec: { maxUnavailable: 1, selector: { matchLabels: ALERTMANAGER } } },
        parent,
      );
    }
    this.addresses = pulumi.all(
      services.map(
        (service) => pulumi.interpolate`${service.metadata.name}.${service.metadata.namespace}.svc:9093`,
      ),
    );
    this.registerOutputs({ addresses: this.addresses });
  }

  /** Configuration and secrets: named anew for each content. */
  private mounted(
    name: string,
    { config, receiverSecrets, credentials, clients }: AlertmanagerArgs,
    metadata: types.input.meta.v1.ObjectMeta,
  ) {
    const anew = { parent: this, replaceOnChanges: ["data"] };
    const secret = (role: string, data: pulumi.Input<Record<string, string>>) =>
      new k8s.core.v1.Secret(`${name}-${role}`, { metadata, type: "Opaque", data: pulumi.secret(data) }, anew)
        .metadata.name;
    const configMap = new k8s.core.v1.ConfigMap(
      `${name}-config`,
      { metadata, data: { "alertmanager.yml": renderAlertmanagerConfig(alertmanagerConfig(config)) } },
      anew,
    ).metadata.name;
    const receivers = secret("receivers", pulumi.all(receiverSecrets).apply(encoded));
    if (credentials.kind === "existing") {
      const sources = credentials.secrets.map((existing) => ({ secret: { name: existing } }));
      return {
        configMap,
        receiverSecrets: receivers,
        credentials: { name: "credentials", projected: { sources } },
      };
    }
    const files = pulumi
      .all([pulumi.output(credentials.web), pulumi.output(clients ?? {})])
      .apply(([web, more]) => {
        const all = credentialFiles({ ...web, users: { ...web.users, ...more } });
        return encoded({
          ...all,
          "http-client.yml": `${all["http-client.yml"] ?? ""}${WITHOUT_HTTP2}`,
        });
      });
    const secretName = secret("credentials", files);
    return {
      configMap,
      receiverSecrets: receivers,
      credentials: { name: "credentials", secret: { secretName } },
    };
  }
}
