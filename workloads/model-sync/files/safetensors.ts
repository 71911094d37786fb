import type { FileHandle } from "node:fs/promises";
import { open, readFile } from "node:fs/promises";
import { posix } from "node:path";
import * as z from "zod";
import type { FileStat } from "../types";
import { SyncError } from "../types";
import { headBytes, safetensorsHeaderLength } from "./formats";
import type { Scan } from "./scan";
import { errorOfFile } from "./scan";

const tensor = z.object({ data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]) });
const index = z.object({ weight_map: z.record(z.string(), z.string()) });
const shardName = /^(.*)-(\d+)-of-(\d+)\.safetensors$/;

/**
 * Whether a safetensors header fits the file: tensors lie one after the other without a gap and end at the file's end.
 * Returns what is wrong, or undefined.
 */
export function headerFault(header: unknown, headerLength: number, size: number): string | undefined {
  if (typeof header !== "object" || header === null) return "the header is no object";
  const spans: (readonly [number, number])[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const parsed = tensor.safeParse(value);
    if (!parsed.success) return `tensor ${name} has no offsets`;
    spans.push(parsed.data.data_offsets);
  }
  spans.sort(([a, c], [b, d]) => a - b || c - d);
  let end = 0;
  for (const [from, to] of spans) {
    if (from !== end || to < from) return `tensors leave a gap or overlap at byte ${end}`;
    end = to;
  }
  const needed = 8 + headerLength + end;
  return needed === size ? undefined : `the header describes ${needed} bytes, the file has ${size}`;
}

async function checkHeader(scan: Scan, file: FileStat): Promise<void> {
  const truncated = (told: string): SyncError => new SyncError("truncated", `${file.path}: ${told}`, true);
  const handle: FileHandle = await open(posix.join(scan.root, file.path));
  try {
    const head = Buffer.alloc(Math.min(headBytes, file.size));
    await handle.read(head, 0, head.length, 0);
    const length = safetensorsHeaderLength(head);
    // Something else under this name is the format check's business; too short for a header is a save in progress.
    if (length === undefined) {
      if (file.size < 9 || head.every((byte) => byte === 0)) throw truncated("no header yet");
      return;
    }
    if (8 + length > file.size)
      throw truncated(`the header alone needs ${8 + length} bytes, the file has ${file.size}`);
    const text = Buffer.alloc(length);
    await handle.read(text, 0, length, 8);
    let header: unknown;
    try {
      header = JSON.parse(text.toString("utf8"));
    } catch {
      throw truncated("the header is not JSON");
    }
    const fault = headerFault(header, length, file.size);
    if (fault !== undefined) throw truncated(fault);
  } finally {
    await handle.close();
  }
}

/** What is missing or left over beside an index, or undefined; paths relative to the model. */
export function indexFault(
  path: string,
  named: ReadonlySet<string>,
  paths: ReadonlySet<string>,
): string | undefined {
  const folder = posix.dirname(path);
  const at = (name: string): string => (folder === "." ? name : `${folder}/${name}`);
  const missing = [...named].filter((name) => !paths.has(at(name)));
  if (missing.length > 0) return `${path} names ${missing.join(", ")}, not there`;
  const surplus = [...paths].filter(
    (other) =>
      posix.dirname(other) === folder &&
      shardName.test(posix.basename(other)) &&
      !named.has(posix.basename(other)),
  );
  return surplus.length > 0 ? `${path} does not name ${surplus.join(", ")}` : undefined;
}

/** Shards that their own names (`x-00001-of-00004.safetensors`) say must exist, and do not. */
export function missingShards(paths: ReadonlySet<string>): string[] {
  const missing = new Set<string>();
  for (const path of paths) {
    const [, stem, digits, total] = shardName.exec(path) ?? [];
    if (stem === undefined || digits === undefined || total === undefined || Number(total) > 100_000)
      continue;
    for (let number = 1; number <= Number(total); number++) {
      const shard = `${stem}-${String(number).padStart(digits.length, "0")}-of-${total}.safetensors`;
      if (!paths.has(shard)) missing.add(shard);
    }
  }
  return [...missing];
}

async function readIndex(scan: Scan, path: string): Promise<ReadonlySet<string>> {
  const incomplete = (told: string): SyncError => new SyncError("incomplete", `${path}: ${told}`, true);
  const text = await readFile(posix.join(scan.root, path), "utf8");
  try {
    return new Set(Object.values(index.parse(JSON.parse(text)).weight_map));
  } catch {
    throw incomplete("not a complete index");
  }
}

/** Proves that a save is whole: every index names exactly the shards present, every safetensors file ends where its header says. */
export async function checkWhole(scan: Scan): Promise<void> {
  const paths = new Set(scan.files.map((file) => file.path));
  if (paths.size === 0) throw new SyncError("incomplete", `${scan.root}: no files`, true);
  const missing = missingShards(paths);
  if (missing.length > 0)
    throw new SyncError("incomplete", `missing: ${missing.slice(0, 5).join(", ")}`, true);
  for (const file of scan.files) {
    try {
      if (file.path.endsWith(".safetensors.index.json")) {
        const fault = indexFault(file.path, await readIndex(scan, file.path), paths);
        if (fault !== undefined) throw new SyncError("incomplete", fault, true);
      } else if (file.path.endsWith(".safetensors")) await checkHeader(scan, file);
    } catch (error) {
      throw errorOfFile(error, file.path);
    }
  }
}
