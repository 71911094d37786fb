import { createHash, randomBytes } from "node:crypto";

/** The type token and the logical name inside a URN. */
export function partsOfUrn(urn: string): { type: string; name: string } {
  const [, , types = "", ...name] = urn.replace(/^urn:pulumi:/, "").split("::");
  return { type: types.slice(types.lastIndexOf("$") + 1), name: name.join("::") };
}

/** `prefix` plus `digits` hexadecimal characters: the same for the same seed, random without one. */
export function uniqueName(prefix: string, seed: Uint8Array, digits: number): string {
  const source = seed.length === 0 ? randomBytes(32) : seed;
  return `${prefix}${createHash("sha256").update(source).update(prefix).digest("hex").slice(0, digits)}`;
}
