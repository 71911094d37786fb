import type { MetricsPods } from "../kubernetes/pods";
import { basicAuthFiles, ownCa } from "./credentials";
import type { HttpConfig, RelabelConfig, ScrapeConfig } from "./prometheusSchema";
import { serviceJobs } from "./serviceJobs";
import type { ServiceTargets } from "./serviceJobs";

/** How the kubelets' serving certificates are trusted. */
export type KubeletTls =
  | { readonly kind: "clusterCa" }
  | { readonly kind: "ca"; readonly pem: string }
  | { readonly kind: "insecureSkipVerify" };

export type HostRole = "node" | "dcgm" | "slurmctld" | "slurm" | "beegfs";

/** A host outside Kubernetes and the exporters on it. */
export interface Host {
  readonly name: string;
  readonly address: string;
  readonly roles: readonly HostRole[];
  /** Where an exporter listens elsewhere than usual. */
  readonly ports?: Readonly<Partial<Record<HostRole, number>>>;
}

/** What is scraped beside the cluster's own agents. */
export interface AdditionalTargets {
  /** The cluster's DCGM exporter; absent where it has none. */
  readonly dcgmExporter?: MetricsPods | undefined;
  /** What says how models travel, or what retention would remove; absent where the stack moves none. */
  readonly modelTransfer?: MetricsPods | undefined;
  /** Servers beside the cluster: object store and model registry; absent where it has none. */
  readonly services?: ServiceTargets | undefined;
  readonly hosts: readonly Host[];
}

/** What one Prometheus scrapes in and around its own cluster. */
export interface ClusterTargets extends AdditionalTargets {
  readonly kubeletTls: KubeletTls;
  readonly kubeStateMetrics: MetricsPods;
  readonly nodeExporter: MetricsPods;
}

/** Where the configuration files are mounted. */
export const CONFIG = "/etc/prometheus/config";
/** The kubelets' CA among the configuration files. */
export const KUBELET_CA = "kubelet-ca.crt";
/** The port of Prometheus in its pod. */
export const PROMETHEUS_PORT = 9090;
/** The kubelet's port on every node. */
export const KUBELET_PORT = 10250;

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The exporters of a host role: one job a path. Slurm's endpoints take locks, so they are read once a minute. */
export const hostExporters: Readonly<
  Record<
    HostRole,
    { readonly port: number; readonly jobs: Readonly<Record<string, string>>; readonly interval?: string }
  >
> = {
  node: { port: 9100, jobs: { node: "/metrics" } },
  dcgm: { port: 9400, jobs: { dcgm: "/metrics" } },
  beegfs: { port: 9101, jobs: { beegfs: "/metrics" } },
  // an exporter beside Slurm: its job is none of slurmctld's own (`slurm-...`), which tell whether slurmctld lives
  slurm: { port: 8080, interval: "60s", jobs: { slurm: "/metrics" } },
  slurmctld: {
    port: 6817,
    interval: "60s",
    jobs: Object.fromEntries(
      ["jobs", "nodes", "partitions", "scheduler"].map((part) => [`slurm-${part}`, `/metrics/${part}`]),
    ),
  },
};

/** Where a host's exporter listens. */
export function hostPort(host: Host, role: HostRole): number {
  return host.ports?.[role] ?? hostExporters[role].port;
}

/** Blanks in a GPU's name at most; each step below replaces one. */
const BLANKS_IN_GPU_NAMES = 5;

/**
 * Older DCGM exporters say `Hostname`, newer ones `hostname`. `gpu_type` is the model's name as settings write it:
 * `NVIDIA RTX A6000` becomes `rtx-a6000`.
 */
const dcgmLabels: readonly RelabelConfig[] = [
  { source_labels: ["Hostname"], regex: "(.+)", target_label: "hostname" },
  { action: "labeldrop", regex: "Hostname" },
  { action: "lowercase", source_labels: ["modelName"], target_label: "gpu_type" },
  { source_labels: ["gpu_type"], regex: "nvidia (.+)", target_label: "gpu_type" },
  ...Array.from({ length: BLANKS_IN_GPU_NAMES }, () => ({
    source_labels: ["gpu_type"],
    regex: "(.+?) (.+)",
    replacement: "$1-$2",
    target_label: "gpu_type",
  })),
];

const label = (name: string): string => name.replace(/[^a-zA-Z0-9_]/g, "_");
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

const podNode: RelabelConfig = { source_labels: ["__meta_kubernetes_pod_node_name"], target_label: "node" };
/** The labels by which annotated targets are told apart. */
const podIdentity: readonly RelabelConfig[] = [
  { source_labels: ["__meta_kubernetes_namespace"], target_label: "namespace" },
  { source_labels: ["__meta_kubernetes_pod_name"], target_label: "pod" },
  podNode,
];
const notFinished: RelabelConfig = {
  action: "drop",
  source_labels: ["__meta_kubernetes_pod_phase"],
  regex: "Pending|Succeeded|Failed|Completed",
};

/** `prometheus.io/scrape|port|path|scheme` annotations of a pod or a Service. */
function annotated(of: "pod" | "service"): readonly RelabelConfig[] {
  const annotation = (name: string): string => `__meta_kubernetes_${of}_annotation_prometheus_io_${name}`;
  return [
    { action: "keep", source_labels: [annotation("scrape")], regex: "true" },
    { source_labels: [annotation("scheme")], regex: "(https?)", target_label: "__scheme__" },
    { source_labels: [annotation("path")], regex: "(.+)", target_label: "__metrics_path__" },
    {
      source_labels: ["__address__", annotation("port")],
      regex: "(.+?)(?::\\d+)?;(\\d+)",
      replacement: "$1:$2",
      target_label: "__address__",
    },
  ];
}

/** Leaves out pods that a job of their own scrapes already, so that nothing is counted twice. */
function notOwnJob(pods: MetricsPods): RelabelConfig {
  const labels = Object.entries(pods.labels);
  return {
    action: "drop",
    source_labels: [
      "__meta_kubernetes_namespace",
      ...labels.map(([name]) => `__meta_kubernetes_pod_label_${label(name)}`),
    ],
    regex: [pods.namespace, ...labels.map(([, value]) => value)].map(escaped).join(";"),
  };
}

/** Leaves out pods on machines that a host's own exporter measures already, so that nothing is counted twice. */
function notMeasuredBy(role: HostRole, hosts: readonly Host[]): readonly RelabelConfig[] {
  const addresses = hosts.filter(({ roles }) => roles.includes(role)).map(({ address }) => escaped(address));
  return addresses.length === 0
    ? []
    : [{ action: "drop", source_labels: ["__meta_kubernetes_pod_host_ip"], regex: addresses.join("|") }];
}

/**
 * The pods of one exporter, at its port. Their own namespace and pod are no target labels: kube-state-metrics and DCGM
 * say `namespace` and `pod` of what they measure.
 */
function podsJob(
  job: string,
  pods: MetricsPods,
  labels: readonly RelabelConfig[],
  more: Partial<ScrapeConfig> = {},
): ScrapeConfig {
  const selector = Object.entries(pods.labels).map(([name, value]) => `${name}=${value}`);
  return {
    job_name: job,
    kubernetes_sd_configs: [
      {
        role: "pod",
        namespaces: { names: [pods.namespace] },
        selectors: [{ role: "pod", label: selector.join(",") }],
      },
    ],
    relabel_configs: [
      notFinished,
      {
        source_labels: ["__address__"],
        regex: "(.+?)(?::\\d+)?",
        replacement: `$1:${String(pods.port)}`,
        target_label: "__address__",
      },
      ...labels,
    ],
    ...more,
  };
}

const token = { credentials_file: `${SERVICE_ACCOUNT}/token` };
const clusterCa = { ca_file: `${SERVICE_ACCOUNT}/ca.crt` };

function kubeletHttp(tls: KubeletTls): HttpConfig {
  const trust = {
    clusterCa,
    ca: { ca_file: `${CONFIG}/${KUBELET_CA}` },
    insecureSkipVerify: { insecure_skip_verify: true },
  };
  return { scheme: "https", authorization: token, tls_config: trust[tls.kind] };
}

/** What measures GPUs and transfers in the cluster: the jobs whose labels this project makes itself. */
function exporterJobs(targets: AdditionalTargets): readonly ScrapeConfig[] {
  return [
    ...(targets.dcgmExporter === undefined
      ? []
      : [
          podsJob("dcgm-exporter", targets.dcgmExporter, [...notMeasuredBy("dcgm", targets.hosts), podNode], {
            metric_relabel_configs: dcgmLabels,
          }),
        ]),
    ...(targets.modelTransfer === undefined
      ? []
      : [podsJob("model-transfer", targets.modelTransfer, [podNode])]),
  ];
}

/** The control plane and the node agents of the cluster. */
function kubernetesJobs(cluster: string, targets: ClusterTargets): readonly ScrapeConfig[] {
  const kubelet = {
    ...kubeletHttp(targets.kubeletTls),
    kubernetes_sd_configs: [{ role: "node" as const }],
    relabel_configs: [{ source_labels: ["__meta_kubernetes_node_name"], target_label: "node" }],
  };
  return [
    { job_name: "kubelet", ...kubelet },
    { job_name: "cadvisor", metrics_path: "/metrics/cadvisor", ...kubelet },
    {
      job_name: "apiserver",
      scheme: "https",
      authorization: token,
      tls_config: { ...clusterCa, server_name: "kubernetes.default.svc" },
      kubernetes_sd_configs: [{ role: "endpointslice", namespaces: { names: ["default"] } }],
      relabel_configs: [
        {
          action: "keep",
          source_labels: ["__meta_kubernetes_service_name", "__meta_kubernetes_endpointslice_port_name"],
          regex: "kubernetes;https",
        },
      ],
    },
    // its samples name a node of their own, or none; a `cluster` of theirs never wins
    podsJob("kube-state-metrics", targets.kubeStateMetrics, [], {
      honor_labels: true,
      metric_relabel_configs: [{ target_label: "cluster", replacement: cluster }],
    }),
    podsJob("node-exporter", targets.nodeExporter, [...notMeasuredBy("node", targets.hosts), podNode]),
    ...exporterJobs(targets),
  ];
}

/** Whatever in the cluster asks to be scraped by annotation. */
function annotatedJobs(targets: ClusterTargets): readonly ScrapeConfig[] {
  const own = [targets.kubeStateMetrics, targets.nodeExporter, targets.dcgmExporter, targets.modelTransfer]
    .filter((pods) => pods !== undefined)
    .map(notOwnJob);
  return [
    {
      job_name: "annotated-pods",
      fallback_scrape_protocol: "PrometheusText0.0.4",
      kubernetes_sd_configs: [{ role: "pod" }],
      relabel_configs: [...annotated("pod"), notFinished, ...own, ...podIdentity],
    },
    {
      job_name: "annotated-services",
      fallback_scrape_protocol: "PrometheusText0.0.4",
      kubernetes_sd_configs: [{ role: "endpointslice" }],
      relabel_configs: [
        ...annotated("service"),
        {
          action: "drop",
          source_labels: ["__meta_kubernetes_pod_annotation_prometheus_io_scrape"],
          regex: "true",
        },
        ...own,
        ...podIdentity,
        { source_labels: ["__meta_kubernetes_service_name"], target_label: "service" },
      ],
    },
  ];
}

/** The exporters on hosts outside Kubernetes. */
function hostJobs(hosts: readonly Host[]): readonly ScrapeConfig[] {
  const roles = Object.entries(hostExporters) as [HostRole, (typeof hostExporters)[HostRole]][];
  return roles.flatMap(([role, { jobs, interval }]) => {
    const static_configs = hosts
      .filter((host) => host.roles.includes(role))
      .map((host) => ({
        targets: [`${host.address}:${String(hostPort(host, role))}`],
        labels: { host: host.name },
      }));
    if (static_configs.length === 0) return [];
    return Object.entries(jobs).map(([job_name, metrics_path]) => ({
      job_name,
      metrics_path,
      ...(interval === undefined ? {} : { scrape_interval: interval }),
      fallback_scrape_protocol: "PrometheusText0.0.4" as const,
      static_configs,
      ...(role === "dcgm" ? { metric_relabel_configs: dcgmLabels } : {}),
    }));
  });
}

/** Stamps the cluster on every target of a job, where neither discovery nor a relabelling before can change it. */
function stamped(cluster: string, job: ScrapeConfig): ScrapeConfig {
  return {
    ...job,
    relabel_configs: [...(job.relabel_configs ?? []), { target_label: "cluster", replacement: cluster }],
  };
}

/** The jobs that a Prometheus which scrapes the cluster already has yet to be given; all targets carry `cluster`. */
export function additionalJobs(cluster: string, targets: AdditionalTargets): readonly ScrapeConfig[] {
  return [...exporterJobs(targets), ...serviceJobs(targets.services ?? {}), ...hostJobs(targets.hosts)].map(
    (job) => stamped(cluster, job),
  );
}

/** Every job of one cluster about itself; all targets carry `cluster`. */
export function clusterJobs(cluster: string, targets: ClusterTargets): readonly ScrapeConfig[] {
  const self: ScrapeConfig = {
    job_name: "prometheus",
    scheme: "https",
    basic_auth: basicAuthFiles("local"),
    tls_config: ownCa,
    static_configs: [{ targets: [`localhost:${String(PROMETHEUS_PORT)}`] }],
  };
  return [
    self,
    ...kubernetesJobs(cluster, targets),
    ...annotatedJobs(targets),
    ...serviceJobs(targets.services ?? {}),
    ...hostJobs(targets.hosts),
  ].map((job) => stamped(cluster, job));
}
