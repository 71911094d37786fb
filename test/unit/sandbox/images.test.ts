import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buildImages, imageOf } from "../../../sandbox/images";
import { recipes, type ImageRecipe } from "../../../sandbox/images/catalogue";
import { parseLdd, sharedLibraries } from "../../../sandbox/images/libraries";
import { tar } from "../../../sandbox/images/tar";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "images-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const list = (archive: Buffer): string[] => {
  const file = join(folder, "archive.tar");
  writeFileSync(file, archive);
  return execFileSync("tar", ["--numeric-owner", "-tvf", file], { env: { ...process.env, TZ: "UTC" } })
    .toString()
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/ +/g, " "));
};

const content = (archive: Buffer, path: string): Buffer => {
  const file = join(folder, "archive.tar");
  writeFileSync(file, archive);
  return execFileSync("tar", ["-xOf", file, path], { maxBuffer: 2 ** 24 });
};

const json = (archive: Buffer, path: string): unknown => JSON.parse(content(archive, path).toString());
const sha256 = (data: Buffer): string => createHash("sha256").update(data).digest("hex");

describe("tar", () => {
  it("writes what tar reads, without a clock and without a name", () => {
    const archive = tar([
      { path: "etc/" },
      { path: "etc/empty", content: Buffer.alloc(0) },
      { path: "tool", content: Buffer.alloc(513, "x"), mode: 0o755, uid: 65534, gid: 65533 },
    ]);
    expect(archive.length % 512).toBe(0);
    expect(list(archive)).toEqual([
      "drwxr-xr-x 0/0 0 1970-01-01 00:00 etc/",
      "-rw-r--r-- 0/0 0 1970-01-01 00:00 etc/empty",
      "-rwxr-xr-x 65534/65533 513 1970-01-01 00:00 tool",
    ]);
    expect(content(archive, "tool").equals(Buffer.alloc(513, "x"))).toBe(true);
  });

  it("cuts a long path at a slash, and refuses one that no cut makes fit", () => {
    const long = `${"folder/".repeat(20)}${"x".repeat(100)}`;
    const archive = tar([{ path: "folder/".repeat(20) }, { path: long, content: Buffer.from("here") }]);
    expect(list(archive).map((line) => line.split(" ").at(-1))).toEqual(["folder/".repeat(20), long]);
    expect(content(archive, long).toString()).toBe("here");
    for (const path of ["x".repeat(101), `${"folder/".repeat(40)}x`, `a/${"x".repeat(101)}`])
      expect(() => tar([{ path, content: Buffer.alloc(0) }])).toThrow(/path too long for ustar/);
  });

  it("refuses a folder with content and a file that looks like a folder", () => {
    expect(() => tar([{ path: "folder/", content: Buffer.alloc(0) }])).toThrow(/a folder, and only that/);
    expect(() => tar([{ path: "file" }])).toThrow(/a folder, and only that/);
  });
});

describe("an image of a recipe", () => {
  const prometheus = recipes.find(({ name }) => name === "prometheus")!;
  const files = {
    "bin/prometheus": Buffer.from("binary of prometheus"),
    "bin/promtool": Buffer.from("binary of promtool"),
  };
  const image = imageOf(prometheus, files);

  it("is named by the digest of the manifest that its index points at", () => {
    const index = json(image.archive, "index.json") as {
      manifests: { digest: string; annotations: Record<string, string> }[];
    };
    const [manifest] = index.manifests;
    expect(image.reference).toBe(`registry.sandbox/prometheus@${manifest!.digest}`);
    expect(manifest!.annotations).toEqual({ "io.containerd.image.name": image.reference });
    const blob = content(image.archive, `blobs/sha256/${manifest!.digest.slice("sha256:".length)}`);
    expect(`sha256:${sha256(blob)}`).toBe(manifest!.digest);
  });

  it("has the official image's user, folder and entry point, and its binaries as a layer", () => {
    const index = json(image.archive, "index.json") as { manifests: { digest: string }[] };
    const blobPath = (digest: string): string => `blobs/sha256/${digest.slice("sha256:".length)}`;
    const manifest = json(image.archive, blobPath(index.manifests[0]!.digest)) as {
      config: { digest: string };
      layers: { digest: string }[];
    };
    expect(json(image.archive, blobPath(manifest.config.digest))).toMatchObject({
      config: { User: "65534:65534", WorkingDir: "/prometheus", Entrypoint: ["/bin/prometheus"] },
      rootfs: { diff_ids: [manifest.layers[0]!.digest] },
    });
    expect(list(content(image.archive, blobPath(manifest.layers[0]!.digest)))).toEqual([
      "drwxr-xr-x 0/0 0 1970-01-01 00:00 bin/",
      "drwxr-xr-x 0/0 0 1970-01-01 00:00 etc/",
      "drwxrwxrwt 0/0 0 1970-01-01 00:00 tmp/",
      "drwxr-xr-x 65534/65534 0 1970-01-01 00:00 prometheus/",
      "-rw-r--r-- 0/0 76 1970-01-01 00:00 etc/passwd",
      "-rw-r--r-- 0/0 26 1970-01-01 00:00 etc/group",
      "-rwxr-xr-x 0/0 20 1970-01-01 00:00 bin/prometheus",
      "-rwxr-xr-x 0/0 18 1970-01-01 00:00 bin/promtool",
    ]);
  });

  it("changes its reference with its binary, and with nothing else", () => {
    const again = imageOf(prometheus, { ...files });
    const other = imageOf(prometheus, { ...files, "bin/promtool": Buffer.from("another promtool") });
    expect(again.archive.equals(image.archive)).toBe(true);
    expect(again.reference).toBe(image.reference);
    expect(other.reference).not.toBe(image.reference);
  });
});

describe("the image node", () => {
  const node = recipes.find(({ name }) => name === "node")!;

  it("has the program that runs this where the official image has it, its user, and root as default", () => {
    expect(node.programs).toEqual({ "usr/local/bin/node": process.execPath });
    const { archive } = imageOf(node, { "usr/local/bin/node": Buffer.from("node") });
    const blob = (digest: string): string => `blobs/sha256/${digest.slice("sha256:".length)}`;
    const index = json(archive, "index.json") as { manifests: { digest: string }[] };
    const manifest = json(archive, blob(index.manifests[0]!.digest)) as {
      config: { digest: string };
      layers: { digest: string }[];
    };
    expect(json(archive, blob(manifest.config.digest))).toMatchObject({
      config: { Cmd: ["node"], Env: [expect.stringContaining("/usr/local/bin")] },
    });
    expect(json(archive, blob(manifest.config.digest))).not.toHaveProperty("config.User");
    const layer = content(archive, blob(manifest.layers[0]!.digest));
    expect(content(layer, "etc/passwd").toString()).toBe(
      "root:x:0:0:root:/:/sbin/nologin\nnode:x:1000:1000:node:/:/sbin/nologin\n",
    );
    expect(content(layer, "etc/group").toString()).toBe("root:x:0:\nnode:x:1000:\n");
    expect(list(layer).filter((line) => line.includes("usr"))).toEqual([
      "drwxr-xr-x 0/0 0 1970-01-01 00:00 usr/",
      "drwxr-xr-x 0/0 0 1970-01-01 00:00 usr/local/",
      "drwxr-xr-x 0/0 0 1970-01-01 00:00 usr/local/bin/",
      "-rwxr-xr-x 0/0 4 1970-01-01 00:00 usr/local/bin/node",
    ]);
  });
});

describe("the image k6", () => {
  const k6 = recipes.find(({ name }) => name === "k6")!;

  it("has the program and cp where the official image has them, and its user", () => {
    expect([k6.binaries, k6.programs]).toEqual([{ "usr/bin/k6": "k6" }, { "bin/cp": "/bin/cp" }]);
    const files = { "usr/bin/k6": Buffer.from("k6"), "bin/cp": Buffer.from("cp") };
    const { archive } = imageOf(k6, files);
    const blob = (digest: string): string => `blobs/sha256/${digest.slice("sha256:".length)}`;
    const index = json(archive, "index.json") as { manifests: { digest: string }[] };
    const manifest = json(archive, blob(index.manifests[0]!.digest)) as {
      config: { digest: string };
      layers: { digest: string }[];
    };
    expect(json(archive, blob(manifest.config.digest))).toMatchObject({
      config: { User: "12345:12345", WorkingDir: "/home/k6", Entrypoint: ["k6"] },
    });
    const layer = content(archive, blob(manifest.layers[0]!.digest));
    expect(list(layer).filter((line) => /k6|bin\/cp/.test(line))).toEqual([
      "drwxr-xr-x 12345/12345 0 1970-01-01 00:00 home/k6/",
      "-rwxr-xr-x 0/0 2 1970-01-01 00:00 usr/bin/k6",
      "-rwxr-xr-x 0/0 2 1970-01-01 00:00 bin/cp",
    ]);
  });

  it("has all that cp needs to copy", () => {
    const libraries = sharedLibraries("/bin/cp");
    for (const file of ["/bin/cp", ...libraries]) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      copyFileSync(file, join(folder, file));
    }
    const loader = libraries.find((file) => /\/ld-linux[^/]*$/.test(file))!;
    const folders = [...new Set(libraries.map((file) => join(folder, dirname(file))))].join(":");
    const [from, to] = [join(folder, "bin/cp"), join(folder, "copied")];
    const copy = [from, from, to];
    const args = ["--inhibit-cache", "--library-path", folders, ...copy];
    const run = spawnSync(join(folder, loader), args, { encoding: "utf8", env: {} });
    expect([run.stderr, run.status]).toEqual(["", 0]);
    expect(readFileSync(to).equals(readFileSync("/bin/cp"))).toBe(true);
  });
});

describe("shared libraries", () => {
  const said = [
    "\tlinux-vdso.so.1 (0x00007f941d31b000)",
    "\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f941d225000)",
    "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f941cdfe000)",
    "\t/lib64/ld-linux-x86-64.so.2 (0x00007f941d31d000)",
    "",
  ];

  it("are those with a file, the loader among them", () => {
    expect(parseLdd(said.join("\n"))).toEqual([
      "/lib/x86_64-linux-gnu/libm.so.6",
      "/lib/x86_64-linux-gnu/libc.so.6",
      "/lib64/ld-linux-x86-64.so.2",
    ]);
  });

  it("that are not found are named", () => {
    const text = ["\tlibodd.so.1 => not found", ...said].join("\n");
    expect(() => parseLdd(text)).toThrow("shared libraries not found: libodd.so.1");
  });

  it("of the program that runs this start it in a folder that holds nothing else", () => {
    const all = [process.execPath, ...sharedLibraries(process.execPath)];
    const into = (file: string): string => join(folder, file === process.execPath ? "/node" : file);
    for (const file of all) {
      mkdirSync(dirname(into(file)), { recursive: true });
      copyFileSync(file, into(file));
    }
    const [loader] = all.filter((file) => /\/ld-linux[^/]*$/.test(file));
    const libraries = [...new Set(all.map((file) => dirname(into(file))))].join(":");
    const run = spawnSync(
      into(loader!),
      ["--inhibit-cache", "--library-path", libraries, "--list", into(process.execPath)],
      { encoding: "utf8", env: {} },
    );
    expect(run.status).toBe(0);
    expect(parseLdd(run.stdout).filter((path) => !path.startsWith(folder))).toEqual([]);
  });
});

describe("buildImages", () => {
  const tools = [...new Set(recipes.flatMap(({ binaries = {} }) => Object.values(binaries)))];
  const ofTools = recipes.filter(({ programs, trees }) => programs === undefined && trees === undefined);
  const fill = (bin: string): void =>
    tools.forEach((tool) => writeFileSync(join(bin, tool), `binary of ${tool}`));

  it("makes the same archives wherever it runs, keeps what is made, and remakes what changed", async () => {
    const [bin, out, out2] = [folder, join(folder, "out"), join(folder, "out2")];
    fill(bin);
    const first = await buildImages(bin, out, ofTools);
    expect(first.map(({ name }) => name)).toEqual(ofTools.map(({ name }) => name));
    expect(
      first.every(({ name, reference }) => reference.startsWith(`registry.sandbox/${name}@sha256:`)),
    ).toBe(true);
    const elsewhere = await buildImages(bin, out2, ofTools);
    expect(elsewhere.map(({ reference }) => reference)).toEqual(first.map(({ reference }) => reference));
    expect(elsewhere.map(({ archive }) => sha256(readFileSync(archive)))).toEqual(
      first.map(({ archive }) => sha256(readFileSync(archive))),
    );

    const old = new Date(2020, 1, 1);
    first.forEach(({ archive }) => utimesSync(archive, old, old));
    writeFileSync(join(bin, "pause"), "a pause that changed");
    const third = await buildImages(bin, out, ofTools);
    const changed = third.filter(({ reference }, index) => reference !== first[index]!.reference);
    expect(changed.map(({ name }) => name)).toEqual(["pause"]);
    const pause = first.find(({ name }) => name === "pause")!;
    expect(() => readFileSync(pause.archive)).toThrow(/ENOENT/);
  });

  it("takes a program of this machine with its libraries, and remakes it when it changed", async () => {
    const program = join(folder, "program");
    const recipe: ImageRecipe = { name: "node", programs: { "usr/bin/it": program }, config: {} };
    copyFileSync("/bin/true", program);
    const [first] = await buildImages(folder, join(folder, "out"), [recipe]);
    const archive = readFileSync(first!.archive);
    const index = json(archive, "index.json") as { manifests: { digest: string }[] };
    const blob = (digest: string): string => `blobs/sha256/${digest.slice("sha256:".length)}`;
    const manifest = json(archive, blob(index.manifests[0]!.digest)) as { layers: { digest: string }[] };
    const layer = content(archive, blob(manifest.layers[0]!.digest));
    for (const library of sharedLibraries("/bin/true"))
      expect(content(layer, library.slice(1)).equals(readFileSync(library))).toBe(true);
    expect(content(layer, "usr/bin/it").equals(readFileSync("/bin/true"))).toBe(true);
    rmSync(program);
    copyFileSync("/bin/false", program);
    const [second] = await buildImages(folder, join(folder, "out"), [recipe]);
    expect(second!.reference).not.toBe(first!.reference);
  });

  it("takes a folder whole, with what its extensions need from outside it, and remakes it when it changed", async () => {
    const tree = join(folder, "tree");
    mkdirSync(join(tree, "deep"), { recursive: true });
    writeFileSync(join(tree, "deep", "file.py"), "print()");
    copyFileSync("/bin/true", join(tree, "it.so"));
    const recipe: ImageRecipe = {
      name: "kserve",
      cluster: "cloud",
      trees: { "opt/it": tree },
      environment: { IT: "there" },
      config: {},
    };
    const build = async () => (await buildImages(folder, join(folder, "out"), [recipe]))[0]!;
    const first = await build();
    expect(first.cluster).toBe("cloud");
    const archive = readFileSync(first.archive);
    const index = json(archive, "index.json") as { manifests: { digest: string }[] };
    const blob = (digest: string): string => `blobs/sha256/${digest.slice("sha256:".length)}`;
    const manifest = json(archive, blob(index.manifests[0]!.digest)) as {
      config: { digest: string };
      layers: { digest: string }[];
    };
    expect(json(archive, blob(manifest.config.digest))).toMatchObject({
      config: { Env: [expect.stringMatching(/^PATH=/), "IT=there"] },
    });
    const layer = content(archive, blob(manifest.layers[0]!.digest));
    expect(content(layer, "opt/it/deep/file.py").toString()).toBe("print()");
    expect(content(layer, "opt/it/it.so").equals(readFileSync("/bin/true"))).toBe(true);
    for (const library of sharedLibraries("/bin/true"))
      expect(content(layer, library.slice(1)).equals(readFileSync(library))).toBe(true);
    expect((await build()).reference).toBe(first.reference);
    writeFileSync(join(tree, "deep", "file.py"), "print(1)");
    expect((await build()).reference).not.toBe(first.reference);
    rmSync(tree, { recursive: true });
    await expect(build()).rejects.toThrow(`image kserve: ${tree} is not there`);
  });

  it("names the binary that is missing", async () => {
    fill(folder);
    rmSync(join(folder, "promtool"));
    await expect(buildImages(folder, join(folder, "out"))).rejects.toThrow(
      `image prometheus: no binary promtool in ${folder}`,
    );
  });
});
