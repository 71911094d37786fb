import { fileCacheKey } from "../publish/keys";
import type { FileStat, HashedFile } from "../types";
import type { StateBucket } from "./store";

/** Hashes of the files of a model's last published version; a cache, read only when something changed. */
export interface FileCache {
  readonly snapshot: string;
  /** By path. */
  readonly files: ReadonlyMap<string, HashedFile>;
}

type Row = [path: string, size: number, mtimeNs: string, inode: string, sha256: string];

export function encodeFileCache(snapshot: string, files: readonly HashedFile[]): Buffer {
  const rows = files.map((file): Row => [
    file.path,
    file.size,
    String(file.mtimeNs),
    String(file.inode),
    file.sha256,
  ]);
  return Buffer.from(JSON.stringify({ schema: 1, snapshot, files: rows }));
}

/** A cache of another form is as good as none. */
export function decodeFileCache(body: Buffer): FileCache | undefined {
  try {
    const cache = JSON.parse(body.toString("utf8")) as {
      schema?: unknown;
      snapshot?: string;
      files?: Row[];
    } | null;
    if (cache?.schema !== 1 || cache.snapshot === undefined || !cache.files) return undefined;
    const files = cache.files.map(([path, size, mtimeNs, inode, sha256]): [string, HashedFile] => [
      path,
      { path, size, mtimeNs: BigInt(mtimeNs), inode: BigInt(inode), sha256 },
    ]);
    return { snapshot: cache.snapshot, files: new Map(files) };
  } catch {
    return undefined;
  }
}

export async function readFileCache(
  bucket: StateBucket,
  member: string,
  model: string,
): Promise<FileCache | undefined> {
  const found = await bucket.get(fileCacheKey(member, model));
  return found && decodeFileCache(found.body);
}

export async function writeFileCache(
  bucket: StateBucket,
  names: { readonly member: string; readonly model: string },
  snapshot: string,
  files: readonly HashedFile[],
): Promise<void> {
  await bucket.put(fileCacheKey(names.member, names.model), encodeFileCache(snapshot, files));
}

/** The hash of a file that was not written since it was hashed, or undefined. */
export function knownHash(cache: FileCache | undefined, file: FileStat): string | undefined {
  const known = cache?.files.get(file.path);
  if (known?.size !== file.size || known.mtimeNs !== file.mtimeNs || known.inode !== file.inode)
    return undefined;
  return known.sha256;
}
