import { SyncError } from "../types";
import type { formats } from "../settings";

export type Format = (typeof formats)[number];

/** How many first bytes of a file `formatOf` wants. */
export const headBytes = 1024;

/** The safetensors header's length as the first eight bytes tell it, or undefined where no such header can be. */
export function safetensorsHeaderLength(head: Buffer): number | undefined {
  if (head.length < 9 || head[8] !== 0x7b) return undefined;
  const length = head.readBigUInt64LE(0);
  return length >= 2n && length <= 100_000_000n ? Number(length) : undefined;
}

const globalImport = /^c[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n/;

function isPickle(head: Buffer): boolean {
  if (head[0] === 0x80 && head[1] !== undefined && head[1] >= 1 && head[1] <= 5) return true;
  const text = head.toString("latin1");
  // Protocols 0 and 1 have no magic: an import, a list or a dictionary on the stack, as text.
  return (
    globalImport.test(text) ||
    /^\((lp|dp|i[A-Za-z_])/.test(text) ||
    text.startsWith("}q") ||
    text.startsWith("]q")
  );
}

function isText(head: Buffer): boolean {
  if (head.includes(0)) return false;
  // A character may be cut at the end of the sample.
  const text = new TextDecoder("utf-8", { fatal: true });
  for (let cut = 0; cut < 4; cut++) {
    try {
      text.decode(head.subarray(0, head.length - cut));
      return true;
    } catch {
      if (head.length < headBytes) return false;
    }
  }
  return false;
}

/** Tells what a file holds by its first bytes, never by its name. An empty file counts as text. */
export function formatOf(head: Buffer): Format {
  const begins = (magic: string): boolean => head.toString("latin1", 0, magic.length) === magic;
  if (safetensorsHeaderLength(head) !== undefined) return "safetensors";
  if (begins("GGUF")) return "gguf";
  if (begins("\x93NUMPY")) return "numpy";
  if (begins("\x89HDF")) return "hdf5";
  // torch.save makes an archive whose first member is a pickle.
  if (begins("PK\x03\x04")) return head.includes("data.pkl") ? "pickle" : "zip";
  if (begins("\x1f\x8b")) return "gzip";
  if (isPickle(head)) return "pickle";
  if (head[0] === 0x08 && (head[1] ?? 0xff) <= 20 && head[2] === 0x12) return "onnx";
  if (isText(head)) return /^\s*[[{]/.test(head.toString("utf8")) ? "json" : "text";
  return "binary";
}

/** Refuses content that the allow-list does not name, and a `.safetensors` that is something else. */
export function checkFormat(path: string, head: Buffer, allowed: readonly Format[]): void {
  if (head.length === 0) return;
  const format = formatOf(head);
  if (!allowed.includes(format)) {
    throw new SyncError(
      "format-not-allowed",
      `${path}: holds ${format}, allowed are ${allowed.join(", ")}`,
      false,
    );
  }
  if (path.endsWith(".safetensors") && format !== "safetensors") {
    throw new SyncError("format-not-allowed", `${path}: named safetensors, holds ${format}`, false);
  }
}
