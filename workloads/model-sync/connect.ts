import { hostname } from "node:os";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { connectMlflow, registrarOf } from "./registry/registrar";
import type { RetryDeps } from "../retry";
import { S3Client } from "../s3/client";
import type { Settings } from "./settings";
import { readSecretFile } from "./settings";
import { StateStore } from "./state/store";
import { pacer } from "./transfer/bandwidth";
import { BufferPool, Semaphore } from "./transfer/pools";
import type { SyncError } from "./types";
import type { Events, Worker } from "./worker";

export interface ConnectOptions {
  readonly onRequest?: (operation: string) => void;
}

/** The bucket as settings name it. */
export function connectBucket(
  settings: Pick<Settings, "s3" | "timeouts" | "retry">,
  sockets: number,
  hooks: Partial<Pick<ConstructorParameters<typeof S3Client>[0], "pace" | "onRequest" | "onRetry">> = {},
): S3Client {
  const { endpoint, region, bucket, caFile, accessKeyIdFile, secretAccessKeyFile } = settings.s3;
  return new S3Client({
    endpoint,
    region,
    bucket,
    credentials: {
      accessKeyId: readSecretFile(accessKeyIdFile),
      secretAccessKey: readSecretFile(secretAccessKeyFile),
    },
    ...(caFile !== undefined && { ca: readSecretFile(caFile) }),
    sockets,
    connectTimeoutMs: settings.timeouts.connectSeconds * 1000,
    idleTimeoutMs: settings.timeouts.idleSeconds * 1000,
    retry: policyOf(settings),
    ...hooks,
  });
}

function policyOf({ retry }: Pick<Settings, "retry">): RetryDeps["policy"] {
  return { attempts: retry.attempts, baseMs: retry.baseMilliseconds, capMs: retry.capMilliseconds };
}

/** Builds everything a command of the member works with; credentials are read now, nothing is sent yet. */
export function connect(settings: Settings, events: Events, options: ConnectOptions = {}): Worker {
  const { parallel, limits, member } = settings;
  const retries = new Map<string, number>();
  const onRetry = (error: SyncError): void => {
    retries.set(error.reason, (retries.get(error.reason) ?? 0) + 1);
    events.retry(error.message);
  };
  const retry: RetryDeps = { policy: policyOf(settings), onRetry };
  const pace = pacer(settings.bandwidth);
  const { onRequest } = options;
  const s3 = connectBucket(settings, parallel.files + parallel.parts, {
    onRetry,
    ...(pace && { pace }),
    ...(onRequest && { onRequest }),
  });
  const registrar =
    settings.mlflow === undefined
      ? undefined
      : registrarOf(
          {
            mlflow: connectMlflow(settings.mlflow, settings.timeouts, retry),
            claims: {
              bucket: s3,
              holder: `${hostname()}-${process.pid}-${randomUUID()}`,
              claimMs: settings.claim.holdSeconds * 1000,
              waitMs: settings.claim.waitSeconds * 1000,
            },
            retry,
            bucketName: settings.s3.bucket,
            registeredName: settings.registeredName,
            adopt: settings.adopt,
            experiment: settings.mlflow.experiment,
          },
          member,
        );
  return {
    settings,
    s3,
    store: new StateStore(s3, member),
    transfer: {
      s3,
      buffers: new BufferPool(limits.bufferBytes, limits.partBytes + 1),
      files: new Semaphore(parallel.files),
      parts: new Semaphore(parallel.parts),
      largeFiles: new Semaphore(parallel.parts),
      partBytes: limits.partBytes,
      copyObjectMaxBytes: limits.copyObjectMaxBytes,
      allowedFormats: settings.allowedFormats,
    },
    registrar,
    retry,
    events,
    now: Date.now,
    random: Math.random,
    wait: sleep,
    retries,
  };
}
