import { createHash, randomUUID } from "node:crypto";
import { buildManifest, publishManifest } from "../../../workloads/model-sync/publish/manifest";
import { exchangeWith } from "../../../workloads/registry/http";
import { Mlflow } from "../../../workloads/registry/mlflow";
import type { RegisterDeps } from "../../../workloads/model-sync/registry/register";
import type { RetryPolicy } from "../../../workloads/retry";
import { S3Calls } from "../../../workloads/s3/calls";
import { S3Client } from "../../../workloads/s3/client";
import type { Manifest, PublishedFile } from "../../../workloads/model-sync/types";
import { minioCredentials } from "./servers";

export const bucketName = "models";
/** Both buckets of a landing zone. */
export const buckets = { models: bucketName, benchmarks: "benchmarks" };

/** Tries at once: tests wait for nothing that a policy could shorten. */
const quick: RetryPolicy = { attempts: 4, baseMs: 5, capMs: 20 };
export const once: RetryPolicy = { attempts: 1, baseMs: 1, capMs: 1 };

export const sha256 = (content: string | Buffer): string =>
  createHash("sha256").update(content).digest("hex");

/** A client of a bucket as root. */
export function rootBucket(endpoint: string, retry = quick, bucket = bucketName): S3Client {
  return new S3Client({
    endpoint,
    bucket,
    region: "us-east-1",
    credentials: minioCredentials,
    retry,
    sockets: 8,
    connectTimeoutMs: 2_000,
    idleTimeoutMs: 5_000,
  });
}

/** A manifest as a run would publish it; `trained` is an ISO time and orders versions. */
export function manifestOf(
  member: string,
  model: string,
  content: string,
  trained = "2026-03-01T10:00:00.000Z",
): Manifest {
  const snapshot = sha256(`${content} ${trained}`).slice(0, 32);
  const at = (seconds: number): string => new Date(Date.parse(trained) + seconds * 1000).toISOString();
  const file = { path: "model.safetensors", size: content.length, sha256: sha256(content) };
  return buildManifest(
    { member, model, snapshot },
    [{ ...file, crc32: "AAAAAA==", versionId: "null", etag: "" }],
    {
      source: `/mnt/beegfs/models/trained/${model}`,
      slurmJob: "4711",
      trained: at(0),
      quiescent: at(60),
      uploaded: at(90),
      verified: at(100),
    },
  );
}

export interface WorkerOptions {
  readonly retry?: RetryPolicy;
  readonly totalMs?: number;
  readonly claimMs?: number;
  readonly waitMs?: number;
  readonly adopt?: readonly string[];
  readonly template?: string;
}

/** What one worker needs to register, with a holder of its own. */
export function worker(mlflowUrl: string, bucket: S3Client, options: WorkerOptions = {}): RegisterDeps {
  const { retry = quick, totalMs = 10_000, claimMs = 20_000, waitMs = 10_000 } = options;
  return {
    mlflow: mlflowAt(mlflowUrl, retry, totalMs),
    claims: { bucket, holder: randomUUID(), claimMs, waitMs },
    retry: { policy: retry },
    bucketName,
    experiment: "model-sync",
    registeredName: options.template ?? "{member}-{model}",
    ...(options.adopt && { adopt: options.adopt }),
  };
}

export function mlflowAt(url: string, retry = quick, totalMs = 10_000): Mlflow {
  return new Mlflow(exchangeWith({ url, timeouts: { connectMs: 2_000, totalMs } }), { policy: retry });
}

/** Makes a bucket with versioning. */
export async function makeBucket(endpoint: string, bucket = bucketName): Promise<void> {
  const calls = new S3Calls({
    endpoint,
    bucket,
    region: "us-east-1",
    credentials: minioCredentials,
    retry: once,
    sockets: 1,
    connectTimeoutMs: 2_000,
    idleTimeoutMs: 5_000,
  });
  const path = calls.path("");
  await calls.call({ operation: "CreateBucket", method: "PUT", path });
  const body = Buffer.from("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
  await calls.call({
    operation: "PutBucketVersioning",
    method: "PUT",
    path,
    query: { versioning: "" },
    body,
  });
  calls.connection.close();
}

/** Publishes two small files and their manifest as a run would: files first, manifest last. */
export async function publish(
  bucket: S3Client,
  member: string,
  model: string,
  content: string,
  trained: string,
): Promise<Manifest> {
  const { snapshot, prefix, provenance } = manifestOf(member, model, content, trained);
  const files: PublishedFile[] = [];
  for (const [path, text] of [
    ["config.json", `{"of": "${content}"}`],
    ["weights/model.safetensors", content],
  ] as const) {
    const info = await bucket.put(prefix + path, Buffer.from(text));
    const { size, crc32 = "", versionId, etag } = info;
    files.push({ path, size, sha256: sha256(text), crc32, versionId, etag });
  }
  return publishManifest(bucket, buildManifest({ member, model, snapshot }, files, provenance));
}
