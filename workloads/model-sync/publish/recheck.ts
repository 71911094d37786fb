import { hash } from "node:crypto";
import { join } from "node:path";
import type { Observation } from "../files/quiescence";
import { trustAfterMs } from "../files/quiescence";
import type { LocalModel } from "../files/model";
import { lookAt } from "../files/model";
import { knownHash, readFileCache } from "../state/fileCache";
import { forEachLimit } from "../transfer/pools";
import { hashLarge } from "../transfer/large";
import { readSmall } from "../transfer/read";
import type { HashedFile, Manifest } from "../types";
import { SyncError } from "../types";
import type { Worker } from "../worker";
import { keepHashes } from "./keepHashes";

/**
 * Proves that files which look like a published version still hold its bytes: hashes that the cache vouches for are
 * believed, the others computed again. Fails with `content-changed` where they differ.
 */
export async function recheck(
  worker: Worker,
  local: LocalModel,
  manifest: Manifest,
  seen: Observation,
): Promise<void> {
  const { settings, s3 } = worker;
  const cache = await readFileCache(s3, settings.member, local.name);
  const published = new Map(manifest.files.map((file) => [file.path, file.sha256]));
  const hashed: HashedFile[] = new Array<HashedFile>(local.scan.files.length);
  const computed: string[] = [];
  const settled = seen.since + trustAfterMs - worker.now();
  if (settled > 0) await worker.wait(settled);
  await forEachLimit(local.scan.files, settings.parallel.files, async (file, at) => {
    const known = knownHash(cache, file);
    if (known === undefined) computed.push(file.path);
    const sha256 = known ?? (await hashFile(worker, local, file));
    hashed[at] = { ...file, sha256 };
    if (sha256 === published.get(file.path)) return;
    const told = `${file.path}: SHA-256 ${sha256}, published with the same size and time was ${published.get(file.path) ?? "nothing"}`;
    throw new SyncError("content-changed", told, false);
  });
  const again = await lookAt(settings, local.name);
  if (again.identity !== local.identity)
    throw new SyncError("changed-while-read", `${local.name}: written while it was read`, true);
  if (computed.length > 0 || cache?.snapshot !== local.snapshot) {
    await keepHashes(worker, local.name, local.snapshot, hashed);
  }
}

async function hashFile(
  worker: Worker,
  local: LocalModel,
  file: LocalModel["scan"]["files"][number],
): Promise<string> {
  const { transfer } = worker;
  const source = join(local.scan.root, file.path);
  if (file.size > transfer.partBytes)
    return transfer.largeFiles.with(() => hashLarge(transfer, source, file));
  const { buffer, release } = await transfer.buffers.acquire(file.size + 1);
  try {
    return hash("sha256", await readSmall(source, file, buffer, local.scan.fast), "hex");
  } finally {
    release();
  }
}
