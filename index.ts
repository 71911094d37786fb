import { VerifiedCluster } from "./components/kubernetes/verifiedCluster";
import { externalUrl } from "./components/monitoring/prometheusPod";
import { hubOutputs, memberOutputs } from "./components/outputs";
import { declareHosts } from "./program/hosts";
import { declareMonitoring, planMonitoring } from "./program/monitoring";
import { declareTransfer } from "./program/transfer";
import { loadSettings, preflight } from "./settings";

const settings = loadSettings();
const { cluster, stack, prometheus, kubernetes } = settings;

const plan = planMonitoring(settings);
preflight({ stack, cluster, ...plan.files });

const verified = new VerifiedCluster("cluster", {
  kubeconfig: settings.kubeconfig,
  expectedUid: settings.clusterUid,
  stack,
});
declareMonitoring(settings, plan, verified.provider);
const landingZone = declareTransfer(settings, verified);
declareHosts(settings, verified);

const nodes = kubernetes.nodes.map(({ address }) => address);
const url = externalUrl(prometheus.expose, nodes);
export = settings.role === "hub"
  ? hubOutputs(cluster, settings.credentials, url, settings.memberCredentials, landingZone)
  : memberOutputs(cluster, settings.credentials, url);
