import { writeFileCache } from "../state/fileCache";
import type { HashedFile } from "../types";
import type { Worker } from "../worker";
import { asSyncError } from "./outcome";

/** Keeps the hashes of a model's files for later runs. A store that does not take them costs time then, and nothing now. */
export async function keepHashes(
  { s3, settings, events }: Worker,
  model: string,
  snapshot: string,
  hashed: readonly HashedFile[],
): Promise<void> {
  try {
    await writeFileCache(s3, { member: settings.member, model }, snapshot, hashed);
  } catch (error) {
    const { reason, message } = asSyncError(error);
    events.warn(`hashes of ${model} not stored, ${reason}: ${message}`);
  }
}
