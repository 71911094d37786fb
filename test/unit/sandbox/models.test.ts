import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beginModel, dropModel, modelFiles, slurmJobFile, writeModel } from "../../../sandbox/models";
import { matcher } from "../../../workloads/model-sync/files/patterns";
import { checkWhole } from "../../../workloads/model-sync/files/safetensors";
import { scanModel } from "../../../workloads/model-sync/files/scan";

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "models-"))));
afterEach(() => rmSync(root, { recursive: true }));

const everyFile = matcher(["**"], []);
const last = "model-00002-of-00002.safetensors";

type Header = Readonly<Record<string, { readonly shape: number[]; readonly data_offsets: [number, number] }>>;

function header(file: Buffer): Header {
  const length = Number(file.readBigUInt64LE(0));
  const { __metadata__, ...tensors } = JSON.parse(file.subarray(8, 8 + length).toString()) as Header;
  return tensors;
}

describe("a model of the sandbox", () => {
  it("is what a training job leaves of a sharded save", async () => {
    const folder = await writeModel(root, "tiny");
    expect(folder).toBe(join(root, "tiny"));
    expect(readdirSync(folder).sort()).toEqual([
      "config.json",
      "model-00001-of-00002.safetensors",
      last,
      "model.safetensors.index.json",
      slurmJobFile,
      "stderr.log",
      "tokenizer.json",
    ]);
    expect(statSync(join(folder, "stderr.log")).size).toBe(0);
    expect(readFileSync(join(folder, slurmJobFile), "utf8")).toBe("sandbox\n");
  });

  it("has the tensors that its index and its configuration say, each finite", () => {
    const files = new Map(modelFiles("seed").map(({ path, content }) => [path, content]));
    const index = JSON.parse(files.get("model.safetensors.index.json")!.toString()) as {
      metadata: { total_size: number };
      weight_map: Record<string, string>;
    };
    const config = JSON.parse(files.get("config.json")!.toString()) as Record<string, number>;
    let bytes = 0;
    for (const shard of new Set(Object.values(index.weight_map))) {
      const content = files.get(shard)!;
      const tensors = header(content);
      const named = Object.keys(index.weight_map).filter((name) => index.weight_map[name] === shard);
      expect(Object.keys(tensors)).toEqual(named);
      const data = 8 + Number(content.readBigUInt64LE(0));
      expect(data % 8).toBe(0);
      for (const {
        shape,
        data_offsets: [from, to],
      } of Object.values(tensors)) {
        expect(to - from).toBe(4 * shape.reduce((product, size) => product * size, 1));
        bytes += to - from;
        for (let at = data + from; at < data + to; at += 4)
          if (!(Math.abs(content.readFloatLE(at)) <= 0.05))
            throw new Error(`a weight is ${content.readFloatLE(at)}`);
      }
    }
    expect(bytes).toBe(index.metadata.total_size);
    expect(header(files.get(last)!)["lm_head.weight"]!.shape).toEqual([
      config.vocab_size,
      config.hidden_size,
    ]);
  });

  it("has the same bytes for the same seed, and other weights for another", () => {
    const bytes = (seed: string): Buffer => Buffer.concat(modelFiles(seed).map(({ content }) => content));
    expect(bytes("a").equals(bytes("a"))).toBe(true);
    expect(bytes("a").equals(bytes("b"))).toBe(false);
    expect(bytes("a").length).toBe(bytes("b").length);
  });

  it("is whole to the worker that will move it, and not before its save is finished", async () => {
    const finish = await beginModel(root, "slow");
    const look = () => scanModel(join(root, "slow"), everyFile);
    await expect(look().then(checkWhole)).rejects.toThrow(
      new RegExp(`${last}: the header describes \\d+ bytes`),
    );
    await finish();
    await look().then(checkWhole);
    const whole = modelFiles("slow").find(({ path }) => path === last)!.content;
    expect(readFileSync(join(root, "slow", last)).equals(whole)).toBe(true);
  });

  it("is written as slowly as asked", async () => {
    const sizes: number[] = [];
    const file = join(root, "wide", last);
    const pause = () => {
      if (existsSync(file)) sizes.push(statSync(file).size);
      return Promise.resolve();
    };
    await writeModel(root, "wide", { hiddenSize: 256, pause });
    expect(sizes.length).toBeGreaterThan(10);
    expect(new Set(sizes).size).toBe(sizes.length);
  });

  it("refuses a width that has no four heads", () => {
    expect(() => modelFiles("seed", 12)).toThrow("hiddenSize must be a multiple of 8, not 12");
  });
});

describe("dropModel", () => {
  it("touches no model that is there, and finishes one that is not whole", async () => {
    expect(await dropModel(root, "tiny")).toBe(join(root, "tiny"));
    const file = join(root, "tiny", last);
    const old = new Date(2020, 1, 1);
    utimesSync(file, old, old);
    expect(await dropModel(root, "tiny")).toBeUndefined();
    expect(statSync(file).mtime).toEqual(old);
    await beginModel(root, "tiny");
    expect(await dropModel(root, "tiny")).toBe(join(root, "tiny"));
    await checkWhole(await scanModel(join(root, "tiny"), everyFile));
  });
});
