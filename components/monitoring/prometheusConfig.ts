import { stringify } from "yaml";
import type { Inventory } from "../../metrics/inventory";
import type { ClusterAlertArgs } from "../../rules/alerts";
import { alertDelivery } from "./alertmanagerClients";
import type { AlertDeliveryArgs } from "./alertmanagerClients";
import { basicAuthFiles } from "./credentials";
import { scrapeTimeout } from "./durations";
import type { PrometheusConfig, RemoteWriteConfig, ScrapeConfig } from "./prometheusSchema";
import { CONFIG, clusterJobs } from "./scrapeJobs";
import type { ClusterTargets } from "./scrapeJobs";

/** A receiver of every sample by remote write. */
export interface RemoteWrite {
  readonly name: string;
  readonly url: string;
  /** The user whose `<user>.username` and `<user>.password` lie among the credentials; absent for none. */
  readonly credentials?: string;
}

/** What the configuration of one Prometheus is made of; all of it is known at preview. */
export interface PrometheusConfigArgs {
  /** The cluster label of every target, and the external label. */
  readonly cluster: string;
  readonly targets: ClusterTargets;
  /** What the recording rules keep to, so that their series have a known number. */
  readonly inventory: Inventory;
  /** What health and alerts hold the cluster to. */
  readonly watch: ClusterAlertArgs;
  /** The Alertmanagers it sends to. */
  readonly delivery: Omit<AlertDeliveryArgs, "cluster">;
  /** Prometheus durations. */
  readonly scrapeInterval: string;
  readonly evaluationInterval: string;
  /** The older of the two ends of history: a Prometheus duration, and a size such as 40GB. */
  readonly retention: { readonly time: string; readonly size: string };
  readonly remoteWrite: readonly RemoteWrite[];
}

/** The usual queue of one sender, written out: a slow receiver costs at most this. */
const queue = { capacity: 10_000, max_shards: 50, max_samples_per_send: 2_000, batch_send_deadline: "5s" };

function remoteWriteConfig({ name, url, credentials }: RemoteWrite): RemoteWriteConfig {
  return {
    name,
    url,
    ...(credentials === undefined ? {} : { basic_auth: basicAuthFiles(credentials) }),
    queue_config: queue,
  };
}

/** The configuration as data; `ruleFiles` are names in the folder of the configuration. */
export function prometheusConfig(
  args: PrometheusConfigArgs,
  ruleFiles: readonly string[],
  moreJobs: readonly ScrapeConfig[] = [],
): PrometheusConfig {
  const { alerting, jobs } = alertDelivery({ cluster: args.cluster, ...args.delivery });
  return {
    global: {
      scrape_interval: args.scrapeInterval,
      scrape_timeout: scrapeTimeout(args.scrapeInterval),
      evaluation_interval: args.evaluationInterval,
      external_labels: { cluster: args.cluster },
    },
    storage: { tsdb: { retention: { time: args.retention.time, size: args.retention.size } } },
    alerting,
    rule_files: ruleFiles.map((file) => `${CONFIG}/${file}`),
    scrape_configs: [...clusterJobs(args.cluster, args.targets), ...jobs, ...moreJobs],
    ...(args.remoteWrite.length === 0 ? {} : { remote_write: args.remoteWrite.map(remoteWriteConfig) }),
  };
}

/** The configuration as text: the same data, the same bytes. */
export function renderConfig(config: Partial<PrometheusConfig>): string {
  return stringify(config, { lineWidth: 0, aliasDuplicateObjects: false, version: "1.1" });
}
