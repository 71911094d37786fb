import { connectBucket } from "../connect";
import { manifestKey } from "../publish/keys";
import type { Mlflow, ModelVersion } from "../../registry/mlflow";
import { versionTags } from "../../registry/names";
import { connectMlflow } from "../registry/registrar";
import type { RetryDeps } from "../../retry";
import type { S3Client } from "../../s3/client";
import type { LiveModels } from "./live";
import { clusterExchange, kubernetesLiveModels, noLiveModels } from "./live";
import { publishedManifest } from "./published";
import type { HubSettings } from "./settings";

/** What the hub's commands work with. */
export interface Hub {
  readonly settings: HubSettings;
  readonly bucket: S3Client;
  readonly bucketName: string;
  readonly mlflow: Mlflow;
  readonly live: LiveModels;
  readonly members: readonly string[];
}

/** Connections to the bucket at a time; the hub's commands mostly ask one thing after another. */
const sockets = 8;

/** Connects as the settings say; nothing is sent yet. The caller closes `bucket`. */
export function connectHub(
  settings: HubSettings,
  environment: Readonly<Record<string, string | undefined>>,
): Hub {
  const { attempts, baseMilliseconds, capMilliseconds } = settings.retry;
  const retry: RetryDeps = { policy: { attempts, baseMs: baseMilliseconds, capMs: capMilliseconds } };
  const live =
    settings.inferenceServices === "none"
      ? noLiveModels
      : kubernetesLiveModels(clusterExchange(environment), retry);
  return {
    settings,
    bucket: connectBucket(settings, sockets),
    bucketName: settings.s3.bucket,
    mlflow: connectMlflow(settings.mlflow, settings.timeouts, retry),
    live,
    members: settings.members,
  };
}

/** Whether the bucket holds the manifest that a version was registered from, with the same content. */
export async function isPublished(bucket: Pick<S3Client, "get">, version: ModelVersion): Promise<boolean> {
  const {
    [versionTags.sourceCluster]: member,
    [versionTags.snapshot]: snapshot,
    [versionTags.digest]: digest,
  } = version.tags;
  const model = version.source.split("/").at(-2);
  if (member === undefined || snapshot === undefined || model === undefined) return false;
  const key = manifestKey(member, model, snapshot);
  const found = await bucket.get(key);
  const manifest = found && publishedManifest(found.body, key);
  return manifest !== undefined && manifest !== "unreadable" && manifest.digest === digest;
}
