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

function header(entry: TarEntry, size: number): Buffer {
  const folder = entry.content === undefined;
  if (Buffer.byteLength(entry.path) > 100) throw new Error(`path too long for ustar: ${entry.path}`);
  if (folder !== entry.path.endsWith("/"))
    throw new Error(`a folder, and only that, ends with "/": ${entry.path}`);
  const buffer = Buffer.alloc(block);
  buffer.write(entry.path, 0);
  writeOctal(buffer, entry.mode ?? (folder ? 0o755 : 0o644), 100, 8);
  writeOctal(buffer, entry.uid ?? 0, 108, 8);
  writeOctal(buffer, entry.gid ?? 0, 116, 8);
  writeOctal(buffer, size, 124, 12);
  // No clock: all files are of the epoch.
  writeOctal(buffer, 0, 136, 12);
  buffer.write(folder ? "5" : "0", 156);
  buffer.write("ustar\u000000", 257);
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
