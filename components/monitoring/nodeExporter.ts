import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { restrictedContainer, restrictedPod, selectorLabels, workloadLabels } from "../kubernetes/pods";
import type { MetricsPods, PodResources } from "../kubernetes/pods";

/** Selects the pods of the node exporter. */
export const NODE_EXPORTER = selectorLabels("node-exporter", "metrics");

export interface NodeExporterArgs {
  /** Name of the namespace for node agents: Pod Security `privileged`, as host paths are forbidden elsewhere. */
  readonly namespace: pulumi.Input<string>;
  /** Image reference with tag and digest. */
  readonly image: string;
  /** Port on every node; 9100 is often taken. */
  readonly port: number;
  /** Default: 10m and 32Mi, at most 200m and 128Mi. */
  readonly resources?: PodResources;
}

const defaultResources: PodResources = {
  requests: { cpu: "10m", memory: "32Mi" },
  limits: { cpu: "200m", memory: "128Mi" },
};

const HOST = "/host/root";

/** The scrape targets of the declared pods. */
export function nodeExporterPods(namespace: string, port: number): MetricsPods {
  return { namespace, labels: NODE_EXPORTER, port };
}

/** One pod on every node, whatever its taints, in the node's network and process namespaces, reading its `/`. */
export function nodeExporterSpec(
  image: string,
  port: number,
  resources: PodResources,
): types.input.apps.v1.DaemonSetSpec {
  const probe = { httpGet: { path: "/", port: "metrics" }, periodSeconds: 5, timeoutSeconds: 5 };
  return {
    selector: { matchLabels: NODE_EXPORTER },
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
    template: {
      metadata: { labels: workloadLabels(NODE_EXPORTER, image) },
      spec: {
        hostNetwork: true,
        hostPID: true,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: restrictedPod,
        tolerations: [{ operator: "Exists" }],
        containers: [
          {
            name: "node-exporter",
            image,
            args: [
              `--web.listen-address=:${String(port)}`,
              `--path.rootfs=${HOST}`,
              `--path.procfs=${HOST}/proc`,
              `--path.sysfs=${HOST}/sys`,
              `--path.udev.data=${HOST}/run/udev/data`,
              "--collector.filesystem.mount-points-exclude=^/(dev|proc|sys|run/.+|var/lib/(docker|containerd|kubelet)/.+)($|/)",
              "--collector.netclass.ignored-devices=^(veth.*|cali.*|lxc.*)$",
              "--collector.netdev.device-exclude=^(veth.*|cali.*|lxc.*)$",
            ],
            ports: [{ name: "metrics", containerPort: port, hostPort: port }],
            livenessProbe: probe,
            readinessProbe: probe,
            resources,
            securityContext: restrictedContainer,
            volumeMounts: [
              { name: "root", mountPath: HOST, readOnly: true, mountPropagation: "HostToContainer" },
            ],
          },
        ],
        volumes: [{ name: "root", hostPath: { path: "/" } }],
      },
    },
  };
}

/** Metrics of every node's hardware and operating system. */
export class NodeExporter extends pulumi.ComponentResource {
  public constructor(name: string, args: NodeExporterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("federation:monitoring:NodeExporter", name, {}, opts);
    new k8s.apps.v1.DaemonSet(
      `${name}-daemon-set`,
      {
        metadata: {
          name: "node-exporter",
          namespace: args.namespace,
          labels: workloadLabels(NODE_EXPORTER, args.image),
        },
        spec: nodeExporterSpec(args.image, args.port, args.resources ?? defaultResources),
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
