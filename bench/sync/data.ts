import { spawnSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { shards } from "./options";

/** Models as training leaves them: incompressible, and with times of whole seconds as BeeGFS keeps them. */
export interface Model {
  /** Folder of models, which holds this one only. */
  readonly root: string;
  readonly name: string;
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
}

export const sentinel = ".mounted";
const blockBytes = 16 * 1024 ** 2;
/** Room for a shard's header, padded with spaces as the format allows. */
const headerBytes = 248;

/** Seconds since the epoch of everything written: older than any settle window. */
const written = Math.floor(Date.now() / 1000) - 3600;

function place(root: string, name: string): string {
  const folder = path.join(root, name);
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(root, sentinel), "");
  return folder;
}

/** The first bytes of a safetensors file of one tensor that fills it. */
export function safetensorsHead(tensor: string, fileBytes: number): Buffer {
  const bytes = fileBytes - 8 - headerBytes;
  const header = { [tensor]: { dtype: "U8", shape: [bytes], data_offsets: [0, bytes] } };
  const head = Buffer.alloc(8 + headerBytes, " ");
  head.writeBigUInt64LE(BigInt(headerBytes));
  head.write(JSON.stringify(header), 8);
  return head;
}

export const shardName = (number: number): string =>
  `model-${String(number).padStart(5, "0")}-of-${String(shards).padStart(5, "0")}.safetensors`;

/** Writes one shard with new content. */
export function writeShard(folder: string, number: number, bytes: number, atSeconds = written): void {
  const file = path.join(folder, shardName(number));
  const out = fs.openSync(file, "w");
  const block = Buffer.allocUnsafe(blockBytes);
  let at = fs.writeSync(out, safetensorsHead(`weight.${number}`, bytes));
  while (at < bytes) {
    randomFillSync(block);
    at += fs.writeSync(out, block, 0, Math.min(blockBytes, bytes - at));
  }
  fs.closeSync(out);
  fs.utimesSync(file, atSeconds, atSeconds);
}

/** A model of a few large shards with their index. */
export function makeLarge(root: string, shardBytes: number): Model {
  const folder = place(root, "large");
  const numbers = Array.from({ length: shards }, (_, at) => at + 1);
  for (const number of numbers) writeShard(folder, number, shardBytes);
  const map = Object.fromEntries(numbers.map((number) => [`weight.${number}`, shardName(number)]));
  const index = path.join(folder, "model.safetensors.index.json");
  const text = JSON.stringify({ metadata: { total_size: shards * shardBytes }, weight_map: map });
  fs.writeFileSync(index, text);
  fs.utimesSync(index, written, written);
  return { root, name: "large", folder, files: shards + 1, bytes: shards * shardBytes + text.length };
}

const filesPerFolder = 250;

export const smallPath = (folder: string, at: number): string =>
  path.join(folder, `part-${String(Math.floor(at / filesPerFolder)).padStart(4, "0")}`, `block-${at}.bin`);

/** A model of many small files. */
export function makeSmall(root: string, name: string, files: number, bytes: number): Model {
  const folder = place(root, name);
  const pool = randomFillSync(Buffer.allocUnsafe(blockBytes + bytes));
  for (let at = 0; at < files; at++) {
    const file = smallPath(folder, at);
    if (at % filesPerFolder === 0) fs.mkdirSync(path.dirname(file));
    const content = pool.subarray((at * 4099) % blockBytes).subarray(0, bytes);
    // unlike every other file, and no format that its first bytes would name
    content.writeUInt32BE(at);
    fs.writeFileSync(file, content);
    fs.utimesSync(file, written, written);
  }
  return { root, name, folder, files, bytes: files * bytes };
}

/** Changes a file's content and time, keeping its size; the result puts both back as they were. */
export function editInPlace(file: string): () => void {
  const before = fs.readFileSync(file);
  const after = Buffer.from(before);
  after[after.length - 1] = (after.at(-1) ?? 0) ^ 1;
  const write = (content: Buffer, seconds: number): void => {
    const out = fs.openSync(file, "r+");
    fs.writeSync(out, content);
    fs.closeSync(out);
    fs.utimesSync(file, seconds, seconds);
  };
  write(after, written + 1);
  return () => write(before, written);
}

export type Cache = "cold" | "warm";

/**
 * Brings the page cache to the state that every contender finds, with nothing left to write back. Dropping it needs
 * root; it takes the server's cache along, for all alike.
 */
export function prepareCache(cache: Cache, model: Model): void {
  const sync = spawnSync("sync", { encoding: "utf8" });
  if (sync.error) throw sync.error;
  if (cache === "cold") fs.writeFileSync("/proc/sys/vm/drop_caches", "3");
  else readAll(model.folder);
}

function readAll(folder: string): void {
  const buffer = Buffer.allocUnsafe(1024 ** 2);
  for (const entry of fs.readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const file = fs.openSync(path.join(entry.parentPath, entry.name), "r");
    while (fs.readSync(file, buffer) > 0);
    fs.closeSync(file);
  }
}
