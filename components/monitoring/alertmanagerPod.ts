import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { SECRETS } from "../../rules/alertmanager";
import { restrictedContainer, restrictedPod, selectorLabels, workloadLabels } from "../kubernetes/pods";
import type { PodResources } from "../kubernetes/pods";
import { CREDENTIALS } from "./credentials";

/** Selects the pods of Alertmanager. */
export const ALERTMANAGER = selectorLabels("alertmanager", "alerts");

/** The port of its API and user interface, and that of the gossip among replicas (TCP and UDP). */
export const ALERTMANAGER_PORT = 9093;
export const GOSSIP_PORT = 9094;

/** Fixed names: what others address. */
export const ALERTMANAGER_NAMES = {
  statefulSet: "alertmanager",
  headless: "alertmanager-headless",
  replica: (index: number): string => `alertmanager-${index}`,
} as const;

const CONFIG = "/etc/alertmanager/config";
const DATA = "/alertmanager";

/** How the replicas are reached from outside the cluster: each by an address of its own. */
export interface AlertmanagerExposure {
  readonly kind: "nodePort" | "loadBalancer";
  /** One a replica: ports on every node (30000-32767), or of load balancers. */
  readonly ports: readonly number[];
  /** Addresses asked of the load balancers, one a replica. */
  readonly addresses?: readonly string[];
  /** CIDRs whose clients may connect: the members' networks. */
  readonly allowFrom: readonly string[];
}

export const indexes = (replicas: number): readonly number[] =>
  Array.from({ length: replicas }, (_, index) => index);

/** The headless Service by whose names the replicas find each other, ready or not. */
export const alertmanagerHeadlessSpec: types.input.core.v1.ServiceSpec = {
  clusterIP: "None",
  publishNotReadyAddresses: true,
  selector: ALERTMANAGER,
  ports: [{ name: "https", port: ALERTMANAGER_PORT, targetPort: "https" }],
};

/** The Service of one replica alone: an alert sent to a balanced address would reach one of them, and not the other. */
export function replicaServiceSpec(
  index: number,
  expose: AlertmanagerExposure | undefined,
): types.input.core.v1.ServiceSpec {
  const port = { name: "https", port: ALERTMANAGER_PORT, targetPort: "https" };
  const selector = {
    ...ALERTMANAGER,
    "statefulset.kubernetes.io/pod-name": ALERTMANAGER_NAMES.replica(index),
  };
  const outside = expose?.ports[index];
  if (expose === undefined || outside === undefined) return { type: "ClusterIP", selector, ports: [port] };
  const address = expose.addresses?.[index];
  return expose.kind === "nodePort"
    ? { type: "NodePort", selector, ports: [{ ...port, nodePort: outside }] }
    : {
        type: "LoadBalancer",
        selector,
        ports: [{ ...port, port: outside }],
        loadBalancerSourceRanges: [...expose.allowFrom],
        ...(address === undefined ? {} : { loadBalancerIP: address }),
      };
}

const listening = { tcpSocket: { port: "https" } };

/** Ready by amtool with the mounted credentials, as every endpoint asks for a password; alive while it listens. */
const probes = {
  readinessProbe: {
    exec: {
      command: [
        "amtool",
        "cluster",
        "show",
        `--alertmanager.url=https://localhost:${String(ALERTMANAGER_PORT)}`,
        `--http.config.file=${CREDENTIALS}/http-client.yml`,
        "--no-version-check",
        "--timeout=5s",
      ],
    },
    periodSeconds: 10,
    timeoutSeconds: 10,
    failureThreshold: 3,
  },
  livenessProbe: { ...listening, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
  startupProbe: { ...listening, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 60 },
};

/** Gossip among replicas; none where there is but one. The address is told, since not every network is a private one. */
function gossip(replicas: number): readonly string[] {
  if (replicas === 1) return ["--cluster.listen-address="];
  return [
    `--cluster.listen-address=0.0.0.0:${String(GOSSIP_PORT)}`,
    `--cluster.advertise-address=$(POD_IP):${String(GOSSIP_PORT)}`,
    ...indexes(replicas).map(
      (index) =>
        `--cluster.peer=${ALERTMANAGER_NAMES.replica(index)}.${ALERTMANAGER_NAMES.headless}:${String(GOSSIP_PORT)}`,
    ),
  ];
}

export interface AlertmanagerPodArgs {
  readonly image: string;
  readonly replicas: number;
  readonly resources: PodResources;
  /** URL for links in notifications; absent: its own name, which leads nowhere from outside. */
  readonly externalUrl?: string | undefined;
  /** Names of what is mounted: they change with the content, so that a change rolls the pods, one at a time. */
  readonly configMap: pulumi.Input<string>;
  readonly receiverSecrets: pulumi.Input<string>;
  readonly credentials: types.input.core.v1.Volume;
}

function container(args: AlertmanagerPodArgs): types.input.core.v1.Container {
  const { image, replicas, resources, externalUrl } = args;
  return {
    name: "alertmanager",
    image,
    args: [
      `--config.file=${CONFIG}/alertmanager.yml`,
      `--storage.path=${DATA}`,
      `--web.listen-address=:${String(ALERTMANAGER_PORT)}`,
      `--web.config.file=${CREDENTIALS}/web.yml`,
      ...(externalUrl === undefined ? [] : [`--web.external-url=${externalUrl}`]),
      ...gossip(replicas),
    ],
    env: [{ name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }],
    ports: [
      { name: "https", containerPort: ALERTMANAGER_PORT },
      ...(replicas === 1
        ? []
        : [
            { name: "gossip-tcp", containerPort: GOSSIP_PORT, protocol: "TCP" },
            { name: "gossip-udp", containerPort: GOSSIP_PORT, protocol: "UDP" },
          ]),
    ],
    ...probes,
    resources,
    securityContext: restrictedContainer,
    volumeMounts: [
      { name: "config", mountPath: CONFIG, readOnly: true },
      { name: "receivers", mountPath: SECRETS, readOnly: true },
      { name: "credentials", mountPath: CREDENTIALS, readOnly: true },
      { name: "data", mountPath: DATA },
    ],
  };
}

/** Replicas on different nodes where there are some. Silences and what was told live as long as one replica does. */
export function alertmanagerStatefulSetSpec(args: AlertmanagerPodArgs): types.input.apps.v1.StatefulSetSpec {
  const { image, replicas } = args;
  const apart = {
    weight: 100,
    podAffinityTerm: {
      topologyKey: "kubernetes.io/hostname",
      labelSelector: { matchLabels: ALERTMANAGER },
    },
  };
  return {
    replicas,
    serviceName: ALERTMANAGER_NAMES.headless,
    podManagementPolicy: "Parallel",
    updateStrategy: { type: "RollingUpdate" },
    selector: { matchLabels: ALERTMANAGER },
    template: {
      metadata: { labels: workloadLabels(ALERTMANAGER, image) },
      spec: {
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: restrictedPod,
        ...(replicas === 1
          ? {}
          : { affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [apart] } } }),
        containers: [container(args)],
        volumes: [
          { name: "config", configMap: { name: args.configMap } },
          { name: "receivers", secret: { secretName: args.receiverSecrets } },
          args.credentials,
          { name: "data", emptyDir: { sizeLimit: "256Mi" } },
        ],
      },
    },
  };
}
