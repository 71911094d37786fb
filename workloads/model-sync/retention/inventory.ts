import { manifestKey } from "../publish/keys";
import type { Mlflow } from "../../registry/mlflow";
import { versionTags } from "../../registry/names";
import type { ListedVersion, S3Client } from "../../s3/client";
import type {
  Inventory,
  ManifestEntry,
  NoncurrentEntry,
  RegistryEntry,
  SnapshotEntry,
  UploadEntry,
} from "./plan";
import { publishedManifest } from "./published";
import type { LiveModels } from "./live";

export interface InventoryDeps {
  readonly bucket: S3Client;
  readonly bucketName: string;
  readonly mlflow: Mlflow;
  readonly live: LiveModels;
  /** Members whose prefixes are looked at; whatever else lies in the bucket is never touched. */
  readonly members: readonly string[];
  readonly now?: () => number;
}

/** Snapshots as the worker names them; a folder that looks otherwise is not ours. */
const snapshotName = /^[0-9a-f]{32}$/;

interface Draft {
  readonly member: string;
  readonly model: string;
  readonly snapshot: string;
  bytes: number;
  objects: number;
  youngestMs: number;
}

interface Listing {
  readonly drafts: Map<string, Draft>;
  readonly noncurrent: Omit<NoncurrentEntry, "published">[];
}

/** Adds each version that something younger of the same key covers. A listing goes by key, youngest first. */
async function* covered(
  versions: AsyncIterable<ListedVersion>,
): AsyncGenerator<[ListedVersion, number | undefined]> {
  let above: ListedVersion | undefined;
  for await (const version of versions) {
    yield [version, above?.key === version.key ? Date.parse(above.lastModified) : undefined];
    above = version;
  }
}

function note(listing: Listing, version: ListedVersion, sinceMs: number | undefined): void {
  if (sinceMs === undefined) return;
  listing.noncurrent.push({
    key: version.key,
    versionId: version.versionId,
    bytes: version.size || 0,
    sinceMs,
  });
}

async function listSnapshots(bucket: S3Client, member: string, listing: Listing): Promise<void> {
  for await (const [version, sinceMs] of covered(bucket.listVersions(`models/${member}/`))) {
    const [, , model = "", snapshot = "", ...path] = version.key.split("/");
    if (path.length === 0 || !snapshotName.test(snapshot)) continue;
    const prefix = `models/${member}/${model}/${snapshot}/`;
    const draft = listing.drafts.get(prefix) ?? {
      member,
      model,
      snapshot,
      bytes: 0,
      objects: 0,
      youngestMs: 0,
    };
    listing.drafts.set(prefix, draft);
    draft.bytes += version.size || 0;
    draft.objects += 1;
    draft.youngestMs = Math.max(draft.youngestMs, Date.parse(version.lastModified));
    note(listing, version, sinceMs);
  }
  for (const folder of ["state", "claims"])
    for await (const [version, sinceMs] of covered(bucket.listVersions(`${folder}/${member}/`)))
      note(listing, version, sinceMs);
}

/** Aliases by name and version, versions with their sources. */
export async function registryEntries(mlflow: Mlflow): Promise<RegistryEntry[]> {
  const [models, versions] = await Promise.all([mlflow.models(), mlflow.versions("")]);
  const aliases = new Map(models.map((model) => [model.name, Object.entries(model.aliases)]));
  return versions.map(({ name, version, source, tags }) => ({
    name,
    version,
    source,
    aliases: (aliases.get(name) ?? []).flatMap(([alias, at]) => (at === version ? [alias] : [])),
    ours: tags[versionTags.sourceCluster] !== undefined && tags[versionTags.digest] !== undefined,
  }));
}

async function listUploads(bucket: S3Client, members: readonly string[]): Promise<UploadEntry[]> {
  const uploads = (await bucket.uploads.list()).filter(({ key }) =>
    members.some((member) => key.startsWith(`models/${member}/`)),
  );
  const entries: UploadEntry[] = [];
  for (const { key, uploadId, initiated } of uploads) {
    const parts = (await bucket.uploads.parts(key, uploadId)) ?? [];
    const bytes = parts.reduce((sum, { size }) => sum + size, 0);
    entries.push({ key, uploadId, bytes, initiatedMs: Date.parse(initiated) });
  }
  return entries;
}

/**
 * Reads what retention decides on. The registry and the live services are read last: what they reach at that time
 * was in the bucket before.
 */
export async function takeInventory(deps: InventoryDeps): Promise<Inventory> {
  const { bucket, members, now = Date.now } = deps;
  const nowMs = now();
  const listing: Listing = { drafts: new Map(), noncurrent: [] };
  for (const member of members) await listSnapshots(bucket, member, listing);
  const uploads = await listUploads(bucket, members);

  const overwritten = new Set(listing.noncurrent.map(({ key }) => key));
  const publishedVersions = new Set<string>();
  const snapshots: SnapshotEntry[] = [];
  for (const [prefix, draft] of listing.drafts) {
    const key = manifestKey(draft.member, draft.model, draft.snapshot);
    const found = await bucket.get(key);
    const manifest = found && publishedManifest(found.body, key);
    let entry: ManifestEntry | "unreadable" | undefined;
    if (manifest !== undefined) {
      entry =
        manifest === "unreadable"
          ? manifest
          : { key, digest: manifest.digest, uploadedMs: manifest.uploadedMs };
      if (manifest !== "unreadable")
        for (const file of manifest.files)
          if (overwritten.has(prefix + file.path))
            publishedVersions.add(`${prefix}${file.path}\0${file.versionId}`);
    }
    snapshots.push({ ...draft, prefix, ...(entry && { manifest: entry }) });
  }

  const incomplete = new Set(
    snapshots.filter(({ manifest }) => typeof manifest !== "object").map(({ prefix }) => prefix),
  );
  const noncurrent = listing.noncurrent
    .filter(({ key }) => !incomplete.has(key.split("/").slice(0, 4).join("/") + "/"))
    .map((entry) => ({ ...entry, published: publishedVersions.has(`${entry.key}\0${entry.versionId}`) }));
  return {
    bucket: deps.bucketName,
    nowMs,
    snapshots,
    noncurrent,
    uploads,
    registry: await registryEntries(deps.mlflow),
    live: await deps.live(),
  };
}
