import { randomBytes } from "node:crypto";
import { readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { run } from "../../workloads/model-sync/commands/run";
import { verify } from "../../workloads/model-sync/publish/verify";
import { isPreconditionFailed } from "../../workloads/s3/errors";
import { bucketName, sha256 } from "./support/registry";
import { rot } from "./support/servers";
import { counts, eventsOf, startWorker } from "./support/site";
import { TransferStore } from "./support/transferStore";

jest.setTimeout(120_000);

let store: TransferStore;
beforeAll(async () => {
  store = await TransferStore.start();
});
afterEach(() => store.proxy.reset());
afterAll(() => store.dispose());

const mebibyte = 1024 * 1024;

describe("the store", () => {
  it("creates only once under a condition, and overwrites only what the ETag names", async () => {
    const first = await store.bucket.put("manifests/x/once.json", Buffer.from("1"), { ifNoneMatch: "*" });
    const again = await store.bucket
      .put("manifests/x/once.json", Buffer.from("2"), { ifNoneMatch: "*" })
      .catch((error: unknown) => error);
    expect(isPreconditionFailed(again)).toBe(true);
    expect(again).toMatchObject({ status: 412, reason: "claimed-elsewhere", transient: false });
    const second = await store.bucket.put("manifests/x/once.json", Buffer.from("3"), { ifMatch: first.etag });
    await expect(
      store.bucket.put("manifests/x/once.json", Buffer.from("4"), { ifMatch: first.etag }),
    ).rejects.toMatchObject({ status: 412 });
    expect((await store.bucket.get("manifests/x/once.json"))?.body.toString()).toBe("3");
    expect((await store.bucket.head("manifests/x/once.json"))?.versionId).toBe(second.versionId);
  });

  it("completes a multipart upload under a condition, with the CRC-32 of the whole", async () => {
    const send = async (): Promise<unknown> => {
      const id = await store.bucket.uploads.create("models/x/big");
      const part = await store.bucket.uploads.part("models/x/big", id, 1, Buffer.from("hello"), "NhCmhg==");
      return store.bucket.uploads
        .complete("models/x/big", id, [part], "NhCmhg==", { ifNoneMatch: "*" })
        .catch(async (error: unknown) => {
          await store.bucket.uploads.abort("models/x/big", id);
          return error;
        });
    };
    expect(await send()).toMatchObject({ crc32: "NhCmhg==", size: 5 });
    expect(await send()).toMatchObject({ status: 412 });
    expect(await store.bucket.head("models/x/big")).toMatchObject({ size: 5, crc32: "NhCmhg==" });
  });

  it("refuses bytes that do not give their CRC-32", async () => {
    await expect(
      store.bucket.put("models/x/bad", Buffer.from("hello"), {}, { crc: "AAAAAA==" }),
    ).rejects.toMatchObject({
      reason: "checksum-mismatch",
      transient: true,
    });
    expect(await store.bucket.head("models/x/bad")).toBeUndefined();
  });

  it("gives keys back as they were sent, whatever they hold", async () => {
    const names = ["a b+c%20", "ü/日本語/😀", "it's (1)*!~", 'a&b=<c>;"d"', "tab\there"];
    for (const name of names) await store.bucket.put(`models/keys/${name}`, Buffer.from(name));
    const listed: string[] = [];
    for await (const { key } of store.bucket.list("models/keys/"))
      listed.push(key.slice("models/keys/".length));
    expect(listed.sort()).toEqual([...names].sort());
    for (const name of names)
      expect((await store.bucket.get(`models/keys/${name}`))?.body.toString()).toBe(name);
  });
});

describe("a run", () => {
  it("publishes every file with its hash, and sends nothing the second time", async () => {
    const here = store.site();
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
    const [manifest] = await store.manifests(here, "m");
    expect(manifest!.files.map(({ path, sha256: hash }) => [path, hash])).toEqual([
      ["__init__.py", sha256("")],
      ["sub/config.json", sha256("{}")],
      ["weights.bin", sha256(big)],
    ]);
    expect(manifest!.absentInKServe).toEqual(["__init__.py"]);
    expect(await store.stored(manifest!.prefix)).toEqual(
      Object.fromEntries(manifest!.files.map((file) => [file.path, file.sha256])),
    );

    const second = await here.syncOne();
    expect(second).toMatchObject({ outcome: "unchanged" });
    expect(counts(second.requests)).toEqual({ GetObject: 2, ListMultipartUploads: 1, PutObject: 1 });
  });

  it("copies unchanged files on the server and sends the changed one only", async () => {
    const here = store.site();
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
    const all = await store.manifests(here, "m");
    expect(all).toHaveLength(2);
    for (const { prefix, files } of all)
      expect(await store.stored(prefix)).toEqual(
        Object.fromEntries(files.map((file) => [file.path, file.sha256])),
      );
    for (const file of all.flatMap(({ prefix, files }) =>
      files.map(({ path, versionId }) => ({ key: prefix + path, versionId })),
    )) {
      expect((await store.bucket.head(file.key))?.versionId).toBe(file.versionId);
    }
  });

  it("sends again what is too large for one copy, and what was overwritten since it was published", async () => {
    const here = store.site();
    here.write("m", "a.bin", randomBytes(2000));
    here.write("m", "b.bin", randomBytes(1000));
    here.write("m", "c.bin", randomBytes(500));
    await here.syncOne();
    const [before] = await store.manifests(here, "m");
    await store.bucket.put(`${before!.prefix}b.bin`, Buffer.from("not what was published"));
    here.write("m", "c.bin", "changed", here.clock);
    const second = await here.syncOne({ limits: { partBytes: 5 * mebibyte, copyObjectMaxBytes: 1500 } });
    expect(second).toMatchObject({
      outcome: "published",
      change: { counters: { filesSent: 3, filesCopied: 0, bytesSent: 3007 } },
    });
    const after = (await store.manifests(here, "m")).find(({ snapshot }) => snapshot !== before!.snapshot)!;
    expect((await store.stored(after.prefix))["b.bin"]).toBe(sha256(readFileSync(here.path("m", "b.bin"))));
  });

  it("finds an edit of equal size, and one of equal size and time by the inode, or by reading when the state is lost", async () => {
    const here = store.site();
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
    await store.bucket.delete(`state/${here.member}/state.json`);
    await store.bucket.delete(`state/${here.member}/files/m.json`);
    const found = await here.syncOne();
    expect(found).toMatchObject({ outcome: "quarantined", reason: "content-changed" });
    expect(found.detail).toContain(
      `w.bin: SHA-256 ${sha256("cccc")}, published with the same size and time was ${sha256("bbbb")}`,
    );
    expect(await store.manifests(here, "m")).toHaveLength(2);

    // Quarantine holds until the files change, and is not worked on meanwhile.
    const still = await here.syncOne();
    expect(still).toMatchObject({ outcome: "quarantined", reason: "content-changed" });
    expect(counts(still.requests)).toEqual({ GetObject: 1, ListMultipartUploads: 1, PutObject: 1 });
    here.write("m", "w.bin", "cccc", here.clock + 1000);
    expect(await here.syncOne()).toMatchObject({ outcome: "published" });
  });

  it("finds a second write of equal size within the second of the first, which no time tells", async () => {
    const here = store.site({ quiescence: { settleSeconds: 0 } });
    here.write("m", "w.bin", "aaaa");
    expect(await here.syncOne()).toMatchObject({ outcome: "published" });
    const { mtime } = statSync(here.path("m", "w.bin"));
    writeFileSync(here.path("m", "w.bin"), "bbbb");
    utimesSync(here.path("m", "w.bin"), mtime, mtime);
    expect(await here.syncOne()).toMatchObject({ outcome: "quarantined", reason: "content-changed" });
    const [manifest, ...others] = await store.manifests(here, "m");
    expect(others).toEqual([]);
    expect(await store.stored(manifest!.prefix)).toEqual({ "w.bin": sha256("aaaa") });
  });

  it("loses time and nothing else when the state is lost", async () => {
    const here = store.site();
    here.write("m", "w.bin", randomBytes(6 * mebibyte));
    await here.syncOne();
    const before = await store.manifests(here, "m");
    await store.bucket.delete(`state/${here.member}/state.json`);
    const cached = await here.syncOne();
    expect(cached).toMatchObject({ outcome: "unchanged" });
    await store.bucket.delete(`state/${here.member}/state.json`);
    await store.bucket.delete(`state/${here.member}/files/m.json`);
    expect(await here.syncOne()).toMatchObject({ outcome: "unchanged" });
    expect(await here.syncOne()).toMatchObject({ outcome: "unchanged" });
    expect(await store.manifests(here, "m")).toEqual(before);
  });

  it("keeps the models apart whose names begin alike", async () => {
    const here = store.site();
    here.write("llama", "a.txt", "1");
    here.write("llama-2", "a.txt", "2");
    const { report } = await here.sync();
    expect(report.results.map(({ model, outcome }) => [model, outcome])).toEqual([
      ["llama", "published"],
      ["llama-2", "published"],
    ]);
    const [one] = await store.manifests(here, "llama");
    expect(await store.stored(one!.prefix)).toEqual({ "a.txt": sha256("1") });
  });
});

describe("verify", () => {
  it("finds what was deleted, overwritten or damaged after it was published", async () => {
    const here = store.site();
    for (const name of ["deleted", "overwritten", "rewritten", "whole"])
      here.write("m", `${name}.txt`, `${name} content`);
    here.write("m", "rotten.bin", randomBytes(6 * mebibyte));
    await here.syncOne();
    const worker = here.worker();
    try {
      expect((await verify(worker, "all")).faults).toEqual([]);
      const [manifest] = await store.manifests(here, "m");
      const key = (name: string): string => manifest!.prefix + name;
      await store.bucket.delete(key("deleted.txt"));
      await store.bucket.put(key("overwritten.txt"), Buffer.from("OVERWRITTEN CONTENT!"));
      await store.bucket.put(key("rewritten.txt"), Buffer.from("rewritten content"));
      rot(store.minio, bucketName, key("rotten.bin"));

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
    const here = store.site();
    const content = randomBytes(6 * mebibyte);
    here.write("m", "w.bin", content);
    // The store's answer to the read is of other bytes, once everything was sent.
    const worker = here.worker({ verify: { readBack: "all" } });
    const stream = worker.s3.openStream.bind(worker.s3);
    const other = `models/${here.member}/other`;
    await store.bucket.put(other, randomBytes(6 * mebibyte));
    worker.s3.openStream = () => stream(other);
    const report = await run(worker);
    worker.s3.close();
    expect(report.results).toMatchObject([{ outcome: "quarantined", reason: "checksum-mismatch" }]);
    expect(report.summary.ok).toBe(false);
    expect(await store.manifests(here, "m")).toEqual([]);
    expect((await worker.store.read()).models.m?.counters.checksumMismatches).toBe(1);
    expect(await here.syncOne()).toMatchObject({ outcome: "quarantined", reason: "checksum-mismatch" });
    expect(await here.syncOne({ verify: { readBack: "all" } }, { retryQuarantined: true })).toMatchObject({
      outcome: "published",
    });
  });
});
