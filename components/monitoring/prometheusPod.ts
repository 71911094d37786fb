import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import {
  NOBODY,
  restrictedContainer,
  restrictedPod,
  selectorLabels,
  workloadLabels,
} from "../kubernetes/pods";
import type { PodResources } from "../kubernetes/pods";
import { CREDENTIALS } from "./credentials";
import type { CredentialSource } from "./credentials";
import { CONFIG, PROMETHEUS_PORT } from "./scrapeJobs";

/** Selects the one pod of Prometheus. */
export const PROMETHEUS = selectorLabels("prometheus", "metrics");

/** Fixed names: what a server reloads, what holds data, and what certificates name (`prometheus.<namespace>.svc`). */
export const NAMES = {
  statefulSet: "prometheus",
  service: "prometheus",
  headless: "prometheus-headless",
  external: "prometheus-external",
  config: "prometheus-config",
  credentials: "prometheus-credentials",
  claim: "prometheus-data",
} as const;

/** How a Prometheus is reached from outside its cluster. */
export interface Exposure {
  readonly kind: "nodePort" | "loadBalancer";
  /** Port on every node (30000-32767), or of the load balancer. */
  readonly port: number;
  /** Address asked of the load balancer. */
  readonly address?: string;
  /** CIDRs whose clients may connect. */
  readonly allowFrom: readonly string[];
}

/** URL for clients outside: the load balancer's address, or the first node's; undefined where there is none. */
export function externalUrl(expose: Exposure | undefined, nodes: readonly string[]): string | undefined {
  const address = expose?.address ?? nodes[0];
  return expose && address && `https://${address}:${expose.port}`;
}

const port = { name: "https", port: PROMETHEUS_PORT, targetPort: "https" };

/** The headless Service that gives the pod its name. */
export const headlessSpec: types.input.core.v1.ServiceSpec = {
  clusterIP: "None",
  selector: PROMETHEUS,
  ports: [port],
};

/** The Service for clients inside the cluster. */
export const serviceSpec: types.input.core.v1.ServiceSpec = {
  type: "ClusterIP",
  selector: PROMETHEUS,
  ports: [port],
};

/** The Service for clients outside. */
export function exposureSpec(expose: Exposure): types.input.core.v1.ServiceSpec {
  return expose.kind === "nodePort"
    ? { type: "NodePort", selector: PROMETHEUS, ports: [{ ...port, nodePort: expose.port }] }
    : {
        type: "LoadBalancer",
        selector: PROMETHEUS,
        ports: [{ ...port, port: expose.port }],
        loadBalancerSourceRanges: [...expose.allowFrom],
        ...(expose.address === undefined ? {} : { loadBalancerIP: expose.address }),
      };
}

const listening = { tcpSocket: { port: "https" } };

/**
 * Ready by promtool with the mounted credentials, as every endpoint asks for a password and a header in the spec would
 * show it; alive while it listens, which it does from before the WAL is replayed.
 */
const probes = {
  readinessProbe: {
    exec: {
      command: [
        "promtool",
        "check",
        "ready",
        "--url",
        `https://localhost:${String(PROMETHEUS_PORT)}`,
        "--http.config.file",
        `${CREDENTIALS}/http-client.yml`,
      ],
    },
    periodSeconds: 5,
    timeoutSeconds: 10,
    failureThreshold: 3,
  },
  livenessProbe: { ...listening, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
  startupProbe: { ...listening, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 900 },
};

function container({
  image,
  resources,
  remoteWriteReceiver,
}: PrometheusPodArgs): types.input.core.v1.Container {
  return {
    name: "prometheus",
    image,
    args: [
      `--config.file=${CONFIG}/prometheus.yml`,
      "--config.auto-reload",
      "--config.auto-reload-interval=5s",
      "--storage.tsdb.path=/prometheus",
      `--web.config.file=${CREDENTIALS}/web.yml`,
      `--web.listen-address=:${String(PROMETHEUS_PORT)}`,
      ...(remoteWriteReceiver ? ["--web.enable-remote-write-receiver"] : []),
    ],
    ports: [{ name: "https", containerPort: PROMETHEUS_PORT }],
    ...probes,
    resources,
    securityContext: restrictedContainer,
    volumeMounts: [
      { name: "config", mountPath: CONFIG, readOnly: true },
      { name: "credentials", mountPath: CREDENTIALS, readOnly: true },
      { name: "data", mountPath: "/prometheus" },
    ],
  };
}

function credentialsVolume(source: CredentialSource): types.input.core.v1.Volume {
  return source.kind === "stack"
    ? { name: "credentials", secret: { secretName: NAMES.credentials } }
    : {
        name: "credentials",
        projected: { sources: source.secrets.map((name) => ({ secret: { name } })) },
      };
}

export interface PrometheusPodArgs {
  readonly image: string;
  readonly resources: PodResources;
  readonly credentials: CredentialSource;
  /** Whether its users may write series. */
  readonly remoteWriteReceiver: boolean;
  readonly serviceAccountName: pulumi.Input<string>;
  readonly claimName: pulumi.Input<string>;
}

/**
 * One replica with a claim of its own. Nothing in the template depends on the content of the configuration or the
 * credentials: whole folders are mounted, and Prometheus reloads what changes in them.
 */
export function statefulSetSpec(args: PrometheusPodArgs): types.input.apps.v1.StatefulSetSpec {
  return {
    replicas: 1,
    serviceName: NAMES.headless,
    selector: { matchLabels: PROMETHEUS },
    template: {
      metadata: { labels: workloadLabels(PROMETHEUS, args.image) },
      spec: {
        serviceAccountName: args.serviceAccountName,
        enableServiceLinks: false,
        terminationGracePeriodSeconds: 120,
        securityContext: { ...restrictedPod, fsGroup: NOBODY, fsGroupChangePolicy: "OnRootMismatch" },
        containers: [container(args)],
        volumes: [
          { name: "config", configMap: { name: NAMES.config } },
          credentialsVolume(args.credentials),
          { name: "data", persistentVolumeClaim: { claimName: args.claimName } },
        ],
      },
    },
  };
}
