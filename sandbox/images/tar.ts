/** One entry of a tar archive. */
export interface TarEntry {
  /** Path without a leading slash; a folder ends with "/". */
  readonly path: string;
  /** Absent for a folder. */
  readonly content?: Buffer;
  /** Permission bits; default 0644 for files, 0755 for folders. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

const block = 512;

/** A POSIX ustar archive of these entries, in this order; the same entries always give the same bytes. */
export function tar(entries: readonly TarEntry[]): Buffer {
  const parts: Buffer[] = [];
  for (const entry of entries) {
    const content = entry.content ?? Buffer.alloc(0);
    parts.push(header(entry, content.length), content, Buffer.alloc(padding(content.length)));
  }
  parts.push(Buffer.alloc(2 * block));
  return Buffer.concat(parts);
}

function padding(size: number): number {
  return (block - (size % block)) % block;
}

/**
 * Prefix and name of a path: where it is longer than a name may be, it is cut at one of its slashes.
 *
 * @throws for a path that no cut makes fit
 */
function ustarPath(path: string): readonly [prefix: string, name: string] {
  if (Buffer.byteLength(path) <= 100) return ["", path];
  for (let cut = path.indexOf("/"); cut !== -1; cut = path.indexOf("/", cut + 1)) {
    const [prefix, name] = [path.slice(0, cut), path.slice(cut + 1)];
    if (name !== "" && Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155)
      return [prefix, name];
  }
  throw new Error(`path too long for ustar: ${path}`);
}

function header(entry: TarEntry, size: number): Buffer {
  const folder = entry.content === undefined;
  const [prefix, name] = ustarPath(entry.path);
  if (folder !== entry.path.endsWith("/"))
    throw new Error(`a folder, and only that, ends with "/": ${entry.path}`);
  const buffer = Buffer.alloc(block);
  buffer.write(name, 0);
  writeOctal(buffer, entry.mode ?? (folder ? 0o755 : 0o644), 100, 8);
  writeOctal(buffer, entry.uid ?? 0, 108, 8);
  writeOctal(buffer, entry.gid ?? 0, 116, 8);
  writeOctal(buffer, size, 124, 12);
  // No clock: all files are of the epoch.
  writeOctal(buffer, 0, 136, 12);
  buffer.write(folder ? "5" : "0", 156);
  buffer.write("ustar\u000000", 257);
  buffer.write(prefix, 345);
  buffer.fill(" ", 148, 156);
  const sum = buffer.reduce((total, byte) => total + byte, 0);
  buffer.write(`${sum.toString(8).padStart(6, "0")}\u0000 `, 148);
  return buffer;
}

function writeOctal(buffer: Buffer, value: number, offset: number, length: number): void {
  const digits = value.toString(8).padStart(length - 1, "0");
  if (digits.length > length - 1) throw new Error(`${value} does not fit into ${length - 1} octal digits`);
  buffer.write(digits, offset);
}
