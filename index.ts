import { FederationNamespace } from "./components/kubernetes/federationNamespace";
import { VerifiedCluster } from "./components/kubernetes/verifiedCluster";
import { ClusterPrometheus } from "./components/monitoring/clusterPrometheus";
import { FederatedPrometheus } from "./components/monitoring/federatedPrometheus";
import { monitoringFlows } from "./components/monitoring/flows";
import { KubeStateMetrics, kubeStateMetricsPods } from "./components/monitoring/kubeStateMetrics";
import { NodeExporter, nodeExporterPods } from "./components/monitoring/nodeExporter";
import type { PrometheusConfigArgs } from "./components/monitoring/prometheusConfig";
import { hubExtras, prometheusFiles } from "./components/monitoring/prometheusFiles";
import { externalUrl } from "./components/monitoring/prometheusPod";
import { hubOutputs, memberOutputs } from "./components/outputs";
import { loadSettings, preflight } from "./settings";

const settings = loadSettings();
const { cluster, stack, protect, prometheus, kubernetes, hosts, images, inventory } = settings;
const members = settings.role === "hub" ? settings.members : [];
const { kubeletTls, dcgmExporter, existingKubeStateMetrics, existingNodeExporter } = kubernetes;
const { apiServer, nodeExporterPort: port } = kubernetes;
const nodes = kubernetes.nodes.map(({ address }) => address);

const targets = {
  kubeletTls,
  kubeStateMetrics: existingKubeStateMetrics ?? kubeStateMetricsPods(settings.namespace),
  nodeExporter: existingNodeExporter ?? nodeExporterPods(settings.agentsNamespace, port),
  dcgmExporter,
  hosts,
};
const config: PrometheusConfigArgs = { ...prometheus, cluster, targets, inventory };
const extras = settings.role === "hub" ? hubExtras(config, settings) : undefined;
preflight({ stack, cluster, ...prometheusFiles(config, extras) });

const { provider } = new VerifiedCluster("cluster", {
  kubeconfig: settings.kubeconfig,
  expectedUid: settings.clusterUid,
  stack,
});
const flows = monitoringFlows({
  nodes,
  apiServer,
  targets,
  ownKubeStateMetrics: existingKubeStateMetrics === undefined,
  urls: [...members, ...prometheus.remoteWrite].map(({ url }) => url),
  allowFrom: prometheus.expose?.allowFrom,
});
const { namespaceName: namespace } = new FederationNamespace(
  "federation",
  { name: settings.namespace, podSecurity: "restricted", flows, protect },
  { provider },
);

if (existingKubeStateMetrics === undefined) {
  new KubeStateMetrics("kube-state-metrics", { namespace, image: images.kubeStateMetrics }, { provider });
}
if (existingNodeExporter === undefined) {
  const { namespaceName } = new FederationNamespace(
    "agents",
    { name: settings.agentsNamespace, podSecurity: "privileged", flows: [], protect: false },
    { provider },
  );
  const args = { namespace: namespaceName, image: images.nodeExporter, port };
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
};
if (settings.role === "hub") {
  const { federation, pricePerGpuHour } = settings;
  new FederatedPrometheus("prometheus", { ...args, members, pricePerGpuHour, federation }, { provider });
} else {
  new ClusterPrometheus("prometheus", args, { provider });
}

const url = externalUrl(prometheus.expose, nodes);
export = settings.role === "hub"
  ? hubOutputs(cluster, settings.credentials, url, settings.memberCredentials)
  : memberOutputs(cluster, settings.credentials, url);
