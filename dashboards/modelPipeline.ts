import { fedCluster, fedHub } from "../metrics/catalogue";
import { addresses } from "./addresses";
import { line } from "./kit/dashboard";
import type { DashboardDefinition, Row } from "./kit/dashboard";
import { NONE } from "./kit/limits";
import { bars, by, named, numbers, stat, table, timeSeries } from "./kit/panels";
import { clusterStyles, otherStyle } from "./kit/site";
import type { Site } from "./kit/site";
import { SUCCESS } from "./kit/states";
import { variables } from "./kit/variables";
import { age, max, min, series, sorted, sum, top } from "./kit/vector";
import { versionRow } from "./modelVersions";

const { ratios } = fedHub;
const { transfer, retention, mlflow, minio } = fedCluster;

function nowRow({ thresholds }: Site): Row {
  const models = (state: "known" | "quarantined" | "queued" | "stuck" | "waiting") =>
    sum(series(transfer.models, { state }));
  const number = numbers(3, { plain: true });
  return {
    title: "Transfer now",
    lines: [
      line(
        4,
        number("Models", "Models found on the cluster's file system.", models("known")),
        number("To do", "Models with content that is not yet registered.", models("queued")),
        number(
          "Being written",
          "Models that somebody still writes to: they are sent when that ends.",
          models("waiting"),
        ),
        number("Stuck", "Models that were written to for too long.", models("stuck"), NONE),
        number("Quarantined", "Models refused by name, for what they are.", models("quarantined"), NONE),
        number(
          "Last good run",
          "Time since a run in which every model came to a good end.",
          age(max(series(transfer.runSuccess))),
        ),
        number(
          "Faults found",
          "Published objects that the last verification found gone or different.",
          series(transfer.verifyFaults),
          NONE,
        ),
        [
          3,
          stat({
            title: "State readable",
            description: "Whether the exporter can read the worker's state: else nothing here is true.",
            queries: [by(min(series(transfer.stateRead)), "cluster")],
            states: SUCCESS,
          }),
        ],
      ),
      line(
        8,
        [
          7,
          timeSeries({
            title: "Oldest unregistered content",
            description:
              "Age by model: the six oldest over the window, and the worst of all others. 0 when all is done.",
            queries: [by(top(6, series(transfer.lag), "model", "max"), "cluster", "model")],
            limits: thresholds.transferLag,
            styles: [otherStyle],
          }),
        ],
        [
          7,
          timeSeries({
            title: "Bytes an hour",
            description:
              "Brought into the bucket within an hour, by model: the six with most, and all others together.",
            queries: [by(top(6, sum(series(transfer.bytes), "model"), "model"), "cluster", "model")],
            stacked: true,
            styles: [otherStyle],
          }),
        ],
        [
          10,
          table({
            title: "Models and their last version",
            description:
              "What the last run said of each model's last version, and the digest of its content.",
            rows: {
              cluster: "Cluster",
              model: "Model",
              version: "Version",
              outcome: "Outcome",
              reason: "Reason",
              digest: "Digest",
            },
            columns: [{ title: "Last", vector: series(transfer.state), hidden: true }],
            widths: { cluster: 70, version: 70 },
          }),
        ],
      ),
      line(
        6,
        [
          8,
          bars({
            title: "Checksums that differed, within an hour",
            description: "By model: the eight with most, and all others together. Should be 0.",
            queries: [by(sorted(top(8, series(transfer.mismatches), "model")), "cluster", "model")],
            limits: NONE,
          }),
        ],
        [
          8,
          bars({
            title: "Requests tried again, within an hour",
            description: "By reason: the eight with most, and all others together.",
            emptyIsGood: "no request was tried again",
            queries: [by(sorted(top(8, series(transfer.retries), "reason")), "cluster", "reason")],
          }),
        ],
        [
          8,
          timeSeries({
            title: "Files an hour",
            description:
              "Files brought into the bucket within the last hour: sent, copied there, or found there.",
            queries: [by(sum(series(transfer.files), "result"), "cluster", "result")],
          }),
        ],
      ),
    ],
  };
}

function registryRow(site: Site): Row {
  const styles = clusterStyles(site);
  return {
    title: "Registry and store",
    lines: [
      line(
        7,
        [
          6,
          timeSeries({
            title: "Registry: requests",
            description: "Requests that MLflow answered, by class of status code.",
            queries: [by(series(mlflow.requests), "cluster", "code_class")],
          }),
        ],
        [
          6,
          timeSeries({
            title: "Registry: P95",
            description: "Time within which MLflow answers 95 % of requests.",
            queries: [by(series(ratios.mlflowDuration), "cluster")],
            styles,
          }),
        ],
        [
          6,
          timeSeries({
            title: "Store: errors",
            description: "Share of requests that MLflow, and MinIO, answered with 5xx.",
            queries: [
              named(series(ratios.mlflowErrors), "registry", "cluster"),
              named(series(ratios.minioErrors), "store", "cluster"),
            ],
            limits: site.thresholds.storeErrors,
            small: true,
          }),
        ],
        [
          6,
          timeSeries({
            title: "Store: free space",
            description: "Of the usable capacity of MinIO.",
            queries: [by(series(minio.capacityFree), "cluster")],
            styles,
          }),
        ],
      ),
      line(
        6,
        [
          8,
          bars({
            title: "Bytes that retention could free",
            description: "Versions beyond the limit, unpublished and noncurrent objects, unfinished uploads.",
            queries: [by(sorted(series(retention.reclaimable)), "cluster", "kind")],
          }),
        ],
        [
          8,
          bars({
            title: "Buckets",
            description:
              "Size as the scanner of MinIO saw it last: the eight largest, and all others together.",
            queries: [by(sorted(top(8, series(minio.bucketBytes), "bucket")), "cluster", "bucket")],
          }),
        ],
        [
          8,
          table({
            title: "Retention",
            description:
              "Published versions that stay, findings that a person should look at, removals that failed, and how long ago the last run was.",
            rows: { cluster: "Cluster" },
            columns: [
              { title: "Kept", vector: series(retention.kept) },
              { title: "Findings", vector: series(retention.problems), limits: NONE },
              { title: "Failures", vector: series(retention.failures), limits: NONE },
              { title: "Last run", vector: age(series(retention.run)) },
            ],
          }),
        ],
      ),
    ],
  };
}

/** The way of a model's version, from the end of its training to its first answer. */
export function modelPipeline(site: Site): DashboardDefinition {
  return {
    ...addresses.modelPipeline,
    description:
      "Training, transfer, registration, deployment: one row a model version, with its stage times and freshness.",
    variables: [variables.cluster()],
    rows: [versionRow(site), nowRow(site), registryRow(site)],
  };
}
