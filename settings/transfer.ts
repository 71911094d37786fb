import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { HubSecrets } from "./credentials";
import { metricsToken } from "./metricsToken";
import { optional } from "./optional";
import type { HubObject, MemberObject } from "./schema";
import type { TransferSecrets } from "./transferChecks";
import { newestS3User, type S3Role, type S3User, s3Users } from "./transferCredentials";
import type {
  LandingZone,
  LandingZoneUser,
  MlflowSettings,
  ModelSyncSettings,
  TransferGrant,
} from "./transferTypes";
import type { WorkerBundle } from "./workers";

/** The worker of the transfer and of retention, one file. */
export const TRANSFER_WORKER = "model-sync";

type Zone = NonNullable<HubObject["landingZone"]>;
type Sync = NonNullable<MemberObject["modelSync"]>;

const certificates = (file: string | undefined): string | undefined =>
  file === undefined ? undefined : readFileSync(file, "utf8");

/** Said at every preview of a stack whose registry knows no passwords. */
export function unauthenticatedWarning(at: string, mlflow: MlflowSettings | undefined): string | undefined {
  return mlflow?.allowUnauthenticated === true
    ? `federation:${at}.mlflow.allowUnauthenticated: whoever reaches ${mlflow.url} may register models and move ` +
        "aliases, so also decide what is served. Give MLflow users and set federation:mlflowCredentials."
    : undefined;
}

function landingZoneUser({ role, cluster, accessKey, secretKey }: S3User): LandingZoneUser {
  return {
    name: accessKey,
    secretKey: pulumi.secret(secretKey),
    grant: role === "writer" || role === "reader" ? { kind: role, member: cluster } : { kind: role },
  };
}

/** Everything of a hub's landing zone. */
export function landingZoneSettings(
  zone: Zone,
  worker: WorkerBundle,
  { minioCredentials, mlflowCredentials }: TransferSecrets,
  secrets: HubSecrets,
  cluster: string,
  members: readonly string[],
): LandingZone {
  const { caFile: minioCaFile, ...minio } = zone.minio;
  const { caFile: mlflowCaFile, ...mlflow } = zone.mlflow;
  const of = (name: string, role: S3Role): readonly S3User[] => s3Users(secrets, name, role);
  const users = [
    ...members.flatMap((member) => [...of(member, "writer"), ...of(member, "reader")]),
    ...of(cluster, "retention"),
    ...of(cluster, "retentionReader"),
    ...of(cluster, "benchmark"),
    ...(minio.metrics.auth === "public" ? [] : of(cluster, "metrics")),
  ];
  return {
    ...zone,
    worker,
    minio: {
      ...minio,
      ...optional("caFile", minioCaFile),
      ...optional("ca", certificates(minioCaFile)),
    },
    mlflow: { ...mlflow, ...optional("ca", certificates(mlflowCaFile)) },
    // checked before: a landing zone has its administrator
    admin: pulumi.secret(minioCredentials ?? { accessKey: "", secretKey: "" }),
    ...optional(
      "mlflowCredentials",
      mlflowCredentials === undefined ? undefined : pulumi.secret(mlflowCredentials),
    ),
    users: users.map(landingZoneUser),
    retentionCredentials: pulumi.secret(newestS3User(secrets, cluster, "retention")),
    retentionReaderCredentials: pulumi.secret(newestS3User(secrets, cluster, "retentionReader")),
    ...optional(
      "metricsToken",
      minio.metrics.auth === "public"
        ? undefined
        : pulumi.secret(metricsToken(newestS3User(secrets, cluster, "metrics"))),
    ),
  };
}

/** What the hub publishes to one member. */
export function transferGrant(zone: LandingZone, secrets: HubSecrets, member: string): TransferGrant {
  return {
    region: zone.minio.region,
    bucket: zone.buckets.models,
    ...optional("minioCa", zone.minio.ca),
    ...optional("mlflowCa", zone.mlflow.ca),
    writer: newestS3User(secrets, member, "writer"),
    reader: newestS3User(secrets, member, "reader"),
  };
}

/** How a member's models travel; `grant` is what the hub publishes to it. */
export function modelSyncSettings(
  sync: Sync,
  worker: WorkerBundle,
  { mlflowCredentials }: TransferSecrets,
  grant: pulumi.Output<TransferGrant>,
): ModelSyncSettings {
  return {
    ...sync,
    worker,
    grant,
    ...optional(
      "mlflowCredentials",
      mlflowCredentials === undefined ? undefined : pulumi.secret(mlflowCredentials),
    ),
  };
}
