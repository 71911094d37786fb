import { fedCluster, prometheus } from "../../../metrics/catalogue";
import type { Matchers } from "../../../metrics/select";
import { select } from "../../../metrics/select";
import type { Selectable } from "../../../metrics/types";
import type { DeclaredCluster } from "../../../rules/health";

/** A cluster that is declared to have everything there is. */
export const everything: DeclaredCluster = {
  cluster: "hpc",
  machines: 4,
  targets: [{ job: "apiserver" }, { job: "node-exporter", node: "ctl" }, { job: "node", host: "gpu-01" }],
  gpus: 8,
  slurm: "slurmctld",
  beegfs: true,
  minio: true,
  mlflow: true,
  transfer: { runWithin: 7_200, verifyWithin: 172_800 },
  retentionWithin: 172_800,
  models: ["llama", "resnet"],
  alertmanagers: 2,
};

/** Values that series keep all the time, or promtool's notation, by selector; null where a series is taken away. */
export type Values = Readonly<Record<string, number | string | null>>;

/** As Prometheus names the cluster's own Alertmanager. */
export const OWN = "https://alertmanager-0.federation.svc:9093/api/v2/alerts";

type Of = <M extends Selectable>(metric: M, labels?: Omit<Matchers<M>, "cluster">) => string;

/** Everything that health is judged by, in a cluster where all is well. */
export function healthy(cluster: string): Values {
  const of: Of = (metric, labels?) => select<Selectable>(metric, { cluster, ...labels });
  const { monitoring, machines, gpus, kubernetes, slurm, beegfs, minio, mlflow, transfer, serving } =
    fedCluster;
  const each = <V extends string>(
    values: readonly V[],
    to: (value: V) => readonly [string, number],
  ): Values => Object.fromEntries(values.map(to));
  return {
    ...each(["apiserver", "node", "slurm-jobs"], (job) => [of(monitoring.targetsUp, { job }), 4]),
    ...each(["apiserver", "node", "slurm-jobs"], (job) => [of(monitoring.targetsDown, { job }), 0]),
    [of(monitoring.prometheusRuleFailures)]: 0,
    [of(prometheus.notificationsDropped, { alertmanager: OWN })]: "7x40",
    // probes of the hub tell of the hub
    [of(monitoring.targetsUp, { job: "hub-alertmanager" })]: 0,
    [of(monitoring.targetsDown, { job: "hub-alertmanager" })]: 2,
    [of(monitoring.prometheusConfigReloaded)]: 1,
    [of(monitoring.targetsUp, { job: "alertmanager" })]: 2,
    [of(kubernetes.apiRequests, { code_class: "2xx" })]: 100,
    [of(kubernetes.apiRequests, { code_class: "5xx" })]: 0,
    ...each(["0.1", "1.0", "4.0", "+Inf"], (le) => [of(kubernetes.apiDuration, { le }), 10]),
    [of(machines.machines)]: 4,
    [of(machines.filesystemUsed, { le: "0.95" })]: 9,
    [of(machines.filesystemUsed, { le: "+Inf" })]: 9,
    [of(kubernetes.nodes)]: 4,
    [of(kubernetes.nodesReady)]: 4,
    ...each(["rtx-a6000", "tesla-t4"], (gpu_type) => [of(gpus.count, { gpu_type }), 4]),
    ...each(["rtx-a6000", "tesla-t4"], (gpu_type) => [of(gpus.temperature, { gpu_type }), 60]),
    [of(slurm.nodes)]: 4,
    ...each(["down", "fail", "not_responding"], (state) => [of(slurm.nodesByState, { state }), 0]),
    [of(slurm.nodesByState, { state: "idle" })]: 1,
    ...each(["pending", "held", "running"], (state) => [of(slurm.jobs, { state }), 3]),
    [of(slurm.jobsStarted)]: 0,
    [of(slurm.controllerThreads)]: 8,
    ...each(["meta", "storage"], (service) => [of(beegfs.services, { service }), 2]),
    ...each(["meta", "storage"], (service) => [of(beegfs.servicesResponding, { service }), 2]),
    [of(beegfs.targets, { state: "good" })]: 4,
    [of(beegfs.targets, { state: "needs_resync" })]: 0,
    [of(beegfs.space)]: 1_000,
    [of(beegfs.spaceFree)]: 500,
    [of(minio.healthy)]: 1,
    [of(minio.drives, { state: "online" })]: 4,
    [of(minio.drives, { state: "offline" })]: 0,
    [of(minio.requests)]: 50,
    [of(minio.requestErrors, { code_class: "4xx" })]: 5,
    [of(minio.requestErrors, { code_class: "5xx" })]: 0,
    [of(minio.capacity)]: 1_000,
    [of(minio.capacityFree)]: 500,
    [of(mlflow.servers)]: 1,
    [of(mlflow.requests, { code_class: "2xx" })]: 20,
    [of(transfer.stateRead)]: 1,
    [of(transfer.run)]: 600,
    [of(transfer.runSuccess)]: 600,
    [of(transfer.lag, { model: "llama" })]: 0,
    [of(transfer.verifyFaults)]: 0,
    ...each(["quarantined", "stuck"], (state) => [of(transfer.models, { state }), 0]),
    ...each(["llama", "resnet"], (model) => [of(serving.replicas, { model, state: "available" }), 2]),
    ...each(["llama", "resnet"], (model) => [of(serving.replicas, { model, state: "desired" }), 2]),
    ...each(["llama", "resnet"], (model) => [of(serving.requests, { model, server: "kserve" }), 10]),
    ...each(["llama", "resnet"], (model) => [of(serving.errors, { model, server: "kserve" }), 0]),
    ...each(["llama", "resnet"], (model) => [
      of(serving.duration, { model, server: "kserve", le: "0.5" }),
      10,
    ]),
  };
}
