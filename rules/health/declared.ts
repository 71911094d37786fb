import type { Component } from "../../metrics/catalogue/recorded/health";

/** Job of a cluster's own Alertmanagers, and that by which a member probes the hub's. */
export const ALERTMANAGER_JOB = "alertmanager";
export const HUB_ALERTMANAGER_JOB = "hub-alertmanager";

/** A target that must be scraped: its job, and the labels that tell it from the job's others (none for a job of one). */
export interface DeclaredTarget {
  readonly job: string;
  readonly node?: string;
  readonly host?: string;
}

/** How often models are brought to the hub, in seconds. */
export interface DeclaredTransfer {
  /** Longest time between the ends of two runs: the schedule's interval and the deadline of one run. */
  readonly runWithin: number;
  /** Longest time between the ends of two verifications. */
  readonly verifyWithin: number;
}

/** slurmctld's own endpoint, of Slurm 25.11 or newer, or an exporter that asks it. */
export type SlurmSource = "exporter" | "slurmctld";

/**
 * What a cluster is declared to have, by the settings of its site. What is declared and silent counts as lost and
 * raises alerts; what is not declared counts for nothing and has no alerts.
 */
export interface DeclaredCluster {
  readonly cluster: string;
  /** Machines with a node exporter, Kubernetes nodes and others alike; each counts once. */
  readonly machines: number;
  /** Every target that discovery, or the configuration, must yield. */
  readonly targets: readonly DeclaredTarget[];
  /** GPUs that DCGM must see; 0 where the cluster has none. */
  readonly gpus: number;
  /** Who tells of Slurm: slurmctld itself, or only an exporter beside it; absent where the cluster has none. */
  readonly slurm?: SlurmSource | undefined;
  readonly beegfs: boolean;
  readonly minio: boolean;
  readonly mlflow: boolean;
  /** Absent where no models are sent from here. */
  readonly transfer?: DeclaredTransfer | undefined;
  /** Longest time between the ends of two retention runs, seconds; absent where none runs here. */
  readonly retentionWithin?: number | undefined;
  /** Names of the models served here. */
  readonly models: readonly string[];
  /** Replicas of the Alertmanager. */
  readonly alertmanagers: number;
}

/** The components of a cluster that count, in the order of the catalogue. */
export function componentsOf(declared: DeclaredCluster): readonly Component[] {
  const has: Readonly<Record<Component, boolean>> = {
    api: true,
    nodes: true,
    gpus: declared.gpus > 0,
    storage: declared.beegfs || declared.minio,
    scheduler: declared.slurm !== undefined,
    transfer: declared.transfer !== undefined || declared.mlflow,
    serving: declared.models.length > 0,
    monitoring: true,
  };
  return (Object.keys(has) as Component[]).filter((component) => has[component]);
}

/** Everything wrong with a declaration: field, value, what is allowed. */
export function declarationProblems(declared: DeclaredCluster): readonly string[] {
  const whole = (["machines", "gpus", "alertmanagers"] as const).filter(
    (field) => !Number.isInteger(declared[field]) || declared[field] < (field === "gpus" ? 0 : 1),
  );
  const keys = declared.targets.map(({ job, node = "", host = "" }) => [job, node, host].join("/"));
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  return [
    ...whole.map(
      (field) =>
        `${field}: ${declared[field]} is no count; give a whole number of at least ${field === "gpus" ? 0 : 1}`,
    ),
    ...(twice === undefined ? [] : [`targets: ${twice} stands twice; declare every target once`]),
  ];
}
