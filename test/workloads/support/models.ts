import { randomBytes } from "node:crypto";
import type { Site } from "./site";

/** A safetensors file with one tensor of these bytes. */
export function safetensors(data: Buffer): Buffer {
  const header = Buffer.from(
    JSON.stringify({ w: { dtype: "U8", shape: [data.length], data_offsets: [0, data.length] } }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, data]);
}

/** A model of shards with their index. */
export function writeSharded(here: Site, model: string, shards: number): void {
  const name = (shard: number): string => `model-0000${shard}-of-0000${shards}.safetensors`;
  const numbers = Array.from({ length: shards }, (_, at) => at + 1);
  for (const shard of numbers) here.write(model, name(shard), safetensors(randomBytes(1000 + shard)));
  const weights = Object.fromEntries(numbers.map((shard) => [`layer.${shard}`, name(shard)]));
  here.write(model, "model.safetensors.index.json", JSON.stringify({ metadata: {}, weight_map: weights }));
}
