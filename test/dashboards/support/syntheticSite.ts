import { clusterRecorded, hubRecorded } from "../../../metrics/catalogue";
import { health, hubHealth } from "../../../metrics/catalogue/recorded/health";
import { CLUSTER_LEVEL, FEDERATION, FEDERATION_LEVEL, HUB_LEVEL } from "../../../metrics/levels";
import { values } from "./syntheticValues";
import type { At } from "./syntheticValues";

/** The clusters of the federation that does not exist. */
export const HUB = "cloud";
export const MEMBER = "hpc";

/** Where series are recorded whose name begins so; all others on both clusters. */
const places: readonly (readonly [pattern: RegExp, clusters: readonly string[]])[] = [
  [/^fed_hub:federation_/, [FEDERATION]],
  [/^fed_(cluster|hub):(slurm|beegfs|transfer)/, [MEMBER]],
  [/^fed_(cluster|hub):(minio|mlflow|retention|inference|serving|autoscalers|benchmark)/, [HUB]],
  [/^fed_hub:(heartbeat|federate)/, [MEMBER]],
  [/^fed_hub:comparison:(difference|ratio)/, [MEMBER]],
];

const perCluster = (cloud: readonly string[], hpc: readonly string[]) => ({ [HUB]: cloud, [MEMBER]: hpc });
const both = (...of: readonly string[]) => perCluster(of, of);
const LATENCIES = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"];
const STAGES = ["trained", "quiescent", "hashed", "uploaded", "verified", "registered"];

/** Values of the labels whose domain is open, by cluster. */
const labelValues: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  job: perCluster(
    ["prometheus", "node", "kubelet", "kube-state-metrics", "dcgm", "minio", "mlflow", "kserve"],
    ["prometheus", "node", "kubelet", "dcgm", "slurm", "beegfs", "model-sync"],
  ),
  gpu_type: perCluster(["rtx-a6000", "tesla-t4"], ["h100", "a100"]),
  owner: perCluster(["serving", "research", "notebooks"], ["slurm"]),
  namespace: both("serving", "monitoring", "mlflow", "minio", "notebooks", "research"),
  partition: both("train", "debug", "interactive"),
  model: both("llama-chat", "resnet-50", "fraud-xgb"),
  version: both("11", "12"),
  testid: both("benchmark-nightly-x7k2f"),
  source: both(MEMBER),
  bucket: both("models", "artifacts", "state"),
  limit: both("buckets", "gpu_types", "models_served", "models_transferred", "namespaces", "partitions"),
  reason: both("timeout", "status_503", "reset"),
  digest: both("sha256:0f3a9c41"),
  outcome: both("registered"),
  measure: both("cpu", "memory", "filesystem", "gpu", "gpu_nominal", "gpu_memory"),
  scheduler: perCluster(["kubernetes"], ["kubernetes", "slurm"]),
  xid: perCluster(["13"], ["48", "79"]),
  alertname: both("GpuIdleWhileAllocated"),
  severity: both("warning"),
  component: both("gpus"),
  stage: perCluster(["deployed", "served"], STAGES),
  state: both("running", "pending"),
  le: both(...LATENCIES),
};

const loss = (component: string, reason: string, known = "yes") => ({ component, reason, known });
const losses = perClusterLabels(
  [
    loss("gpus", "hot"),
    loss("serving", "slow"),
    loss("api", "errors"),
    loss("monitoring", "targets_down"),
    loss("storage", "minio_full"),
  ],
  [
    loss("scheduler", "nodes_down"),
    loss("gpus", "xid", "no"),
    loss("nodes", "missing"),
    loss("monitoring", "targets_down"),
  ],
);
const components = perClusterLabels(
  ["api", "nodes", "gpus", "storage", "transfer", "serving", "monitoring"].map((component) => ({
    component,
  })),
  ["api", "nodes", "gpus", "storage", "scheduler", "transfer", "monitoring"].map((component) => ({
    component,
  })),
);
const topReasons = perClusterLabels([loss("gpus", "hot")], [loss("scheduler", "nodes_down")]);

type LabelSets = readonly Readonly<Record<string, string>>[];

function perClusterLabels(cloud: LabelSets, hpc: LabelSets): Readonly<Record<string, LabelSets>> {
  return {
    [HUB]: cloud,
    [MEMBER]: hpc,
    [FEDERATION]: [{ ...loss("scheduler", "nodes_down"), source: MEMBER }],
  };
}

/** Series whose labels follow from each other, by the name's end. */
const together: Readonly<Record<string, Readonly<Record<string, LabelSets>>>> = {
  ":health:loss": losses,
  ":health:score": components,
  "health:top_reason": topReasons,
};

/** A series and what decides its values. */
export interface SyntheticSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

interface Declared {
  readonly name: string;
  readonly labels: readonly string[];
  readonly domains?: Readonly<Record<string, unknown>>;
}

function valuesOf({ name, domains = {} }: Declared, label: string, cluster: string): readonly string[] {
  if (name.includes("federate:") && label === "job") return ["federate-health", "federate-detail"];
  if (name.startsWith("fed_hub:federation_"))
    return label === "severity" ? ["warning"] : ["rtx-a6000", "tesla-t4", "h100", "a100"];
  // the state's reason says nothing when all is well
  if (name.endsWith("transfer_state:info")) {
    if (label === "reason") return [""];
    if (label === "version") return ["12"];
  }
  const listed = domains[label];
  if (Array.isArray(listed)) return listed as readonly string[];
  const found = labelValues[label]?.[cluster];
  if (found === undefined) throw new Error(`${name}: say what values the label ${label} has on ${cluster}`);
  return found;
}

function product(declared: Declared, cluster: string): readonly SyntheticSeries[] {
  const [, sets] = Object.entries(together).find(([end]) => declared.name.endsWith(end)) ?? [];
  if (sets !== undefined)
    return (sets[cluster] ?? []).map((labels) => ({ name: declared.name, labels: { cluster, ...labels } }));
  const others = declared.labels.filter((label) => label !== "cluster");
  return others
    .reduce<readonly Readonly<Record<string, string>>[]>(
      (sets, label) =>
        sets.flatMap((set) =>
          valuesOf(declared, label, cluster).map((value) => ({ ...set, [label]: value })),
        ),
      [{ cluster }],
    )
    .map((labels) => ({ name: declared.name, labels }));
}

/** The clusters of which there are series of a recorded name. */
export function clustersOf(name: string): readonly string[] {
  const [, clusters = [HUB, MEMBER]] = places.find(([pattern]) => pattern.test(name)) ?? [];
  return clusters;
}

/** The recorded series of the federation that does not exist whose name is wanted. */
export function syntheticSeries(wanted: (name: string) => boolean): readonly SyntheticSeries[] {
  const all = [...clusterRecorded, ...hubRecorded, ...Object.values(health), ...Object.values(hubHealth)];
  return [...new Map(all.map((metric) => [metric.name, metric] as const)).values()]
    .filter(({ name }) => wanted(name))
    .flatMap((metric) => clustersOf(metric.name).flatMap((cluster) => product(metric, cluster)));
}

/** A number between 0 and 1 that a text always gives. */
function hash(text: string): number {
  let state = 2_166_136_261;
  for (const character of text) state = Math.imul(state ^ character.charCodeAt(0), 16_777_619) >>> 0;
  return state / 2 ** 32;
}

/** The value of a series at a moment (seconds), when history ends `now`. */
export function valueAt({ name, labels }: SyntheticSeries, time: number, now: number): number {
  const seed = hash(name + JSON.stringify(labels));
  const wave =
    Math.sin(time / (3100 + 2500 * seed) + 7 * seed) * 0.6 +
    Math.sin(time / 610 + 40 * seed) * 0.25 +
    (hash(`${seed} ${time}`) - 0.5) * 0.3;
  const at: At = {
    cluster: labels.cluster ?? "",
    label: (label) => labels[label] ?? "",
    time,
    now,
    about: (size) => 1 + size * wave,
  };
  const short = name
    .replace(CLUSTER_LEVEL, "")
    .replace(FEDERATION_LEVEL, "federation_")
    .replace(HUB_LEVEL, "");
  return (values[short] ?? ((moment: At) => moment.about(0.1)))(at);
}
