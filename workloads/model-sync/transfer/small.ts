import { hash } from "node:crypto";
import { checkFormat, headBytes } from "../files/formats";
import { crc32Base64 } from "../../s3/calls";
import { isPreconditionFailed } from "../../s3/errors";
import { SyncError } from "../types";
import { readSmall } from "./read";
import type { FileTask, LocalSums, TransferDeps, TransferredFile } from "./types";
import { adopt, conditionOf, transferred } from "./types";

/** How often a key that was there and is gone again is tried. */
const tries = 4;

/** Sends a file that fits into one request; what already lies there is taken over when it is the same. */
export async function sendSmall(deps: TransferDeps, task: FileTask): Promise<TransferredFile> {
  const { buffer, release } = await deps.buffers.acquire(task.file.size + 1);
  try {
    const body = await readSmall(task.source, task.file, buffer, task.fast);
    checkFormat(task.file.path, body.subarray(0, headBytes), deps.allowedFormats);
    const sums: LocalSums = { sha256: hash("sha256", body, "hex"), crc32: crc32Base64(body) };
    return await settle(deps, task, body, sums);
  } finally {
    release();
  }
}

async function settle(
  deps: TransferDeps,
  task: FileTask,
  body: Buffer,
  sums: LocalSums,
): Promise<TransferredFile> {
  let look = task.present;
  for (let attempt = 0; attempt < tries; attempt++) {
    const there = look ? await deps.s3.head(task.key) : undefined;
    if (there) return adopt(task, sums, there);
    try {
      const info = await deps.s3.put(task.key, body, conditionOf(task), { crc: sums.crc32 });
      return transferred(task, sums, info, "sent", body.length);
    } catch (error) {
      if (!isPreconditionFailed(error)) throw error;
      look = true;
    }
  }
  throw new SyncError("claimed-elsewhere", `${task.key}: comes and goes`, true);
}
