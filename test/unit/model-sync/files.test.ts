import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkFormat, formatOf } from "../../../workloads/model-sync/files/formats";
import { matcher } from "../../../workloads/model-sync/files/patterns";
import { checkRoot, fsTypeOf } from "../../../workloads/model-sync/files/rootGuard";
import { headerFault, indexFault, missingShards } from "../../../workloads/model-sync/files/safetensors";
import { listModels, scanModel } from "../../../workloads/model-sync/files/scan";

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

describe("formats", () => {
  const header = '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
  const safetensors = Buffer.concat([
    Buffer.from(new BigUint64Array([BigInt(header.length)]).buffer),
    bytes(header),
    Buffer.alloc(4),
  ]);

  it.each([
    ["safetensors", safetensors],
    ["gguf", bytes("GGUF\x03\0\0\0")],
    ["numpy", bytes("\x93NUMPY\x01\0")],
    ["hdf5", bytes("\x89HDF\r\n\x1a\n")],
    ["zip", bytes("PK\x03\x04\x14\0weights.npy")],
    ["pickle", bytes("PK\x03\x04\0\0archive/data.pkl")],
    ["pickle", bytes("\x80\x04\x95\x10\0\0\0")],
    ["pickle", bytes("cos\nsystem\n(S'id'\ntR.")],
    ["pickle", bytes("(dp0\nS'a'\np1\n")],
    ["gzip", bytes("\x1f\x8b\x08")],
    ["onnx", bytes("\x08\x07\x12\x07pytorch")],
    ["json", bytes('  {"a": 1}')],
    ["text", Buffer.from("vocabulary: schön")],
    ["text", Buffer.alloc(0)],
    ["binary", bytes("\xff\xfe\0\x01")],
  ])("tells %s by its first bytes", (format, head) => expect(formatOf(head)).toBe(format));

  it("refuses what the allow-list does not name, whatever the file is called", () => {
    expect(() => checkFormat("model.safetensors", safetensors, ["safetensors"])).not.toThrow();
    expect(() => checkFormat("model.safetensors", bytes("\x80\x04\x95"), ["safetensors"])).toThrow(
      "holds pickle, allowed are safetensors",
    );
    expect(() => checkFormat("model.safetensors", bytes("{}"), ["safetensors", "json"])).toThrow(
      "named safetensors, holds json",
    );
    expect(() => checkFormat("__init__.py", Buffer.alloc(0), ["safetensors"])).not.toThrow();
  });
});

describe("safetensors", () => {
  const tensor = (from: number, to: number) => ({
    dtype: "U8",
    shape: [to - from],
    data_offsets: [from, to],
  });

  it("finds files that do not end where their header says", () => {
    const header = { __metadata__: { format: "pt" }, b: tensor(4, 6), a: tensor(0, 4) };
    expect(headerFault(header, 100, 114)).toBeUndefined();
    expect(headerFault(header, 100, 113)).toBe("the header describes 114 bytes, the file has 113");
    expect(headerFault(header, 100, 115)).toBe("the header describes 114 bytes, the file has 115");
    expect(headerFault({ a: tensor(0, 4), b: tensor(5, 6) }, 100, 114)).toBe(
      "tensors leave a gap or overlap at byte 4",
    );
    expect(headerFault({ a: tensor(0, 4), b: tensor(3, 6) }, 100, 114)).toBe(
      "tensors leave a gap or overlap at byte 4",
    );
    expect(headerFault({ a: {} }, 100, 108)).toBe("tensor a has no offsets");
  });

  it("compares an index with the shards beside it, missing and left over", () => {
    const index = "m/model.safetensors.index.json";
    const one = "model-00001-of-00002.safetensors";
    const two = "model-00002-of-00002.safetensors";
    const named = new Set([one, two]);
    expect(indexFault(index, named, new Set([index, `m/${one}`, `m/${two}`]))).toBeUndefined();
    expect(indexFault(index, named, new Set([index, `m/${one}`, two]))).toBe(
      `${index} names ${two}, not there`,
    );
    const stale = "m/model-00003-of-00003.safetensors";
    expect(indexFault(index, named, new Set([index, `m/${one}`, `m/${two}`, stale]))).toBe(
      `${index} does not name ${stale}`,
    );
  });

  it("knows from a shard's own name which others must exist", () => {
    expect(
      missingShards(new Set(["a/x-00001-of-00003.safetensors", "a/x-00003-of-00003.safetensors"])),
    ).toEqual(["a/x-00002-of-00003.safetensors"]);
    expect(missingShards(new Set(["x-1-of-1.safetensors", "y.safetensors"]))).toEqual([]);
  });
});

describe("patterns", () => {
  it("includes everything by default, dot files too, and excludes by glob", () => {
    const wanted = matcher(["**"], ["**/*.tmp", "**/.nfs*"]);
    expect(["a", "a/b.bin", ".hidden", "a/.x", "a.tmp", "d/a.tmp", "d/.nfs01"].map(wanted)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(["llama", "llama-2", "mistral"].map(matcher(["llama*"], ["llama-2"]))).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe("root guard", () => {
  const mountinfo = [
    "22 1 8:1 / / rw - ext4 /dev/sda1 rw",
    "30 22 0:40 / /mnt/beegfs rw - beegfs beegfs_nodev rw",
    "31 22 0:41 / /mnt/with\\040space rw - tmpfs tmpfs rw",
  ].join("\n");

  it("finds the file system that holds a path", () => {
    expect(
      ["/mnt/beegfs/models", "/mnt/beegfs", "/mnt/beegfs-old", "/mnt/with space/x"].map((path) =>
        fsTypeOf(path, mountinfo),
      ),
    ).toEqual(["beegfs", "beegfs", "ext4", "tmpfs"]);
  });

  it("lets the last mount over a point count, which may be an empty folder's own", () => {
    expect(fsTypeOf("/mnt/beegfs", `${mountinfo}\n40 30 0:9 / /mnt/beegfs rw - autofs x rw`)).toBe("autofs");
  });
});

describe("scan", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "scan-"));
    mkdirSync(join(root, "m/sub"), { recursive: true });
    writeFileSync(join(root, "m/b"), "22");
    writeFileSync(join(root, "m/sub/a"), "1");
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const scan = () => scanModel(join(root, "m"), () => true);
  const paths = async () => (await scan()).files.map(({ path, size }) => [path, size]);

  it("lists files below folders and through links that stay inside", async () => {
    symlinkSync("sub/a", join(root, "m/link"));
    symlinkSync("sub", join(root, "m/folder"));
    expect(await paths()).toEqual([
      ["b", 2],
      ["folder/a", 1],
      ["link", 1],
      ["sub/a", 1],
    ]);
  });

  it.each([
    ["a link out", () => symlinkSync("/etc/hostname", join(root, "m/out")), "symlink-escapes"],
    [
      "a link to a sibling whose name begins alike",
      () => {
        mkdirSync(join(root, "m-2"));
        writeFileSync(join(root, "m-2/x"), "");
        symlinkSync("../m-2/x", join(root, "m/out"));
      },
      "symlink-escapes",
    ],
    ["a link back to the model", () => symlinkSync(".", join(root, "m/self")), "symlink-escapes"],
    ["a link to a folder above it", () => symlinkSync("..", join(root, "m/sub/up")), "symlink-escapes"],
    ["a link to nothing", () => symlinkSync("nowhere", join(root, "m/dangling")), "incomplete"],
  ])("refuses %s by name", async (_, make, reason) => {
    make();
    await expect(scan()).rejects.toMatchObject({ reason });
  });

  it("does not follow links between two folders in a circle", async () => {
    mkdirSync(join(root, "m/other"));
    symlinkSync("../other", join(root, "m/sub/there"));
    symlinkSync("../sub", join(root, "m/other/back"));
    await expect(scan()).rejects.toMatchObject({ reason: "symlink-escapes" });
  });

  it("takes folders and links to folders for models, and nothing else", () => {
    symlinkSync("m", join(root, "latest"));
    writeFileSync(join(root, "file"), "");
    expect(listModels(root, () => true)).toEqual(["latest", "m"]);
  });

  it("names a root that is not mounted", () => {
    const named = expect.objectContaining({ reason: "root-not-mounted" }) as Error;
    expect(() => checkRoot(root, { kind: "sentinel", file: ".mounted" })).toThrow(named);
    expect(() => checkRoot(root, { kind: "fsType", fsType: "beegfs" })).toThrow(named);
    expect(() => checkRoot(join(root, "gone"), { kind: "fsType", fsType: "beegfs" })).toThrow(named);
    expect(() => listModels(join(root, "gone"), () => true)).toThrow(named);
    writeFileSync(join(root, ".mounted"), "");
    expect(() => checkRoot(root, { kind: "sentinel", file: ".mounted" })).not.toThrow();
  });
});
