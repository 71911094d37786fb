import { randomBytes } from "node:crypto";
import type { RunReport } from "../../workloads/model-sync/commands/run";
import { lookAt } from "../../workloads/model-sync/files/model";
import { crc32Base64 } from "../../workloads/s3/calls";
import { sha256 } from "./support/registry";
import type { Site } from "./support/site";
import { counts, silent, startWorker } from "./support/site";
import { TransferStore } from "./support/transferStore";

jest.setTimeout(120_000);

let store: TransferStore;
beforeAll(async () => {
  store = await TransferStore.start();
});
afterEach(() => store.proxy.reset());
afterAll(() => store.dispose());

const mebibyte = 1024 * 1024;

describe("an interrupted run", () => {
  it("is resumed by another process at the part, and leaves no upload behind", async () => {
    const here = store.site({ quiescence: { settleSeconds: 0 }, parallel: { parts: 1 } });
    const content = randomBytes(28 * mebibyte);
    here.write("m", "w.bin", content);
    const config = here.configFile({ s3: { ...here.settings().s3, endpoint: store.proxy.url } });
    const first = startWorker(["run", "--config", config]);
    let parts = 0;
    store.proxy.fault = ({ path, method }) => {
      if (method !== "PUT" || !path.includes("partNumber=") || ++parts < 4) return undefined;
      first.child.kill("SIGKILL");
      return { kind: "lose-request" };
    };
    expect(await first.ended).toMatchObject({ signal: "SIGKILL" });
    await store.proxy.idle();
    const key = (await store.uploadsOf(here))[0]!;
    expect(await store.uploadsOf(here)).toHaveLength(1);
    const [upload] = await store.bucket.uploads.list(key);
    expect((await store.bucket.uploads.parts(key, upload!.uploadId))?.map(({ number }) => number)).toEqual([
      1, 2, 3,
    ]);

    const second = await here.syncOne();
    expect(second).toMatchObject({
      outcome: "published",
      change: { counters: { bytesSent: 13 * mebibyte, filesSent: 1 } },
    });
    expect(counts(second.requests)).toMatchObject({ UploadPart: 3, CompleteMultipartUpload: 1 });
    expect(second.requests).not.toContain("CreateMultipartUpload");
    const [manifest] = await store.manifests(here, "m");
    expect(await store.stored(manifest!.prefix)).toEqual({ "w.bin": sha256(content) });
    expect(await store.uploadsOf(here)).toEqual([]);
  });

  it("sends a part again when the store's differs from the file", async () => {
    const here = store.site();
    const content = randomBytes(11 * mebibyte);
    here.write("m", "w.bin", content);
    const worker = here.worker();
    const { snapshot } = await lookAt(worker.settings, "m");
    const key = `models/${here.member}/m/${snapshot}/w.bin`;
    const id = await store.bucket.uploads.create(key);
    const wrong = randomBytes(5 * mebibyte);
    await store.bucket.uploads.part(key, id, 1, wrong, crc32Base64(wrong));
    const second = content.subarray(5 * mebibyte, 10 * mebibyte);
    await store.bucket.uploads.part(key, id, 2, second, crc32Base64(second));
    worker.s3.close();
    expect(await here.syncOne()).toMatchObject({
      outcome: "published",
      change: { counters: { bytesSent: 6 * mebibyte } },
    });
    expect((await store.stored(`models/${here.member}/m/${snapshot}/`))["w.bin"]).toBe(sha256(content));
  });

  it("takes an answer of CompleteMultipartUpload that was lost for what it was", async () => {
    const here = store.site();
    const content = randomBytes(6 * mebibyte);
    here.write("m", "w.bin", content);
    let lost = 0;
    store.proxy.fault = ({ method, path }) =>
      method === "POST" && path.includes("uploadId=") && lost++ === 0 ? { kind: "lose-reply" } : undefined;
    const ran = await here.syncOne({ s3: { ...here.settings().s3, endpoint: store.proxy.url } });
    expect(ran).toMatchObject({ outcome: "published" });
    expect(lost).toBe(2);
    expect(counts(ran.requests)).toMatchObject({ CompleteMultipartUpload: 2, HeadObject: 1, UploadPart: 2 });
    const [manifest] = await store.manifests(here, "m");
    expect(await store.versionsOf(`${manifest!.prefix}w.bin`)).toBe(1);
    expect(await store.stored(manifest!.prefix)).toEqual({ "w.bin": sha256(content) });
    expect(await store.uploadsOf(here)).toEqual([]);
  });

  it("takes the lost answer of the manifest's PUT for what it was", async () => {
    const here = store.site();
    here.write("m", "w.txt", "x");
    let lost = 0;
    store.proxy.fault = ({ method, path }) =>
      method === "PUT" && path.includes("/manifests/") && lost++ === 0 ? { kind: "lose-reply" } : undefined;
    expect(await here.syncOne({ s3: { ...here.settings().s3, endpoint: store.proxy.url } })).toMatchObject({
      outcome: "published",
    });
    const [manifest, ...others] = await store.manifests(here, "m");
    expect(others).toEqual([]);
    expect(await store.versionsOf(`manifests/${here.member}/m/${manifest!.snapshot}.json`)).toBe(1);
  });

  /** A run through the store.proxy, and what it warned of. */
  async function warned(here: Site): Promise<{ readonly report: RunReport; readonly warnings: string[] }> {
    const warnings: string[] = [];
    const events = { ...silent, warn: (told: string) => void warnings.push(told) };
    const { report } = await here.sync(
      { s3: { ...here.settings().s3, endpoint: store.proxy.url } },
      {},
      events,
    );
    return { report, warnings };
  }

  it("tells of an upload that the store does not let it give up, and ends all the same", async () => {
    const here = store.site();
    here.write("m", "w.txt", "x");
    await store.bucket.uploads.create(`models/${here.member}/m/00000000000000000000000000000000/w.bin`);
    store.proxy.fault = ({ method }) => (method === "DELETE" ? { kind: "status", status: 403 } : undefined);
    const { report, warnings } = await warned(here);
    expect(report).toMatchObject({ abortedUploads: 0, results: [{ outcome: "published" }] });
    expect(warnings).toEqual([expect.stringContaining("00000000000000000000000000000000/w.bin")]);
    expect(await here.syncOne()).toMatchObject({ outcome: "unchanged" });
    expect(await store.uploadsOf(here)).toEqual([]);
  });

  it("tells of hashes that the store does not keep, and publishes all the same", async () => {
    const here = store.site();
    here.write("m", "w.txt", "x");
    store.proxy.fault = ({ method, path }) =>
      method === "PUT" && path.endsWith("/files/m.json") ? { kind: "status", status: 403 } : undefined;
    const { report, warnings } = await warned(here);
    expect(report).toMatchObject({ results: [{ outcome: "published" }], summary: { ok: true } });
    expect(warnings).toEqual([expect.stringContaining("hashes of m not stored, denied")]);
    expect(await here.syncOne()).toMatchObject({ outcome: "unchanged" });
  });

  it("gives up uploads of versions that are no longer wanted", async () => {
    const here = store.site();
    here.write("m", "w.txt", "x");
    const orphan = `models/${here.member}/m/00000000000000000000000000000000/w.bin`;
    await store.bucket.uploads.create(orphan);
    const foreign = `models/${here.member}-other/m/00000000000000000000000000000000/w.bin`;
    const id = await store.bucket.uploads.create(foreign);
    expect((await here.sync()).report.abortedUploads).toBe(1);
    expect(await store.uploadsOf(here)).toEqual([]);
    expect(await store.bucket.uploads.list(foreign)).toHaveLength(1);
    await store.bucket.uploads.abort(foreign, id);
  });
});

describe("two workers at once", () => {
  it("converge to one version of each model", async () => {
    const here = store.site();
    here.write("a", "large.bin", randomBytes(16 * mebibyte));
    for (let n = 0; n < 30; n++) here.write("a", `small-${n}.txt`, `${n}`);
    here.write("b", "w.txt", "b");
    const ran = await Promise.all([here.sync(), here.sync()]);
    for (const { report } of ran)
      expect(report.results.map(({ outcome }) => ["published", "unchanged"].includes(outcome))).toEqual([
        true,
        true,
      ]);
    const [manifest, ...others] = await store.manifests(here, "a");
    expect(others).toEqual([]);
    for (const { path, versionId, sha256: hash } of manifest!.files) {
      expect((await store.bucket.head(manifest!.prefix + path))?.versionId).toBe(versionId);
      expect(sha256((await store.bucket.get(manifest!.prefix + path))!.body)).toBe(hash);
      expect(await store.versionsOf(manifest!.prefix + path)).toBe(1);
    }
    expect(manifest!.files).toHaveLength(31);
    expect((await here.sync()).report.results.map(({ outcome }) => outcome)).toEqual([
      "unchanged",
      "unchanged",
    ]);
    expect(await store.uploadsOf(here)).toEqual([]);
  });
});
