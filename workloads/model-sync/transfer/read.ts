import type { BigIntStats } from "node:fs";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import type { FileStat } from "../types";
import { SyncError } from "../types";
import { errorOfFile } from "../files/scan";

function changed(path: string, told: string): SyncError {
  return new SyncError("changed-while-read", `${path}: ${told}`, true);
}

function checkSame(path: string, file: FileStat, stat: BigIntStats): void {
  const same = stat.size === BigInt(file.size) && stat.mtimeNs === file.mtimeNs && stat.ino === file.inode;
  if (!same) throw changed(path, "no longer the file that was listed");
}

const flags = constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK;

/** Reads a whole small file into `buffer`, which has room for one byte more; that byte tells a file that grew. */
export async function readSmall(
  path: string,
  file: FileStat,
  buffer: Buffer,
  fast: boolean,
): Promise<Buffer> {
  try {
    const length = fast ? readSmallNow(path, file, buffer) : await readSmallLater(path, file, buffer);
    if (length !== file.size) throw changed(path, `${length} bytes read, ${file.size} listed`);
    return buffer.subarray(0, file.size);
  } catch (error) {
    throw errorOfFile(error, path);
  }
}

function readSmallNow(path: string, file: FileStat, buffer: Buffer): number {
  const handle = openSync(path, flags);
  try {
    checkSame(path, file, fstatSync(handle, { bigint: true }));
    let length = 0;
    for (let got = -1; got !== 0 && length <= file.size; length += got) {
      got = readSync(handle, buffer, length, file.size + 1 - length, null);
    }
    return length;
  } finally {
    closeSync(handle);
  }
}

async function readSmallLater(path: string, file: FileStat, buffer: Buffer): Promise<number> {
  const handle = await open(path, flags);
  try {
    checkSame(path, file, await handle.stat({ bigint: true }));
    let length = 0;
    for (let got = -1; got !== 0 && length <= file.size; length += got) {
      got = (await handle.read(buffer, length, file.size + 1 - length, null)).bytesRead;
    }
    return length;
  } finally {
    await handle.close();
  }
}

/** A large file, read in order from its beginning to its end. */
export class SequentialReader {
  private position = 0;

  private constructor(
    private readonly path: string,
    private readonly file: FileStat,
    private readonly handle: FileHandle,
  ) {}

  static async open(path: string, file: FileStat): Promise<SequentialReader> {
    try {
      const handle = await open(path, flags);
      try {
        checkSame(path, file, await handle.stat({ bigint: true }));
      } catch (error) {
        await handle.close();
        throw error;
      }
      return new SequentialReader(path, file, handle);
    } catch (error) {
      throw errorOfFile(error, path);
    }
  }

  /** Fills the buffer's first `length` bytes with the next ones of the file. */
  async read(buffer: Buffer, length: number): Promise<Buffer> {
    try {
      for (let done = 0; done < length;) {
        const { bytesRead } = await this.handle.read(buffer, done, length - done, this.position);
        if (bytesRead === 0) throw changed(this.path, `ends at byte ${this.position} of ${this.file.size}`);
        done += bytesRead;
        this.position += bytesRead;
      }
      return buffer.subarray(0, length);
    } catch (error) {
      throw errorOfFile(error, this.path);
    }
  }

  /** After the last byte: fails when the file grew or was written meanwhile. */
  async checkUnchanged(): Promise<void> {
    checkSame(this.path, this.file, await this.handle.stat({ bigint: true }));
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
