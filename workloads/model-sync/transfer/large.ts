import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { checkFormat, headBytes } from "../files/formats";
import { crcText } from "../../s3/calls";
import { S3Error, isNoSuchUpload, isPreconditionFailed } from "../../s3/errors";
import type { UploadedPart } from "../../s3/uploads";
import { SyncError } from "../types";
import { combineCrc32 } from "./crc32";
import { SequentialReader } from "./read";
import type { FileTask, LocalSums, TransferDeps, TransferredFile } from "./types";
import { adopt, conditionOf, transferred } from "./types";

const mostParts = 9000;
/** How often a file is begun again because its upload vanished under it. */
const tries = 4;

/** Bytes of each part but the last: whole MiB, few enough parts for S3's limit of 10,000. */
export function partSizeOf(size: number, least: number): number {
  const mebibyte = 1024 * 1024;
  return Math.max(least, Math.ceil(size / mostParts / mebibyte) * mebibyte);
}

/** The upload vanished: completed by a request whose answer was lost, or by another worker, or aborted. */
class UploadGone extends Error {}

/**
 * Sends a file in parts, reading it once. Parts that an unfinished upload of the same key already has, from whatever
 * process, are not sent again. What already lies at the key is taken over when it is the same.
 */
export async function sendLarge(deps: TransferDeps, task: FileTask): Promise<TransferredFile> {
  let look = task.present;
  for (let attempt = 0; attempt < tries; attempt++) {
    const there = look ? await deps.s3.head(task.key) : undefined;
    if (there) return adopt(task, await readThrough(deps, task, {}), there);
    try {
      return await upload(deps, task);
    } catch (error) {
      if (!(error instanceof UploadGone)) throw error;
      look = true;
    }
  }
  throw new SyncError("claimed-elsewhere", `${task.key}: its uploads keep vanishing`, true);
}

async function upload(deps: TransferDeps, task: FileTask): Promise<TransferredFile> {
  const { s3 } = deps;
  const resumed = await findUpload(deps, task.key);
  let uploadId = resumed?.uploadId ?? "";
  let sentBytes = 0;
  const parts: UploadedPart[] = [];
  const begin = async (): Promise<void> => {
    if (uploadId === "") uploadId = await s3.uploads.create(task.key);
  };
  const take = async (number: number, body: Buffer, crc: string): Promise<void> => {
    const has = resumed?.parts.get(number);
    if (has?.size === body.length && has.crc32 === crc) {
      parts[number - 1] = has;
      return;
    }
    parts[number - 1] = await s3.uploads.part(task.key, uploadId, number, body, crc);
    sentBytes += body.length;
  };
  let sums: LocalSums | undefined;
  try {
    sums = await readThrough(deps, task, { begin, take });
    const info = await s3.uploads.complete(task.key, uploadId, parts, sums.crc32, conditionOf(task));
    return transferred(task, sums, info, "sent", sentBytes);
  } catch (error) {
    if (!(error instanceof S3Error)) throw error;
    const lost = isNoSuchUpload(error) || isPreconditionFailed(error) || error.code.startsWith("InvalidPart");
    // Parts take room; on a full store they would keep everyone else from finishing.
    if ((lost || error.reason === "no-space") && uploadId !== "") await s3.uploads.abort(task.key, uploadId);
    if (!lost) throw error;
    const info = sums && (await s3.head(task.key));
    if (sums && info) return { ...adopt(task, sums, info), sentBytes };
    throw new UploadGone();
  }
}

/** SHA-256 of a large file, read once and sent nowhere. */
export async function hashLarge(deps: TransferDeps, source: string, file: FileTask["file"]): Promise<string> {
  return (await readThrough({ ...deps, onProgress: () => undefined }, { source, file }, {})).sha256;
}

/** The oldest unfinished upload of a key, so that all workers choose the same one. */
async function findUpload(
  deps: TransferDeps,
  key: string,
): Promise<{ readonly uploadId: string; readonly parts: ReadonlyMap<number, UploadedPart> } | undefined> {
  const uploads = await deps.s3.uploads.list(key);
  uploads.sort((a, b) =>
    a.initiated < b.initiated ? -1 : a.initiated > b.initiated ? 1 : a.uploadId < b.uploadId ? -1 : 1,
  );
  for (const { uploadId } of uploads) {
    const parts = await deps.s3.uploads.parts(key, uploadId);
    if (parts) return { uploadId, parts: new Map(parts.map((part) => [part.number, part])) };
  }
  return undefined;
}

interface PartSink {
  /** Called once the first bytes were found to be of an allowed format. */
  readonly begin?: () => Promise<void>;
  /** Takes one part; the buffer is used again after it resolves. */
  readonly take?: (number: number, body: Buffer, crc: string) => Promise<void>;
}

/** Reads a file once, in order, and hands its parts on, several at a time; returns the sums of the whole. */
async function readThrough(
  deps: TransferDeps,
  task: Pick<FileTask, "source" | "file">,
  sink: PartSink,
): Promise<LocalSums> {
  const { file } = task;
  const partSize = partSizeOf(file.size, deps.partBytes);
  const whole = createHash("sha256");
  let crcOfWhole = 0;
  const failures: unknown[] = [];
  const flying = new Set<Promise<void>>();
  const reader = await SequentialReader.open(task.source, file);
  const readPart = async (number: number, length: number): Promise<void> => {
    const { buffer, release } = await deps.buffers.acquire(partSize);
    try {
      const body = await reader.read(buffer, length);
      if (number === 1) {
        checkFormat(file.path, body.subarray(0, headBytes), deps.allowedFormats);
        await sink.begin?.();
      }
      whole.update(body);
      const crc = crc32(body);
      crcOfWhole = combineCrc32(crcOfWhole, crc, length);
      const sending = deps.parts
        .with(async () => sink.take?.(number, body, crcText(crc)))
        .then(
          () => deps.onProgress?.(length),
          (error: unknown) => void failures.push(error),
        )
        .finally(() => {
          release();
          flying.delete(sending);
        });
      flying.add(sending);
    } catch (error) {
      release();
      throw error;
    }
  };
  try {
    for (let number = 1, at = 0; at < file.size && failures.length === 0; number++) {
      const length = Math.min(partSize, file.size - at);
      await readPart(number, length);
      at += length;
    }
    await Promise.all(flying);
    if (failures.length > 0) throw failures[0];
    await reader.checkUnchanged();
  } finally {
    await Promise.all(flying);
    await reader.close();
  }
  return { sha256: whole.digest("hex"), crc32: crcText(crcOfWhole) };
}
