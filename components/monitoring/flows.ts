import { apiServerFlow, dnsFlow, hostCidrs, urlFlow } from "../kubernetes/flows";
import type { Flow, FlowEnd } from "../kubernetes/flows";
import type { MetricsPods } from "../kubernetes/pods";
import { KUBE_STATE_METRICS } from "./kubeStateMetrics";
import { PROMETHEUS } from "./prometheusPod";
import { KUBELET_PORT, PROMETHEUS_PORT, hostExporters, hostPort } from "./scrapeJobs";
import type { ClusterTargets, Host, HostRole } from "./scrapeJobs";
import { serviceUrls } from "./serviceJobs";

export interface MonitoringFlowsArgs {
  /** Addresses of the cluster's nodes. */
  readonly nodes: readonly string[];
  readonly apiServer: { readonly addresses: readonly string[]; readonly port: number };
  readonly targets: ClusterTargets;
  /** Whether kube-state-metrics is this project's own. */
  readonly ownKubeStateMetrics: boolean;
  /** CIDRs whose clients may connect from outside; absent where Prometheus is not exposed. */
  readonly allowFrom?: readonly string[] | undefined;
  /** Namespace whose pods write series to Prometheus; absent where none does. */
  readonly writersNamespace?: string | undefined;
  /** What Prometheus itself connects to by URL: members, remote-write receivers. */
  readonly urls: readonly string[];
}

const prometheus: FlowEnd = { kind: "own", name: "prometheus", labels: PROMETHEUS };
const kubeStateMetrics: FlowEnd = { kind: "own", name: "kube-state-metrics", labels: KUBE_STATE_METRICS };
const addresses = (hosts: readonly string[]): FlowEnd => ({
  kind: "addresses",
  cidrs: hosts.flatMap(hostCidrs),
});
const podsOf = ({ namespace, labels }: MetricsPods): FlowEnd => ({ kind: "pods", namespace, labels });

/** One flow a role and port: an exporter may listen elsewhere than usual. */
function hostFlows(hosts: readonly Host[]): readonly Flow[] {
  return (Object.keys(hostExporters) as HostRole[]).flatMap((role) => {
    const own = hosts.filter((host) => host.roles.includes(role));
    const ports = [...new Set(own.map((host) => hostPort(host, role)))];
    return ports.map((port) => ({
      purpose: `exporters on hosts outside Kubernetes: ${role}`,
      from: prometheus,
      to: addresses(own.filter((host) => hostPort(host, role) === port).map((host) => host.address)),
      ports: [{ port }],
    }));
  });
}

/** What every workload that watches the cluster needs. */
function clusterFlows(from: FlowEnd, { apiServer }: MonitoringFlowsArgs): readonly Flow[] {
  return [dnsFlow(from), apiServerFlow(from, apiServer)];
}

/** Every connection of the monitoring namespace. */
export function monitoringFlows(args: MonitoringFlowsArgs): readonly Flow[] {
  const { targets } = args;
  const nodes = addresses(args.nodes);
  const exporters = [targets.kubeStateMetrics, targets.dcgmExporter, targets.modelTransfer].filter(
    (pods) => pods !== undefined,
  );
  return [
    ...clusterFlows(prometheus, args),
    { purpose: "kubelets", from: prometheus, to: nodes, ports: [{ port: KUBELET_PORT }] },
    { purpose: "node exporters", from: prometheus, to: nodes, ports: [{ port: targets.nodeExporter.port }] },
    ...exporters.map((pods) => ({
      purpose: `exporter in ${pods.namespace}`,
      from: prometheus,
      to: podsOf(pods),
      ports: [{ port: pods.port }],
    })),
    { purpose: "annotated pods and services", from: prometheus, to: { kind: "pods" }, ports: [{}] },
    ...hostFlows(targets.hosts),
    ...serviceUrls(targets.services ?? {}).map((url) =>
      urlFlow("metrics of object store and model registry", prometheus, url),
    ),
    ...args.urls.map((url) => urlFlow("members and remote-write receivers", prometheus, url)),
    ...(args.allowFrom === undefined
      ? []
      : [
          {
            purpose: "clients from outside",
            from: { kind: "addresses" as const, cidrs: args.allowFrom },
            to: prometheus,
            ports: [{ port: PROMETHEUS_PORT }],
          },
          {
            purpose: "clients through a node port, which takes the node's address",
            from: nodes,
            to: prometheus,
            ports: [{ port: PROMETHEUS_PORT }],
          },
        ]),
    ...(args.writersNamespace === undefined
      ? []
      : [
          {
            purpose: "series by remote write",
            from: { kind: "pods" as const, namespace: args.writersNamespace },
            to: prometheus,
            ports: [{ port: PROMETHEUS_PORT }],
          },
        ]),
    ...(args.ownKubeStateMetrics
      ? [
          ...clusterFlows(kubeStateMetrics, args),
          {
            purpose: "kube-state-metrics and its own metrics",
            from: prometheus,
            to: kubeStateMetrics,
            ports: [{ port: 8080 }, { port: 8081 }],
          },
        ]
      : []),
  ];
}
