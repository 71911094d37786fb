import {
  DETAIL_MATCH,
  FEDERATE_DETAIL_JOB,
  FEDERATE_HEALTH_JOB,
  HEALTH_MATCH,
} from "../../metrics/federation";
import { basicAuthFiles, memberCa, memberToken, memberUser } from "./credentials";
import { scrapeTimeout } from "./durations";
import type { HttpConfig, RelabelConfig, ScrapeConfig } from "./prometheusSchema";

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
  /** Where its site has a Prometheus of its own: how the hub is let in, and the CA that verifies it if not the usual. */
  readonly existing?: { readonly auth: "basic" | "bearer"; readonly ca?: string };
}

/** How a member's server is verified, and lets the hub in. */
function access({ cluster, existing }: Member): HttpConfig {
  return {
    scheme: "https",
    ...(existing?.auth === "bearer"
      ? { authorization: { credentials_file: memberToken(cluster) } }
      : { basic_auth: basicAuthFiles(memberUser(cluster)) }),
    ...(existing !== undefined && existing.ca === undefined ? {} : { tls_config: memberCa(cluster) }),
  };
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * What becomes of federated samples: only the member's own recorded series stay, under no other writer's name; `job`
 * and `instance` go where they came from the federate job itself, and so does the target's `member`; what an operator
 * adds to tell its Prometheus and their replicas apart would make another series of each.
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
    { action: "labeldrop", regex: "member|prometheus|prometheus_replica" },
  ];
}

/** Two jobs a member: the small one stays live when an alert storm fills the other. */
export function federateJobs(members: readonly Member[]): readonly ScrapeConfig[] {
  return members.flatMap((member) => {
    const { cluster, url, intervals, sampleLimits } = member;
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
      metrics_path: `${pathname.replace(/\/$/, "")}/federate`,
      params: { "match[]": [match] },
      honor_labels: true,
      honor_timestamps: false,
      scrape_interval: interval,
      scrape_timeout: scrapeTimeout(interval),
      sample_limit: samples,
      label_limit: 32,
      body_size_limit: body,
      ...access(member),
      static_configs: [{ targets: [target], labels: { job: name, member: cluster } }],
      metric_relabel_configs: keepOnly(cluster, target),
    });
    return [
      job(FEDERATE_HEALTH_JOB, HEALTH_MATCH, intervals.health, sampleLimits.health, "1MB"),
      job(FEDERATE_DETAIL_JOB, DETAIL_MATCH, intervals.detail, sampleLimits.detail, "16MB"),
    ];
  });
}
