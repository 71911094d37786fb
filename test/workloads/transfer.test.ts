import { randomBytes } from "node:crypto";
import { readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import type { RunReport } from "../../workloads/model-sync/commands/run";
import { run } from "../../workloads/model-sync/commands/run";
import { lookAt } from "../../workloads/model-sync/files/model";
import { crc32Base64 } from "../../workloads/s3/calls";
import { fetchManifest } from "../../workloads/model-sync/publish/manifest";
import { verify } from "../../workloads/model-sync/publish/verify";
import type { S3Client } from "../../workloads/s3/client";
import { isPreconditionFailed } from "../../workloads/s3/errors";
import type { Manifest } from "../../workloads/model-sync/types";
import type { FaultProxy } from "./support/faultProxy";
import { faultProxy } from "./support/faultProxy";
import { bucketName, makeBucket, rootBucket, sha256 } from "./support/registry";
import type { Server } from "./support/servers";
import { dispose, rot, startMinio } from "./support/servers";
import { Site, counts, eventsOf, silent, startWorker } from "./support/site";

jest.setTimeout(120_000);

let minio: Server;
let bucket: S3Client;
let proxy: FaultProxy;
const sites: Site[] = [];
const site = (
  ...args: ConstructorParameters<typeof Site> extends [string, ...infer Rest] ? Rest : never
): Site => {
  sites.push(new Site(minio.url, ...args));
  return sites.at(-1)!;
};

beforeAll(async () => {
  minio = await startMinio();
  await makeBucket(minio.url);
  bucket = rootBucket(minio.url);
  proxy = await faultProxy(minio.url);
});

afterEach(() => proxy.reset());

afterAll(async () => {
  for (const made of sites) made.remove();
  bucket.close();
  await proxy.close();
  await dispose(minio);
});

const mebibyte = 1024 * 1024;

/** Keys under a prefix with the SHA-256 of what lies there. */
async function stored(prefix: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { key } of bucket.list(prefix))
    found[key.slice(prefix.length)] = sha256((await bucket.get(key))!.body);
  return found;
}

async function manifests(of: Site, model: string): Promise<Manifest[]> {
  const list: Manifest[] = [];
  for await (const { key } of bucket.list(`manifests/${of.member}/${model}/`)) {
    list.push((await fetchManifest(bucket, of.member, model, key.split("/").at(-1)!.replace(".json", "")))!);
  }
  return list;
}

async function versionsOf(key: string): Promise<number> {
  let count = 0;
  for await (const version of bucket.listVersions(key)) if (version.key === key) count++;
  return count;
}

const uploadsOf = async (of: Site): Promise<string[]> =>
  (await bucket.uploads.list()).map(({ key }) => key).filter((key) => key.startsWith(`models/${of.member}/`));

describe("the store", () => {
  it("creates only once under a condition, and overwrites only what the ETag names", async () => {
    const first = await bucket.put("manifests/x/once.json", Buffer.from("1"), { ifNoneMatch: "*" });
    const again = await bucket
      .put("manifests/x/once.json", Buffer.from("2"), { ifNoneMatch: "*" })
      .catch((error: unknown) => error);
    expect(isPreconditionFailed(again)).toBe(true);
    expect(again).toMatchObject({ status: 412, reason: "claimed-elsewhere", transient: false });
    const second = await bucket.put("manifests/x/once.json", Buffer.from("3"), { ifMatch: first.etag });
    await expect(
      bucket.put("manifests/x/once.json", Buffer.from("4"), { ifMatch: first.etag }),
    ).rejects.toMatchObject({ status: 412 });
    expect((await bucket.get("manifests/x/once.json"))?.body.toString()).toBe("3");
    expect((await bucket.head("manifests/x/once.json"))?.versionId).toBe(second.versionId);
  });

  it("completes a multipart upload under a condition, with the CRC-32 of the whole", async () => {
    const send = async (): Promise<unknown> => {
      const id = await bucket.uploads.create("models/x/big");
      const part = await bucket.uploads.part("models/x/big", id, 1, Buffer.from("hello"), "NhCmhg==");
      return bucket.uploads
        .complete("models/x/big", id, [part], "NhCmhg==", { ifNoneMatch: "*" })
        .catch(async (error: unknown) => {
          await bucket.uploads.abort("models/x/big", id);
          return error;
        });
    };
    expect(await send()).toMatchObject({ crc32: "NhCmhg==", size: 5 });
    expect(await send()).toMatchObject({ status: 412 });
    expect(await bucket.head("models/x/big")).toMatchObject({ size: 5, crc32: "NhCmhg==" });
  });

  it("refuses bytes that do not give their CRC-32", async () => {
    await expect(
      bucket.put("models/x/bad", Buffer.from("hello"), {}, { crc: "AAAAAA==" }),
    ).rejects.toMatchObject({
      reason: "checksum-mismatch",
      transient: true,
    });
    expect(await bucket.head("models/x/bad")).toBeUndefined();
  });

  it("gives keys back as they were sent, whatever they hold", async () => {
    const names = ["a b+c%20", "ü/日本語/😀", "it's (1)*!~", 'a&b=<c>;"d"', "tab\there"];
    for (const name of names) await bucket.put(`models/keys/${name}`, Buffer.from(name));
    const listed: string[] = [];
    for await (const { key } of bucket.list("models/keys/")) listed.push(key.slice("models/keys/".length));
    expect(listed.sort()).toEqual([...names].sort());
    for (const name of names) expect((await bucket.get(`models/keys/${name}`))?.body.toString()).toBe(name);
  });
});

describe("a run", () => {
  it("publishes every file with its hash, and sends nothing the second time", async () => {
    const here = site();
    const big = randomBytes(12 * mebibyte + 17);
    here.write("m", "weights.bin", big);
    here.write("m", "sub/config.json", "{}");
    here.write("m", "__init__.py", "");
    const first = await here.syncOne();
    expect(first).toMatchObject({ outcome: "published", files: 3, bytes: big.length + 2, retries: [] });
    expect(counts(first.requests)).toEqual({
      GetObject: 4, // state, manifest at each of two looks, file cache
      ListMultipartUploads: 2, // the member's, the key's
      ListObjectsV2: 1,
      CreateMultipartUpload: 1,
      UploadPart: 3,
      CompleteMultipartUpload: 1,
      PutObject: 6, // state, two files, manifest, file cache, state
    });
    const [manifest] = await manifests(here, "m");
    expect(manifest!.files.map(({ path, sha256: hash }) => [path, hash])).toEqual([
      ["__init__.py", sha256("")],
      ["sub/config.json", sha256("{}")],
      ["weights.bin", sha256(big)],
    ]);
    expect(manifest!.absentInKServe).toEqual(["__init__.py"]);
    expect(await stored(manifest!.prefix)).toEqual(
      Object.fromEntries(manifest!.files.map((file) => [file.path, file.sha256])),
    );

    const second = await here.syncOne();
    expect(second).toMatchObject({ outcome: "unchanged" });
    expect(counts(second.requests)).toEqual({ GetObject: 2, ListMultipartUploads: 1, PutObject: 1 });
  });

  it("copies unchanged files on the server and sends the changed one only", async () => {
    const here = site();
    for (const shard of [1, 2, 3, 4]) here.write("m", `shard-${shard}.bin`, randomBytes(6 * mebibyte));
    here.write("m", "config.json", "{}");
    await here.syncOne();
    const changed = randomBytes(6 * mebibyte);
    here.write("m", "shard-3.bin", changed, here.clock);
    const second = await here.syncOne();
    expect(second.outcome).toBe("published");
    expect(second.change.counters).toEqual({
      bytesSent: changed.length,
      bytesCopied: 18 * mebibyte + 2,
      filesSent: 1,
      filesCopied: 4,
      filesAdopted: 0,
    });
    expect(counts(second.requests)).toMatchObject({
      CopyObject: 4,
      CreateMultipartUpload: 1,
      UploadPart: 2,
      CompleteMultipartUpload: 1,
    });
    const all = await manifests(here, "m");
    expect(all).toHaveLength(2);
    for (const { prefix, files } of all)
      expect(await stored(prefix)).toEqual(Object.fromEntries(files.map((file) => [file.path, file.sha256])));
    for (const file of all.flatMap(({ prefix, files }) =>
      files.map(({ path, versionId }) => ({ key: prefix + path, versionId })),
    )) {
      expect((await bucket.head(file.key))?.versionId).toBe(file.versionId);
    }
  });

  it("sends again what is too large for one copy, and what was overwritten since it was published", async () => {
    const here = site();
    here.write("m", "a.bin", randomBytes(2000));
    here.write("m", "b.bin", randomBytes(1000));
    here.write("m", "c.bin", randomBytes(500));
    await here.syncOne();
    const [before] = await manifests(here, "m");
    await bucket.put(`${before!.prefix}b.bin`, Buffer.from("not what was published"));
    here.write("m", "c.bin", "changed", here.clock);
    const second = await here.syncOne({ limits: { partBytes: 5 * mebibyte, copyObjectMaxBytes: 1500 } });
    expect(second).toMatchObject({
      outcome: "published",
      change: { counters: { filesSent: 3, filesCopied: 0, bytesSent: 3007 } },
    });
    const after = (await manifests(here, "m")).find(({ snapshot }) => snapshot !== before!.snapshot)!;
    expect((await stored(after.prefix))["b.bin"]).toBe(sha256(readFileSync(here.path("m", "b.bin"))));
  });

  it("finds an edit of equal size, and one of equal size and time by the inode, or by reading when the state is lost", async () => {
    const here = site();
    here.write("m", "w.bin", "aaaa");
    await here.syncOne();
    here.write("m", "w.bin", "bbbb", here.clock);
    expect(await here.syncOne()).toMatchObject({
      outcome: "published",
      change: { counters: { bytesSent: 4 } },
    });
    const { mtime } = statSync(here.path("m", "w.bin"));

    // In place, the time put back: nothing but the content tells, and nothing reads it while the state vouches for it.
    writeFileSync(here.path("m", "w.bin"), "cccc");
    utimesSync(here.path("m", "w.bin"), mtime, mtime);
    expect(await here.syncOne()).toMatchObject({ outcome: "unchanged" });
    await bucket.delete(`state/${here.member}/state.json`);
    await bucket.delete(`state/${here.member}/files/m.json`);
    const found = await here.syncOne();
    expect(found).toMatchObject({ outcome: "quarantined", reason: "content-changed" });
    expect(found.detail).toContain(
      `w.bin: SHA-256 ${sha256("cccc")}, published with the same size and time was ${sha256("bbbb")}`,
    );
    expect(await manifests(here, "m")).toHaveLength(2);

    // Quarantine holds until the files change, and is not worked on meanwhile.
    const still = await here.syncOne();
    expect(still).toMatchObject({ outcome: "quarantined", reason: "content-changed" });
    expect(counts(still.requests)).toEqual({ GetObject: 1, ListMultipartUploads: 1, PutObject: 1 });
    here.write("m", "w.bin", "cccc", here.clock + 1000);
    expect(await here.syncOne()).toMatchObject({ outcome: "published" });
  });

  it("finds a second write of equal size within the second of the first, which no time tells", async () => {
    const here = site({ quiescence: { settleSeconds: 0 } });
    here.write("m", "w.bin", "aaaa");
    expect(await here.syncOne()).toMatchObject({ outcome: "published" });
    const { mtime } = statSync(here.path("m", "w.bin"));
    writeFileSync(here.path("m", "w.bin"), "bbbb");
    utimesSync(here.path("m", "w.bin"), mtime, mtime);
    expect(await here.syncOne()).toMatchObject({ outcome: "quarantined", reason: "content-changed" });
    const [manifest, ...others] = await manifests(here, "m");
    expect(others).toEqual([]);
    expect(await stored(manifest!.prefix)).toEqual({ "w.bin": sha256("aaaa") });
  });

  it("loses time and nothing else when the state is lost", async () => {
    const here = site();
    here.write("m", "w.bin", randomBytes(6 * mebibyte));
    await here.syncOne();
    const before = await manifests(here, "m");
    await bucket.delete(`state/${here.member}/state.json`);
    const cached = await here.syncOne();
    expect(cached).toMatchObject({ outcome: "unchanged" });
    await bucket.delete(`state/${here.member}/state.json`);
    await bucket.delete(`state/${here.member}/files/m.json`);
    expect(await here.syncOne()).toMatchObject({ outcome: "unchanged" });
    expect(await here.syncOne()).toMatchObject({ outcome: "unchanged" });
    expect(await manifests(here, "m")).toEqual(before);
  });

  it("keeps the models apart whose names begin alike", async () => {
    const here = site();
    here.write("llama", "a.txt", "1");
    here.write("llama-2", "a.txt", "2");
    const { report } = await here.sync();
    expect(report.results.map(({ model, outcome }) => [model, outcome])).toEqual([
      ["llama", "published"],
      ["llama-2", "published"],
    ]);
    const [one] = await manifests(here, "llama");
    expect(await stored(one!.prefix)).toEqual({ "a.txt": sha256("1") });
  });
});

describe("an interrupted run", () => {
  it("is resumed by another process at the part, and leaves no upload behind", async () => {
    const here = site({ quiescence: { settleSeconds: 0 }, parallel: { parts: 1 } });
    const content = randomBytes(28 * mebibyte);
    here.write("m", "w.bin", content);
    const config = here.configFile({ s3: { ...here.settings().s3, endpoint: proxy.url } });
    const first = startWorker(["run", "--config", config]);
    let parts = 0;
    proxy.fault = ({ path, method }) => {
      if (method !== "PUT" || !path.includes("partNumber=") || ++parts < 4) return undefined;
      first.child.kill("SIGKILL");
      return { kind: "lose-request" };
    };
    expect(await first.ended).toMatchObject({ signal: "SIGKILL" });
    await proxy.idle();
    const key = (await uploadsOf(here))[0]!;
    expect(await uploadsOf(here)).toHaveLength(1);
    const [upload] = await bucket.uploads.list(key);
    expect((await bucket.uploads.parts(key, upload!.uploadId))?.map(({ number }) => number)).toEqual([
      1, 2, 3,
    ]);

    const second = await here.syncOne();
    expect(second).toMatchObject({
      outcome: "published",
      change: { counters: { bytesSent: 13 * mebibyte, filesSent: 1 } },
    });
    expect(counts(second.requests)).toMatchObject({ UploadPart: 3, CompleteMultipartUpload: 1 });
    expect(second.requests).not.toContain("CreateMultipartUpload");
    const [manifest] = await manifests(here, "m");
    expect(await stored(manifest!.prefix)).toEqual({ "w.bin": sha256(content) });
    expect(await uploadsOf(here)).toEqual([]);
  });

  it("sends a part again when the store's differs from the file", async () => {
    const here = site();
    const content = randomBytes(11 * mebibyte);
    here.write("m", "w.bin", content);
    const worker = here.worker();
    const { snapshot } = await lookAt(worker.settings, "m");
    const key = `models/${here.member}/m/${snapshot}/w.bin`;
    const id = await bucket.uploads.create(key);
    const wrong = randomBytes(5 * mebibyte);
    await bucket.uploads.part(key, id, 1, wrong, crc32Base64(wrong));
    const second = content.subarray(5 * mebibyte, 10 * mebibyte);
    await bucket.uploads.part(key, id, 2, second, crc32Base64(second));
    worker.s3.close();
    expect(await here.syncOne()).toMatchObject({
      outcome: "published",
      change: { counters: { bytesSent: 6 * mebibyte } },
    });
    expect((await stored(`models/${here.member}/m/${snapshot}/`))["w.bin"]).toBe(sha256(content));
  });

  it("takes an answer of CompleteMultipartUpload that was lost for what it was", async () => {
    const here = site();
    const content = randomBytes(6 * mebibyte);
    here.write("m", "w.bin", content);
    let lost = 0;
    proxy.fault = ({ method, path }) =>
      method === "POST" && path.includes("uploadId=") && lost++ === 0 ? { kind: "lose-reply" } : undefined;
    const ran = await here.syncOne({ s3: { ...here.settings().s3, endpoint: proxy.url } });
    expect(ran).toMatchObject({ outcome: "published" });
    expect(lost).toBe(2);
    expect(counts(ran.requests)).toMatchObject({ CompleteMultipartUpload: 2, HeadObject: 1, UploadPart: 2 });
    const [manifest] = await manifests(here, "m");
    expect(await versionsOf(`${manifest!.prefix}w.bin`)).toBe(1);
    expect(await stored(manifest!.prefix)).toEqual({ "w.bin": sha256(content) });
    expect(await uploadsOf(here)).toEqual([]);
  });

  it("takes the lost answer of the manifest's PUT for what it was", async () => {
    const here = site();
    here.write("m", "w.txt", "x");
    let lost = 0;
    proxy.fault = ({ method, path }) =>
      method === "PUT" && path.includes("/manifests/") && lost++ === 0 ? { kind: "lose-reply" } : undefined;
    expect(await here.syncOne({ s3: { ...here.settings().s3, endpoint: proxy.url } })).toMatchObject({
      outcome: "published",
    });
    const [manifest, ...others] = await manifests(here, "m");
    expect(others).toEqual([]);
    expect(await versionsOf(`manifests/${here.member}/m/${manifest!.snapshot}.json`)).toBe(1);
  });

  /** A run through the proxy, and what it warned of. */
  async function warned(here: Site): Promise<{ readonly report: RunReport; readonly warnings: string[] }> {
    const warnings: string[] = [];
    const events = { ...silent, warn: (told: string) => void warnings.push(told) };
    const { report } = await here.sync({ s3: { ...here.settings().s3, endpoint: proxy.url } }, {}, events);
    return { report, warnings };
  }

  it("tells of an upload that the store does not let it give up, and ends all the same", async () => {
    const here = site();
    here.write("m", "w.txt", "x");
    await bucket.uploads.create(`models/${here.member}/m/00000000000000000000000000000000/w.bin`);
    proxy.fault = ({ method }) => (method === "DELETE" ? { kind: "status", status: 403 } : undefined);
    const { report, warnings } = await warned(here);
    expect(report).toMatchObject({ abortedUploads: 0, results: [{ outcome: "published" }] });
    expect(warnings).toEqual([expect.stringContaining("00000000000000000000000000000000/w.bin")]);
    expect(await here.syncOne()).toMatchObject({ outcome: "unchanged" });
    expect(await uploadsOf(here)).toEqual([]);
  });

  it("tells of hashes that the store does not keep, and publishes all the same", async () => {
    const here = site();
    here.write("m", "w.txt", "x");
    proxy.fault = ({ method, path }) =>
      method === "PUT" && path.endsWith("/files/m.json") ? { kind: "status", status: 403 } : undefined;
    const { report, warnings } = await warned(here);
    expect(report).toMatchObject({ results: [{ outcome: "published" }], summary: { ok: true } });
    expect(warnings).toEqual([expect.stringContaining("hashes of m not stored, denied")]);
    expect(await here.syncOne()).toMatchObject({ outcome: "unchanged" });
  });

  it("gives up uploads of versions that are no longer wanted", async () => {
    const here = site();
    here.write("m", "w.txt", "x");
    const orphan = `models/${here.member}/m/00000000000000000000000000000000/w.bin`;
    await bucket.uploads.create(orphan);
    const foreign = `models/${here.member}-other/m/00000000000000000000000000000000/w.bin`;
    const id = await bucket.uploads.create(foreign);
    expect((await here.sync()).report.abortedUploads).toBe(1);
    expect(await uploadsOf(here)).toEqual([]);
    expect(await bucket.uploads.list(foreign)).toHaveLength(1);
    await bucket.uploads.abort(foreign, id);
  });
});

describe("two workers at once", () => {
  it("converge to one version of each model", async () => {
    const here = site();
    here.write("a", "large.bin", randomBytes(16 * mebibyte));
    for (let n = 0; n < 30; n++) here.write("a", `small-${n}.txt`, `${n}`);
    here.write("b", "w.txt", "b");
    const ran = await Promise.all([here.sync(), here.sync()]);
    for (const { report } of ran)
      expect(report.results.map(({ outcome }) => ["published", "unchanged"].includes(outcome))).toEqual([
        true,
        true,
      ]);
    const [manifest, ...others] = await manifests(here, "a");
    expect(others).toEqual([]);
    for (const { path, versionId, sha256: hash } of manifest!.files) {
      expect((await bucket.head(manifest!.prefix + path))?.versionId).toBe(versionId);
      expect(sha256((await bucket.get(manifest!.prefix + path))!.body)).toBe(hash);
      expect(await versionsOf(manifest!.prefix + path)).toBe(1);
    }
    expect(manifest!.files).toHaveLength(31);
    expect((await here.sync()).report.results.map(({ outcome }) => outcome)).toEqual([
      "unchanged",
      "unchanged",
    ]);
    expect(await uploadsOf(here)).toEqual([]);
  });
});

describe("verify", () => {
  it("finds what was deleted, overwritten or damaged after it was published", async () => {
    const here = site();
    for (const name of ["deleted", "overwritten", "rewritten", "whole"])
      here.write("m", `${name}.txt`, `${name} content`);
    here.write("m", "rotten.bin", randomBytes(6 * mebibyte));
    await here.syncOne();
    const worker = here.worker();
    try {
      expect((await verify(worker, "all")).faults).toEqual([]);
      const [manifest] = await manifests(here, "m");
      const key = (name: string): string => manifest!.prefix + name;
      await bucket.delete(key("deleted.txt"));
      await bucket.put(key("overwritten.txt"), Buffer.from("OVERWRITTEN CONTENT!"));
      await bucket.put(key("rewritten.txt"), Buffer.from("rewritten content"));
      rot(minio, bucketName, key("rotten.bin"));

      const all = await verify(worker, "all");
      expect(
        all.faults.map(({ key: found, fault }) => [found.slice(manifest!.prefix.length), fault]).sort(),
      ).toEqual([
        ["deleted.txt", "gone"],
        ["overwritten.txt", "changed"],
        ["rotten.bin", "damaged"],
      ]);
      expect(all.rewritten).toEqual([key("rewritten.txt")]);
      expect(all.summary).toMatchObject({ versions: 1, objects: 5, faultCount: 3 });

      // Without reading back, what vanished or was written is found all the same.
      expect((await verify(worker, "none")).faults.map(({ fault }) => fault).sort()).toEqual([
        "changed",
        "gone",
      ]);
      expect((await worker.store.read()).lastVerify).toMatchObject({ faultCount: 2 });
    } finally {
      worker.s3.close();
    }
    const child = await startWorker(["verify", "--read-back", "all", "--config", here.configFile()]).ended;
    expect(child.code).toBe(1);
    expect(eventsOf(child.out, "fault")).toHaveLength(3);
  });

  it("keeps a version from being published whose bytes do not come back as they were sent", async () => {
    const here = site();
    const content = randomBytes(6 * mebibyte);
    here.write("m", "w.bin", content);
    // The store's answer to the read is of other bytes, once everything was sent.
    const worker = here.worker({ verify: { readBack: "all" } });
    const stream = worker.s3.openStream.bind(worker.s3);
    const other = `models/${here.member}/other`;
    await bucket.put(other, randomBytes(6 * mebibyte));
    worker.s3.openStream = () => stream(other);
    const report = await run(worker);
    worker.s3.close();
    expect(report.results).toMatchObject([{ outcome: "quarantined", reason: "checksum-mismatch" }]);
    expect(report.summary.ok).toBe(false);
    expect(await manifests(here, "m")).toEqual([]);
    expect((await worker.store.read()).models.m?.counters.checksumMismatches).toBe(1);
    expect(await here.syncOne()).toMatchObject({ outcome: "quarantined", reason: "checksum-mismatch" });
    expect(await here.syncOne({ verify: { readBack: "all" } }, { retryQuarantined: true })).toMatchObject({
      outcome: "published",
    });
  });
});
