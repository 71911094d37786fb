import { beegfs, fedCluster, minio, mlflow, node } from "../../metrics/catalogue";
import { bucketOf, matching } from "../../metrics/select";
import type { Selectable } from "../../metrics/types";
import type { RuleGroup } from "../types";
import { buckets, by, codeClass, either, perValue, rate5m, to } from "./expressions";
import type { Recorder } from "./site";

const sum = (expr: string): string => `sum by (cluster) (${expr})`;
const max = (expr: string): string => `max by (cluster) (${expr})`;

/**
 * BeeGFS. Each exporter may tell of all services, targets and clients, not only of those on its own host: what several
 * tell of the same one counts once. The space is that of the targets, else of the storage services, else what any
 * client sees: every client sees the same, so that the largest is taken. The exporter's row `sum` of client operations
 * holds all of them.
 */
export function beegfsRules({ own, record }: Recorder): RuleGroup {
  const recorded = fedCluster.beegfs;
  const mounted = { fstype: "beegfs" };
  const service = (expr: string): string => by("max", ["cluster", "node_id"], expr);
  const target = (expr: string): string => by("max", ["cluster", "node_id", "target_id"], expr);
  const client = (expr: string): string => by("max", ["cluster", "client"], expr);
  const services = (metric: Selectable): string => sum(service(own(metric)));
  const state = (value: number): string => sum(`${target(own(beegfs.targetConsistency))} == bool ${value}`);
  const used = `(1 - ${target(own(beegfs.targetSpaceFree))} / ${target(`${own(beegfs.targetSpace)} > 0`)})`;
  return {
    name: "cluster-beegfs",
    rules: [
      record(
        recorded.space,
        either(
          sum(target(own(beegfs.targetSpace))),
          services(beegfs.storageSpace),
          max(own(node.filesystemSize, mounted)),
        ),
      ),
      record(
        recorded.spaceFree,
        either(
          sum(target(own(beegfs.targetSpaceFree))),
          services(beegfs.storageSpaceFree),
          max(own(node.filesystemAvailable, mounted)),
        ),
      ),
      record(recorded.targets, perValue("state", { good: state(0), needs_resync: state(1), bad: state(2) })),
      record(recorded.targetsUsed, buckets(["cluster"], used, ["0.5", "0.75", "0.9", "0.95", "+Inf"])),
      record(
        recorded.services,
        perValue("service", {
          meta: by("count", ["cluster"], service(own(beegfs.metaResponding))),
          storage: by("count", ["cluster"], service(own(beegfs.storageResponding))),
        }),
      ),
      record(
        recorded.servicesResponding,
        perValue("service", {
          meta: services(beegfs.metaResponding),
          storage: services(beegfs.storageResponding),
        }),
      ),
      record(recorded.read, sum(service(rate5m(own(beegfs.storageRead))))),
      record(recorded.written, sum(service(rate5m(own(beegfs.storageWritten))))),
      record(
        recorded.queue,
        perValue("service", {
          meta: `${services(beegfs.metaDirectQueue)} + ${services(beegfs.metaIndirectQueue)}`,
          storage: `${services(beegfs.storageDirectQueue)} + ${services(beegfs.storageIndirectQueue)}`,
        }),
      ),
      record(
        recorded.operations,
        perValue("service", {
          meta: sum(client(rate5m(own(beegfs.clientMetaOperations, { operation: "sum" })))),
          storage: sum(client(rate5m(own(beegfs.clientStorageOperations, { operation: "sum" })))),
        }),
      ),
    ],
  };
}

/** MinIO: servers tell of their own requests, and each of the whole; what they leave out is 0 while they answer. */
export function minioRules({ own, record }: Recorder): RuleGroup {
  const recorded = fedCluster.minio;
  const orZero = (expr: string): string => either(expr, `0 * ${max(own(minio.nodesOnline))}`);
  const states = (offline: Selectable, online: Selectable): string =>
    perValue("state", { offline: orZero(max(own(offline))), online: orZero(max(own(online))) });
  const traffic = (metric: Selectable): string => orZero(sum(rate5m(own(metric))));
  /** The least of what servers or erasure sets say, those that leave it out included. */
  const least = (label: readonly string[], value: string, everywhere: string): string => {
    const each = (selector: string): string => by("max", ["cluster", ...label], selector);
    return `min by (cluster) (${either(each(value), `0 * ${each(everywhere)}`)})`;
  };
  return {
    name: "cluster-minio",
    rules: [
      record(recorded.nodes, states(minio.nodesOffline, minio.nodesOnline)),
      record(recorded.drives, states(minio.drivesOffline, minio.drivesOnline)),
      record(recorded.healthy, least(["instance"], own(minio.health), own(minio.nodesOnline))),
      record(
        recorded.writeTolerance,
        least(["pool_id", "set_id"], own(minio.writeTolerance), own(minio.writeQuorum)),
      ),
      record(recorded.capacity, max(own(minio.capacity))),
      record(recorded.capacityFree, orZero(max(own(minio.capacityFree)))),
      record(recorded.requests, traffic(minio.requests)),
      record(
        recorded.requestErrors,
        perValue("code_class", { "4xx": traffic(minio.errors4xx), "5xx": traffic(minio.errors5xx) }),
      ),
      record(recorded.requestsWaiting, orZero(sum(own(minio.waiting)))),
      record(recorded.firstByte, to(recorded.firstByte, "sum", rate5m(own(minio.firstByte)))),
      record(recorded.received, traffic(minio.received)),
      record(recorded.sent, traffic(minio.sent)),
      record(recorded.bucketBytes, to(recorded.bucketBytes, "max", own(minio.bucketBytes))),
      record(recorded.bucketObjects, to(recorded.bucketObjects, "max", own(minio.bucketObjects))),
    ],
  };
}

/** MLflow. */
export function mlflowRules({ own, record }: Recorder): RuleGroup {
  const recorded = fedCluster.mlflow;
  const answered = rate5m(own(mlflow.requests, { status: matching("[1-5]..") }));
  return {
    name: "cluster-mlflow",
    rules: [
      record(recorded.servers, `count by (cluster) (${own(mlflow.info)})`),
      record(recorded.requests, to(recorded.requests, "sum", codeClass(answered, "status"))),
      record(
        recorded.requestDuration,
        to(recorded.requestDuration, "sum", rate5m(own(bucketOf(mlflow.duration)))),
      ),
    ],
  };
}
