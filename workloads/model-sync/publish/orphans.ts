import type { Upload } from "../../s3/uploads";
import type { Worker } from "../worker";
import { parseFileKey } from "./keys";
import { asSyncError } from "./outcome";

/** Unfinished uploads of this member, whatever run or pod began them. */
export async function unfinishedUploads(worker: Worker): Promise<Upload[]> {
  const { s3, settings } = worker;
  const uploads = await s3.uploads.list();
  return uploads.filter(({ key }) => parseFileKey(settings.member, key) !== undefined);
}

/**
 * Gives up the uploads that no later run would resume. Those that were there before this run and do not belong to a
 * version still to be sent; what another worker began meanwhile is not touched. One that cannot be given up is told
 * of, and left to the next run.
 */
export async function abortOrphans(
  worker: Worker,
  before: readonly Upload[],
  stillToSend: ReadonlySet<string>,
): Promise<number> {
  const { s3, settings, events } = worker;
  let aborted = 0;
  for (const { key, uploadId } of before) {
    const file = parseFileKey(settings.member, key);
    if (!file || stillToSend.has(`${file.model}/${file.snapshot}`)) continue;
    try {
      await s3.uploads.abort(key, uploadId);
      aborted++;
    } catch (error) {
      const { reason, message } = asSyncError(error);
      events.warn(`upload of ${key} not given up, ${reason}: ${message}`);
    }
  }
  return aborted;
}
