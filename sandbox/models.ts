import * as fs from "node:fs";
import { createHash } from "node:crypto";
import * as path from "node:path";

/** The model that every sandbox trains, so to speak, registers and serves. */
export const sandboxModel = "sandbox-tiny";

/** File in a model that names the Slurm job which wrote it. */
export const slurmJobFile = "slurm_job_id";

export interface ModelOptions {
  /** Same seed, same bytes; default the model's name. */
  readonly seed?: string;
  /** Width of the network, a multiple of 8: 64 (the default) makes about half a megabyte, 1024 over 80. */
  readonly hiddenSize?: number;
  /** Awaited after each quarter mebibyte that is written: makes a save as slow as a test wants it. */
  readonly pause?: () => Promise<void>;
}

/** One file of a model, in the order of a save. */
interface ModelFile {
  readonly path: string;
  readonly content: Buffer;
}

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
}

const vocabulary = 256;
const layers = 2;

/** A Llama's tensors as its library names them, in two shards. */
function shardsOf(hidden: number): readonly (readonly Tensor[])[] {
  const square = [hidden, hidden];
  const wide = [2 * hidden, hidden];
  const blocks = Array.from({ length: layers }, (_, layer) =>
    Object.entries({
      input_layernorm: [hidden],
      "mlp.down_proj": [hidden, 2 * hidden],
      "mlp.gate_proj": wide,
      "mlp.up_proj": wide,
      post_attention_layernorm: [hidden],
      "self_attn.k_proj": square,
      "self_attn.o_proj": square,
      "self_attn.q_proj": square,
      "self_attn.v_proj": square,
    }).map(([part, shape]) => ({ name: `model.layers.${layer}.${part}.weight`, shape })),
  );
  const half = layers / 2;
  return [
    [{ name: "model.embed_tokens.weight", shape: [vocabulary, hidden] }, ...blocks.slice(0, half).flat()],
    [
      ...blocks.slice(half).flat(),
      { name: "model.norm.weight", shape: [hidden] },
      { name: "lm_head.weight", shape: [vocabulary, hidden] },
    ],
  ];
}

const bytesOf = ({ shape }: Tensor): number => 4 * shape.reduce((product, size) => product * size, 1);

/** Small finite weights that only the seed decides. */
function weights(seed: string, bytes: number): Buffer {
  let state = createHash("sha256").update(seed).digest().readUInt32LE(0) || 1;
  const buffer = Buffer.alloc(bytes);
  for (let offset = 0; offset < bytes; offset += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    buffer.writeFloatLE((state / 2 ** 31) * 0.05, offset);
  }
  return buffer;
}

/** A safetensors file: length of the header, header padded to 8 bytes, the tensors one after the other. */
function safetensors(tensors: readonly Tensor[], seed: string): Buffer {
  let end = 0;
  const entries = tensors.map((tensor) => {
    const begin = end;
    end += bytesOf(tensor);
    return [tensor.name, { dtype: "F32", shape: tensor.shape, data_offsets: [begin, end] }] as const;
  });
  const text = JSON.stringify({ __metadata__: { format: "pt" }, ...Object.fromEntries(entries) });
  const header = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([
    length,
    header,
    ...tensors.map((one) => weights(`${seed}/${one.name}`, bytesOf(one))),
  ]);
}

const json = (value: object): Buffer => Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`);

/**
 * The files of a small Llama as its library saves them, with random weights, beside what a training job leaves: its id
 * and an empty log.
 */
export function modelFiles(seed: string, hiddenSize = 64): readonly ModelFile[] {
  if (!Number.isInteger(hiddenSize) || hiddenSize < 8 || hiddenSize % 8 !== 0)
    throw new Error(`hiddenSize must be a multiple of 8, not ${hiddenSize}`);
  const shards = shardsOf(hiddenSize);
  const shardName = (index: number): string =>
    `model-${String(index + 1).padStart(5, "0")}-of-${String(shards.length).padStart(5, "0")}.safetensors`;
  const words = Array.from({ length: vocabulary }, (_, id) => [id === 0 ? "<unk>" : `w${id}`, id] as const);
  const index = {
    metadata: { total_size: shards.flat().reduce((sum, tensor) => sum + bytesOf(tensor), 0) },
    weight_map: Object.fromEntries(
      shards.flatMap((shard, number) => shard.map(({ name }) => [name, shardName(number)])),
    ),
  };
  return [
    // no Slurm wrote it: the sandbox did
    { path: slurmJobFile, content: Buffer.from("sandbox\n") },
    { path: "stderr.log", content: Buffer.alloc(0) },
    { path: "config.json", content: json(configuration(hiddenSize)) },
    { path: "tokenizer.json", content: json(tokenizer(Object.fromEntries(words))) },
    { path: "model.safetensors.index.json", content: json(index) },
    ...shards.map((shard, number) => ({ path: shardName(number), content: safetensors(shard, seed) })),
  ];
}

function configuration(hiddenSize: number): object {
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    hidden_act: "silu",
    hidden_size: hiddenSize,
    intermediate_size: 2 * hiddenSize,
    max_position_embeddings: 128,
    num_attention_heads: 4,
    num_hidden_layers: layers,
    num_key_value_heads: 4,
    rms_norm_eps: 1e-6,
    tie_word_embeddings: false,
    torch_dtype: "float32",
    vocab_size: vocabulary,
  };
}

function tokenizer(vocab: Readonly<Record<string, number>>): object {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: "WhitespaceSplit" },
    post_processor: null,
    decoder: null,
    model: { type: "WordLevel", vocab, unk_token: "<unk>" },
  };
}

/** Writes a model `<root>/<name>` as a training job saves one: in place, file by file. Returns its folder. */
export async function writeModel(root: string, name: string, options: ModelOptions = {}): Promise<string> {
  const finish = await beginModel(root, name, options);
  await finish();
  return path.join(root, name);
}

/**
 * Writes a model up to the middle of its last shard and returns what finishes the save; a save that never ends is one
 * that is never finished.
 */
export async function beginModel(
  root: string,
  name: string,
  { seed = name, hiddenSize, pause = () => Promise.resolve() }: ModelOptions = {},
): Promise<() => Promise<void>> {
  const folder = path.join(root, name);
  const files = modelFiles(seed, hiddenSize);
  const last = files[files.length - 1];
  if (last === undefined) throw new Error("a model has files");
  const middle = Math.floor(last.content.length / 2);
  fs.mkdirSync(folder, { recursive: true });
  for (const file of files.slice(0, -1)) await write(folder, file.path, file.content, pause);
  await write(folder, last.path, last.content.subarray(0, middle), pause);
  return () => write(folder, last.path, last.content.subarray(middle), pause, "a");
}

async function write(
  folder: string,
  file: string,
  content: Buffer,
  pause: () => Promise<void>,
  flags = "w",
): Promise<void> {
  const chunk = 2 ** 18;
  const handle = await fs.promises.open(path.join(folder, file), flags, 0o644);
  try {
    for (let from = 0; from < content.length; from += chunk) {
      await handle.writeFile(content.subarray(from, from + chunk));
      await pause();
    }
  } finally {
    await handle.close();
  }
}

/** Writes a model unless it is there, whole; returns its folder when it wrote it. */
export async function dropModel(root: string, name: string): Promise<string | undefined> {
  const sizeOf = (file: string): number | undefined =>
    fs.statSync(path.join(root, name, file), { throwIfNoEntry: false })?.size;
  const whole = modelFiles(name).every((file) => sizeOf(file.path) === file.content.length);
  return whole ? undefined : writeModel(root, name);
}
