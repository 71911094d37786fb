import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { allowedLabels } from "../../metrics/catalogue/kubeStateMetrics";
import { restrictedContainer, restrictedPod, selectorLabels, workloadLabels } from "../kubernetes/pods";
import type { MetricsPods, PodResources } from "../kubernetes/pods";

/** Selects the pod of kube-state-metrics. */
export const KUBE_STATE_METRICS = selectorLabels("kube-state-metrics", "metrics");

export interface KubeStateMetricsArgs {
  /** Name of the namespace it runs in. */
  readonly namespace: pulumi.Input<string>;
  /** Image reference with tag and digest. */
  readonly image: string;
  /** Default: 10m and 64Mi, at most 200m and 256Mi. */
  readonly resources?: PodResources;
}

const defaultResources: PodResources = {
  requests: { cpu: "10m", memory: "64Mi" },
  limits: { cpu: "200m", memory: "256Mi" },
};

/** What is collected, by API group; neither Secrets nor ConfigMaps. */
const collected: Readonly<Record<string, readonly string[]>> = {
  "": [
    "namespaces",
    "nodes",
    "persistentvolumeclaims",
    "persistentvolumes",
    "pods",
    "resourcequotas",
    "services",
  ],
  apps: ["daemonsets", "deployments", "replicasets", "statefulsets"],
  autoscaling: ["horizontalpodautoscalers"],
  batch: ["cronjobs", "jobs"],
  "networking.k8s.io": ["networkpolicies"],
  "storage.k8s.io": ["storageclasses"],
};

/** Kubernetes labels that its series tell, by resource: `deployments=[a],pods=[b,c]`. */
const labelsAllowed = Object.entries(allowedLabels)
  .map(([kind, labels]) => `${kind}=[${labels.join(",")}]`)
  .join(",");

/** The scrape target of the declared pod. */
export function kubeStateMetricsPods(namespace: string): MetricsPods {
  return { namespace, labels: KUBE_STATE_METRICS, port: 8080 };
}

/** List and watch of what is collected, nothing else. */
export const kubeStateMetricsRules: types.input.rbac.v1.PolicyRule[] = Object.entries(collected).map(
  ([group, resources]) => ({ apiGroups: [group], resources: [...resources], verbs: ["list", "watch"] }),
);

/** The Deployment of one replica. */
export function kubeStateMetricsSpec(
  image: string,
  resources: PodResources,
  serviceAccountName: pulumi.Input<string>,
): types.input.apps.v1.DeploymentSpec {
  const kinds = Object.values(collected).flat().sort();
  return {
    replicas: 1,
    selector: { matchLabels: KUBE_STATE_METRICS },
    template: {
      metadata: { labels: workloadLabels(KUBE_STATE_METRICS, image) },
      spec: {
        serviceAccountName,
        enableServiceLinks: false,
        securityContext: restrictedPod,
        containers: [
          {
            name: "kube-state-metrics",
            image,
            args: [
              "--port=8080",
              "--telemetry-port=8081",
              `--resources=${kinds.join(",")}`,
              `--metric-labels-allowlist=${labelsAllowed}`,
            ],
            ports: [
              { name: "http-metrics", containerPort: 8080 },
              { name: "telemetry", containerPort: 8081 },
            ],
            livenessProbe: { httpGet: { path: "/livez", port: "http-metrics" }, timeoutSeconds: 5 },
            readinessProbe: {
              httpGet: { path: "/readyz", port: "telemetry" },
              periodSeconds: 5,
              timeoutSeconds: 5,
            },
            resources,
            securityContext: restrictedContainer,
          },
        ],
      },
    },
  };
}

/** Says what the Kubernetes API knows of its objects, as metrics. */
export class KubeStateMetrics extends pulumi.ComponentResource {
  public constructor(name: string, args: KubeStateMetricsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("federation:monitoring:KubeStateMetrics", name, {}, opts);
    const labels = workloadLabels(KUBE_STATE_METRICS, args.image);
    const parent = { parent: this };

    const account = new k8s.core.v1.ServiceAccount(
      `${name}-service-account`,
      { metadata: { namespace: args.namespace, labels }, automountServiceAccountToken: true },
      parent,
    );
    const role = new k8s.rbac.v1.ClusterRole(
      `${name}-cluster-role`,
      { metadata: { labels }, rules: kubeStateMetricsRules },
      parent,
    );
    const binding = new k8s.rbac.v1.ClusterRoleBinding(
      `${name}-cluster-role-binding`,
      {
        metadata: { labels },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role.metadata.name },
        subjects: [{ kind: "ServiceAccount", name: account.metadata.name, namespace: args.namespace }],
      },
      parent,
    );
    new k8s.apps.v1.Deployment(
      `${name}-deployment`,
      {
        metadata: { name: "kube-state-metrics", namespace: args.namespace, labels },
        spec: kubeStateMetricsSpec(args.image, args.resources ?? defaultResources, account.metadata.name),
      },
      { parent: this, dependsOn: [binding] },
    );
    this.registerOutputs({});
  }
}
