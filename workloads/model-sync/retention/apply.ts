import type { Mlflow } from "../../registry/mlflow";
import { versionTags } from "../../registry/names";
import type { S3Client } from "../../s3/client";
import { SyncError } from "../types";
import { registryEntries } from "./inventory";
import type { LiveModels } from "./live";
import type { Plan, Removal } from "./plan";
import { reachedBy } from "./plan";

export interface ApplyDeps {
  readonly bucket: S3Client;
  readonly bucketName: string;
  readonly mlflow: Mlflow;
  readonly live: LiveModels;
  readonly now?: () => number;
  readonly onRemoved?: (removal: Removal) => void;
}

export interface Applied {
  readonly removed: readonly Removal[];
  /** In the plan, but in use by the time of its turn. */
  readonly spared: readonly { readonly removal: Removal; readonly reasons: readonly string[] }[];
  readonly failed: readonly { readonly removal: Removal; readonly error: SyncError }[];
}

/** Removes every version of every key that begins with `prefix`. */
async function purge(bucket: S3Client, prefix: string): Promise<void> {
  const doomed: { key: string; versionId: string }[] = [];
  for await (const { key, versionId } of bucket.listVersions(prefix)) doomed.push({ key, versionId });
  for (const { key, versionId } of doomed) await bucket.delete(key, versionId);
}

/**
 * Removes one published version: registry first, then the manifest, then the files, so that whatever is left by an
 * interruption is nothing that anyone can find, and the next run takes it for unpublished. Each version is marked
 * before the aliases are read once more; promotion sets its alias before it reads the mark: one of both gives way.
 *
 * @returns why it is in use, and then nothing was removed; else an empty list
 */
async function removeVersion(deps: ApplyDeps, removal: Removal & { kind: "version" }): Promise<string[]> {
  const { bucket, mlflow, now = Date.now } = deps;
  const marked = new Date(now()).toISOString();
  for (const { name, version } of removal.registry)
    await mlflow.setVersionTag(name, version, versionTags.retiring, marked);
  const reasons = await inUse(deps, removal.prefix);
  if (reasons.length > 0) {
    for (const { name, version } of removal.registry)
      await mlflow.deleteVersionTag(name, version, versionTags.retiring);
    return reasons;
  }
  for (const { name, version } of removal.registry) await mlflow.deleteVersion(name, version);
  await purge(bucket, removal.manifestKey);
  await purge(bucket, removal.prefix);
  return [];
}

async function inUse(deps: ApplyDeps, prefix: string): Promise<string[]> {
  const [registry, live] = await Promise.all([registryEntries(deps.mlflow), deps.live()]);
  return reachedBy(prefix, deps.bucketName, registry, live);
}

async function remove(deps: ApplyDeps, removal: Removal): Promise<string[]> {
  const { bucket } = deps;
  switch (removal.kind) {
    case "version":
      return removeVersion(deps, removal);
    case "unpublished": {
      if ((await bucket.head(removal.manifestKey)) !== undefined) return ["published meanwhile"];
      const reasons = await inUse(deps, removal.prefix);
      if (reasons.length === 0) await purge(bucket, removal.prefix);
      return reasons;
    }
    case "noncurrent":
      await bucket.delete(removal.key, removal.versionId);
      return [];
    case "upload":
      await bucket.uploads.abort(removal.key, removal.uploadId);
      return [];
  }
}

/** Carries a plan out. Each removal is checked again at its turn, and one that fails does not stop the others. */
export async function applyPlan(deps: ApplyDeps, plan: Plan): Promise<Applied> {
  const removed: Removal[] = [];
  const spared: { removal: Removal; reasons: string[] }[] = [];
  const failed: { removal: Removal; error: SyncError }[] = [];
  for (const removal of plan.removals) {
    try {
      const reasons = await remove(deps, removal);
      if (reasons.length > 0) spared.push({ removal, reasons });
      else {
        removed.push(removal);
        deps.onRemoved?.(removal);
      }
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      failed.push({ removal, error });
    }
  }
  return { removed, spared, failed };
}
