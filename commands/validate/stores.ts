import type { AccessKey, TransferGrant } from "../../settings/transferTypes";
import type { UserPassword } from "../../settings/types";
import { basicAuthorization, exchangeWith } from "../../workloads/registry/http";
import type { Exchange } from "../../workloads/registry/http";
import { Mlflow } from "../../workloads/registry/mlflow";
import type { RetryDeps } from "../../workloads/retry";
import { S3Calls } from "../../workloads/s3/calls";
import type { S3Options } from "../../workloads/s3/calls";
import { S3Client } from "../../workloads/s3/client";
import type { HubSite, MemberSite } from "./sites";

/** The second try is for a connection that was cut; what fails longer is told. */
export const RETRY: RetryDeps = { policy: { attempts: 2, baseMs: 250, capMs: 1000 } };

/** A bucket as one user reaches it. */
export interface Bucket {
  readonly name: string;
  readonly client: S3Client;
  /** What the client of models has no use for: the bucket's own settings, and MinIO's administration. */
  readonly calls: S3Calls;
  readonly close: () => void;
}

/** A bucket at the address of its store. */
export function bucketAt(
  endpoint: string,
  region: string,
  name: string,
  { accessKey, secretKey }: AccessKey,
  ca: string | undefined,
): Bucket {
  const options: S3Options = {
    endpoint,
    region,
    bucket: name,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    sockets: 8,
    connectTimeoutMs: 5_000,
    idleTimeoutMs: 15_000,
    retry: RETRY.policy,
    ...(ca === undefined ? {} : { ca }),
  };
  const [client, calls] = [new S3Client(options), new S3Calls(options)];
  return {
    name,
    client,
    calls,
    close: () => {
      client.close();
      calls.connection.close();
    },
  };
}

/** A bucket of the hub's landing zone as its administrator reaches it; undefined where it has none. */
export function adminBucket(
  { settings, trust }: HubSite,
  which: "benchmarks" | "models" = "models",
): Bucket | undefined {
  const zone = settings.hub.landingZone;
  const admin = settings.transfer.minioCredentials;
  if (zone === undefined || admin === undefined) return undefined;
  return bucketAt(zone.minio.url, zone.minio.region, zone.buckets[which], admin, trust.minio);
}

/** The bucket of models as a member's worker reaches it: at the member's own address of MinIO. */
export function writerBucket({ settings }: MemberSite, granted: TransferGrant): Bucket {
  const { region, bucket, writer, minioCa } = granted;
  return bucketAt(settings.member.modelSync?.minioUrl ?? "", region, bucket, writer, minioCa);
}

/** A registry as one stack's user reaches it. */
export interface Registry {
  readonly mlflow: Mlflow;
  /** For what the worker's client does not do. */
  readonly exchange: Exchange;
}

/** A registry at its address. */
export function registryAt(url: string, ca: string | undefined, user: UserPassword | undefined): Registry {
  const exchange = exchangeWith({
    url,
    timeouts: { connectMs: 5_000, totalMs: 15_000 },
    ...(ca === undefined ? {} : { ca }),
    ...(user === undefined ? {} : { authorization: () => basicAuthorization(user.username, user.password) }),
  });
  return { mlflow: new Mlflow(exchange, RETRY), exchange };
}

/** The registry as the hub's stack reaches it; undefined without a landing zone. */
export function hubRegistry({ settings, trust }: HubSite): Registry | undefined {
  const zone = settings.hub.landingZone;
  return zone === undefined
    ? undefined
    : registryAt(zone.mlflow.url, trust.mlflow, settings.transfer.mlflowCredentials);
}

/** The registry as a member's stack reaches it. */
export function memberRegistry({ settings, grant }: MemberSite): Registry | undefined {
  const sync = settings.member.modelSync;
  return sync === undefined
    ? undefined
    : registryAt(sync.mlflow.url, grant?.mlflowCa, settings.transfer.mlflowCredentials);
}
