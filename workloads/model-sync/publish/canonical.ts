import { createHash } from "node:crypto";
import type { FileStat } from "../types";

const surrogates = /[\ud800-\udfff]/;
/** Maps UTF-16 units so that surrogate pairs sort after every other character. */
const rank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800);

/** Orders text by code points, which is the order of its UTF-8 bytes; JavaScript's own order differs beyond U+FFFF. */
export function compareCodePoints(a: string, b: string): number {
  if (!surrogates.test(a) && !surrogates.test(b)) return a < b ? -1 : a > b ? 1 : 0;
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const difference = rank(a.charCodeAt(at)) - rank(b.charCodeAt(at));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** A copy sorted by path. */
export function sortedByPath<T extends { readonly path: string }>(files: readonly T[]): T[] {
  return [...files].sort((a, b) => compareCodePoints(a.path, b.path));
}

/**
 * SHA-256, hex, of a canonical list: one row a file, sorted by path; each column in decimal or as it is, ended by a
 * NUL, which no path can hold. `printf '%s\0'` of the columns piped into `sha256sum` gives the same.
 */
function hashRows<T extends { readonly path: string }>(
  files: readonly T[],
  row: (file: T) => string,
): string {
  const hash = createHash("sha256");
  let pending = "";
  for (const file of sortedByPath(files)) {
    pending += row(file);
    if (pending.length < 65_536) continue;
    hash.update(pending);
    pending = "";
  }
  return hash.update(pending).digest("hex");
}

/** Names a version's prefix: the first 32 hex digits of the hash of (path, size, mtime ns). */
export function snapshotOf(files: readonly Pick<FileStat, "path" | "size" | "mtimeNs">[]): string {
  return hashRows(files, (file) => `${file.path}\0${file.size}\0${file.mtimeNs}\0`).slice(0, 32);
}

/** What the files look like without being read: (path, size, mtime ns, inode). Equal means not rewritten in between. */
export function identityOf(files: readonly FileStat[]): string {
  return hashRows(files, (file) => `${file.path}\0${file.size}\0${file.mtimeNs}\0${file.inode}\0`);
}

/** The identity of the content: (path, size, sha256). */
export function digestOf(
  files: readonly { readonly path: string; readonly size: number; readonly sha256: string }[],
): string {
  return hashRows(files, (file) => `${file.path}\0${file.size}\0${file.sha256}\0`);
}
