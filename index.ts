import { VerifiedCluster } from "./components/kubernetes/verifiedCluster";
import { hubOutputs, memberOutputs } from "./components/outputs";
import { alertmanagerAddresses } from "./program/alerting";
import { declareBenchmarks } from "./program/benchmarks";
import { declareGrafana } from "./program/grafana";
import { declareHosts } from "./program/hosts";
import { declareServing } from "./program/serving";
import { declareMonitoring, outsideUrl, planMonitoring } from "./program/monitoring";
import { declareTransfer } from "./program/transfer";
import { loadSettings, preflight } from "./settings";

const settings = loadSettings();
const { cluster, stack } = settings;

const plan = planMonitoring(settings);
preflight({ stack, cluster, ...plan.files });

const verified = new VerifiedCluster("cluster", {
  kubeconfig: settings.kubeconfig,
  expectedUid: settings.clusterUid,
  stack,
});
const monitoring = declareMonitoring(settings, plan, verified.provider);
const landingZone = declareTransfer(settings, verified);
const serving = declareServing(settings, verified.provider);
const benchmarkReports =
  settings.role === "hub"
    ? declareBenchmarks(settings, { monitoring, landingZone, serving }, verified)
    : undefined;
const grafana = settings.role === "hub" ? declareGrafana(settings, monitoring, verified) : undefined;
declareHosts(settings, verified);

const url = outsideUrl(settings);
export = settings.role === "hub"
  ? hubOutputs(
      cluster,
      settings.credentials,
      url,
      settings.memberCredentials,
      alertmanagerAddresses(settings),
      landingZone?.outputs,
      grafana,
      benchmarkReports,
    )
  : memberOutputs(cluster, settings.credentials, url);
