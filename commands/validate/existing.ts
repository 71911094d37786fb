import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { durationSeconds } from "../../components/monitoring/durations";
import type { SiteEndpoint } from "../../components/monitoring/siteCheck";
import { siteTargets } from "../../components/monitoring/siteCheck/targets";
import { hostExportersSettings, scrapedHosts } from "../../settings/hostExporters";
import type { ParsedSettings } from "../../settings/parse";
import type { Endpoint, Prometheus } from "../preview/prometheus";

/** A Prometheus that a member's site has, run by the Prometheus Operator, and what this project expects of it. */
export interface ExistingPrometheus {
  readonly endpoint: SiteEndpoint;
  /** The operator's object `Prometheus`; what the stack gives it lies in the same namespace. */
  readonly object: { readonly namespace: string; readonly name: string };
  /** Of what the stack gives it. */
  readonly labels: Readonly<Record<string, string>>;
  /** Targets of the site's own jobs, on which rules rely. */
  readonly targets: readonly { readonly job: string; readonly node?: string }[];
  /** Whether DCGM measures GPUs here. */
  readonly gpus: boolean;
}

type Member = Extract<ParsedSettings, { readonly role: "member" }>;

/**
 * What a member's settings say of its site's Prometheus; undefined where the stack deploys one.
 *
 * @param url at which it is asked in place of its own
 */
export function existingPrometheus(
  { member, hostSecrets, prometheusCredentials }: Member,
  url: string | undefined,
): ExistingPrometheus | undefined {
  const { prometheus, kubernetes } = member;
  if (prometheus.kind === "deploy") return undefined;
  const { caFile, object, labels = {} } = prometheus;
  const hosts = scrapedHosts(member.hosts, hostExportersSettings(member, hostSecrets)?.hosts ?? []);
  return {
    endpoint: {
      url: url ?? prometheus.url,
      ...(caFile === undefined ? {} : { ca: readFileSync(caFile, "utf8") }),
      // checked before: a Prometheus of the site has its credentials
      credentials: prometheusCredentials ?? { kind: "bearer", token: "" },
    },
    object,
    labels,
    targets: siteTargets({ nodes: kubernetes.nodes, hosts }),
    gpus: kubernetes.dcgmExporter !== undefined,
  };
}

/** The same for a client that asks it more; as the hub does, it sends nothing but GET. */
export function clientOf({ url, ca, credentials }: SiteEndpoint): Endpoint {
  return {
    url,
    getOnly: true,
    ...(credentials.kind === "bearer"
      ? { token: credentials.token }
      : { auth: `${credentials.username}:${credentials.password}` }),
    ...(ca === undefined ? {} : { ca }),
  };
}

/** Seconds between two scrapes of a Prometheus where a job says nothing else, as it tells itself. */
export async function scrapeSecondsOf(prometheus: Prometheus): Promise<number> {
  const { yaml } = await prometheus.get<{ yaml: string }>("status/config");
  const { global } = parse(yaml) as { readonly global?: { readonly scrape_interval?: string } };
  return durationSeconds(global?.scrape_interval ?? "1m");
}
