import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { hostCidrs } from "../kubernetes/flows";
import type { Flow, FlowEnd } from "../kubernetes/flows";
import {
  NOBODY,
  restrictedContainer,
  restrictedPod,
  selectorLabels,
  workloadLabels,
} from "../kubernetes/pods";
import type { PodResources } from "../kubernetes/pods";
import { GRAFANA_CONFIG, GRAFANA_CREDENTIALS, GRAFANA_DASHBOARDS, GRAFANA_PORT } from "./grafanaFiles";
import { exposureSpec, PROMETHEUS } from "./prometheusPod";
import type { Exposure } from "./prometheusPod";
import { PROMETHEUS_PORT } from "./scrapeJobs";

/** Selects the pod of Grafana. */
export const GRAFANA = selectorLabels("grafana", "dashboards");

/** Default resources. */
export const grafanaResources: PodResources = {
  requests: { cpu: "100m", memory: "192Mi" },
  limits: { cpu: "1", memory: "512Mi" },
};

/** The port of the Service: Grafana's own, or that of the load balancer. */
export const grafanaServicePort = (expose: Exposure | undefined): number =>
  expose?.kind === "loadBalancer" ? expose.port : GRAFANA_PORT;

/** The Service inside the cluster and, where it is exposed, for clients outside as well. */
export function grafanaServiceSpec(expose: Exposure | undefined): types.input.core.v1.ServiceSpec {
  const port = { name: "https", port: grafanaServicePort(expose), targetPort: "https" };
  if (expose === undefined) return { type: "ClusterIP", selector: GRAFANA, ports: [port] };
  const exposed = expose.kind === "nodePort" ? { ...port, nodePort: expose.port } : port;
  return { ...exposureSpec(expose), selector: GRAFANA, ports: [exposed] };
}

/** What a Grafana without a data source answers too, and without a login. */
const health = { httpGet: { path: "/api/health", port: "https", scheme: "HTTPS" } };

function container(image: string, resources: PodResources): types.input.core.v1.Container {
  return {
    name: "grafana",
    image,
    // the image's own are below folders that this user may not write to
    env: [
      { name: "GF_PATHS_CONFIG", value: `${GRAFANA_CONFIG}/grafana.ini` },
      { name: "GF_PATHS_PROVISIONING", value: `${GRAFANA_CONFIG}/provisioning` },
      { name: "GF_PATHS_DATA", value: "/var/lib/grafana" },
      { name: "GF_PATHS_LOGS", value: "/var/lib/grafana/log" },
      { name: "GF_PATHS_PLUGINS", value: "/var/lib/grafana/plugins" },
    ],
    ports: [{ name: "https", containerPort: GRAFANA_PORT }],
    startupProbe: { ...health, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 150 },
    readinessProbe: { ...health, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3 },
    livenessProbe: { ...health, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    resources,
    securityContext: restrictedContainer,
    volumeMounts: [
      { name: "config", mountPath: GRAFANA_CONFIG, readOnly: true },
      { name: "credentials", mountPath: GRAFANA_CREDENTIALS, readOnly: true },
      { name: "dashboards", mountPath: GRAFANA_DASHBOARDS, readOnly: true },
      { name: "data", mountPath: "/var/lib/grafana" },
      { name: "temporary", mountPath: "/tmp" },
    ],
  };
}

export interface GrafanaPodArgs {
  readonly image: string;
  readonly resources: PodResources;
  /** Name of the ConfigMap, and the path of each of its keys below the configuration's folder. */
  readonly config: { readonly name: pulumi.Input<string>; readonly paths: Readonly<Record<string, string>> };
  readonly credentialsName: pulumi.Input<string>;
  /** Names of the ConfigMaps that hold one dashboard each. */
  readonly dashboardNames: readonly pulumi.Input<string>[];
}

/** One replica that keeps nothing: whatever it mounts is named by content, so that a change rolls it. */
export function grafanaDeploymentSpec(args: GrafanaPodArgs): types.input.apps.v1.DeploymentSpec {
  const { image, resources, config, credentialsName, dashboardNames } = args;
  return {
    replicas: 1,
    selector: { matchLabels: GRAFANA },
    template: {
      metadata: { labels: workloadLabels(GRAFANA, image) },
      spec: {
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { ...restrictedPod, fsGroup: NOBODY, fsGroupChangePolicy: "OnRootMismatch" },
        containers: [container(image, resources)],
        volumes: [
          {
            name: "config",
            configMap: {
              name: config.name,
              items: Object.entries(config.paths).map(([key, path]) => ({ key, path })),
            },
          },
          { name: "credentials", secret: { secretName: credentialsName } },
          {
            name: "dashboards",
            projected: { sources: dashboardNames.map((name) => ({ configMap: { name } })) },
          },
          { name: "data", emptyDir: { sizeLimit: "256Mi" } },
          { name: "temporary", emptyDir: { sizeLimit: "64Mi" } },
        ],
      },
    },
  };
}

const grafana: FlowEnd = { kind: "own", name: "grafana", labels: GRAFANA };

/** Every connection of Grafana: to the Prometheus beside it, and from people. */
export function grafanaFlows(
  nodes: readonly string[],
  allowFrom: readonly string[] | undefined,
): readonly Flow[] {
  const dns: FlowEnd = { kind: "pods", namespace: "kube-system", labels: { "k8s-app": "kube-dns" } };
  return [
    {
      purpose: "name resolution",
      from: grafana,
      to: dns,
      ports: [{ port: 53, protocol: "UDP" }, { port: 53 }],
    },
    {
      purpose: "dashboards' queries",
      from: grafana,
      to: { kind: "own", name: "prometheus", labels: PROMETHEUS },
      ports: [{ port: PROMETHEUS_PORT }],
    },
    ...(allowFrom === undefined
      ? []
      : [
          {
            purpose: "people at dashboards",
            from: { kind: "addresses" as const, cidrs: allowFrom },
            to: grafana,
            ports: [{ port: GRAFANA_PORT }],
          },
          {
            purpose: "people at dashboards through a node port, which takes the node's address",
            from: { kind: "addresses" as const, cidrs: nodes.flatMap(hostCidrs) },
            to: grafana,
            ports: [{ port: GRAFANA_PORT }],
          },
        ]),
  ];
}
