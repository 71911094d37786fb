import { hash } from "node:crypto";
import type { S3Client } from "../../s3/client";
import { isPreconditionFailed } from "../../s3/errors";
import type { Manifest, PublishedFile } from "../types";
import { SyncError } from "../types";
import { manifestKey, manifestsPrefix, snapshotPrefix } from "./keys";
import { digestOf, sortedByPath } from "./canonical";

export type ManifestReader = Pick<S3Client, "get">;

/** Makes a version's manifest from its files. */
export function buildManifest(
  names: { readonly member: string; readonly model: string; readonly snapshot: string },
  files: readonly PublishedFile[],
  provenance: Manifest["provenance"],
): Manifest {
  const sorted = sortedByPath(files).map(({ path, size, sha256, crc32, versionId, etag }) => ({
    path,
    size,
    sha256,
    crc32,
    versionId,
    etag,
  }));
  return {
    schema: 1,
    ...names,
    digest: digestOf(sorted),
    prefix: snapshotPrefix(names.member, names.model, names.snapshot),
    files: sorted,
    totals: { files: sorted.length, bytes: sorted.reduce((sum, file) => sum + file.size, 0) },
    absentInKServe: sorted.filter((file) => file.size === 0).map((file) => file.path),
    provenance,
  };
}

/** Reads a manifest's text; its digest is computed again, so that a damaged one is never believed. */
export function parseManifest(body: Buffer, key: string): Manifest {
  const damaged = (told: string, cause?: unknown): SyncError =>
    new SyncError("checksum-mismatch", `${key}: ${told}`, false, { cause });
  let manifest: Partial<Manifest> | null;
  try {
    manifest = JSON.parse(body.toString("utf8")) as Partial<Manifest> | null;
  } catch (error) {
    throw damaged("not JSON", error);
  }
  if (manifest?.schema !== 1 || !Array.isArray(manifest.files)) throw damaged("not a manifest");
  if (digestOf(manifest.files) !== manifest.digest) throw damaged("its files do not give its digest");
  return manifest as Manifest;
}

/** A manifest's text as it lies in the bucket. It is parsed when that is first asked for: one of very many files costs. */
export class ManifestText {
  /** Hex. */
  readonly sha256: string;
  /** The text is let go once it is parsed: a run would hold both. */
  private content: Buffer | Manifest;

  constructor(
    body: Buffer,
    private readonly key: string,
  ) {
    this.sha256 = hash("sha256", body, "hex");
    this.content = body;
  }

  /** Fails with `checksum-mismatch` where it cannot be believed. */
  manifest(): Manifest {
    const { content } = this;
    return (this.content = Buffer.isBuffer(content) ? parseManifest(content, this.key) : content);
  }
}

/** The text of one version's manifest; undefined when it was never published. */
export async function fetchManifestText(
  s3: ManifestReader,
  member: string,
  model: string,
  snapshot: string,
): Promise<ManifestText | undefined> {
  const key = manifestKey(member, model, snapshot);
  const found = await s3.get(key);
  return found && new ManifestText(found.body, key);
}

/** The manifest of one version; undefined when it was never published. */
export async function fetchManifest(
  s3: ManifestReader,
  member: string,
  model: string,
  snapshot: string,
): Promise<Manifest | undefined> {
  return (await fetchManifestText(s3, member, model, snapshot))?.manifest();
}

/**
 * Publishes a version: from here on it exists. When another was first, its manifest counts if the content is the
 * same; a published snapshot with other content fails with `content-changed`.
 */
export async function publishManifest(
  s3: Pick<S3Client, "get" | "put">,
  manifest: Manifest,
): Promise<Manifest> {
  const key = manifestKey(manifest.member, manifest.model, manifest.snapshot);
  try {
    await s3.put(key, Buffer.from(JSON.stringify(manifest)), { ifNoneMatch: "*" });
    return manifest;
  } catch (error) {
    if (!isPreconditionFailed(error)) throw error;
  }
  const published = await fetchManifest(s3, manifest.member, manifest.model, manifest.snapshot);
  if (!published) throw new SyncError("unavailable", `${key}: published and gone again`, true);
  if (published.digest !== manifest.digest) {
    const told = `${key}: published with digest ${published.digest}, the files now give ${manifest.digest}`;
    throw new SyncError("content-changed", told, false);
  }
  return published;
}

/** Model and snapshot of every version that one member has published, in the store's order. */
export async function* listManifests(
  s3: Pick<S3Client, "list">,
  member: string,
): AsyncGenerator<{
  readonly key: string;
  readonly model: string;
  readonly snapshot: string;
  readonly lastModified: string;
}> {
  const prefix = manifestsPrefix(member);
  for await (const { key, lastModified } of s3.list(prefix)) {
    const [model, name, ...rest] = key.slice(prefix.length).split("/");
    if (model === undefined || name === undefined || rest.length > 0 || !name.endsWith(".json")) continue;
    yield { key, model, snapshot: name.slice(0, -".json".length), lastModified };
  }
}
