import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../sandbox/checks";
import { plan } from "../../workloads/model-sync/commands/plan";
import { run } from "../../workloads/model-sync/commands/run";
import { fetchManifest } from "../../workloads/model-sync/publish/manifest";
import type { S3Client } from "../../workloads/s3/client";
import type { Manifest } from "../../workloads/model-sync/types";
import { makeBucket, rootBucket, sha256 } from "./support/registry";
import { safetensors, writeSharded } from "./support/models";
import type { Server } from "./support/servers";
import { dispose, minioCredentials, serve, startMinio } from "./support/servers";
import { Site, counts, eventsOf, silent, startWorker } from "./support/site";

jest.setTimeout(120_000);

const mebibyte = 1024 * 1024;

let minio: Server;
let bucket: S3Client;
const sites: Site[] = [];
const site = (overrides: ConstructorParameters<typeof Site>[1] = {}): Site => {
  sites.push(new Site(minio.url, overrides));
  return sites.at(-1)!;
};

beforeAll(async () => {
  minio = await startMinio();
  await makeBucket(minio.url);
  bucket = rootBucket(minio.url);
});

afterAll(async () => {
  for (const made of sites) made.remove();
  bucket.close();
  await dispose(minio);
});

async function published(of: Site, model: string): Promise<Manifest[]> {
  const list: Manifest[] = [];
  for await (const { key } of bucket.list(`manifests/${of.member}/${model}/`)) {
    list.push((await fetchManifest(bucket, of.member, model, key.split("/").at(-1)!.replace(".json", "")))!);
  }
  return list;
}

/** A path of so many bytes, in parts that a file system takes. */
const pathOf = (bytes: number): string =>
  Array.from({ length: bytes }, (_, at) => (at % 200 === 199 && at < bytes - 1 ? "/" : "x")).join("");

describe("a model that is not whole", () => {
  it("waits while it is being written, is stuck when that never ends, and is published once it did", async () => {
    const here = site();
    const outcomes: unknown[] = [];
    here.write("m", "w.bin", "0", here.clock);
    for (let round = 0; round < 8; round++) {
      // The writer appends between the runs and in every settle window.
      here.append("m", "w.bin", `${round}`);
      const worker = here.worker();
      const { wait } = worker;
      const report = await run({
        ...worker,
        wait: async (ms) => {
          await wait(ms);
          here.append("m", "w.bin", `${round}`);
        },
      });
      worker.s3.close();
      outcomes.push(report.results[0]?.outcome);
      expect(report.results[0]?.reason).toBe("not-quiescent");
      expect(report.summary.ok).toBe(report.results[0]?.outcome === "waiting");
      here.clock += 600_000;
    }
    expect(outcomes).toEqual([...Array<string>(6).fill("waiting"), "stuck", "stuck"]);
    expect(await published(here, "m")).toEqual([]);
    expect(await here.syncOne()).toMatchObject({ outcome: "published" });
    expect(await here.syncOne()).toMatchObject({ outcome: "unchanged" });
  });

  it("is published by the run that waited for it, though the timer came a moment early", async () => {
    const here = site();
    here.write("m", "w.bin", "weights");
    const worker = here.worker();
    const waits: number[] = [];
    const wait = (ms: number): Promise<void> => {
      here.clock += waits.push(ms) === 1 ? ms - 1 : ms;
      return Promise.resolve();
    };
    const { results } = await run({ ...worker, wait });
    worker.s3.close();
    expect(results).toMatchObject([{ outcome: "published" }]);
    expect(waits).toEqual([5000, 1]);
  });

  it("waits for a shard that its index names, and is stuck without it", async () => {
    const here = site();
    writeSharded(here, "m", 3);
    const missing = here.path("m", "model-00002-of-00003.safetensors");
    renameSync(missing, join(here.folder, "shard"));
    const first = await here.syncOne();
    expect(first).toMatchObject({ outcome: "waiting", reason: "incomplete" });
    expect(first.detail).toContain("model-00002-of-00003.safetensors");
    expect(counts(first.requests).UploadPart).toBeUndefined();
    here.clock += 2 * 3600_000;
    expect(await here.syncOne()).toMatchObject({ outcome: "stuck", reason: "incomplete" });
    renameSync(join(here.folder, "shard"), missing);
    expect(await here.syncOne()).toMatchObject({ outcome: "published", files: 4 });
  });

  it("waits for a safetensors file to reach the length that its header names", async () => {
    const here = site();
    here.write("m", "w.safetensors", safetensors(randomBytes(5000)));
    truncateSync(here.path("m", "w.safetensors"), 4000);
    expect(await here.syncOne()).toMatchObject({ outcome: "waiting", reason: "truncated" });
    here.clock += 2 * 3600_000;
    const stuck = await here.syncOne();
    expect(stuck).toMatchObject({ outcome: "stuck", reason: "truncated" });
    expect(stuck.detail).toContain("the file has 4000");
    expect(await published(here, "m")).toEqual([]);
  });

  it("waits for its marker", async () => {
    const here = site({ quiescence: { settleSeconds: 5, marker: "DONE" } });
    here.write("m", "w.bin", "weights");
    expect(await here.syncOne()).toMatchObject({
      outcome: "waiting",
      reason: "incomplete",
      detail: "marker DONE: not there yet",
    });
    here.write("m", "DONE", "job 7", here.clock);
    expect(await here.syncOne()).toMatchObject({ outcome: "published" });
  });

  it.each([
    ["a large file that grows while it is read", 12 * mebibyte],
    ["a small file that grows after it was read", 100],
  ])("is not published with %s, and is with its next run", async (_, size) => {
    const here = site();
    here.write("m", "w.bin", randomBytes(size));
    let grown = false;
    const growing = {
      ...silent,
      progress: () => {
        if (!grown) here.append("m", "w.bin", "more");
        grown = true;
      },
    };
    const { report } = await here.sync({}, {}, growing);
    expect(report.results).toMatchObject([{ outcome: "waiting", reason: "changed-while-read" }]);
    expect(await published(here, "m")).toEqual([]);
    expect(await here.syncOne()).toMatchObject({ outcome: "published", bytes: size + 4 });
    expect((await bucket.uploads.list()).filter(({ key }) => key.includes(`/${here.member}/`))).toEqual([]);
  });

  it("with no files at all waits", async () => {
    const here = site();
    mkdirSync(here.path("m"));
    expect(await here.syncOne()).toMatchObject({ outcome: "waiting", reason: "incomplete" });
  });
});

describe("a model that is refused", () => {
  it("never stops the others", async () => {
    const here = site({ allowedFormats: ["safetensors", "json"] });
    here.write("pickle", "w.safetensors", Buffer.from("\x80\x04\x95\x0a\0\0\0\0\0\0\0}.", "latin1"));
    here.write(
      "torch",
      "pytorch_model.bin",
      Buffer.concat([Buffer.from("PK\x03\x04archive/data.pkl", "latin1"), randomBytes(6 * mebibyte)]),
    );
    here.write("link", "config.json", "{}");
    symlinkSync("/etc/hostname", here.path("link", "out"));
    mkdirSync(here.path("fifo"));
    spawnSync("mkfifo", [here.path("fifo", "pipe")]);
    here.write("long", pathOf(1000), "{}");
    here.write("good", "w.safetensors", safetensors(randomBytes(100)));

    const { report, requests } = await here.sync();
    expect(report.results.map(({ model, outcome, reason }) => [model, outcome, reason])).toEqual([
      ["fifo", "rejected", "format-not-allowed"],
      ["good", "published", undefined],
      ["link", "rejected", "symlink-escapes"],
      ["long", "rejected", "path-not-allowed"],
      ["pickle", "rejected", "format-not-allowed"],
      ["torch", "rejected", "format-not-allowed"],
    ]);
    expect(report.summary).toMatchObject({ ok: false, outcomes: { rejected: 5, published: 1 } });
    expect(counts(requests).CreateMultipartUpload).toBeUndefined();
    const keys: string[] = [];
    for await (const { key } of bucket.list(`models/${here.member}/`)) keys.push(key.split("/")[2]!);
    expect(keys).toEqual(["good"]);
  });

  it("is unreadable by name, as a process without the right to read finds it", async () => {
    const here = site({ quiescence: { settleSeconds: 0 } });
    here.write("closed", "w.bin", "secret");
    chmodSync(here.path("closed", "w.bin"), 0o600);
    here.write("folder", "sub/w.bin", "secret");
    chmodSync(here.path("folder", "sub"), 0o700);
    here.write("open", "w.bin", "readable");
    const { code, out } = await startWorker(["run", "--config", here.configFile()], {
      uid: 65534,
      gid: 65534,
    }).ended;
    expect(eventsOf(out, "model").map(({ model, outcome, reason }) => [model, outcome, reason])).toEqual([
      ["closed", "unreadable", "unreadable"],
      ["folder", "unreadable", "unreadable"],
      ["open", "published", undefined],
    ]);
    expect(code).toBe(1);
  });
});

describe("what may be odd and is published", () => {
  it("keeps unicode, spaces and empty files as they are", async () => {
    const here = site();
    const content: Record<string, string> = {
      "a b+c%20/ü 日本語 😀.txt": "unicode",
      'it\'s (1)*!~&=<c>;"d"': "signs",
      ".hidden": "hidden",
      "__init__.py": "",
    };
    for (const [path, text] of Object.entries(content)) here.write("m", path, text);
    expect(await here.syncOne()).toMatchObject({ outcome: "published", files: 4 });
    const [manifest] = await published(here, "m");
    for (const [path, text] of Object.entries(content)) {
      expect((await bucket.get(manifest!.prefix + path))?.body.toString()).toBe(text);
    }
    expect(manifest!.absentInKServe).toEqual(["__init__.py"]);
    expect(manifest!.files.map(({ path, sha256: hash }) => [path, hash]).sort()).toEqual(
      Object.entries(content)
        .map(([path, text]) => [path, sha256(text)])
        .sort(),
    );
  });

  it("is a path as long as a key may be, and not one byte more", async () => {
    const here = site();
    const longest = 1024 - Buffer.byteLength(`models/${here.member}/fits/${"0".repeat(32)}/`);
    here.write("fits", pathOf(longest), "weights");
    here.write("over", pathOf(longest + 1), "weights");
    const { results } = (await here.sync()).report;
    expect(results).toMatchObject([
      { model: "fits", outcome: "published" },
      { model: "over", outcome: "rejected", reason: "path-not-allowed" },
    ]);
    expect(results[1]?.detail).toContain("the key would have 1025 bytes, S3 takes 1024");
    const [manifest] = await published(here, "fits");
    const key = manifest!.prefix + pathOf(longest);
    expect(Buffer.byteLength(key)).toBe(1024);
    expect((await bucket.get(key))?.body.toString()).toBe("weights");
  });

  it("makes no version of excluded files, and does not wait for them", async () => {
    const here = site();
    here.write("m", "w.bin", "weights");
    await here.syncOne();
    here.write("m", "log.tmp", "still growing", here.clock);
    expect(await here.syncOne()).toMatchObject({ outcome: "unchanged", files: 1 });
  });

  it("is nothing at all, on a root that is mounted", async () => {
    const here = site();
    const { report, requests } = await here.sync();
    expect(report.results).toEqual([]);
    expect(report.summary.ok).toBe(true);
    expect(counts(requests)).toEqual({ GetObject: 1, ListMultipartUploads: 1, PutObject: 1 });
    const { code, out } = await startWorker(["run", "--config", here.configFile()]).ended;
    expect(code).toBe(0);
    expect(eventsOf(out, "finished")).toMatchObject([{ ok: true, outcomes: {} }]);
  });

  it("is a thousand models", async () => {
    const here = site({ parallel: { models: 16 } });
    for (let n = 0; n < 1000; n++) here.write(`model-${n}`, "w.txt", `${n}`);
    const first = await here.sync();
    expect(first.report.summary.outcomes).toEqual({ published: 1000 });
    const second = await here.sync();
    expect(second.report.summary.outcomes).toEqual({ unchanged: 1000 });
    expect(counts(second.requests)).toEqual({ GetObject: 1001, ListMultipartUploads: 1, PutObject: 1 });
  });
});

describe("a run that cannot work", () => {
  it("says that the root is not mounted, and asks the store nothing", async () => {
    const here = site();
    here.write("m", "w.bin", "weights");
    rmSync(join(here.root, ".mounted"));
    const requests: string[] = [];
    const worker = here.worker({}, silent, (operation) => void requests.push(operation));
    await expect(plan(worker)).rejects.toMatchObject({ reason: "root-not-mounted" });
    worker.s3.close();
    expect(requests).toEqual([]);
    const { code, err } = await startWorker(["run", "--config", here.configFile()]).ended;
    expect(code).toBe(3);
    expect(eventsOf(err, "failed")).toMatchObject([{ reason: "root-not-mounted" }]);
  });

  it("fails at once on credentials that the store does not know", async () => {
    const here = site();
    here.write("m", "w.bin", "weights");
    writeFileSync(join(here.folder, "secret"), "wrong-secret");
    const requests: string[] = [];
    const worker = here.worker({}, silent, (operation) => void requests.push(operation));
    await expect(plan(worker)).rejects.toMatchObject({ reason: "denied", transient: false });
    worker.s3.close();
    expect(requests).toEqual(["GetObject"]);
    const { code, err } = await startWorker(["run", "--config", here.configFile()]).ended;
    expect(code).toBe(4);
    expect(eventsOf(err, "failed")).toMatchObject([{ reason: "denied" }]);
  });

  it("says that the store does not answer, after the tries that the settings allow", async () => {
    const here = site({ retry: { attempts: 3, baseMilliseconds: 1, capMilliseconds: 2 } });
    const requests: string[] = [];
    const s3 = { ...here.settings().s3, endpoint: "http://127.0.0.1:1" };
    const worker = here.worker({ s3 }, silent, (operation) => void requests.push(operation));
    await expect(plan(worker)).rejects.toMatchObject({ reason: "unavailable" });
    worker.s3.close();
    expect(requests).toEqual(["GetObject", "GetObject", "GetObject"]);
  });

  it("refuses settings with each fault named", async () => {
    const here = site();
    const { code, err } = await startWorker([
      "run",
      "--config",
      here.configFile({ member: "a/b", parallel: { parts: 0 } }),
    ]).ended;
    expect(code).toBe(2);
    const [{ detail } = { detail: "" }] = eventsOf(err, "failed");
    expect(detail).toContain("member: letters, digits, dot, underscore and hyphen only");
    expect(detail).toContain("parallel.parts: ");
  });

  it("says that the store is full, publishes nothing and frees what it had sent, and goes on once there is room", async () => {
    const disk = mkdtempSync(join(tmpdir(), "disk-"));
    expect(spawnSync("mount", ["-t", "tmpfs", "-o", "size=400m", "tmpfs", disk]).status).toBe(0);
    const full = await serve("minio-full", "/minio/health/ready", (port) => ({
      name: "minio",
      args: ["server", "--quiet", "--address", `127.0.0.1:${port}`, join(disk, "data")],
      env: {
        MINIO_ROOT_USER: minioCredentials.accessKeyId,
        MINIO_ROOT_PASSWORD: minioCredentials.secretAccessKey,
      },
    }));
    const here = new Site(full.url);
    const client = rootBucket(full.url);
    const manifests = async (): Promise<string[]> => {
      const keys: string[] = [];
      for await (const { key } of client.list("manifests/")) keys.push(key);
      return keys;
    };
    try {
      await makeBucket(full.url);
      writeFileSync(join(disk, "other"), randomBytes(250 * mebibyte));
      here.write("huge", "w.bin", randomBytes(160 * mebibyte));
      const { results } = (await here.sync()).report;
      expect(results).toMatchObject([{ outcome: "failed", reason: "no-space" }]);
      expect(await client.uploads.list()).toEqual([]);
      expect(await manifests()).toEqual([]);
      rmSync(join(disk, "other"));
      await until("the model is published once there is room", 60, async () => {
        const { outcome, detail } = await here.syncOne();
        return outcome === "published" ? [] : [`${outcome}: ${detail ?? ""}`];
      });
      expect(await manifests()).toHaveLength(1);
      expect(await client.uploads.list()).toEqual([]);
    } finally {
      here.remove();
      client.close();
      await dispose(full);
      spawnSync("umount", [disk]);
      rmSync(disk, { recursive: true, force: true });
    }
  });
});

describe("plan", () => {
  it("shows what run would do, and changes nothing", async () => {
    const here = site();
    for (const name of ["changed", "same"])
      for (const file of ["a.bin", "b.bin"]) here.write(name, file, `${name} ${file}`);
    await here.sync();
    here.write("changed", "b.bin", "other", here.clock);
    here.write("new", "w.bin", "weights", here.clock);
    here.write("half", "w.safetensors", safetensors(randomBytes(100)).subarray(0, 50), here.clock);
    const requests: string[] = [];
    const worker = here.worker({}, silent, (operation) => void requests.push(operation));
    const planned = await plan(worker);
    worker.s3.close();
    expect(
      planned.map(({ model, action, sendFiles, sendBytes, copyFiles }) => [
        model,
        action,
        sendFiles,
        sendBytes,
        copyFiles,
      ]),
    ).toEqual([
      ["changed", "settle", 1, 5, 1],
      ["half", "wait", 0, 0, 0],
      ["new", "settle", 1, 7, 0],
      ["same", "nothing", 0, 0, 0],
    ]);
    expect(new Set(requests)).toEqual(new Set(["GetObject"]));
    const { code, out } = await startWorker(["run", "--dry-run", "--config", here.configFile()]).ended;
    expect(code).toBe(0);
    expect(eventsOf(out, "planned")).toHaveLength(4);
  });
});

describe("memory", () => {
  it("stays under 300 MiB while large and small files travel", async () => {
    const here = site({ quiescence: { settleSeconds: 0 }, limits: {}, verify: { readBack: "all" } });
    for (const shard of [1, 2, 3, 4]) {
      here.write("large", `shard-${shard}.bin`, "");
      truncateSync(here.path("large", `shard-${shard}.bin`), 128 * mebibyte);
    }
    for (let n = 0; n < 500; n++) here.write("small", `${n}.txt`, "x".repeat(200_000));
    const { code, peakBytes } = await startWorker(["run", "--config", here.configFile()]).ended;
    expect(code).toBe(0);
    expect(peakBytes).toBeGreaterThan(50 * mebibyte);
    expect(peakBytes).toBeLessThan(300 * mebibyte);
  });
});
