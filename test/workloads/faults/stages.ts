import { randomBytes } from "node:crypto";
import { lookAt } from "../../../workloads/model-sync/files/model";
import { crc32Base64 } from "../../../workloads/s3/calls";
import type { S3Client } from "../../../workloads/s3/client";
import type { Site } from "../support/site";

/** A model goes through these one after the other; each is one run. */
export const stages = ["new", "update", "nothing new"] as const;
export type Stage = (typeof stages)[number];

export const model = "net";
const partBytes = 5 * 1024 * 1024;

const file = (content: string | Buffer, hour: number) => ({
  content: Buffer.from(content),
  /** Whole seconds. */
  mtimeMs: Date.UTC(2025, 0, 1, hour),
});
export type ModelFiles = Readonly<Record<string, ReturnType<typeof file>>>;

const first: ModelFiles = {
  "__init__.py": file("", 0),
  "config.json": file('{"layers": 1}', 1),
  "vocab/words.txt": file("a b c", 0),
  "weights.bin": file(randomBytes(partBytes + 1024), 0),
};
const second: ModelFiles = {
  ...first,
  "adapter.bin": file(randomBytes(partBytes + 512), 2),
  "config.json": file('{"layers": 2}', 2),
  "notes.txt": file("sent by a run that was cut short", 2),
};

/** What the versions that exist after a stage hold, the oldest first; all sites hold the same bytes with the same times. */
export const versionsAfter: Readonly<Record<Stage, readonly ModelFiles[]>> = {
  new: [first],
  update: [first, second],
  "nothing new": [first, second],
};

/** A key of the member's under which nothing will ever be published. */
const unwanted = "00000000000000000000000000000000";

/**
 * Brings a site to where a stage's run begins. Before the update earlier runs were cut short: one left an upload of a
 * version that is wanted no more, another one file of the new version and half of a large one.
 */
export async function prepare(site: Site, stage: Stage, bucket: S3Client): Promise<void> {
  if (stage === "nothing new") return;
  const files = stage === "new" ? first : second;
  for (const [path, { content, mtimeMs }] of Object.entries(files))
    if (stage === "new" || files[path] !== first[path]) site.write(model, path, content, mtimeMs);
  if (stage === "new") return;
  const folder = `models/${site.member}/${model}`;
  await bucket.uploads.create(`${folder}/${unwanted}/weights.bin`);
  const { settings, s3 } = site.worker();
  s3.close();
  const prefix = `${folder}/${(await lookAt(settings, model)).snapshot}`;
  await bucket.put(`${prefix}/notes.txt`, second["notes.txt"]!.content);
  const half = second["adapter.bin"]!.content.subarray(0, partBytes);
  const uploadId = await bucket.uploads.create(`${prefix}/adapter.bin`);
  await bucket.uploads.part(`${prefix}/adapter.bin`, uploadId, 1, half, crc32Base64(half));
}
