import type { ObjectInfo } from "../../s3/calls";
import { absentIs404 } from "../../s3/calls";
import { S3Error, isPreconditionFailed } from "../../s3/errors";
import type { FileStat } from "../types";
import type { FileTask, TransferDeps, TransferredFile } from "./types";
import { forEachLimit } from "./pools";
import { sendLarge } from "./large";
import { sendSmall } from "./small";

/** More than any semaphore lets through; it only bounds the promises made at once. */
const lanes = 256;

/**
 * Copies an unchanged file from its earlier place on the server. When that is not possible, or the earlier object is no
 * longer the one that was published or cannot be read where it lies, the task is given back, to be sent.
 */
async function copyEarlier(deps: TransferDeps, task: FileTask): Promise<TransferredFile | FileTask> {
  const { earlier, file } = task;
  if (!earlier || task.present || file.size > deps.copyObjectMaxBytes) return task;
  const there = await copyUnlessChanged(deps, earlier, task.key);
  if (!there) return task;
  // Corrupted where it lay: what was made of it is ours to replace.
  if (there.crc32 !== earlier.file.crc32) return { ...task, replaces: there.etag };
  deps.onProgress?.(file.size);
  return { ...earlier.file, versionId: there.versionId, etag: there.etag, way: "copied", sentBytes: 0 };
}

async function copyUnlessChanged(
  deps: TransferDeps,
  earlier: NonNullable<FileTask["earlier"]>,
  to: string,
): Promise<ObjectInfo | undefined> {
  try {
    return await absentIs404(deps.s3.copy(earlier.key, to, earlier.file.etag));
  } catch (error) {
    if (isPreconditionFailed(error) || (error instanceof S3Error && error.status >= 500)) return undefined;
    throw error;
  }
}

/**
 * Brings every file of a model to its place, the large ones largest first; the result is in the order of the files.
 * `taskOf` is asked when a file's turn comes, so that a model of very many files does not hold a task for each.
 */
export async function transferModel(
  deps: TransferDeps,
  files: readonly FileStat[],
  taskOf: (file: FileStat) => FileTask,
): Promise<TransferredFile[]> {
  const done = new Array<TransferredFile>(files.length);
  const isLarge = (file: FileStat): boolean => file.size > deps.partBytes;
  const run = async (file: FileStat, at: number): Promise<void> => {
    const copied = await copyEarlier(deps, taskOf(file));
    if ("way" in copied) done[at] = copied;
    else done[at] = isLarge(file) ? await sendLarge(deps, copied) : await sendAndCount(deps, copied);
  };
  const large = [...files.entries()]
    .filter(([, file]) => isLarge(file))
    .sort(([, a], [, b]) => b.size - a.size);
  await Promise.all([
    forEachLimit(large, lanes, ([at, file]) => deps.largeFiles.with(() => run(file, at))),
    forEachLimit(files, lanes, async (file, at) => {
      if (!isLarge(file)) await deps.files.with(() => run(file, at));
    }),
  ]);
  return done;
}

async function sendAndCount(deps: TransferDeps, task: FileTask): Promise<TransferredFile> {
  const sent = await sendSmall(deps, task);
  deps.onProgress?.(task.file.size);
  return sent;
}
