export { SyncError, type Reason } from "../errors";

/** One file of a model, path relative to the model's root, with `/` between parts. */
export interface FileStat {
  readonly path: string;
  readonly size: number;
  /** Modification time in nanoseconds, as lstat tells it. */
  readonly mtimeNs: bigint;
  readonly inode: bigint;
}

/** A file whose every byte was read and hashed. */
export interface HashedFile extends FileStat {
  /** SHA-256 of the content, hex. */
  readonly sha256: string;
}

/** Where a file's bytes lie in the bucket. */
export interface PublishedFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  /** CRC-32 of the whole object as the server checked it (`x-amz-checksum-crc32`, FULL_OBJECT), base64. */
  readonly crc32: string;
  readonly versionId: string;
  /** As the store gave it, with quotes; a server-side copy names it, so that an overwritten object is never copied. */
  readonly etag: string;
}

/** `manifests/<member>/<model>/<snapshot>.json`: written last, once, with `If-None-Match: *`; a model without it does not exist. */
export interface Manifest {
  readonly schema: 1;
  readonly member: string;
  readonly model: string;
  /** Hash of the sorted (path, size, mtime ns): known before a byte is read; names the prefix. */
  readonly snapshot: string;
  /** SHA-256 of the canonical list of (path, size, sha256): the identity of the content. */
  readonly digest: string;
  /** `models/<member>/<model>/<snapshot>/` */
  readonly prefix: string;
  /** Sorted by path. */
  readonly files: readonly PublishedFile[];
  readonly totals: { readonly files: number; readonly bytes: number };
  /** Zero-byte files: published, but KServe's download leaves them out. */
  readonly absentInKServe: readonly string[];
  /** Where the bytes came from; stands beside the digest, is not part of it. */
  readonly provenance: {
    readonly source: string;
    readonly slurmJob?: string;
    /** ISO times. */
    readonly trained: string;
    readonly quiescent: string;
    readonly uploaded: string;
    readonly verified: string;
  };
}

/** What became of one model in a run. */
export type Outcome =
  | "published"
  | "unchanged"
  | "registered"
  | "waiting"
  | "stuck"
  | "unreadable"
  | "rejected"
  | "quarantined"
  | "failed";
