import type * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { FederationNamespace } from "../components/kubernetes/federationNamespace";
import { ClusterPrometheus } from "../components/monitoring/clusterPrometheus";
import { FederatedPrometheus } from "../components/monitoring/federatedPrometheus";
import { monitoringFlows } from "../components/monitoring/flows";
import { KubeStateMetrics, kubeStateMetricsPods } from "../components/monitoring/kubeStateMetrics";
import { NodeExporter, nodeExporterPods } from "../components/monitoring/nodeExporter";
import type { PrometheusConfigArgs } from "../components/monitoring/prometheusConfig";
import { hubExtras, prometheusFiles } from "../components/monitoring/prometheusFiles";
import type { PrometheusFiles } from "../components/monitoring/prometheusFiles";
import type { ClusterTargets } from "../components/monitoring/scrapeJobs";
import type { Settings } from "../settings";
import { benchmarksNamespace } from "./benchmarkAccess";
import { alertFlows, declareAlerting, deliveryOf, hubUserFiles, watchOf } from "./alerting";
import { flowsOfGrafana } from "./grafana";
import { serviceCredentials, serviceTargets } from "./services";
import { transferMetrics } from "./transfer";

/** What the Prometheus of a stack will be given, known before anything is declared. */
export interface MonitoringPlan {
  readonly targets: ClusterTargets;
  readonly config: PrometheusConfigArgs;
  readonly files: PrometheusFiles;
}

/** Configuration and rules of the stack's Prometheus. */
export function planMonitoring(settings: Settings): MonitoringPlan {
  const { kubernetes: k8s, prometheus, cluster, inventory } = settings;
  const targets: ClusterTargets = {
    kubeletTls: k8s.kubeletTls,
    kubeStateMetrics: k8s.existingKubeStateMetrics ?? kubeStateMetricsPods(settings.namespace),
    nodeExporter:
      k8s.existingNodeExporter ?? nodeExporterPods(settings.agentsNamespace, k8s.nodeExporterPort),
    dcgmExporter: k8s.dcgmExporter,
    modelTransfer: transferMetrics(settings),
    services: serviceTargets(settings),
    hosts: settings.hosts,
  };
  const config = {
    ...prometheus,
    cluster,
    targets,
    inventory,
    watch: watchOf(settings),
    delivery: deliveryOf(settings),
  };
  const extras = settings.role === "hub" ? hubExtras(config, settings) : undefined;
  return { targets, config, files: prometheusFiles(config, extras) };
}

/** What others in the program need of it. */
export interface Monitoring {
  /** Name of its namespace; resolves when it exists. */
  readonly namespace: pulumi.Output<string>;
  /** URL of the Prometheus for clients inside the cluster. */
  readonly prometheusUrl: pulumi.Output<string>;
}

/** Prometheus with its namespace and flows, and the exporters that the cluster does not have yet. */
export function declareMonitoring(
  settings: Settings,
  { targets, config }: MonitoringPlan,
  provider: kubernetes.Provider,
): Monitoring {
  const { prometheus, kubernetes: k8s, images, protect } = settings;
  const members = settings.role === "hub" ? settings.members : [];
  const flows = monitoringFlows({
    nodes: k8s.nodes.map(({ address }) => address),
    apiServer: k8s.apiServer,
    targets,
    ownKubeStateMetrics: k8s.existingKubeStateMetrics === undefined,
    urls: [...members, ...prometheus.remoteWrite].map(({ url }) => url),
    allowFrom: prometheus.expose?.allowFrom,
    writersNamespace: benchmarksNamespace(settings),
  });
  const { namespaceName: namespace } = new FederationNamespace(
    "federation",
    {
      name: settings.namespace,
      podSecurity: "restricted",
      flows: [...flows, ...alertFlows(settings), ...flowsOfGrafana(settings)],
      protect,
    },
    { provider },
  );

  if (k8s.existingKubeStateMetrics === undefined) {
    new KubeStateMetrics("kube-state-metrics", { namespace, image: images.kubeStateMetrics }, { provider });
  }
  if (k8s.existingNodeExporter === undefined) {
    const { namespaceName } = new FederationNamespace(
      "agents",
      { name: settings.agentsNamespace, podSecurity: "privileged", flows: [], protect: false },
      { provider },
    );
    const args = { namespace: namespaceName, image: images.nodeExporter, port: k8s.nodeExporterPort };
    new NodeExporter("node-exporter", args, { provider });
  }

  const args = {
    namespace,
    image: images.prometheus,
    resources: prometheus.resources,
    storage: { ...prometheus.storage, protect },
    config,
    credentials: settings.credentials,
    expose: prometheus.expose,
    remoteWriteReceiver: benchmarksNamespace(settings) !== undefined,
  };
  declareAlerting(settings, namespace, provider);
  if (settings.role === "hub") {
    const { federation, pricePerGpuHour } = settings;
    const { internalUrl } = new FederatedPrometheus(
      "prometheus",
      { ...args, members, pricePerGpuHour, federation, extraCredentials: serviceCredentials(settings) },
      { provider },
    );
    return { namespace, prometheusUrl: internalUrl };
  }
  const extraCredentials = hubUserFiles(settings);
  const { internalUrl } = new ClusterPrometheus(
    "prometheus",
    { ...args, ...(extraCredentials === undefined ? {} : { extraCredentials }) },
    { provider },
  );
  return { namespace, prometheusUrl: internalUrl };
}
