import { fedCluster } from "../../metrics/catalogue";
import { matching, not } from "../../metrics/select";
import type { Check, CheckArgs } from "./checks";
import { check, gate } from "./checks";
import { ALERTMANAGER_JOB, HUB_ALERTMANAGER_JOB } from "./declared";
import { flagged, max, min, proportional, ramped, share, sum } from "./losses";
import {
  alertsDropped,
  beegfsUsed,
  bucketBound,
  minioErrorRatio,
  minioUsed,
  mlflowErrorRatio,
} from "./symptoms";

const { monitoring, beegfs, minio, mlflow, transfer, serving } = fedCluster;

/** BeeGFS and MinIO, whichever the cluster has. */
export function storageChecks(args: CheckArgs): readonly Check[] {
  return [
    ...(args.declared.beegfs ? beegfsChecks(args) : []),
    ...(args.declared.minio ? minioChecks(args) : []),
  ];
}

function beegfsChecks({ own, thresholds }: CheckArgs): readonly Check[] {
  const services = sum(own(beegfs.services));
  const targets = sum(own(beegfs.targets));
  const responding = sum(own(beegfs.servicesResponding));
  const good = sum(own(beegfs.targets, { state: "good" }));
  return [
    gate("beegfs_services_down", proportional(100, share(`${services} - ${responding}`, services))),
    check("beegfs_targets_bad", 100, proportional(100, share(`${targets} - ${good}`, targets))),
    check("beegfs_full", 40, ramped(40, beegfsUsed(own), thresholds.beegfsUtilisation)),
  ];
}

function minioChecks({ own, thresholds }: CheckArgs): readonly Check[] {
  const drives = sum(own(minio.drives));
  return [
    gate("minio_unwritable", flagged(100, `${max(own(minio.healthy))} == bool 0`)),
    check(
      "minio_drives_offline",
      60,
      proportional(60, share(sum(own(minio.drives, { state: "offline" })), drives)),
    ),
    check("minio_errors", 40, ramped(40, minioErrorRatio(own), thresholds.storeErrors)),
    check("minio_full", 40, ramped(40, minioUsed(own), thresholds.minioUtilisation)),
  ];
}

/** The worker that sends models, and the registry they are sent to, whichever the cluster has. */
export function transferChecks(args: CheckArgs): readonly Check[] {
  return [
    ...(args.declared.transfer === undefined ? [] : workerChecks(args)),
    ...(args.declared.mlflow ? registryChecks(args) : []),
  ];
}

function workerChecks({ own, thresholds }: CheckArgs): readonly Check[] {
  const read = min(own(transfer.stateRead));
  const run = max(own(transfer.run));
  const success = max(own(transfer.runSuccess));
  const models = (state: "quarantined" | "stuck"): string => sum(own(transfer.models, { state }));
  return [
    gate("state_unreadable", flagged(100, `${read} == bool 0`)),
    check("failing", 60, flagged(60, `${run} > bool (${success} or 0 * ${run})`)),
    // neither a lag without models, nor faults before the first verification
    check("late", 40, ramped(40, `${max(own(transfer.lag))} or 0 * ${read}`, thresholds.transferLag)),
    check("faults", 60, flagged(60, `(${max(own(transfer.verifyFaults))} or 0 * ${read}) > bool 0`)),
    check("quarantined", 30, flagged(30, `${models("quarantined")} > bool 0`)),
    check("stuck", 20, flagged(20, `${models("stuck")} > bool 0`)),
  ];
}

function registryChecks({ own, thresholds }: CheckArgs): readonly Check[] {
  return [
    gate("registry_down", flagged(100, `${max(own(mlflow.servers))} == bool 0`)),
    check("registry_errors", 50, ramped(50, mlflowErrorRatio(own), thresholds.storeErrors)),
  ];
}

/** Served models. */
export function servingChecks({ own, declared, thresholds }: CheckArgs): readonly Check[] {
  const available = own(serving.replicas, { state: "available", model: matching(declared.models.join("|")) });
  const desired = sum(own(serving.replicas, { state: "desired" }));
  const requests = own(serving.requests);
  const worst = (bad: string): string => `(${max(`(${bad}) / (${requests} > 0)`)} or 0 * ${sum(requests)})`;
  const slow = `${requests} - ignoring (le) ${own(serving.duration, { le: bucketBound(thresholds.inferenceP95.warning) })}`;
  return [
    gate("unavailable", proportional(100, `1 - ${sum(`${available} > bool 0`)} / ${declared.models.length}`)),
    check(
      "replicas_missing",
      50,
      proportional(
        50,
        share(`clamp_min(${desired} - ${sum(own(serving.replicas, { state: "available" }))}, 0)`, desired),
      ),
    ),
    check("errors", 60, ramped(60, worst(own(serving.errors)), thresholds.inferenceErrors)),
    check("slow", 40, ramped(40, worst(slow), slowShare)),
  ];
}

/** Share of requests beyond the limit of the 95th percentile: what is allowed, and what is as bad as it gets. */
const slowShare = { unit: "ratio", bad: "above", warning: 0.05, critical: 0.5 } as const;

/** The monitoring about itself. */
export function monitoringChecks({ own, declared }: CheckArgs): readonly Check[] {
  const here = { job: not(HUB_ALERTMANAGER_JOB) };
  const up = sum(own(monitoring.targetsUp, here));
  const down = sum(own(monitoring.targetsDown, here));
  return [
    gate("targets_down", proportional(100, share(down, `${up} + ${down}`))),
    check("rules_failing", 40, flagged(40, `${sum(own(monitoring.prometheusRuleFailures))} > bool 0`)),
    check("alerts_dropped", 40, flagged(40, `${alertsDropped(own)} > bool 0`)),
    check("config_refused", 30, flagged(30, `${min(own(monitoring.prometheusConfigReloaded))} == bool 0`)),
    check(
      "alertmanager_down",
      40,
      proportional(
        40,
        `1 - ${sum(own(monitoring.targetsUp, { job: ALERTMANAGER_JOB }))} / ${declared.alertmanagers}`,
      ),
    ),
  ];
}
