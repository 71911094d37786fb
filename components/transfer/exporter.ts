import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { workloadLabels } from "../kubernetes/pods";
import type { PodResources } from "../kubernetes/pods";
import { workerPodSpec } from "./workerPod";
import type { WorkerPod } from "./workerPod";

/** The exporters' port. */
export const EXPORTER_PORT = 9108;

const HEAP = ["--max-old-space-size=96", "--max-semi-space-size=4"];

const resources: PodResources = {
  requests: { cpu: "10m", memory: "64Mi" },
  limits: { cpu: "200m", memory: "256Mi" },
};

export interface ExporterArgs extends Omit<WorkerPod, "name" | "command"> {
  readonly namespace: pulumi.Input<string>;
  /** Fixed name of the Deployment and of the Service. */
  readonly name: string;
  /** Selects its pod. */
  readonly selector: Readonly<Record<string, string>>;
}

/** The Deployment that serves what the worker has written of itself. */
export function exporterSpec(args: ExporterArgs): types.input.apps.v1.DeploymentSpec {
  const { selector } = args;
  const health = { httpGet: { path: "/healthz", port: "http-metrics" }, timeoutSeconds: 5 };
  const command = ["export", "--listen", `:${EXPORTER_PORT}`];
  return {
    replicas: 1,
    selector: { matchLabels: selector },
    template: {
      metadata: { labels: workloadLabels(selector, args.image) },
      spec: workerPodSpec({ ...args, name: "exporter", command }, HEAP, {
        ports: [{ name: "http-metrics", containerPort: EXPORTER_PORT }],
        livenessProbe: health,
        readinessProbe: { ...health, periodSeconds: 5 },
        resources,
      }),
    },
  };
}

/** Declares the Deployment and the Service in front of it. */
export function declareExporter(name: string, args: ExporterArgs, parent: pulumi.Resource): void {
  const { selector } = args;
  const metadata = {
    name: args.name,
    namespace: args.namespace,
    labels: workloadLabels(selector, args.image),
  };
  new k8s.apps.v1.Deployment(`${name}-exporter`, { metadata, spec: exporterSpec(args) }, { parent });
  new k8s.core.v1.Service(
    `${name}-exporter-service`,
    {
      metadata,
      spec: {
        type: "ClusterIP",
        selector,
        ports: [{ name: "http-metrics", port: EXPORTER_PORT, targetPort: "http-metrics" }],
      },
    },
    { parent },
  );
}
