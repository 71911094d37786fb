/**
 * What the number of a cluster's recorded series follows from: its GPUs, and how many of each kind of name its
 * recordings tell apart. Machines are no part of it: nothing that is recorded for the hub grows with their number.
 */
export interface Inventory {
  readonly gpus: number;
  /** GPU types told apart; more are left out, and counted. */
  readonly gpuTypes: number;
  /** Namespaces that are told apart as owners; more are left out, and counted. */
  readonly namespaces: number;
  /** Slurm partitions that are told apart; more are left out, and counted. */
  readonly partitions: number;
  /** Models told apart, as many transferred as served; more are left out, and counted. */
  readonly models: number;
  /** Buckets of the object store that are told apart; more are left out, and counted. */
  readonly buckets: number;
}

/** Of a site that says nothing else. */
export const DEFAULT_INVENTORY: Inventory = {
  gpus: 64,
  gpuTypes: 8,
  namespaces: 40,
  partitions: 20,
  models: 50,
  buckets: 20,
};
