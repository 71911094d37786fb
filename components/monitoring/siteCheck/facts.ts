import { parse } from "yaml";
import {
  apiServer,
  cadvisor,
  dcgm,
  fedCluster,
  kubeState,
  node,
  prometheus,
  scrapes,
} from "../../../metrics/catalogue";
import { not, select } from "../../../metrics/select";
import type { Selectable } from "../../../metrics/types";
import type { SiteApi } from "./api";

/** What is known of the series of one exporter. */
export interface Family {
  readonly subject: string;
  readonly metric: string;
  /** Series by their label `cluster`; under the empty text those without. */
  readonly byCluster: Readonly<Record<string, number>>;
  /** Something that more than one target tells of; absent where all is told once. */
  readonly doubled?: { readonly what: string; readonly tellers: readonly string[] };
}

/** What a site's Prometheus says of itself and of what it scrapes. */
export interface SiteFacts {
  readonly version: string;
  readonly externalLabels: Readonly<Record<string, string>>;
  /** `15d`, `10d or 40GB`. */
  readonly retention: string;
  /** Recording rules, each with its file. */
  readonly records: readonly { readonly name: string; readonly file: string }[];
  /** Addresses (`host:port`) of the Alertmanagers it sends to. */
  readonly alertmanagers: readonly string[];
  readonly families: readonly Family[];
  /** Targets that carry the cluster's name. */
  readonly targets: readonly { readonly job: string; readonly node?: string | undefined }[];
}

interface Asked {
  readonly subject: string;
  readonly metric: Selectable;
  readonly matchers?: object;
  /** Labels of one thing, which one target alone should tell of; absent where several may. */
  readonly one?: readonly string[];
}

/** One metric stands for each exporter whose series the rules read. */
const asked: readonly Asked[] = [
  { subject: "kube-state-metrics", metric: kubeState.nodeInfo, one: ["node"] },
  { subject: "node exporters", metric: node.name, one: ["nodename"] },
  {
    subject: "cAdvisor of the kubelets",
    metric: cadvisor.memory,
    matchers: { container: not("") },
    one: ["namespace", "pod", "container", "id", "name"],
  },
  { subject: "the API server", metric: apiServer.inflight },
  { subject: "Prometheus itself", metric: prometheus.headSeries },
];

/** The project scrapes these itself: that nobody else does is all there is to see. */
const ownGpus: Asked = { subject: "DCGM exporters", metric: dcgm.utilisation, one: ["UUID", "GPU_I_ID"] };

const shown = (labels: Readonly<Record<string, string>>, names: readonly string[]): string =>
  names
    .filter((name) => labels[name] !== undefined)
    .map((name) => `${name} ${labels[name] ?? ""}`)
    .join(", ");

async function doubledOf(api: SiteApi, cluster: string, { metric, matchers, one }: Asked) {
  if (one === undefined) return undefined;
  const selector = (more: object): string => select(metric, { cluster, ...matchers, ...more });
  const [first] = await api.query(`topk(1, count by (${one.join(", ")}) (${selector({})}) > 1)`);
  if (first === undefined) return undefined;
  const tellers = await api.query(`group by (job, instance) (${selector(first.labels)})`);
  const named = tellers.map(({ labels }) => `job ${labels.job ?? ""} at ${labels.instance ?? ""}`).sort();
  // one target may tell of it twice, which is none of ours
  return named.length < 2 ? undefined : { what: shown(first.labels, one), tellers: named };
}

/** How long an exporter may be down and still be known. */
const KNOWN_FOR = "10m";

async function familyOf(api: SiteApi, cluster: string, one: Asked): Promise<Family> {
  const selector = select(one.metric, { ...one.matchers });
  const count = (of: string): string => `count by (cluster) (${of})`;
  // what was there before counts only where there is nothing now: labels may have changed since
  const counts = await api.query(
    `${count(selector)} or on () ${count(`last_over_time(${selector}[${KNOWN_FOR}])`)}`,
  );
  const doubled = await doubledOf(api, cluster, one);
  return {
    subject: one.subject,
    metric: one.metric.name,
    byCluster: Object.fromEntries(counts.map(({ labels, value }) => [labels.cluster ?? "", value])),
    ...(doubled === undefined ? {} : { doubled }),
  };
}

async function recordsOf(api: SiteApi): Promise<SiteFacts["records"]> {
  const { groups } = await api.data<{
    readonly groups: readonly {
      readonly file: string;
      readonly rules: readonly { readonly name: string }[];
    }[];
  }>("rules", { type: "record" });
  return groups.flatMap(({ file, rules }) => rules.map(({ name }) => ({ name, file })));
}

/** `host:port` of a URL as it is written: a URL that is parsed loses a usual port. */
export const addressOf = (url: string): string => url.split("/")[2] ?? url;

async function alertmanagersOf(api: SiteApi): Promise<readonly string[]> {
  const { activeAlertmanagers } = await api.data<{
    readonly activeAlertmanagers: readonly { readonly url: string }[];
  }>("alertmanagers");
  return activeAlertmanagers.map(({ url }) => addressOf(url));
}

/** Asks a site's Prometheus everything that decides whether it fits; reads only. */
export async function siteFacts(api: SiteApi, cluster: string, gpus: boolean): Promise<SiteFacts> {
  const { version } = await api.data<{ readonly version: string }>("status/buildinfo");
  const [config, runtime, records, alertmanagers, families, up] = await Promise.all([
    api.data<{ readonly yaml: string }>("status/config"),
    api.data<{ readonly storageRetention: string }>("status/runtimeinfo"),
    recordsOf(api),
    alertmanagersOf(api),
    Promise.all([...asked, ...(gpus ? [ownGpus] : [])].map((one) => familyOf(api, cluster, one))),
    api.query(`group by (job, node) (${select(scrapes.up, { cluster })})`),
    // that the hub, with the same rights, can fetch
    api.text("/federate", { "match[]": select(fedCluster.monitoring.heartbeat) }),
  ]);
  const { global } = parse(config.yaml) as {
    readonly global?: { readonly external_labels?: Readonly<Record<string, string>> };
  };
  return {
    version,
    externalLabels: global?.external_labels ?? {},
    retention: runtime.storageRetention,
    records,
    alertmanagers,
    families,
    targets: up.map(({ labels }) => ({ job: labels.job ?? "", node: labels.node })),
  };
}
