import type { BigIntStats, Dirent } from "node:fs";
import { lstatSync, promises, readdirSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import type { FileStat } from "../types";
import { SyncError } from "../types";
import { sortedByPath } from "../publish/canonical";

/** One model as it lies on disk. */
export interface Scan {
  /** Absolute path of the model. */
  readonly root: string;
  /** Sorted by path; excluded files do not stand here. */
  readonly files: readonly FileStat[];
  /** Whether the file system answers so fast that asking without waiting in parallel is the quicker way. */
  readonly fast: boolean;
}

const gone = new Set(["ENOENT", "ENOTDIR"]);

/** The system's code of an error (`ENOENT`), or the empty string. */
function codeOf(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}

/** An error of the file system as a named reason: what vanished is a save in progress, all else cannot be read. */
export function errorOfFile(error: unknown, path: string): SyncError {
  if (error instanceof SyncError) return error;
  const told = error instanceof Error ? error.message : String(error);
  if (path.includes("\ufffd") && gone.has(codeOf(error))) {
    return new SyncError("path-not-allowed", `${path}: the name is not UTF-8`, false, { cause: error });
  }
  if (gone.has(codeOf(error))) return new SyncError("not-quiescent", told, true, { cause: error });
  return new SyncError("unreadable", told, false, { cause: error });
}

/** Names of the folders and links to folders directly under the root, sorted. */
export function listModels(root: string, wanted: (name: string) => boolean): string[] {
  const isModel = (entry: Dirent): boolean =>
    entry.isDirectory() ||
    (entry.isSymbolicLink() &&
      (statSync(join(root, entry.name), { throwIfNoEntry: false })?.isDirectory() ?? false));
  try {
    const entries = readdirSync(root, { withFileTypes: true });
    return entries
      .filter((entry) => wanted(entry.name) && isModel(entry))
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    throw new SyncError("root-not-mounted", `${root}: ${String(error)}`, false, { cause: error });
  }
}

interface Found {
  readonly path: string;
  readonly link: boolean;
}

/** Lists every file below a folder. Links are followed while they stay inside the model. */
function walk(root: string, wanted: (path: string) => boolean): Found[] {
  const inside = realpathSync(root);
  const found: Found[] = [];
  const visit = (folder: string, above: readonly string[]): void => {
    for (const entry of readdirSync(folder === "" ? root : join(root, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) visit(path, above);
      else if (!wanted(path)) continue;
      else if (entry.isFile()) found.push({ path, link: false });
      else if (entry.isSymbolicLink()) follow(path, above);
      else
        throw new SyncError("format-not-allowed", `${join(root, path)}: neither a file nor a folder`, false);
    }
  };
  const follow = (path: string, above: readonly string[]): void => {
    const target = resolveLink(root, path);
    if (target !== inside && !target.startsWith(inside + sep)) {
      throw new SyncError(
        "symlink-escapes",
        `${join(root, path)}: leads out of the model to ${target}`,
        false,
      );
    }
    const stat = statSync(target);
    if (stat.isFile()) found.push({ path, link: true });
    else if (!stat.isDirectory())
      throw new SyncError("format-not-allowed", `${target}: neither a file nor a folder`, false);
    else if (
      above.some((parent) => parent === target || parent.startsWith(target + sep)) ||
      target === inside
    ) {
      throw new SyncError("symlink-escapes", `${join(root, path)}: leads back to a folder above it`, false);
    } else visit(path, [...above, target]);
  };
  visit("", []);
  return found;
}

function resolveLink(root: string, path: string): string {
  try {
    return realpathSync(join(root, path));
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    throw new SyncError("incomplete", `${join(root, path)}: the link's target does not exist`, true, {
      cause: error,
    });
  }
}

const sampleSize = 64;
const fastMsPerStat = 0.1;
const fastBatch = 4096;
const slowBatch = 64;

/** Whether most of the answers came at once; a few late ones tell of a busy machine, not of the file system. */
function isFast(times: readonly number[]): boolean {
  const sorted = [...times].sort((a, b) => a - b);
  return (sorted[Math.floor(sorted.length / 2)] ?? 0) < fastMsPerStat;
}

/** Finds and stats every wanted file of one model; each is asked for by lstat, in nanoseconds and 64-bit inodes. */
export async function scanModel(root: string, wanted: (path: string) => boolean): Promise<Scan> {
  let path = root;
  try {
    if (lstatSync(root).isSymbolicLink()) {
      throw new SyncError(
        "symlink-escapes",
        `${root}: the model itself is a link to ${realpathSync(root)}`,
        false,
      );
    }
    const found = walk(root, wanted);
    const files: FileStat[] = [];
    const statNow = (file: Found): void => {
      path = `${root}/${file.path}`;
      files.push(
        toFile(file, file.link ? statSync(path, { bigint: true }) : lstatSync(path, { bigint: true })),
      );
    };
    const times = found.slice(0, sampleSize).map((file) => {
      const begin = performance.now();
      statNow(file);
      return performance.now() - begin;
    });
    const fast = isFast(times);
    for (let at = times.length; at < found.length;) {
      const batch = found.slice(at, at + (fast ? fastBatch : slowBatch));
      at += batch.length;
      if (fast) {
        batch.forEach(statNow);
        await breathe();
      } else {
        files.push(...(await Promise.all(batch.map((file) => statLater(root, file)))));
      }
    }
    return { root, files: sortedByPath(files), fast };
  } catch (error) {
    throw errorOfFile(error, path);
  }
}

async function statLater(root: string, file: Found): Promise<FileStat> {
  const path = `${root}/${file.path}`;
  return toFile(file, await (file.link ? promises.stat : promises.lstat)(path, { bigint: true }));
}

function toFile(file: Found, stat: BigIntStats): FileStat {
  if (!stat.isFile()) throw new SyncError("not-quiescent", `${file.path}: no longer a file`, true);
  return { path: file.path, size: Number(stat.size), mtimeNs: stat.mtimeNs, inode: stat.ino };
}
