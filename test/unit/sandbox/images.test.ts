import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildImages, imageOf } from "../../../sandbox/images";
import { recipes } from "../../../sandbox/images/catalogue";
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
  return execFileSync("tar", ["-xOf", file, path], { maxBuffer: 2 ** 20 });
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

  it("refuses a path that does not fit", () => {
    expect(() => tar([{ path: "x".repeat(101), content: Buffer.alloc(0) }])).toThrow(
      /path too long for ustar/,
    );
  });

  it("refuses a folder with content and a file that looks like a folder", () => {
    expect(() => tar([{ path: "folder/", content: Buffer.alloc(0) }])).toThrow(/a folder, and only that/);
    expect(() => tar([{ path: "file" }])).toThrow(/a folder, and only that/);
  });
});

describe("an image of a recipe", () => {
  const prometheus = recipes.find(({ name }) => name === "prometheus")!;
  const image = imageOf(prometheus, (tool) => Buffer.from(`binary of ${tool}`));

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
    const again = imageOf(prometheus, (tool) => Buffer.from(`binary of ${tool}`));
    const other = imageOf(prometheus, (tool) => Buffer.from(`another binary of ${tool}`));
    expect(again.archive.equals(image.archive)).toBe(true);
    expect(again.reference).toBe(image.reference);
    expect(other.reference).not.toBe(image.reference);
  });
});

describe("buildImages", () => {
  const tools = [...new Set(recipes.flatMap(({ binaries }) => Object.values(binaries)))];
  const fill = (bin: string): void =>
    tools.forEach((tool) => writeFileSync(join(bin, tool), `binary of ${tool}`));

  it("makes the same archives wherever it runs, keeps what is made, and remakes what changed", async () => {
    const [bin, out, out2] = [folder, join(folder, "out"), join(folder, "out2")];
    fill(bin);
    const first = await buildImages(bin, out);
    expect(first.map(({ name }) => name)).toEqual(recipes.map(({ name }) => name));
    expect(
      first.every(({ name, reference }) => reference.startsWith(`registry.sandbox/${name}@sha256:`)),
    ).toBe(true);
    const elsewhere = await buildImages(bin, out2);
    expect(elsewhere.map(({ reference }) => reference)).toEqual(first.map(({ reference }) => reference));
    expect(elsewhere.map(({ archive }) => sha256(readFileSync(archive)))).toEqual(
      first.map(({ archive }) => sha256(readFileSync(archive))),
    );

    const old = new Date(2020, 1, 1);
    first.forEach(({ archive }) => utimesSync(archive, old, old));
    writeFileSync(join(bin, "pause"), "a pause that changed");
    const third = await buildImages(bin, out);
    const changed = third.filter(({ reference }, index) => reference !== first[index]!.reference);
    expect(changed.map(({ name }) => name)).toEqual(["pause"]);
    const pause = first.find(({ name }) => name === "pause")!;
    expect(() => readFileSync(pause.archive)).toThrow(/ENOENT/);
  });

  it("names the binary that is missing", async () => {
    fill(folder);
    rmSync(join(folder, "promtool"));
    await expect(buildImages(folder, join(folder, "out"))).rejects.toThrow(
      `image prometheus: no binary promtool in ${folder}`,
    );
  });
});
