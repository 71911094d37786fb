import { fetchManifest } from "../../../workloads/model-sync/publish/manifest";
import { hashObject } from "../../../workloads/model-sync/publish/readBack";
import { snapshotPrefix } from "../../../workloads/model-sync/publish/keys";
import { registryView } from "../../../workloads/model-sync/registry/converge";
import type { ModelVersion } from "../../../workloads/registry/mlflow";
import { sourceUri, versionTags } from "../../../workloads/registry/names";
import { S3Error } from "../../../workloads/s3/errors";
import type { Manifest, PublishedFile } from "../../../workloads/model-sync/types";
import type { Bucket, Registry } from "../stores";
import { RETRY } from "../stores";
import { counted, judged, listed, messageOf } from "../verdict";
import type { Problem, Verdict } from "../verdict";

/** One registered version, and what lies in the bucket for it. */
export interface VersionEvidence {
  /** `hpc-llama 3` */
  readonly version: string;
  readonly source: string;
  readonly digest: string;
  /** Of its manifest; absent where there is none, an error where it cannot be believed. */
  readonly manifest?:
    { readonly digest: string; readonly source: string; readonly bytes: number } | { readonly error: string };
  /** Paths that differ from the manifest by size or ETag, that are missing, and that no manifest names. */
  readonly differing: readonly string[];
  readonly missing: readonly string[];
  readonly unknown: readonly string[];
  /** Files whose bytes were read and hashed. */
  readonly hashed: readonly { readonly path: string; readonly size: number; readonly good: boolean }[];
}

export interface BytesEvidence {
  readonly models: number;
  /** Registered versions in all; those looked at are the newest of each model. */
  readonly versions: number;
  readonly checked: readonly VersionEvidence[];
}

export interface BytesOptions {
  /** Newest versions of each model that are looked at. */
  readonly newest: number;
  /** Bytes to read and hash at most, over all versions; of each version one file is read even above. */
  readonly readBytes: number;
}

/** Model and snapshot that a version's source names: `s3://models/models/hpc/llama/0f.../`. */
export function partsOfSource(
  source: string,
  member: string,
): { model: string; snapshot: string } | undefined {
  const [, found, model, snapshot] =
    /^s3:\/\/[^/]+\/models\/([^/]+)\/([^/]+)\/([^/]+)\/?$/.exec(source) ?? [];
  return found !== member || model === undefined || snapshot === undefined ? undefined : { model, snapshot };
}

/** Files to read: the smallest first, since many a wrong file is a small one, as long as the budget lasts. */
export function sampleOf<T extends { readonly size: number }>(
  files: readonly T[],
  bytes: number,
): { readonly files: readonly T[]; readonly bytes: number } {
  const chosen: T[] = [];
  let left = bytes;
  for (const file of [...files].filter(({ size }) => size > 0).sort((a, b) => a.size - b.size)) {
    if (file.size > left && chosen.length > 0) break;
    chosen.push(file);
    left -= file.size;
  }
  return { files: chosen, bytes: Math.max(0, left) };
}

async function compare(
  { client }: Bucket,
  { prefix, files }: Manifest,
): Promise<Pick<VersionEvidence, "differing" | "missing" | "unknown">> {
  const there = new Map<string, { size: number; etag: string }>();
  for await (const { key, size, etag } of client.list(prefix))
    there.set(key.slice(prefix.length), { size, etag });
  const named = new Set(files.map(({ path }) => path));
  const bare = (etag: string): string => etag.replaceAll('"', "");
  return {
    missing: files.filter(({ path }) => !there.has(path)).map(({ path }) => path),
    differing: files
      .filter(({ path, size, etag }) => {
        const found = there.get(path);
        return found !== undefined && (found.size !== size || bare(found.etag) !== bare(etag));
      })
      .map(({ path }) => path),
    unknown: [...there.keys()].filter((path) => !named.has(path)),
  };
}

/** Whether an object's bytes give the hash that was published; those that the store cannot hand out do not. */
async function isAsPublished({ client }: Bucket, prefix: string, file: PublishedFile): Promise<boolean> {
  try {
    const read = await hashObject({ s3: client, retry: RETRY }, prefix + file.path);
    return read.sha256 === file.sha256 && read.size === file.size;
  } catch (error) {
    // answered for its head, and not for its bytes
    if (error instanceof S3Error && error.status >= 500) return false;
    throw error;
  }
}

async function gatherVersion(
  bucket: Bucket,
  member: string,
  { name, version, source, tags }: ModelVersion,
  readBytes: number,
): Promise<{ readonly evidence: VersionEvidence; readonly left: number }> {
  const nothing = { differing: [], missing: [], unknown: [], hashed: [] };
  const of = { version: `${name} ${version}`, source, digest: tags[versionTags.digest] ?? "" };
  const parts = partsOfSource(source, member);
  if (parts === undefined)
    return {
      evidence: { ...of, ...nothing, manifest: { error: `its source ${source} is no prefix of ${member}` } },
      left: readBytes,
    };
  let manifest: Manifest | undefined;
  try {
    manifest = await fetchManifest(bucket.client, member, parts.model, parts.snapshot);
  } catch (error) {
    return { evidence: { ...of, ...nothing, manifest: { error: messageOf(error) } }, left: readBytes };
  }
  if (manifest === undefined) return { evidence: { ...of, ...nothing }, left: readBytes };
  const found = await compare(bucket, manifest);
  const wrong = new Set([...found.missing, ...found.differing]);
  const sample = sampleOf(
    manifest.files.filter(({ path }) => !wrong.has(path)),
    readBytes,
  );
  const { prefix } = manifest;
  const hashed = await Promise.all(
    sample.files.map(async (file) => ({
      path: file.path,
      size: file.size,
      good: await isAsPublished(bucket, prefix, file),
    })),
  );
  const { digest, totals } = manifest;
  const expected = sourceUri(bucket.name, snapshotPrefix(member, parts.model, parts.snapshot));
  return {
    evidence: { ...of, manifest: { digest, source: expected, bytes: totals.bytes }, ...found, hashed },
    left: sample.bytes,
  };
}

/** The newest versions of every model of these members: manifest, sizes and ETags of all files, hashes of a sample. */
export async function gatherBytes(
  bucket: Bucket,
  { mlflow }: Registry,
  members: readonly string[],
  { newest, readBytes }: BytesOptions,
): Promise<BytesEvidence> {
  const checked: VersionEvidence[] = [];
  let [models, versions, left] = [0, 0, readBytes];
  for (const member of members) {
    const view = await registryView(mlflow, member);
    models += view.models.size;
    for (const all of view.versions.values()) {
      versions += all.length;
      const byAge = [...all].sort((a, b) => Number(b.version) - Number(a.version));
      for (const version of byAge.slice(0, newest)) {
        const next = await gatherVersion(bucket, member, version, left);
        checked.push(next.evidence);
        left = next.left;
      }
    }
  }
  return { models, versions, checked };
}

const BROUGHT_AGAIN =
  "find out who writes there (docs/runbook.md, TransferVerificationFailed); remove manifest and prefix, and the next run brings the model again";

function versionProblems(evidence: VersionEvidence): readonly Problem[] {
  const { version, source, digest, manifest, missing, differing, unknown, hashed } = evidence;
  if (manifest === undefined)
    return [
      {
        cause: `${version} is registered and has no manifest in the bucket (${source})`,
        action: `delete version ${version} from the registry, or restore its objects: it was never published whole, or its bytes were removed`,
      },
    ];
  if ("error" in manifest) return [{ cause: `${version}: ${manifest.error}`, action: BROUGHT_AGAIN }];
  const bad = hashed.filter(({ good }) => !good).map(({ path }) => path);
  const of = (paths: readonly string[], what: string): readonly Problem[] =>
    paths.length === 0 ? [] : [{ cause: `${version}: ${what} ${listed(paths)}`, action: BROUGHT_AGAIN }];
  return [
    ...(digest === manifest.digest
      ? []
      : [
          {
            cause: `${version}: the registry says digest ${digest || "(none)"}, the bucket ${manifest.digest}`,
            action: `set its tag ${versionTags.digest} to what the manifest says, if nobody can tell why it differs`,
          },
        ]),
    ...of(missing, "missing in the bucket:"),
    ...of(differing, "another size or ETag than published:"),
    ...of(bad, "bytes that are not those published, by their SHA-256:"),
    ...of(unknown, "in its prefix, and in no manifest:"),
  ];
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

export function judgeBytes({ models, versions, checked }: BytesEvidence): Verdict {
  const read = checked.flatMap(({ hashed }) => hashed);
  const published = checked.reduce(
    (sum, { manifest }) => sum + (manifest !== undefined && "bytes" in manifest ? manifest.bytes : 0),
    0,
  );
  return judged(
    [
      `${counted(models, "model")}, ${counted(versions, "version")}, of which ${checked.length} looked at: manifest, sizes, ETags`,
      `${counted(read.length, "file")} read back, ${mebibytes(read.reduce((sum, { size }) => sum + size, 0))} of ${mebibytes(published)}: SHA-256 as published`,
    ],
    checked.flatMap(versionProblems),
  );
}
