import { fedCluster, prometheus } from "../../../metrics/catalogue";
import type { Component } from "../../../metrics/catalogue/recorded/health";
import { select } from "../../../metrics/select";
import type { Values } from "./site";
import { OWN } from "./site";

const { monitoring, machines, gpus, kubernetes, slurm, beegfs, minio, mlflow, transfer, serving } =
  fedCluster;

const hpc = { cluster: "hpc" };
const llama = { ...hpc, model: "llama" };

/** Component, reason, what is different from a cluster where all is well, points lost. */
export type Case = readonly [Component, string, Values, number];

/** What goes wrong, and what exactly it costs. */
export const cases: readonly Case[] = [
  [
    "api",
    "unreachable",
    {
      [select(monitoring.targetsUp, { ...hpc, job: "apiserver" })]: 3,
      [select(monitoring.targetsDown, { ...hpc, job: "apiserver" })]: 1,
    },
    25,
  ],
  [
    "api",
    "errors",
    { [select(kubernetes.apiRequests, { ...hpc, code_class: "5xx" })]: 100 / (1 / 0.03 - 1) },
    30,
  ],
  [
    "api",
    "slow",
    {
      ...Object.fromEntries(["0.1", "1.0"].map((le) => [select(kubernetes.apiDuration, { ...hpc, le }), 0])),
    },
    29.7,
  ],
  ["nodes", "missing", { [select(machines.machines, hpc)]: 3 }, 25],
  ["nodes", "not_ready", { [select(kubernetes.nodesReady, hpc)]: 2 }, 50],
  ["nodes", "filesystem_full", { [select(machines.filesystemUsed, { ...hpc, le: "0.95" })]: 8 }, 20],
  ["gpus", "missing", { [select(gpus.count, { ...hpc, gpu_type: "tesla-t4" })]: 2 }, 25],
  [
    "gpus",
    "xid",
    {
      [select(gpus.xid, { ...hpc, gpu_type: "tesla-t4", xid: "79" })]: 2,
      [select(gpus.xid, { ...hpc, gpu_type: "tesla-t4", xid: "13" })]: 3,
    },
    25,
  ],
  ["gpus", "hot", { [select(gpus.temperature, { ...hpc, gpu_type: "tesla-t4" })]: 86.5 }, 15],
  [
    "storage",
    "beegfs_services_down",
    { [select(beegfs.servicesResponding, { ...hpc, service: "meta" })]: 1 },
    25,
  ],
  [
    "storage",
    "beegfs_targets_bad",
    {
      [select(beegfs.targets, { ...hpc, state: "good" })]: 3,
      [select(beegfs.targets, { ...hpc, state: "needs_resync" })]: 1,
    },
    25,
  ],
  ["storage", "beegfs_full", { [select(beegfs.spaceFree, hpc)]: 100 }, 20],
  ["storage", "minio_unwritable", { [select(minio.healthy, hpc)]: 0 }, 100],
  [
    "storage",
    "minio_drives_offline",
    {
      [select(minio.drives, { ...hpc, state: "online" })]: 3,
      [select(minio.drives, { ...hpc, state: "offline" })]: 1,
    },
    15,
  ],
  ["storage", "minio_errors", { [select(minio.requestErrors, { ...hpc, code_class: "5xx" })]: 1.5 }, 20],
  ["storage", "minio_full", { [select(minio.capacityFree, hpc)]: 150 }, 20],
  ["scheduler", "controller_down", { [select(monitoring.targetsUp, { ...hpc, job: "slurm-jobs" })]: 0 }, 100],
  [
    "scheduler",
    "nodes_down",
    {
      [select(slurm.nodesByState, { ...hpc, state: "down" })]: 1,
      [select(slurm.nodesByState, { ...hpc, state: "not_responding" })]: 1,
    },
    25,
  ],
  ["scheduler", "queue_stuck", { [select(slurm.jobs, { ...hpc, state: "held" })]: 2 }, 40],
  ["scheduler", "controller_busy", { [select(slurm.controllerThreads, hpc)]: 220 }, 10],
  ["transfer", "state_unreadable", { [select(transfer.stateRead, hpc)]: 0 }, 100],
  ["transfer", "failing", { [select(transfer.runSuccess, hpc)]: 500 }, 60],
  ["transfer", "late", { [select(transfer.lag, llama)]: 4_500 }, 20],
  ["transfer", "faults", { [select(transfer.verifyFaults, hpc)]: 1 }, 60],
  ["transfer", "quarantined", { [select(transfer.models, { ...hpc, state: "quarantined" })]: 1 }, 30],
  ["transfer", "stuck", { [select(transfer.models, { ...hpc, state: "stuck" })]: 2 }, 20],
  ["transfer", "registry_down", { [select(mlflow.servers, hpc)]: 0 }, 100],
  ["transfer", "registry_errors", { [select(mlflow.requests, { ...hpc, code_class: "5xx" })]: 20 }, 50],
  [
    "serving",
    "unavailable",
    {
      [select(serving.replicas, { ...llama, state: "available" })]: 0,
      [select(serving.replicas, { ...llama, state: "desired" })]: 0,
    },
    50,
  ],
  ["serving", "replicas_missing", { [select(serving.replicas, { ...llama, state: "available" })]: 1 }, 12.5],
  ["serving", "errors", { [select(serving.errors, { ...llama, server: "kserve" })]: 0.3 }, 30],
  ["serving", "slow", { [select(serving.duration, { ...llama, server: "kserve", le: "0.5" })]: 7.25 }, 20],
  ["monitoring", "targets_down", { [select(monitoring.targetsDown, { ...hpc, job: "node" })]: 6 }, 30],
  ["monitoring", "rules_failing", { [select(monitoring.prometheusRuleFailures, hpc)]: 0.1 }, 40],
  [
    "monitoring",
    "alerts_dropped",
    { [select(prometheus.notificationsDropped, { ...hpc, alertmanager: OWN })]: "0+1x40" },
    40,
  ],
  ["monitoring", "config_refused", { [select(monitoring.prometheusConfigReloaded, hpc)]: 0 }, 30],
  [
    "monitoring",
    "alertmanager_down",
    { [select(monitoring.targetsUp, { ...hpc, job: "alertmanager" })]: 1 },
    20,
  ],
];
