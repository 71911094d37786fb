import { z } from "zod";
import { sampleLimit } from "../metrics/budget";
import { components } from "../metrics/catalogue/recorded/health";
import type { Component } from "../metrics/catalogue/recorded/health";
import { DEFAULT_INVENTORY } from "../metrics/inventory";
import type { Inventory } from "../metrics/inventory";
import { hubAlerting, memberAlerting } from "./alertingSchema";
import { BENCHMARKS_NAMESPACE, benchmarkTarget } from "./benchmarksSchema";
import * as fields from "./fields";
import { list, object } from "./fields";
import { hostExporters } from "./hostExportersSchema";
import { DEFAULT_IMAGES } from "./images";
import { serving } from "./servingSchema";
import { optional } from "./optional";
import { memberSite, sitePrometheus } from "./sitePrometheusSchema";
import { landingZone, modelSync, TRANSFER_DEFAULTS } from "./transferSchema";
import type { DeployedPrometheus, Exposure, Host, Images, KubeletTls, KubernetesSettings } from "./types";

/** Node port of a member that says nothing else. */
const DEFAULT_NODE_PORT = 30990;

/** Any client may connect where `allowFrom` is not given: TLS and a password still stand before every answer. */
const ANYWHERE = ["0.0.0.0/0"];

/** Defaults that checks across values need too. */
export const DEFAULTS = {
  namespace: "federation",
  agentsNamespace: "federation-agents",
  retentionSize: "40GB",
  storageSize: "50Gi",
  requests: { cpu: "250m", memory: "1Gi" },
  limits: { cpu: "2", memory: "4Gi" },
  intervals: { health: "15s", detail: "60s" },
  /** Not the usual 9100, which a host's own exporter often has. */
  nodeExporterPort: 9110,
} as const;

const ONE_EXPOSURE = "must have exactly one of nodePort and loadBalancer";

/** A node port, or a load balancer whose port is `port` where nothing else is said. */
const exposureAt = (port: number) =>
  object({
    nodePort: fields.nodePort.exactOptional(),
    loadBalancer: object({ address: fields.ipv4, port: fields.port.default(port) }).exactOptional(),
    allowFrom: list(fields.cidr, "IPv4 CIDRs", 1).default(ANYWHERE),
  })
    .refine((value) => (value.nodePort === undefined) !== (value.loadBalancer === undefined), {
      error: ONE_EXPOSURE,
    })
    .transform(({ nodePort, loadBalancer, allowFrom }): Exposure =>
      loadBalancer === undefined
        ? { kind: "nodePort", port: nodePort ?? DEFAULT_NODE_PORT, allowFrom }
        : { kind: "loadBalancer", ...loadBalancer, allowFrom },
    );
const exposure = exposureAt(9090);

const remoteWrite = object({
  name: fields.clusterName,
  url: fields.httpsUrl,
  credentials: fields.kubernetesName.exactOptional(),
});

const amounts = (defaults: { readonly cpu: string; readonly memory: string }) =>
  object({ cpu: fields.cpu.prefault(defaults.cpu), memory: fields.memory.default(defaults.memory) }).prefault(
    {},
  );

/** What both roles say of their Prometheus, without its exposure, whose default differs. */
const prometheusShape = {
  retention: object({
    time: fields.duration.default("15d"),
    size: fields.prometheusSize.default(DEFAULTS.retentionSize),
  }).prefault({}),
  storage: object({ size: fields.storageSize.default(DEFAULTS.storageSize), class: fields.kubernetesName }),
  resources: object({ requests: amounts(DEFAULTS.requests), limits: amounts(DEFAULTS.limits) }).prefault({}),
  scrapeInterval: fields.duration.default("30s"),
  evaluationInterval: fields.duration.default("30s"),
  remoteWrite: list(remoteWrite, "remote-write targets").default([]),
  existingSecrets: list(fields.kubernetesName, "names of Secrets", 1).exactOptional(),
};

const HUB_MODE = "must be deploy: only a member may use a Prometheus that its site has";

/** The hub's own: what it fetches of its members needs a configuration of its own. */
const hubPrometheus = object({
  mode: z.literal("deploy", { error: HUB_MODE }).optional(),
  ...prometheusShape,
  expose: exposure.exactOptional(),
}).transform(({ mode = "deploy", ...rest }): DeployedPrometheus => ({ kind: mode, ...rest }));

/** A member's: one that the stack deploys, or one that the site has. */
const memberPrometheus = z
  .discriminatedUnion(
    "mode",
    [
      object({
        mode: z.literal("deploy").optional(),
        ...prometheusShape,
        expose: exposure.prefault({ nodePort: DEFAULT_NODE_PORT }),
      }),
      sitePrometheus,
    ],
    { error: "must be an object with mode deploy (default) or existing" },
  )
  .transform((value) => {
    if (value.mode === "existing") {
      const { mode: kind, ...rest } = value;
      return { kind, ...rest };
    }
    const { mode: kind = "deploy", ...rest } = value;
    return { kind, ...rest };
  });

const existingPods = object({
  namespace: fields.namespaceName,
  labels: fields.labels,
  port: fields.port,
});

const KUBELET_TLS = "must be clusterCa, {ca: <PEM certificates>} or {insecureSkipVerify: true}";

const kubeletTls = z
  .union(
    [
      z.literal("clusterCa"),
      z.strictObject({ ca: fields.certificates }),
      z.strictObject({ insecureSkipVerify: z.literal(true) }),
    ],
    { error: KUBELET_TLS },
  )
  .transform((value): KubeletTls => {
    if (value === "clusterCa") return { kind: value };
    return "ca" in value ? { kind: "ca", pem: value.ca } : { kind: "insecureSkipVerify" };
  });

const kubernetes = object({
  nodes: list(
    object({
      name: fields.kubernetesName,
      address: fields.ipv4,
      gpuType: fields.clusterName.exactOptional(),
      /** What it is labelled with, as far as settings count on it. */
      labels: fields.labels.exactOptional(),
    }),
    "nodes",
    1,
  ),
  apiServer: object({
    addresses: list(fields.ipv4, "IPv4 addresses", 1),
    port: fields.port.default(6443),
  }),
  kubelet: object({ tls: kubeletTls.prefault("clusterCa") }).prefault({}),
  kubeStateMetrics: object({ existing: existingPods }).exactOptional(),
  nodeExporter: object({ port: fields.port.exactOptional(), existing: existingPods.exactOptional() })
    .refine((value) => value.port === undefined || value.existing === undefined, {
      error: "must have port (the stack's own node exporter) or existing, not both",
    })
    .prefault({}),
  dcgmExporter: existingPods.exactOptional(),
}).transform(
  ({ nodes, apiServer, kubelet, kubeStateMetrics, nodeExporter, dcgmExporter }): KubernetesSettings => ({
    nodes,
    apiServer,
    kubeletTls: kubelet.tls,
    nodeExporterPort: nodeExporter.port ?? DEFAULTS.nodeExporterPort,
    ...(kubeStateMetrics === undefined ? {} : { existingKubeStateMetrics: kubeStateMetrics.existing }),
    ...(nodeExporter.existing === undefined ? {} : { existingNodeExporter: nodeExporter.existing }),
    ...(dcgmExporter === undefined ? {} : { dcgmExporter }),
  }),
);

const ROLES = ["node", "dcgm", "slurmctld", "slurm", "beegfs"] as const;
const hostRole = z.enum(ROLES, { error: `must be one of ${ROLES.join(", ")}` });

const host = object({
  name: fields.kubernetesName,
  address: fields.ipv4,
  roles: list(hostRole, "roles", 1),
}) satisfies z.ZodType<Host>;

const images = object({
  prometheus: fields.image.default(DEFAULT_IMAGES.prometheus),
  kubeStateMetrics: fields.image.default(DEFAULT_IMAGES.kubeStateMetrics),
  nodeExporter: fields.image.default(DEFAULT_IMAGES.nodeExporter),
  alertmanager: fields.image.default(DEFAULT_IMAGES.alertmanager),
  node: fields.image.default(DEFAULT_IMAGES.node),
  grafana: fields.image.default(DEFAULT_IMAGES.grafana),
  k6: fields.image.default(DEFAULT_IMAGES.k6),
}).prefault({}) satisfies z.ZodType<Images>;

const inventory = object({
  gpus: fields.amount.default(DEFAULT_INVENTORY.gpus),
  gpuTypes: fields.amount.default(DEFAULT_INVENTORY.gpuTypes),
  namespaces: fields.amount.default(DEFAULT_INVENTORY.namespaces),
  partitions: fields.amount.default(DEFAULT_INVENTORY.partitions),
  models: fields.amount.default(DEFAULT_INVENTORY.models),
  buckets: fields.amount.default(DEFAULT_INVENTORY.buckets),
}).prefault({}) satisfies z.ZodType<Inventory>;

/** Keys of a role's object that both roles have. */
const siteShape = {
  protect: z.boolean({ error: "must be true or false" }).default(true),
  namespace: fields.namespaceName.default(DEFAULTS.namespace),
  agentsNamespace: fields.namespaceName.default(DEFAULTS.agentsNamespace),
  transferNamespace: fields.namespaceName.default(TRANSFER_DEFAULTS.transferNamespace),
  kubernetes,
  hosts: list(host, "hosts").default([]),
  inventory,
  /** Models served here: their absence is an alert. */
  servedModels: list(fields.word, "model names").default([]),
  images,
};

const component = z.enum(components, { error: `must be one of ${components.join(", ")}` });

/** Every cluster has them. */
const ALWAYS: readonly Component[] = ["api", "nodes", "monitoring"];

const COMPONENTS = `must contain ${ALWAYS.join(", ")}`;

/** Whether a good URL is more than host and port. */
const hasPath = (url: string): boolean =>
  fields.httpsUrl.safeParse(url).success && !fields.httpsOrigin.safeParse(url).success;

const member = object({
  cluster: fields.memberName,
  url: fields.httpsUrl,
  prometheus: memberSite.exactOptional(),
  inventory,
  intervals: object({
    health: fields.duration.default(DEFAULTS.intervals.health),
    detail: fields.duration.default(DEFAULTS.intervals.detail),
  }).prefault({}),
  sampleLimits: object({
    health: fields.sampleLimit.exactOptional(),
    detail: fields.sampleLimit.exactOptional(),
  }).prefault({}),
  /** What its own stack declares; what is listed and not heard of counts as lost. */
  components: list(component, "components")
    .refine((names) => ALWAYS.every((name) => names.includes(name)), { error: COMPONENTS })
    .refine((names) => new Set(names).size === names.length, { error: "must list each component once" })
    .exactOptional(),
})
  // behind an ingress a site's Prometheus may have a path of its own
  .refine(({ url, prometheus }) => prometheus !== undefined || !hasPath(url), {
    path: ["url"],
    error: fields.HTTPS_ORIGIN,
  })
  .transform(({ inventory: expected, sampleLimits, components: listed, prometheus, ...rest }) => ({
    ...rest,
    ...optional("existing", prometheus),
    components: listed ?? usualComponents(expected),
    sampleLimits: {
      health: sampleLimits.health ?? sampleLimit(expected, "health"),
      detail: sampleLimits.detail ?? sampleLimit(expected, "detail"),
    },
  }));

/** Those of a cluster where models are trained and sent from. */
const usualComponents = ({ gpus }: Inventory): readonly Component[] =>
  components.filter((name) => name !== "serving" && (name !== "gpus" || gpus > 0));
/** Where the hub's dashboards are shown: a Grafana that the stack deploys, or one that the site has. */
const grafana = z.discriminatedUnion(
  "mode",
  [
    object({
      mode: z.literal("deploy"),
      expose: exposureAt(443).exactOptional(),
      url: fields.httpsUrl.exactOptional(),
      anonymousViewers: z.boolean({ error: "must be true or false" }).default(false),
    }),
    object({
      mode: z.literal("existing"),
      url: fields.httpsUrl,
      /** Relative to the project's folder; absent: the system's roots. */
      caFile: fields.certificatesFile.exactOptional(),
    }),
  ],
  { error: "must be deploy or existing" },
);

/** `federation:hub` of a hub's stack file. */
export const hubSchema = object({
  prometheus: hubPrometheus,
  ...siteShape,
  members: list(member, "members").default([]),
  pricePerGpuHour: fields.prices.default({}),
  currency: fields.currency.default("USD"),
  /** Served models that are measured, judged and priced. */
  benchmarks: list(benchmarkTarget, "targets").default([]),
  benchmarksNamespace: fields.namespaceName.default(BENCHMARKS_NAMESPACE),
  landingZone: landingZone.exactOptional(),
  alerting: hubAlerting,
  grafana: grafana.exactOptional(),
  serving,
});

/** `federation:member` of a member's stack file. */
export const memberSchema = object({
  prometheus: memberPrometheus,
  ...siteShape,
  modelSync: modelSync.exactOptional(),
  alerting: memberAlerting,
  hostExporters: hostExporters.exactOptional(),
});

export type HubObject = z.output<typeof hubSchema>;
export type MemberObject = z.output<typeof memberSchema>;

/** Keys inside a role's object that only this role has. */
export const HUB_ONLY = [
  "members",
  "pricePerGpuHour",
  "currency",
  "landingZone",
  "grafana",
  "benchmarks",
  "benchmarksNamespace",
  "serving",
];
/** The same of a member's. */
export const MEMBER_ONLY = ["modelSync", "hostExporters"];
