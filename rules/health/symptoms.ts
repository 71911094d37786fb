import { fedCluster, prometheus } from "../../metrics/catalogue";
import { matching } from "../../metrics/select";
import type { Own } from "./losses";
import { max, share, sum } from "./losses";

/** Values that health and alerts judge alike; each carries `cluster` alone. */

const { kubernetes, slurm, beegfs, minio, mlflow } = fedCluster;

/**
 * XID codes after which a GPU, or its driver, must be reset or replaced: uncorrectable memory errors (48, 63, 64, 92,
 * 94, 95), NVLink (74), a GPU that fell off the bus (79), its system processor (119, 120), its own watch (62, 140, 143).
 * Other codes mostly are an application's fault.
 */
export const fatalXids = [48, 62, 63, 64, 74, 79, 92, 94, 95, 119, 120, 140, 143] as const;

export function apiErrorRatio(own: Own): string {
  return share(sum(own(kubernetes.apiRequests, { code_class: "5xx" })), sum(own(kubernetes.apiRequests)));
}

/** Seconds; 0 while there are no requests. */
export function apiP99(own: Own): string {
  const buckets = own(kubernetes.apiDuration);
  const p99 = `histogram_quantile(0.99, sum by (cluster, le) (${buckets}))`;
  return `(${p99} >= 0 or 0 * ${sum(buckets)})`;
}

/**
 * A queue is stuck when jobs that are not held wait, none started for an hour, and nodes idle. The older exporter does
 * not count starts: there, the number of running jobs has not changed.
 */
export function queueStuck(own: Own): {
  readonly waits: string;
  readonly started: string;
  readonly idle: string;
} {
  const pending = max(own(slurm.jobs, { state: "pending" }));
  const held = max(own(slurm.jobs, { state: "held" }));
  const running = own(slurm.jobs, { state: "running" });
  return {
    waits: `(${pending} - (${held} or 0 * ${pending}))`,
    started: `(${max(own(slurm.jobsStarted))} or ${max(`changes(${running}[1h])`)})`,
    idle: max(own(slurm.nodesByState, { state: "idle" })),
  };
}

/** Share of a store's space that is used. */
const used = (free: string, size: string): string => `1 - ${free} / (${size} > 0)`;

export const beegfsUsed = (own: Own): string => used(max(own(beegfs.spaceFree)), max(own(beegfs.space)));
export const minioUsed = (own: Own): string => used(max(own(minio.capacityFree)), max(own(minio.capacity)));

export function minioErrorRatio(own: Own): string {
  return share(sum(own(minio.requestErrors, { code_class: "5xx" })), sum(own(minio.requests)));
}

export function mlflowErrorRatio(own: Own): string {
  return share(sum(own(mlflow.requests, { code_class: "5xx" })), sum(own(mlflow.requests)));
}

/**
 * Alerts a second that do not reach the cluster's own Alertmanagers, which are told by the names of their Services. What
 * is lost on a cut way to the hub's is no fault of this cluster's, and is delivered by its own.
 */
export function alertsDropped(own: Own): string {
  const alertmanager = matching("https://alertmanager-[0-9]+[.][^/]+[.]svc:.+");
  return sum(`rate(${own(prometheus.notificationsDropped, { alertmanager })}[5m])`);
}

/** Bounds, in seconds, that the latency histograms of every kind of model server have. */
export const COMMON_BOUNDS: readonly number[] = [0.5, 1, 2.5, 5, 10];

/**
 * A latency limit as the label `le` of the bucket that ends there; Prometheus writes whole numbers with a point.
 *
 * @throws RangeError for a limit at which some server has no bucket, since nothing could be said of it.
 */
export function bucketBound(seconds: number): string {
  if (!COMMON_BOUNDS.includes(seconds)) {
    throw new RangeError(
      `inferenceP95.warning: ${seconds} s is no bucket of every model server; choose one of ${COMMON_BOUNDS.join(", ")}`,
    );
  }
  return Number.isInteger(seconds) ? `${seconds}.0` : String(seconds);
}
