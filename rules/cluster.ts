import { gpuRules, localGpuRules, scheduledGpuRules } from "./recording/gpus";
import { apiServerRules, kubernetesRules, kubernetesUseRules } from "./recording/kubernetes";
import { limitRules } from "./recording/limits";
import { machineRules } from "./recording/machines";
import { alertmanagerRules, heartbeatRules, prometheusRules, targetRules } from "./recording/monitoring";
import { engineRules, replicaRules, servedModelRules, servingRules } from "./recording/serving";
import type { Site } from "./recording/site";
import { recorder } from "./recording/site";
import { startRules } from "./recording/starts";
import { slurmPartitionRules, slurmRules } from "./recording/slurm";
import { beegfsRules, minioRules, mlflowRules } from "./recording/storage";
import { retentionRules, transferRules } from "./recording/transfer";
import { versionRules } from "./recording/versions";
import type { RuleGroup } from "./types";

/** The rules of a cluster about itself, in the order in which they read each other. */
const subjects = [
  heartbeatRules,
  targetRules,
  prometheusRules,
  alertmanagerRules,
  machineRules,
  kubernetesRules,
  kubernetesUseRules,
  apiServerRules,
  localGpuRules,
  gpuRules,
  scheduledGpuRules,
  slurmRules,
  slurmPartitionRules,
  beegfsRules,
  minioRules,
  mlflowRules,
  transferRules,
  retentionRules,
  servedModelRules,
  servingRules,
  engineRules,
  replicaRules,
  startRules,
  versionRules,
  limitRules,
] as const;

/**
 * What a cluster records about itself, for the hub to fetch: sums, counts and buckets, of which shares and quantiles
 * are taken at the hub. Every selector is restricted to the cluster's own label.
 */
export function clusterRuleGroups(site: Site): RuleGroup[] {
  const rules = recorder(site);
  return subjects.map((subject) => subject(rules));
}
