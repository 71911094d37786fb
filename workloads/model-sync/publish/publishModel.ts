import { join } from "node:path";
import type { LocalModel } from "../files/model";
import { checkKeys, lookAt, slurmJobOf, trainedAt } from "../files/model";
import { checkMarker, isTrusted } from "../files/quiescence";
import type { Observation } from "../files/quiescence";
import { checkWhole } from "../files/safetensors";
import type { FileCache } from "../state/fileCache";
import { knownHash, readFileCache } from "../state/fileCache";
import type { ModelCounters } from "../state/types";
import { forEachLimit } from "../transfer/pools";
import { transferModel } from "../transfer/model";
import type { FileTask, TransferredFile } from "../transfer/types";
import type { FileStat, Manifest, PublishedFile } from "../types";
import { SyncError } from "../types";
import type { Worker } from "../worker";
import { keepHashes } from "./keepHashes";
import { snapshotPrefix } from "./keys";
import { buildManifest, fetchManifest, publishManifest } from "./manifest";
import { chooseReadBack, readBack } from "./readBack";

/** A version that now exists, and what bringing it there took. */
export interface Publication {
  readonly manifest: Manifest;
  readonly counters: Partial<ModelCounters>;
  /** Whether hashes stay valid while the files look the same. */
  readonly trusted: boolean;
}

/** Proves that a settled model is whole and fit to be sent. */
export async function checkModel(worker: Worker, local: LocalModel): Promise<void> {
  checkMarker(local.scan.files, worker.settings.quiescence.marker);
  await checkWhole(local.scan);
  checkKeys(worker.settings.member, local);
}

/** Earlier objects that hold the very bytes of some of the files, by path. */
export async function reusable(
  worker: Worker,
  local: LocalModel,
): Promise<Map<string, NonNullable<FileTask["earlier"]>>> {
  const { s3, settings } = worker;
  const found = new Map<string, NonNullable<FileTask["earlier"]>>();
  const cache: FileCache | undefined = await readFileCache(s3, settings.member, local.name);
  if (!cache) return found;
  const known = local.scan.files.filter((file) => knownHash(cache, file) !== undefined);
  const manifest =
    known.length === 0 ? undefined : await fetchManifest(s3, settings.member, local.name, cache.snapshot);
  if (!manifest) return found;
  const published = new Map<string, PublishedFile>(manifest.files.map((file) => [file.path, file]));
  for (const file of known) {
    const earlier = published.get(file.path);
    if (!earlier || earlier.sha256 !== knownHash(cache, file)) continue;
    found.set(file.path, { key: manifest.prefix + file.path, file: earlier });
  }
  return found;
}

/** Sends what is not there yet; step 3. */
async function sendFiles(worker: Worker, local: LocalModel): Promise<TransferredFile[]> {
  const prefix = snapshotPrefix(worker.settings.member, local.name, local.snapshot);
  const present = new Set<string>();
  for await (const { key } of worker.s3.list(prefix)) present.add(key);
  const earlier = await reusable(worker, local);
  const { root, fast, files } = local.scan;
  const taskOf = (file: FileStat): FileTask => {
    const same = earlier.get(file.path);
    const key = prefix + file.path;
    return {
      file,
      source: join(root, file.path),
      key,
      present: present.has(key),
      fast,
      ...(same && { earlier: same }),
    };
  };
  worker.events.transfer(local.name, local.bytes, files.length);
  const onProgress = (bytes: number): void => worker.events.progress(local.name, bytes);
  return transferModel({ ...worker.transfer, onProgress }, files, taskOf);
}

/** Reads back what the settings ask for; step 5. */
async function validate(worker: Worker, local: LocalModel, files: readonly TransferredFile[]): Promise<void> {
  const { settings, s3, retry, random } = worker;
  const prefix = snapshotPrefix(settings.member, local.name, local.snapshot);
  const chosen = chooseReadBack(files, settings.verify.readBack, random);
  await forEachLimit(chosen, settings.parallel.parts, (file) => readBack({ s3, retry }, prefix, file));
}

function sums(files: readonly TransferredFile[]): Partial<ModelCounters> {
  const of = (way: TransferredFile["way"]): readonly TransferredFile[] =>
    files.filter((file) => file.way === way);
  return {
    bytesSent: files.reduce((sum, file) => sum + file.sentBytes, 0),
    bytesCopied: of("copied").reduce((sum, file) => sum + file.size, 0),
    filesSent: of("sent").length,
    filesCopied: of("copied").length,
    filesAdopted: of("adopted").length,
  };
}

/** Steps 3 to 5 for one settled model: transfer, validate, publish. Its errors are SyncErrors; nothing half can be seen after any. */
export async function publishModel(
  worker: Worker,
  local: LocalModel,
  seen: Observation,
): Promise<Publication> {
  const { settings, s3, events, now } = worker;
  await checkModel(worker, local);
  const trusted = isTrusted(seen, now());
  events.step("transfer", local.name);
  const files = await sendFiles(worker, local);
  const again = await lookAt(settings, local.name);
  if (again.identity !== local.identity) {
    throw new SyncError("changed-while-read", `${local.name}: written while it was read`, true);
  }
  const uploaded = new Date(now()).toISOString();
  events.step("validate", local.name);
  await validate(worker, local, files);
  const slurmJob = await slurmJobOf(local, settings.slurmJobFile);
  const built = buildManifest(
    { member: settings.member, model: local.name, snapshot: local.snapshot },
    files,
    {
      source: local.scan.root,
      ...(slurmJob !== undefined && { slurmJob }),
      trained: trainedAt(local),
      quiescent: new Date(
        Math.min(seen.since + settings.quiescence.settleSeconds * 1000, now()),
      ).toISOString(),
      uploaded,
      verified: new Date(now()).toISOString(),
    },
  );
  events.step("publish", local.name);
  const manifest = await publishManifest(s3, built);
  if (trusted) {
    const hashes = new Map(manifest.files.map((file) => [file.path, file.sha256]));
    const hashed = local.scan.files.map((file) => ({ ...file, sha256: hashes.get(file.path) ?? "" }));
    await keepHashes(worker, local.name, local.snapshot, hashed);
  }
  return { manifest, counters: sums(files), trusted };
}
