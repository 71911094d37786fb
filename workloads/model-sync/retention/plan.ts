/** A version of a registered model as retention sees it. */
export interface RegistryEntry {
  readonly name: string;
  readonly version: string;
  /** `s3://bucket/prefix` */
  readonly source: string;
  readonly aliases: readonly string[];
  /** Whether the worker registered it; what users registered is never removed. */
  readonly ours: boolean;
}

/** What a published version's manifest tells. */
export interface ManifestEntry {
  readonly key: string;
  readonly digest: string;
  readonly uploadedMs: number;
}

/** One prefix `models/<member>/<model>/<snapshot>/` with all versions of all its objects. */
export interface SnapshotEntry {
  readonly member: string;
  readonly model: string;
  readonly snapshot: string;
  readonly prefix: string;
  readonly bytes: number;
  readonly objects: number;
  /** Last write of anything in it, milliseconds since 1970. */
  readonly youngestMs: number;
  /** Absent when none was published; `unreadable` when it is there but cannot be understood. */
  readonly manifest?: ManifestEntry | "unreadable";
}

export interface NoncurrentEntry {
  readonly key: string;
  readonly versionId: string;
  readonly bytes: number;
  /** When it was overwritten or deleted, milliseconds since 1970. */
  readonly sinceMs: number;
  /** The version that a manifest names: the published bytes, whatever lies over them now. */
  readonly published: boolean;
}

export interface UploadEntry {
  readonly key: string;
  readonly uploadId: string;
  readonly bytes: number;
  readonly initiatedMs: number;
}

/** Everything that decides about removal, read at one time. */
export interface Inventory {
  readonly bucket: string;
  readonly nowMs: number;
  readonly snapshots: readonly SnapshotEntry[];
  readonly noncurrent: readonly NoncurrentEntry[];
  readonly uploads: readonly UploadEntry[];
  readonly registry: readonly RegistryEntry[];
  /** URIs that live services load from. */
  readonly live: readonly string[];
}

export interface RetentionPolicy {
  /** Versions kept of each model, by time of upload; at least 1. */
  readonly keepLast: number;
  /** Seconds during which nothing is removed; not less than the longest deadline of a run. */
  readonly minAgeSeconds: number;
}

export type Removal =
  | {
      readonly kind: "version";
      readonly prefix: string;
      readonly manifestKey: string;
      readonly registry: readonly { readonly name: string; readonly version: string }[];
      readonly bytes: number;
    }
  | {
      readonly kind: "unpublished";
      readonly prefix: string;
      readonly manifestKey: string;
      readonly bytes: number;
    }
  | { readonly kind: "noncurrent"; readonly key: string; readonly versionId: string; readonly bytes: number }
  | { readonly kind: "upload"; readonly key: string; readonly uploadId: string; readonly bytes: number };

export const removalKinds = ["version", "unpublished", "noncurrent", "upload"] as const;

export interface Kept {
  readonly prefix: string;
  readonly reasons: readonly string[];
}

export interface Plan {
  readonly removals: readonly Removal[];
  readonly kept: readonly Kept[];
  /** Findings that a person should look at. */
  readonly problems: readonly string[];
}

const trimmed = (path: string): string => path.replace(/\/+$/, "");

/**
 * Whether what loads from `uri` reads anything of `prefix`. KServe lists a bare prefix, so a URI that only begins like
 * the prefix reaches it, and so does one that names a file inside.
 */
export function uriReaches(uri: string, bucket: string, prefix: string): boolean {
  const root = `s3://${bucket}`;
  if (uri !== root && !uri.startsWith(`${root}/`)) return false;
  const path = trimmed(uri.slice(root.length + 1));
  const whole = trimmed(prefix);
  return whole.startsWith(path) || path.startsWith(`${whole}/`);
}

/** Whether a `models:/name/version` or `models:/name@alias` URI may mean this version; in doubt it does. */
export function uriNames(uri: string, entry: RegistryEntry): boolean {
  const path = uri.startsWith("models:/") ? uri.slice("models:/".length).replace(/^\/+/, "") : undefined;
  if (path === undefined) return false;
  if (!path.startsWith(entry.name)) return false;
  const rest = path.slice(entry.name.length);
  const version = /^\/(\d+)(\/|$)/.exec(rest)?.[1];
  if (version !== undefined) return version === entry.version;
  return rest === "" || /^[/@]/.test(rest);
}

/** Why a prefix is in use, by name; empty when nothing reaches it. */
export function reachedBy(
  prefix: string,
  bucket: string,
  registry: readonly RegistryEntry[],
  live: readonly string[],
): string[] {
  const entries = registry.filter(({ source }) => uriReaches(source, bucket, prefix));
  const named = entries.flatMap((entry) => {
    const label = `${entry.name} ${entry.version}`;
    if (entry.aliases.length > 0) return [`alias ${entry.aliases.join(", ")} of ${label}`];
    if (!entry.ours) return [`registered by others as ${label}`];
    return live.some((uri) => uriNames(uri, entry)) ? [`served as ${label}`] : [];
  });
  return [
    ...named,
    ...live.filter((uri) => uriReaches(uri, bucket, prefix)).map((uri) => `served from ${uri}`),
  ];
}

/** Digests of the last versions of each model, by `<member>/<model>`. */
function lastDigests(snapshots: readonly SnapshotEntry[], keepLast: number): Map<string, Set<string>> {
  const last = new Map<string, Set<string>>();
  const published = snapshots.flatMap(({ member, model, manifest }) =>
    manifest === undefined || manifest === "unreadable" ? [] : [{ of: `${member}/${model}`, ...manifest }],
  );
  for (const { of, digest } of published.sort((a, b) => b.uploadedMs - a.uploadedMs)) {
    const digests = last.get(of) ?? new Set();
    if (digests.size < keepLast) digests.add(digest);
    last.set(of, digests);
  }
  return last;
}

/** Decides what goes and what stays. Pure: equal inventories give equal plans. */
export function planRetention(inventory: Inventory, policy: RetentionPolicy): Plan {
  const { bucket, nowMs, registry, live } = inventory;
  const cutoffMs = nowMs - policy.minAgeSeconds * 1000;
  const last = lastDigests(inventory.snapshots, policy.keepLast);
  const removals: Removal[] = [];
  const kept: Kept[] = [];
  const problems: string[] = [];

  for (const { prefix, bytes, manifest, youngestMs, member, model, snapshot } of inventory.snapshots) {
    const reached = reachedBy(prefix, bucket, registry, live);
    const reasons = [...reached];
    if (youngestMs > cutoffMs) reasons.push(`younger than ${policy.minAgeSeconds} s`);
    if (manifest === "unreadable") {
      reasons.push("manifest unreadable");
      problems.push(`${prefix}: its manifest cannot be read; nothing of it is removed`);
    } else if (manifest !== undefined && last.get(`${member}/${model}`)?.has(manifest.digest)) {
      reasons.push(`one of the last ${policy.keepLast}`);
    }
    if (manifest === undefined && reached.length > 0)
      problems.push(`${prefix}: without manifest, yet in use (${reached.join("; ")})`);
    if (reasons.length > 0) {
      kept.push({ prefix, reasons });
    } else if (manifest === undefined || manifest === "unreadable") {
      const manifestKey = `manifests/${member}/${model}/${snapshot}.json`;
      removals.push({ kind: "unpublished", prefix, manifestKey, bytes });
    } else {
      const versions = registry.filter(
        (entry) => entry.ours && trimmed(entry.source) === `s3://${bucket}/${trimmed(prefix)}`,
      );
      removals.push({
        kind: "version",
        prefix,
        manifestKey: manifest.key,
        registry: versions.map(({ name, version }) => ({ name, version })),
        bytes,
      });
    }
  }

  const leaving = new Set(removals.flatMap((removal) => ("prefix" in removal ? [removal.prefix] : [])));
  const isLeaving = (key: string): boolean => leaving.has(key.split("/").slice(0, 4).join("/") + "/");
  for (const { key, versionId, bytes, sinceMs, published } of inventory.noncurrent) {
    if (isLeaving(key)) continue;
    if (published)
      problems.push(`${key}: published version ${versionId} is overwritten or deleted; it is kept`);
    else if (sinceMs <= cutoffMs) removals.push({ kind: "noncurrent", key, versionId, bytes });
  }
  for (const { key, uploadId, bytes, initiatedMs } of inventory.uploads)
    if (initiatedMs <= cutoffMs) removals.push({ kind: "upload", key, uploadId, bytes });
  return { removals, kept, problems };
}

/** Bytes that removal would free, by kind. */
export function reclaimableBytes(plan: Plan): Record<Removal["kind"], number> {
  const sum = (kind: Removal["kind"]): number =>
    plan.removals.reduce((total, removal) => total + (removal.kind === kind ? removal.bytes : 0), 0);
  return {
    version: sum("version"),
    unpublished: sum("unpublished"),
    noncurrent: sum("noncurrent"),
    upload: sum("upload"),
  };
}
