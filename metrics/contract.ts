/** Prefix of what each cluster records about itself: the only series that are federated. */
export const CLUSTER_LEVEL = "fed_cluster:";

/** Prefix of what the hub alone records: never federated, so that no series has two writers. */
export const HUB_LEVEL = "fed_hub:";

export type Unit = "boolean" | "samples" | "seconds" | "targets" | "unix seconds";

/** A metric that rules, dashboards or workloads use: no other name may stand in an expression. */
export interface Metric {
  readonly name: string;
  /** What exposes it: the scraping Prometheus itself, a worker, or a recording rule on every cluster or on the hub. */
  readonly exporter: "prometheus" | "model-sync" | "cluster rules" | "hub rules";
  readonly unit: Unit;
  /** Labels to select and aggregate by, beside `instance`. */
  readonly labels: readonly string[];
  readonly meaning: string;
}

const catalogue = {
  up: {
    name: "up",
    exporter: "prometheus",
    unit: "boolean",
    labels: ["cluster", "job"],
    meaning:
      "1 while the last scrape of the target succeeded; federate jobs carry member in place of cluster",
  },
  samplesScraped: {
    name: "scrape_samples_scraped",
    exporter: "prometheus",
    unit: "samples",
    labels: ["cluster", "job"],
    meaning: "samples the target exposed; federate jobs carry member in place of cluster",
  },
  samplesKept: {
    name: "scrape_samples_post_metric_relabeling",
    exporter: "prometheus",
    unit: "samples",
    labels: ["cluster", "job"],
    meaning: "samples left after metric relabelling; federate jobs carry member in place of cluster",
  },
  transferStage: {
    name: "model_transfer_stage_timestamp_seconds",
    exporter: "model-sync",
    unit: "unix seconds",
    labels: ["cluster", "job", "model", "version", "stage"],
    meaning: "when the model's last version reached each stage",
  },
  heartbeat: {
    name: `${CLUSTER_LEVEL}heartbeat:timestamp_seconds`,
    exporter: "cluster rules",
    unit: "unix seconds",
    labels: ["cluster"],
    meaning: "when the cluster's rules were evaluated last, by its own clock",
  },
  targetsUp: {
    name: `${CLUSTER_LEVEL}targets:up`,
    exporter: "cluster rules",
    unit: "targets",
    labels: ["cluster", "job"],
    meaning: "targets of a job whose last scrape succeeded; 0 where all are down",
  },
  targetsDown: {
    name: `${CLUSTER_LEVEL}targets:down`,
    exporter: "cluster rules",
    unit: "targets",
    labels: ["cluster", "job"],
    meaning: "targets of a job whose last scrape failed; 0 where all are up",
  },
  modelStage: {
    name: `${CLUSTER_LEVEL}transfer_stage:timestamp_seconds`,
    exporter: "cluster rules",
    unit: "unix seconds",
    labels: ["cluster", "model", "version", "stage"],
    meaning:
      "when the last version of a model reached each stage: trained, quiescent, uploaded, verified, registered",
  },
  heartbeatAge: {
    name: `${HUB_LEVEL}heartbeat:age_seconds`,
    exporter: "hub rules",
    unit: "seconds",
    labels: ["cluster"],
    meaning: "time since the member's last heartbeat, by value; absent where none came within an hour",
  },
  heartbeatStale: {
    name: `${HUB_LEVEL}heartbeat:stale`,
    exporter: "hub rules",
    unit: "boolean",
    labels: ["cluster"],
    meaning: "1 while the member's heartbeat is too old, or never came",
  },
  heartbeatSkewed: {
    name: `${HUB_LEVEL}heartbeat:skewed`,
    exporter: "hub rules",
    unit: "boolean",
    labels: ["cluster"],
    meaning: "1 while the member's clock is ahead of the hub's, so that its age can not be trusted",
  },
  samplesDropped: {
    name: `${HUB_LEVEL}federate:samples_dropped`,
    exporter: "hub rules",
    unit: "samples",
    labels: ["cluster", "job"],
    meaning: "samples of a member's last federate scrape that were not about that member, and dropped",
  },
} as const satisfies Readonly<Record<string, Metric>>;

/** Every metric in use, by the name the program calls it. */
export const metrics: Readonly<Record<keyof typeof catalogue, Metric>> = catalogue;
