import type { Condition, ObjectInfo } from "../../s3/calls";
import type { S3Client } from "../../s3/client";
import type { Format } from "../files/formats";
import type { FileStat, PublishedFile } from "../types";
import { SyncError } from "../types";
import type { BufferPool, Semaphore } from "./pools";

export interface TransferDeps {
  readonly s3: S3Client;
  /** Bytes that files in flight may hold in memory, over all models. */
  readonly buffers: BufferPool;
  /** Small files in flight, over all models. */
  readonly files: Semaphore;
  /** Parts in flight, over all models. */
  readonly parts: Semaphore;
  /** Large files read at the same time, over all models. */
  readonly largeFiles: Semaphore;
  /** Bytes of a part at least, and the size up to which one request sends a file. */
  readonly partBytes: number;
  readonly copyObjectMaxBytes: number;
  readonly allowedFormats: readonly Format[];
  /** Bytes that are in place, by whatever way. */
  readonly onProgress?: (bytes: number) => void;
}

/** How a file's bytes came to be in the bucket. */
export type Way = "sent" | "copied" | "adopted";

export interface TransferredFile extends PublishedFile {
  readonly way: Way;
  /** Bytes that went over the network for it; less than its size when parts were there already. */
  readonly sentBytes: number;
}

/** One file to bring to its place. */
export interface FileTask {
  readonly file: FileStat;
  /** Absolute path. */
  readonly source: string;
  readonly key: string;
  /** Whether the key was listed as present, from an earlier or a concurrent run. */
  readonly present: boolean;
  /** The same bytes under an earlier version's key, proven by path, size, mtime and inode. */
  readonly earlier?: { readonly key: string; readonly file: PublishedFile };
  /** ETag of an object at the key that this worker made itself and found wrong: the only thing ever overwritten. */
  readonly replaces?: string;
  /** Whether the file system answers at once. */
  readonly fast: boolean;
}

/** What the worker itself computed over a file's bytes. */
export interface LocalSums {
  readonly sha256: string;
  /** Base64. */
  readonly crc32: string;
}

/** Whether an object holds what was read, by size and by the CRC-32 that the store verified when it took the bytes. */
function holds(info: ObjectInfo, file: FileStat, sums: LocalSums): boolean {
  return info.size === file.size && info.crc32 === sums.crc32;
}

/** The result for a file whose object is there; the store's CRC-32 must be the one computed over what was read. */
export function transferred(
  task: FileTask,
  sums: LocalSums,
  info: ObjectInfo,
  way: Way,
  sentBytes: number,
): TransferredFile {
  const { path, size } = task.file;
  if (info.crc32 !== sums.crc32) {
    const told = `${task.key}: the store has CRC-32 ${info.crc32 ?? "none"}, sent was ${sums.crc32}`;
    throw new SyncError("checksum-mismatch", told, false);
  }
  return {
    path,
    size,
    sha256: sums.sha256,
    crc32: sums.crc32,
    versionId: info.versionId,
    etag: info.etag,
    way,
    sentBytes,
  };
}

/**
 * An object that lies at a file's key already: taken over when it holds what was read; otherwise the file was changed
 * behind an unchanged size and time, and overwriting could spoil what another worker is about to publish.
 */
export function adopt(task: FileTask, sums: LocalSums, there: ObjectInfo): TransferredFile {
  if (holds(there, task.file, sums)) return transferred(task, sums, there, "adopted", 0);
  const told = `${task.key}: sent before with other bytes, though size and time are the same; touch the file to publish it anew`;
  throw new SyncError("content-changed", told, false);
}

/** An upload creates its key, and never overwrites it but for the one exception. */
export function conditionOf(task: FileTask): Condition {
  return task.replaces === undefined ? { ifNoneMatch: "*" } : { ifMatch: task.replaces };
}
