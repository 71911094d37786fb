import type { Format } from "../../../workloads/model-sync/files/formats";

/** What the names of canaries begin with; whatever is called so may be removed. */
export const CANARY_PREFIX = "validate-canary-";

/** A file of the canary: path in its folder, and content. */
export interface CanaryFile {
  readonly path: string;
  readonly content: Buffer;
}

/** A safetensors file of one number. The seed makes its content one that no other canary has. */
export function tinySafetensors(seed: string): Buffer {
  const header = JSON.stringify({
    __metadata__: { format: "pt", canary: seed },
    canary: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
  });
  const text = Buffer.from(header.padEnd(Math.ceil(header.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(4)]);
}

const MAKERS: readonly { readonly format: Format; readonly make: (seed: string) => CanaryFile }[] = [
  { format: "safetensors", make: (seed) => ({ path: "canary.safetensors", content: tinySafetensors(seed) }) },
  {
    format: "json",
    make: (seed) => ({ path: "canary.json", content: Buffer.from(JSON.stringify({ canary: seed })) }),
  },
  { format: "text", make: (seed) => ({ path: "canary.txt", content: Buffer.from(`canary ${seed}\n`) }) },
];

/**
 * The smallest model of a format that the site takes, its marker last.
 *
 * @param allowed formats; absent: all that the worker takes by itself
 * @param marker name of the file that says that a save is done
 * @returns undefined where none of the formats can be made up
 */
export function canaryFiles(
  seed: string,
  allowed: readonly string[] | undefined,
  marker: string | undefined,
): readonly CanaryFile[] | undefined {
  const maker = MAKERS.find(({ format }) => allowed === undefined || allowed.includes(format));
  if (maker === undefined) return undefined;
  return [
    maker.make(seed),
    ...(marker === undefined ? [] : [{ path: marker, content: Buffer.from("done\n") }]),
  ];
}
