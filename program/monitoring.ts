import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Flow } from "../components/kubernetes/flows";
import { FederationNamespace } from "../components/kubernetes/federationNamespace";
import { ClusterPrometheus } from "../components/monitoring/clusterPrometheus";
import { FederatedPrometheus } from "../components/monitoring/federatedPrometheus";
import { monitoringFlows } from "../components/monitoring/flows";
import { KubeStateMetrics, kubeStateMetricsPods } from "../components/monitoring/kubeStateMetrics";
import { NodeExporter, nodeExporterPods } from "../components/monitoring/nodeExporter";
import type { PrometheusConfigArgs } from "../components/monitoring/prometheusConfig";
import { hubExtras, prometheusFiles } from "../components/monitoring/prometheusFiles";
import type { PrometheusFiles } from "../components/monitoring/prometheusFiles";
import { externalUrl } from "../components/monitoring/prometheusPod";
import type { ClusterTargets } from "../components/monitoring/scrapeJobs";
import type { DeployedPrometheus, Settings } from "../settings";
import { benchmarksNamespace } from "./benchmarkAccess";
import { alertFlows, declareAlerting, deliveryOf, hubUserFiles, watchOf } from "./alerting";
import { flowsOfGrafana } from "./grafana";
import { serviceCredentials, serviceTargets } from "./services";
import { declareSitePrometheus, planSite } from "./sitePrometheus";
import type { SitePlan } from "./sitePrometheus";
import { transferMetrics } from "./transfer";

/** What the Prometheus that a stack deploys will be given, known before anything is declared. */
interface DeployedPlan {
  readonly kind: "deploy";
  readonly prometheus: DeployedPrometheus;
  readonly targets: ClusterTargets;
  readonly config: PrometheusConfigArgs;
  readonly files: PrometheusFiles;
}

export type MonitoringPlan = DeployedPlan | SitePlan;

/** Configuration and rules of the stack's Prometheus, whoever deploys it. */
export function planMonitoring(settings: Settings): MonitoringPlan {
  const { prometheus } = settings;
  return prometheus.kind === "existing" ? planSite(settings, prometheus) : planDeployed(settings, prometheus);
}

function planDeployed(settings: Settings, prometheus: DeployedPrometheus): DeployedPlan {
  const { kubernetes: k8s, cluster, inventory } = settings;
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
  return { kind: "deploy", prometheus, targets, config, files: prometheusFiles(config, extras) };
}

/** What others in the program need of it. */
export interface Monitoring {
  /** Name of its namespace; resolves when it exists. */
  readonly namespace: pulumi.Output<string>;
  /** URL of the Prometheus for clients inside the cluster. */
  readonly prometheusUrl: pulumi.Output<string>;
}

/** Where clients outside the cluster reach the stack's Prometheus; undefined where it is not exposed. */
export function outsideUrl({ prometheus, kubernetes: { nodes } }: Settings): string | undefined {
  if (prometheus.kind === "existing") return prometheus.url;
  return externalUrl(
    prometheus.expose,
    nodes.map(({ address }) => address),
  );
}

/** The stack's namespace, and Prometheus: its own, or its part in the site's. */
export function declareMonitoring(
  settings: Settings,
  plan: MonitoringPlan,
  provider: kubernetes.Provider,
): Monitoring {
  return plan.kind === "existing"
    ? declareWithSite(settings, plan, provider)
    : declareDeployed(settings, plan, provider);
}

function mainNamespace(settings: Settings, flows: readonly Flow[], provider: kubernetes.Provider) {
  const { namespace: name, protect } = settings;
  return new FederationNamespace(
    "federation",
    {
      name,
      podSecurity: "restricted",
      flows: [...flows, ...alertFlows(settings), ...flowsOfGrafana(settings)],
      protect,
    },
    { provider },
  ).namespaceName;
}

/** The project's part in the site's Prometheus, and its Alertmanager; the site has the exporters of the cluster. */
function declareWithSite(settings: Settings, plan: SitePlan, provider: kubernetes.Provider): Monitoring {
  const namespace = mainNamespace(settings, [], provider);
  declareAlerting(settings, namespace, provider);
  declareSitePrometheus(settings, plan, provider);
  return { namespace, prometheusUrl: pulumi.output(plan.prometheus.url) };
}

/** Prometheus with its flows, and the exporters that the cluster does not have yet. */
function declareDeployed(
  settings: Settings,
  { prometheus, targets, config }: DeployedPlan,
  provider: kubernetes.Provider,
): Monitoring {
  const { kubernetes: k8s, images, protect } = settings;
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
  const namespace = mainNamespace(settings, flows, provider);

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
