import {
  DETAIL_MATCH,
  FEDERATE_DETAIL_JOB,
  FEDERATE_HEALTH_JOB,
  HEALTH_MATCH,
} from "../../metrics/federation";
import { basicAuthFiles, memberUser, memberCa } from "./credentials";
import { scrapeTimeout } from "./durations";
import type { RelabelConfig, ScrapeConfig } from "./prometheusSchema";

/** One member cluster as the hub sees it. */
export interface Member {
  /** Its cluster label. */
  readonly cluster: string;
  /** https URL of its Prometheus. */
  readonly url: string;
  /** Scrape intervals, Prometheus durations. */
  readonly intervals: { readonly health: string; readonly detail: string };
  /** Samples one scrape may return; above, the whole scrape fails. */
  readonly sampleLimits: { readonly health: number; readonly detail: number };
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * What becomes of federated samples: only the member's own recorded series stay, under no other writer's name; `job`
 * and `instance` go where they came from the federate job itself, and so does the target's `member`.
 */
function keepOnly(member: string, target: string): readonly RelabelConfig[] {
  return [
    { action: "keep", source_labels: ["cluster"], regex: escaped(member) },
    { action: "drop", source_labels: ["__name__"], regex: "up|scrape_.+|ALERTS|ALERTS_FOR_STATE" },
    {
      source_labels: ["job"],
      regex: `${FEDERATE_HEALTH_JOB}|${FEDERATE_DETAIL_JOB}`,
      target_label: "job",
      replacement: "",
    },
    { source_labels: ["instance"], regex: escaped(target), target_label: "instance", replacement: "" },
    { action: "labeldrop", regex: "member" },
  ];
}

/** Two jobs a member: the small one stays live when an alert storm fills the other. */
export function federateJobs(members: readonly Member[]): readonly ScrapeConfig[] {
  return members.flatMap(({ cluster, url, intervals, sampleLimits }) => {
    const { hostname, port, pathname } = new URL(url);
    const target = `${hostname}:${port === "" ? "443" : port}`;
    const job = (
      name: string,
      match: string,
      interval: string,
      samples: number,
      body: string,
    ): ScrapeConfig => ({
      job_name: `${name}/${cluster}`,
      scheme: "https",
      metrics_path: `${pathname.replace(/\/$/, "")}/federate`,
      params: { "match[]": [match] },
      honor_labels: true,
      honor_timestamps: false,
      scrape_interval: interval,
      scrape_timeout: scrapeTimeout(interval),
      sample_limit: samples,
      label_limit: 32,
      body_size_limit: body,
      basic_auth: basicAuthFiles(memberUser(cluster)),
      tls_config: memberCa(cluster),
      static_configs: [{ targets: [target], labels: { job: name, member: cluster } }],
      metric_relabel_configs: keepOnly(cluster, target),
    });
    return [
      job(FEDERATE_HEALTH_JOB, HEALTH_MATCH, intervals.health, sampleLimits.health, "1MB"),
      job(FEDERATE_DETAIL_JOB, DETAIL_MATCH, intervals.detail, sampleLimits.detail, "16MB"),
    ];
  });
}
