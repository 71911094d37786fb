import { join } from "node:path";
import { readFile } from "node:fs/promises";
import { keyLimit, snapshotPrefix } from "../publish/keys";
import { identityOf, snapshotOf } from "../publish/canonical";
import type { Settings } from "../settings";
import type { Reason } from "../types";
import { SyncError } from "../types";
import { matcher } from "./patterns";
import type { Scan } from "./scan";
import { scanModel } from "./scan";

/** One model as it looks now. */
export interface LocalModel {
  readonly name: string;
  readonly scan: Scan;
  /** Names the version that these files would become. */
  readonly snapshot: string;
  /** Differs as soon as a file was written or replaced, even by one of equal size and time. */
  readonly identity: string;
  readonly bytes: number;
}

type Looking = Pick<Settings, "root" | "files">;

/** Looks at every file of a model. */
export async function lookAt(settings: Looking, name: string): Promise<LocalModel> {
  const scan = await scanModel(
    join(settings.root, name),
    matcher(settings.files.include, settings.files.exclude),
  );
  return {
    name,
    scan,
    snapshot: snapshotOf(scan.files),
    identity: identityOf(scan.files),
    bytes: scan.files.reduce((sum, file) => sum + file.size, 0),
  };
}

/** Fails with `path-not-allowed` when a file's key would be longer than S3 takes. */
export function checkKeys(member: string, model: LocalModel): void {
  const prefix = snapshotPrefix(member, model.name, model.snapshot);
  for (const { path } of model.scan.files) {
    const bytes = Buffer.byteLength(prefix) + Buffer.byteLength(path);
    if (bytes <= keyLimit) continue;
    const told = `${path.slice(0, 60)}...: the key would have ${bytes} bytes, S3 takes ${keyLimit}`;
    throw new SyncError("path-not-allowed", told, false);
  }
}

/** When the newest file was written, as ISO time: the end of training as far as the files tell it. */
export function trainedAt(model: LocalModel): string {
  const newest = model.scan.files.reduce((most, file) => (file.mtimeNs > most ? file.mtimeNs : most), 0n);
  return new Date(Number(newest / 1_000_000n)).toISOString();
}

/** The Slurm job's id where the model carries one. */
export async function slurmJobOf(model: LocalModel, file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    const [word = ""] = (await readFile(join(model.scan.root, file), "utf8")).trim().split(/\s/);
    return word === "" ? undefined : word.slice(0, 64);
  } catch {
    return undefined;
  }
}

/** Reasons that say a save may still be going on. */
export const unfinished: ReadonlySet<Reason> = new Set([
  "not-quiescent",
  "incomplete",
  "truncated",
  "changed-while-read",
]);
