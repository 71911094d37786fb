import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { RetryDeps } from "../retry";
import { retrying } from "../retry";
import { errorOfConnection } from "../s3/errors";
import type { S3Client } from "../s3/client";
import type { PublishedFile } from "../types";
import { SyncError } from "../types";

export interface ReadBackDeps {
  readonly s3: Pick<S3Client, "openStream">;
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

/** Fails with `checksum-mismatch` unless the object's bytes are those that were published. */
export async function readBack(deps: ReadBackDeps, prefix: string, file: PublishedFile): Promise<void> {
  const key = prefix + file.path;
  const { sha256, size } = await hashObject(deps, key);
  if (sha256 === file.sha256 && size === file.size) return;
  const told = `${key}: ${size} bytes read back have SHA-256 ${sha256}, sent were ${file.size} with ${file.sha256}`;
  throw new SyncError("checksum-mismatch", told, false);
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
