import { parseManifest } from "../publish/manifest";
import type { Manifest } from "../types";
import { SyncError } from "../types";

/** A manifest and its time of upload; `unreadable` when it is not one, which protects what it stands for. */
export function publishedManifest(
  body: Buffer,
  key: string,
): (Manifest & { uploadedMs: number }) | "unreadable" {
  try {
    const manifest = parseManifest(body, key);
    const uploadedMs = Date.parse(manifest.provenance.uploaded);
    return Number.isNaN(uploadedMs) ? "unreadable" : { ...manifest, uploadedMs };
  } catch (error) {
    if (error instanceof SyncError || error instanceof TypeError) return "unreadable";
    throw error;
  }
}
