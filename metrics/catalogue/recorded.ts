/**
 * Every name this project records, with labels, unit and meaning: what alerts, health and dashboards are written
 * against. `fed_cluster:` series exist once a cluster, on the cluster and on the hub; `fed_local:` on the cluster
 * alone; `fed_hub:` on the hub alone.
 */
import type { ClusterMetric } from "./recorded/define";
import { benchmark } from "./recorded/benchmark";
import { gpus, localGpus } from "./recorded/gpus";
import { health, hubHealth, localHealth } from "./recorded/health";
import { comparison, cost, totals } from "./recorded/comparison";
import { inference, members, pipeline, ratios } from "./recorded/hub";
import { kubernetes } from "./recorded/kubernetes";
import { localMachines, machines } from "./recorded/machines";
import { monitoring } from "./recorded/monitoring";
import { localServing, serving } from "./recorded/serving";
import { slurm } from "./recorded/slurm";
import { beegfs, minio, mlflow } from "./recorded/storage";
import { retention, transfer } from "./recorded/transfer";
import type { Selectable } from "../types";

export type { ClusterMetric, Domain, FederateJob } from "./recorded/define";

/** What every cluster records about itself, by subject. */
export const fedCluster = {
  monitoring,
  machines,
  gpus,
  kubernetes,
  slurm,
  beegfs,
  minio,
  mlflow,
  transfer,
  retention,
  serving,
  health,
} as const;

/** What a cluster records for its own use alone, by subject. */
export const fedLocal = {
  machines: localMachines,
  gpus: localGpus,
  serving: localServing,
  health: localHealth,
} as const;

/** What the hub alone records, by subject. */
export const fedHub = {
  members,
  ratios,
  inference,
  pipeline,
  comparison,
  cost,
  totals,
  benchmark,
  health: hubHealth,
} as const;

const flat = <M extends Selectable>(
  subjects: Readonly<Record<string, Readonly<Record<string, M>>>>,
): readonly M[] => Object.values(subjects).flatMap((subject) => Object.values(subject));

export const clusterRecorded: readonly ClusterMetric[] = flat<ClusterMetric>(fedCluster);
export const localRecorded: readonly Selectable[] = flat<Selectable>(fedLocal);
export const hubRecorded: readonly Selectable[] = flat<Selectable>(fedHub);
