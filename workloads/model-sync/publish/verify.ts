import { listManifests, parseManifest } from "./manifest";
import type { ReadBackPolicy } from "./readBack";
import { chooseReadBack, readBack } from "./readBack";
import type { VerifySummary } from "../state/types";
import { forEachLimit } from "../transfer/pools";
import type { Manifest, PublishedFile } from "../types";
import type { SyncError } from "../types";
import type { Worker } from "../worker";
import { asSyncError } from "./outcome";

/** What can be wrong with an object of a published version. */
export type FaultKind =
  /** No current version: deleted, or never there. */
  | "gone"
  /** The current version holds other bytes. */
  | "changed"
  /** The bytes are there by name, and cannot be read or do not give the hash that was published. */
  | "damaged"
  /** The manifest itself cannot be believed. */
  | "manifest";

export interface Fault {
  readonly key: string;
  readonly model: string;
  readonly fault: FaultKind;
  readonly detail: string;
}

export interface VerifyReport {
  readonly summary: VerifySummary;
  readonly faults: readonly Fault[];
  /** Objects whose current version is another one with the very same bytes: written twice, nothing lost. */
  readonly rewritten: readonly string[];
}

interface Findings {
  readonly faults: Fault[];
  readonly rewritten: string[];
  objects: number;
  bytesReadBack: number;
}

const keptFaults = 100;

async function bytesHold(
  worker: Worker,
  prefix: string,
  file: PublishedFile,
  found: Findings,
): Promise<void> {
  await readBack({ s3: worker.s3, retry: worker.retry }, prefix, file);
  found.bytesReadBack += file.size;
}

/** A fault of the bytes, as opposed to a store that cannot be asked at all. */
function isFaultOfBytes(error: SyncError): boolean {
  return error.reason === "checksum-mismatch" || error.reason === "not-found";
}

async function verifyFile(
  worker: Worker,
  manifest: Manifest,
  file: PublishedFile,
  readIt: boolean,
  found: Findings,
): Promise<void> {
  const key = manifest.prefix + file.path;
  const fault = (kind: FaultKind, detail: string): void => {
    found.faults.push({ key, model: manifest.model, fault: kind, detail });
  };
  found.objects++;
  const there = await worker.s3.head(key);
  if (!there) return fault("gone", "no current version");
  const same = there.versionId === file.versionId;
  if (there.size !== file.size || there.crc32 !== file.crc32) {
    return fault(
      "changed",
      `version ${there.versionId} has ${there.size} bytes and CRC-32 ${there.crc32 ?? "none"}`,
    );
  }
  if (same && !readIt) return;
  try {
    await bytesHold(worker, manifest.prefix, file, found);
    if (!same) found.rewritten.push(key);
  } catch (error) {
    const cause = asSyncError(error);
    if (isFaultOfBytes(cause)) return fault(same ? "damaged" : "changed", cause.message);
    throw cause;
  }
}

/**
 * Compares every published version with what the bucket holds now: each object's current version by its id, size and
 * CRC-32, and the bytes of those the policy chooses. Throws only when the store cannot be asked.
 */
export async function verify(worker: Worker, policy: ReadBackPolicy): Promise<VerifyReport> {
  const { s3, settings, store, now, random, events } = worker;
  const found: Findings = { faults: [], rewritten: [], objects: 0, bytesReadBack: 0 };
  let versions = 0;
  for await (const { key, model } of listManifests(s3, settings.member)) {
    events.step("validate", key);
    versions++;
    const body = (await s3.get(key))?.body;
    // Removed by retention between the listing and now.
    if (!body) continue;
    let manifest: Manifest;
    try {
      manifest = parseManifest(body, key);
    } catch (error) {
      found.faults.push({ key, model, fault: "manifest", detail: asSyncError(error).message });
      continue;
    }
    const chosen = new Set(chooseReadBack(manifest.files, policy, random));
    await forEachLimit(manifest.files, settings.parallel.files, (file) =>
      verifyFile(worker, manifest, file, chosen.has(file), found),
    );
  }
  const summary: VerifySummary = {
    finished: new Date(now()).toISOString(),
    versions,
    objects: found.objects,
    bytesReadBack: found.bytesReadBack,
    faults: found.faults.slice(0, keptFaults).map(({ key, fault }) => ({ key, fault })),
    faultCount: found.faults.length,
  };
  await store.update((state) => ({ ...state, lastVerify: summary }));
  return { summary, faults: found.faults, rewritten: found.rewritten };
}
