import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { RetryDeps } from "../../retry";
import { retrying } from "../../retry";
import { errorOfConnection } from "../../s3/errors";
import type { S3Client } from "../../s3/client";
import type { PublishedFile } from "../types";
import { SyncError } from "../types";

export interface ReadBackDeps {
  readonly s3: Pick<S3Client, "openStream" | "head">;
  readonly retry: RetryDeps;
}

/** Reads an object and returns the SHA-256 of its bytes, hex. An answer that ends early is an error that can pass. */
export async function hashObject(
  deps: ReadBackDeps,
  key: string,
): Promise<{ readonly sha256: string; readonly size: number }> {
  return retrying(async () => {
    const answer = await deps.s3.openStream(key);
    return hashStream(answer, key);
  }, deps.retry);
}

async function hashStream(answer: IncomingMessage, key: string): Promise<{ sha256: string; size: number }> {
  const hash = createHash("sha256");
  let size = 0;
  try {
    for await (const chunk of answer) {
      const bytes = chunk as Buffer;
      hash.update(bytes);
      size += bytes.length;
    }
  } catch (error) {
    throw errorOfConnection(error, `GetObject ${key}`);
  }
  if (!answer.complete) throw new SyncError("unavailable", `GetObject ${key}: answer cut short`, true);
  return { sha256: hash.digest("hex"), size };
}

/** What an object holds; undefined where the store answers for its head and never for its bytes. */
async function hashReadable(
  deps: ReadBackDeps,
  key: string,
): Promise<{ readonly sha256: string; readonly size: number } | undefined> {
  try {
    return await hashObject(deps, key);
  } catch (error) {
    if (error instanceof SyncError && error.transient && (await deps.s3.head(key))) return undefined;
    throw error;
  }
}

/**
 * Fails with `checksum-mismatch` unless the object's bytes are those that were published. They are read once more
 * before that is said: a bit that flipped on the way back, or a store that was away, is no fault of what is stored.
 */
export async function readBack(deps: ReadBackDeps, prefix: string, file: PublishedFile): Promise<void> {
  const key = prefix + file.path;
  let told = "";
  for (let look = 1; look <= 2; look++) {
    const found = await hashReadable(deps, key);
    if (found?.sha256 === file.sha256 && found.size === file.size) return;
    told = found
      ? `${found.size} bytes read back have SHA-256 ${found.sha256}, sent were ${file.size} with ${file.sha256}`
      : "its bytes cannot be read where they lie";
  }
  throw new SyncError("checksum-mismatch", `${key}: ${told}`, false);
}

export type ReadBackPolicy = "all" | "none" | { readonly sample: number };

/** Chooses what is read back: everything, nothing, or each file with the sample's probability and one at least. */
export function chooseReadBack<T>(
  files: readonly T[],
  policy: ReadBackPolicy,
  random: () => number,
): readonly T[] {
  if (policy === "all") return files;
  if (policy === "none" || files.length === 0) return [];
  const chosen = files.filter(() => random() < policy.sample);
  return chosen.length > 0 ? chosen : files.slice(0, 1);
}
