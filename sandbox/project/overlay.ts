import type { z } from "zod";
import { optional } from "../../settings/optional";
import type { hubSchema, memberSchema } from "../../settings/schema";
import type { Images } from "../../settings/types";
import { clusters, hosts, network, type ClusterName } from "../clusters/topology";
import { gpus, simulatedType } from "../gpus/inventory";
import type { HostSoftware } from "../hosts/installed";
import { controller } from "../hosts/slurm";
import { sandboxModel, slurmJobFile } from "../models";
import { sandboxBenchmark } from "./benchmark";
import { namespace as modelsNamespace, predictor, selectorOf } from "../serving/objects";
import { beegfs, receiver, serviceCaFile, services } from "../services/topology";

export type StackName = ClusterName;

/** The hub first: a member reads the hub's outputs. */
export const stacks: readonly StackName[] = ["cloud", "hpc"];

/** Node port of both Prometheus. */
export const prometheusNodePort = 30990;

/** Node ports of the hub's Alertmanagers. */
const alertmanagerNodePorts = [30993, 30994];
/** What runs in the sandbox: Grafana does not. */
export type SandboxImages = Omit<Images, "grafana">;

/** A pod here has a third of a core, and starts in tens of seconds where a site's takes a few. */
const coldStart = { warning: 120, critical: 300 };

/** A mean of GPUs takes four scrapes, and a step of a benchmark here has no two minutes. */
export const hubScrapeInterval = "5s";

type Hub = z.input<typeof hubSchema>;
type Member = z.input<typeof memberSchema>;
type Site = Hub | Member;

const nodeIp = (name: string): string => {
  const found = clusters.find((cluster) => cluster.name === name);
  if (found === undefined) throw new Error(`the sandbox has no cluster ${name}`);
  return found.nodeIp;
};

/** What any stack of the sandbox has otherwise than its site: images, sizes, every address, no protection. */
function site<T extends Site>(committed: T, stack: StackName, images: SandboxImages): T {
  const { prometheus, kubernetes } = committed;
  if (prometheus.mode === "existing")
    throw new Error(
      "the sandbox deploys each Prometheus: set prometheus.mode deploy in the committed stack files",
    );
  return {
    ...committed,
    protect: false,
    images,
    prometheus: {
      ...prometheus,
      retention: { ...prometheus.retention, size: "400MB" },
      storage: { size: "512Mi", class: "local-path" },
      resources: {
        requests: { cpu: "50m", memory: "128Mi" },
        limits: { cpu: "1", memory: "1Gi" },
      },
      remoteWrite: [],
      expose: { nodePort: prometheusNodePort, allowFrom: [network.everything] },
    },
    kubernetes: {
      ...kubernetes,
      nodes: [{ name: `${stack}-0`, address: nodeIp(stack) }],
      apiServer: { addresses: [nodeIp(stack)], port: network.apiServerPort },
      kubelet: { tls: "clusterCa" },
    },
    hosts: (committed.hosts ?? []).map((host) => ({ ...host, address: hostAddress(host.name) })),
  };
}

/** All alerts go to the sandbox's webhook, which tells by the path who told it; what changes is told soon. */
function alerting(stack: StackName): Pick<Site["alerting"], "groupInterval" | "receivers"> {
  return {
    // over the 15 s that one replica waits for the other
    groupInterval: "30s",
    receivers: [
      {
        kind: "webhook",
        name: "sandbox",
        causes: ["critical", "warning", "heartbeat"],
        url: `${receiver.url}/${stack}`,
      },
    ],
  };
}

function hostAddress(name: string): string {
  const found = hosts.find((host) => host.name === name);
  if (found === undefined) throw new Error(`the sandbox has no host ${name}: add it to its topology`);
  return found.address;
}

function hub({ grafana: _grafana, ...committed }: Hub, images: SandboxImages): Hub {
  const deployed = site(committed, "cloud", images);
  return {
    ...deployed,
    prometheus: { ...deployed.prometheus, scrapeInterval: hubScrapeInterval },
    alerting: {
      ...committed.alerting,
      ...alerting("cloud"),
      thresholds: { ...committed.alerting.thresholds, coldStart },
      expose: { nodePorts: alertmanagerNodePorts, allowFrom: [network.everything] },
    },
    members: (committed.members ?? []).map((member) => ({
      ...member,
      url: `https://${nodeIp(member.cluster)}:${prometheusNodePort}`,
    })),
    ...optional("landingZone", landingZone(committed.landingZone)),
    serving: serving(),
    inventory: { ...committed.inventory, gpus: gpus.length },
    pricePerGpuHour: simulatedPrices(committed.pricePerGpuHour),
    benchmarks: [sandboxBenchmark],
  };
}

/** How the one model scales that is served here; the site's are not there. */
export function serving(): Hub["serving"] {
  return [
    {
      model: sandboxModel,
      namespace: modelsNamespace,
      workload: { deployment: predictor(sandboxModel), podLabels: selectorOf(sandboxModel) },
      scaling: {
        kind: "hpa",
        minReplicas: 1,
        maxReplicas: 3,
        cpuUtilization: 60,
        scaleDown: { stabilizationSeconds: 60 },
      },
      disruptionBudget: { maxUnavailable: 1 },
    },
  ];
}

/** The site's prices, for GPUs whose type says that they are simulated. */
function simulatedPrices(prices: Hub["pricePerGpuHour"] = {}): Hub["pricePerGpuHour"] {
  return Object.fromEntries(Object.entries(prices).map(([type, price]) => [simulatedType(type), price]));
}

/** The landing zone in the sandbox's MinIO and MLflow, which has no users. */
function landingZone(committed: Hub["landingZone"]): Hub["landingZone"] {
  if (committed === undefined) return undefined;
  return {
    ...committed,
    minio: {
      ...committed.minio,
      url: services.minio.url,
      caFile: serviceCaFile,
      metrics: { auth: "public" },
    },
    mlflow: { url: services.mlflow.url, caFile: serviceCaFile, allowUnauthenticated: true },
    // no KServe here
    retention: { ...committed.retention, inferenceServices: "none" },
  };
}

/** The member's transfer: from a file system of the sandbox, every minute. */
function modelSync(committed: Member["modelSync"]): Member["modelSync"] {
  if (committed === undefined) return undefined;
  return {
    ...committed,
    minioUrl: services.minio.url,
    mlflow: { url: services.mlflow.url, allowUnauthenticated: true },
    source: {
      ...committed.source,
      volume: { hostPath: beegfs.hostPath },
      guard: { fsType: beegfs.fsType },
    },
    quiescence: { ...committed.quiescence, settle: "5s" },
    slurmJobFile,
    schedule: "* * * * *",
    bandwidth: { expectedBytesPerSecond: "50Mi" },
    largestModel: "1Gi",
    readBack: "all",
    resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { cpu: "1", memory: "512Mi" } },
  };
}

/** The exporters that the stack installs on the controller's machine, from the member's file system, which it must have. */
function hostExporters(software: HostSoftware | undefined): Member["hostExporters"] {
  if (software === undefined) return undefined;
  const { hostKey, ...node } = software;
  return {
    exporters: { node },
    hosts: [
      {
        name: controller.name,
        hostKey,
        exporters: ["node"],
        mounts: [{ path: beegfs.inMachine, fsType: beegfs.fsType }],
      },
    ],
  };
}

function member(committed: Member, images: SandboxImages, software: HostSoftware | undefined): Member {
  return {
    ...site(committed, "hpc", images),
    alerting: {
      ...committed.alerting,
      ...alerting("hpc"),
      hubAlertmanagers: alertmanagerNodePorts.map((port) => `${nodeIp("cloud")}:${port}`),
    },
    ...optional("modelSync", modelSync(committed.modelSync)),
    ...optional("hostExporters", hostExporters(software)),
  };
}

/**
 * The role's object of a stack file as the sandbox has it: the committed one but for images, sizes and addresses.
 * The committed object is validated by the settings when the program runs, not here.
 *
 * @param software what the member's stack installs on its host; nothing without it
 */
export function overlay(
  stack: StackName,
  committed: Readonly<Record<string, unknown>>,
  images: SandboxImages,
  software?: HostSoftware,
): Readonly<Record<string, unknown>> {
  return stack === "cloud"
    ? { "federation:hub": hub(committed["federation:hub"] as Hub, images) }
    : { "federation:member": member(committed["federation:member"] as Member, images, software) };
}
