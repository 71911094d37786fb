import { runDeadlineSeconds, verifyDeadlineSeconds } from "../components/transfer/deadlines";
import { RETENTION_DEADLINE_SECONDS } from "../components/transfer/modelRetention";
import { MINIO_JOBS, MLFLOW_JOB } from "../components/monitoring/serviceJobs";
import { hostExporters } from "../components/monitoring/scrapeJobs";
import { SITE_JOBS } from "../components/monitoring/siteCheck/targets";
import type { DeclaredCluster, DeclaredTarget, DeclaredTransfer } from "../rules/health";
import type { Host, LandingZone, ModelSyncSettings, Settings } from "../settings";
import { longestGapSeconds } from "../settings/schedules";

/** Replicas of Alertmanager: the hub's notify for all, a member's only while the hub is not reached. */
export const alertmanagerReplicas = ({ role }: Pick<Settings, "role">): number => (role === "hub" ? 2 : 1);

const HOUR = 3_600;

/** A run may begin as late as the schedule allows, where clocks change an hour later, and end as late as its deadline. */
const within = (schedule: string, deadlineSeconds: number, timeZone = "UTC"): number =>
  longestGapSeconds(schedule) + deadlineSeconds + (timeZone === "UTC" ? 0 : HOUR);

function declaredTransfer(sync: ModelSyncSettings): DeclaredTransfer {
  const run = runDeadlineSeconds({ ...sync, settleSeconds: sync.quiescence.settleSeconds });
  const verify = verifyDeadlineSeconds({ ...sync, readBack: sync.verify.readBack });
  return {
    runWithin: within(sync.schedule, run, sync.timeZone),
    verifyWithin: within(sync.verify.schedule, verify, sync.timeZone),
  };
}

/** Jobs of the cluster's own agents: a site's Prometheus has cAdvisor in job `kubelet`, and itself under another name. */
const AGENT_JOBS: readonly string[] = ["prometheus", "cadvisor", ...SITE_JOBS];

const serviceJobs = ({ mlflow }: LandingZone): readonly string[] => [
  ...Object.keys(MINIO_JOBS),
  ...(mlflow.metrics ? [MLFLOW_JOB] : []),
];

const hostTargets = ({ name, roles }: Host): readonly DeclaredTarget[] =>
  roles.flatMap((role) => Object.keys(hostExporters[role].jobs).map((job) => ({ job, host: name })));

/** What the settings of a stack declare its cluster to have. */
export function declaredCluster(settings: Settings): DeclaredCluster {
  const { cluster, kubernetes, hosts, inventory, servedModels } = settings;
  const measuredBy = (role: Host["roles"][number]): ReadonlySet<string> =>
    new Set(hosts.filter(({ roles }) => roles.includes(role)).map(({ address }) => address));
  const has = (role: Host["roles"][number]): boolean => hosts.some(({ roles }) => roles.includes(role));
  const each = (job: string, nodes = kubernetes.nodes): readonly DeclaredTarget[] =>
    nodes.map(({ name }) => ({ job, node: name }));
  const ofOwnExporter = kubernetes.nodes.filter(({ address }) => !measuredBy("node").has(address));
  const withGpus =
    kubernetes.dcgmExporter === undefined
      ? []
      : kubernetes.nodes.filter(
          ({ address, gpuType }) => gpuType !== undefined && !measuredBy("dcgm").has(address),
        );
  const landingZone = settings.role === "hub" ? settings.landingZone : undefined;
  const sync = settings.role === "member" ? settings.modelSync : undefined;
  const slurm = has("slurmctld") ? "slurmctld" : has("slurm") ? "exporter" : undefined;
  const agents = settings.prometheus.kind === "deploy" ? AGENT_JOBS : SITE_JOBS;
  const targets = [
    ...["prometheus", "apiserver", "kube-state-metrics"].map((job) => ({ job })),
    ...each("kubelet"),
    ...each("cadvisor"),
    ...each("node-exporter", ofOwnExporter),
  ];
  return {
    cluster,
    machines: ofOwnExporter.length + measuredBy("node").size,
    targets: [
      ...targets.filter(({ job }) => agents.includes(job)),
      { job: "alertmanager" },
      ...(settings.role === "member" ? [{ job: "hub-alertmanager" }] : []),
      ...each("dcgm-exporter", withGpus),
      ...(landingZone === undefined && sync === undefined ? [] : [{ job: "model-transfer" }]),
      ...(landingZone === undefined ? [] : serviceJobs(landingZone).map((job) => ({ job }))),
      ...hosts.flatMap(hostTargets),
    ],
    gpus: kubernetes.dcgmExporter !== undefined || has("dcgm") ? inventory.gpus : 0,
    slurm,
    beegfs: has("beegfs"),
    minio: landingZone !== undefined,
    mlflow: landingZone?.mlflow.metrics === true,
    ...(sync === undefined ? {} : { transfer: declaredTransfer(sync) }),
    ...(landingZone === undefined
      ? {}
      : { retentionWithin: within(landingZone.retention.schedule, RETENTION_DEADLINE_SECONDS) }),
    models: servedModels,
    alertmanagers: alertmanagerReplicas(settings),
  };
}
