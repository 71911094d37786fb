import * as pulumi from "@pulumi/pulumi";
import type { Flow } from "../components/kubernetes/flows";
import type { VerifiedCluster } from "../components/kubernetes/verifiedCluster";
import { Grafana } from "../components/monitoring/grafana";
import { ExistingGrafana } from "../components/monitoring/grafanaExisting";
import { grafanaFlows } from "../components/monitoring/grafanaPod";
import { externalUrl } from "../components/monitoring/prometheusPod";
import type { GrafanaOutputs } from "../components/outputs";
import { buildDashboards } from "../dashboards";
import type { BuiltDashboard } from "../dashboards";
import { addresses } from "../dashboards/addresses";
import type { HubSettings, Settings, SiteGrafana } from "../settings";
import { optional } from "../settings/optional";
import type { Monitoring } from "./monitoring";

const nodesOf = ({ kubernetes }: Settings): readonly string[] =>
  kubernetes.nodes.map(({ address }) => address);

/** The connections of a Grafana in the namespace of the Prometheus; none where none is deployed there. */
export function flowsOfGrafana(settings: Settings): readonly Flow[] {
  if (settings.role !== "hub" || settings.grafana?.kind !== "deploy") return [];
  return grafanaFlows(nodesOf(settings), settings.grafana.expose?.allowFrom);
}

/** Every dashboard of this hub and its members. */
function dashboardsOf(settings: HubSettings): readonly BuiltDashboard[] {
  const { cluster, members, alerting, pricePerGpuHour, landingZone, benchmarks } = settings;
  return buildDashboards({
    hub: cluster,
    members: members.map((member) => member.cluster),
    thresholds: alerting.thresholds,
    priced: Object.keys(pricePerGpuHour).length > 0,
    ...(benchmarks === undefined
      ? {}
      : {
          benchmarks: {
            ...optional("registryUrl", landingZone?.mlflow.url),
            registeredModels: [...new Set(benchmarks.targets.map((target) => target.registeredModel))].sort(),
          },
        }),
  });
}

/** The hub's dashboards, in a Grafana of its own or in one that the site has; undefined where it has neither. */
export function declareGrafana(
  settings: HubSettings,
  { namespace, prometheusUrl }: Monitoring,
  cluster: VerifiedCluster,
): GrafanaOutputs | undefined {
  const { grafana, images, prometheus } = settings;
  if (grafana === undefined) return undefined;
  if (grafana.kind === "existing") return useGrafana(settings, grafana, cluster);
  const { expose, credentials, anonymousViewers } = grafana;
  const url = grafana.url ?? externalUrl(expose, nodesOf(settings));
  new Grafana(
    "grafana",
    {
      namespace,
      image: images.grafana,
      dashboards: dashboardsOf(settings),
      home: addresses.clusterOverview.uid,
      prometheusUrl,
      scrapeInterval: prometheus.scrapeInterval,
      credentials,
      expose,
      url,
      anonymousViewers,
    },
    { provider: cluster.provider },
  );
  return { url, admin: credentials.apply(({ admin }) => admin) };
}

/** Nothing of the site's Grafana is touched before the cluster is known to be the right one. */
function useGrafana(
  settings: HubSettings,
  { url, ca, token, prometheus }: SiteGrafana,
  { uid }: VerifiedCluster,
): GrafanaOutputs {
  const { folderUrl } = new ExistingGrafana("grafana", {
    url,
    token: pulumi.all([token, uid]).apply(([known]) => known),
    caCertificates: ca,
    dashboards: dashboardsOf(settings),
    prometheus: {
      // checked before: it is exposed
      url: externalUrl(settings.prometheus.expose, nodesOf(settings)) ?? "",
      caCertificates: prometheus.apply(({ caCertificates }) => caCertificates),
      user: prometheus.apply(({ user }) => user),
    },
    scrapeInterval: settings.prometheus.scrapeInterval,
  });
  return { url: folderUrl };
}
