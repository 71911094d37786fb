import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { grantPolicy, policyName } from "../../components/transfer/landingZonePolicies";
import type { Grant } from "../../components/transfer/types";
import { gc } from "../../workloads/model-sync/commands/gc";
import { verifyCommand } from "../../workloads/model-sync/commands/verify";
import { readReport } from "../../workloads/model-sync/retention/report";
import { parseHubSettings } from "../../workloads/model-sync/retention/settings";
import { S3Client } from "../../workloads/s3/client";
import type { S3Credentials } from "../../workloads/s3/http";
import { readState } from "../../workloads/model-sync/state/store";
import { bucketName, buckets, makeBucket, once, rootBucket } from "./support/registry";
import type { Server } from "./support/servers";
import { dispose, minioCredentials, startMinio, startMlflow } from "./support/servers";
import { Site, counts } from "./support/site";

const mebibyte = 1024 * 1024;

let minio: Server;
let mlflow: Server;
let root: S3Client;
const sites: Site[] = [];
const clients: S3Client[] = [];

beforeAll(async () => {
  [minio, mlflow] = await Promise.all([startMinio(), startMlflow()]);
  await makeBucket(minio.url);
  root = rootBucket(minio.url);
});

afterAll(async () => {
  for (const site of sites) site.remove();
  for (const client of [...clients, root]) client.close();
  await dispose(minio, mlflow);
});

let users = 0;

/** A user of MinIO with a grant as the landing zone makes it. */
function userWith(grant: Grant, members: readonly string[] = []): S3Credentials {
  const user = { accessKeyId: `user-${++users}`, secretAccessKey: `secret-of-user-${users}` };
  const folder = mkdtempSync(join(tmpdir(), "mc-"));
  const { accessKeyId, secretAccessKey } = minioCredentials;
  const address = minio.url.replace("://", `://${accessKeyId}:${secretAccessKey}@`);
  const admin = (...args: readonly string[]): string =>
    execFileSync("mc", ["--config-dir", folder, "--quiet", "admin", ...args], {
      stdio: "pipe",
      encoding: "utf8",
      env: { PATH: process.env.PATH, MC_HOST_store: address },
    });
  try {
    const document = join(folder, "policy.json");
    writeFileSync(document, JSON.stringify(grantPolicy(buckets, grant, members)));
    admin("policy", "create", "store", policyName(buckets, grant), document);
    admin("user", "add", "store", user.accessKeyId, user.secretAccessKey);
    admin("policy", "attach", "store", policyName(buckets, grant), "--user", user.accessKeyId);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return user;
}

/** A bucket as a user sees it. */
function bucketOf(credentials: S3Credentials, bucket = bucketName): S3Client {
  const client = new S3Client({
    endpoint: minio.url,
    bucket,
    region: "us-east-1",
    credentials,
    retry: once,
    sockets: 4,
    connectTimeoutMs: 2_000,
    idleTimeoutMs: 5_000,
  });
  clients.push(client);
  return client;
}

/** A member's file system whose worker is the writer that the landing zone grants. */
function member(): { readonly site: Site; readonly writer: S3Client } {
  const site = new Site(minio.url);
  sites.push(site);
  const user = userWith({ kind: "writer", member: site.member });
  writeFileSync(join(site.folder, "id"), user.accessKeyId);
  writeFileSync(join(site.folder, "secret"), user.secretAccessKey);
  return { site, writer: bucketOf(user) };
}

const registry = () => ({ mlflow: { url: mlflow.url, allowUnauthenticated: true } });
const listed = async (rows: AsyncIterable<{ readonly key: string }>): Promise<string[]> => {
  const keys: string[] = [];
  for await (const { key } of rows) keys.push(key);
  return keys;
};
const denied = { reason: "denied" };

describe("the writer's grant", () => {
  it("is enough for everything that a run and a verification do", async () => {
    const { site } = member();
    site.write("net", "large.bin", randomBytes(12 * mebibyte));
    site.write("net", "small.bin", "weights");
    const settings = { ...registry(), verify: { readBack: "all" as const } };
    const first = await site.sync(settings);
    expect(first.report.results).toMatchObject([{ outcome: "registered" }]);

    // an upload that an earlier run left behind, and one file of two changed
    const abandoned = `models/${site.member}/net/${"a".repeat(32)}/large.bin`;
    await root.uploads.create(abandoned);
    site.write("net", "small.bin", "other weights", site.clock);
    const second = await site.sync(settings);
    expect(second.report).toMatchObject({ results: [{ outcome: "registered" }], abortedUploads: 1 });
    expect((await site.sync(settings)).report.results).toMatchObject([{ outcome: "unchanged" }]);

    const requests: string[] = [];
    const worker = site.worker(settings, undefined, (operation) => void requests.push(operation));
    try {
      expect(await verifyCommand(worker, { readBack: "all", json: true }, () => undefined)).toBe(0);
    } finally {
      worker.s3.close();
    }
    // so that a call that is new in the worker is seen here, before it is refused at a site
    expect(Object.keys(counts([...first.requests, ...second.requests, ...requests])).sort()).toEqual([
      "AbortMultipartUpload",
      "CompleteMultipartUpload",
      "CopyObject",
      "CreateMultipartUpload",
      "GetObject",
      "HeadObject",
      "ListMultipartUploads",
      "ListObjectsV2",
      "PutObject",
      "UploadPart",
    ]);
  });

  it("is enough to resume an upload part by part", async () => {
    const { site, writer } = member();
    const key = `models/${site.member}/net/${"b".repeat(32)}/large.bin`;
    const id = await writer.uploads.create(key);
    expect(await writer.uploads.list(key)).toMatchObject([{ key, uploadId: id }]);
    expect(await writer.uploads.parts(key, id)).toEqual([]);
    await writer.uploads.abort(key, id);
    expect(await writer.uploads.list(key)).toEqual([]);
  });

  it("ends at the member's own prefixes, and deletes nothing", async () => {
    const [{ site, writer }, other] = [member(), member()];
    other.site.write("net", "w.bin", "weights");
    await other.site.sync(registry());
    const [theirs] = await listed(root.list(`models/${other.site.member}/`));
    await root.put("retention/report.json", Buffer.from("{}"));
    const own = `models/${site.member}/net/${"c".repeat(32)}/w.bin`;
    const { versionId } = await writer.put(own, Buffer.from("mine"));

    await expect(writer.get(theirs!)).rejects.toMatchObject(denied);
    await expect(writer.put(theirs!, Buffer.from("x"))).rejects.toMatchObject(denied);
    await expect(writer.copy(theirs!, own)).rejects.toMatchObject(denied);
    await expect(writer.get(`state/${other.site.member}/state.json`)).rejects.toMatchObject(denied);
    await expect(writer.put(`claims/${other.site.member}/x`, Buffer.from("x"))).rejects.toMatchObject(denied);
    await expect(writer.put("elsewhere", Buffer.from("x"))).rejects.toMatchObject(denied);
    await expect(writer.get("retention/report.json")).rejects.toMatchObject(denied);
    await expect(writer.uploads.create(theirs!)).rejects.toMatchObject(denied);
    await expect(listed(writer.list(""))).rejects.toMatchObject(denied);
    await expect(listed(writer.list(`models/${other.site.member}/`))).rejects.toMatchObject(denied);
    // MinIO lets whoever may list objects list their versions too
    await expect(listed(writer.listVersions(`models/${other.site.member}/`))).rejects.toMatchObject(denied);
    await expect(writer.delete(own)).rejects.toMatchObject(denied);
    await expect(writer.delete(own, versionId)).rejects.toMatchObject(denied);
    expect((await root.get(own))?.body.toString()).toBe("mine");
  });

  it("does not reach a member whose name begins with the own one", async () => {
    const { site, writer } = member();
    const longer = `models/${site.member}0/net/w.bin`;
    await root.put(longer, Buffer.from("theirs"));
    await expect(writer.get(longer)).rejects.toMatchObject(denied);
    await expect(listed(writer.list(`models/${site.member}0/`))).rejects.toMatchObject(denied);
  });
});

describe("the reader's grant", () => {
  it("is enough for the state, also before there is one, and for nothing else", async () => {
    const { site } = member();
    const reader = bucketOf(userWith({ kind: "reader", member: site.member }));
    expect((await readState(reader, site.member)).models).toEqual({});
    site.write("net", "w.bin", "weights");
    await site.sync(registry());
    expect(Object.keys((await readState(reader, site.member)).models)).toEqual(["net"]);

    const [file] = await listed(root.list(`models/${site.member}/`));
    await expect(reader.get(file!)).rejects.toMatchObject(denied);
    await expect(reader.get(`state/${site.member}/files/net.json`)).rejects.toMatchObject(denied);
    await expect(listed(reader.list(`state/${site.member}/`))).rejects.toMatchObject(denied);
    await expect(reader.put(`state/${site.member}/state.json`, Buffer.from("{}"))).rejects.toMatchObject(
      denied,
    );
    await expect(reader.delete(`state/${site.member}/state.json`)).rejects.toMatchObject(denied);
  });
});

describe("the grants of retention", () => {
  it("are enough to remove what nothing reaches, and to report it", async () => {
    const { site } = member();
    const [user, reader] = [
      userWith({ kind: "retention" }, [site.member]),
      bucketOf(userWith({ kind: "retentionReader" })),
    ];
    await root.delete("retention/report.json");
    expect(await readReport(reader)).toBeUndefined();
    for (const content of ["one", "two", "three"]) {
      site.write("net", "w.bin", content, site.clock);
      await site.sync(registry());
    }
    const unpublished = `models/${site.member}/net/${"d".repeat(32)}/w.bin`;
    await root.put(unpublished, Buffer.from("half"));
    const abandoned = `models/${site.member}/net/${"e".repeat(32)}/w.bin`;
    await root.uploads.create(abandoned);
    const untouched = await listed(root.listVersions("models/other/"));

    const [id, secret] = [join(site.folder, "retention.id"), join(site.folder, "retention.secret")];
    writeFileSync(id, user.accessKeyId);
    writeFileSync(secret, user.secretAccessKey);
    const settings = parseHubSettings({
      s3: { endpoint: minio.url, bucket: bucketName, accessKeyIdFile: id, secretAccessKeyFile: secret },
      ...registry(),
      members: [site.member],
      retention: { keepLast: 1, minAgeSeconds: 0.001, apply: true },
      inferenceServices: "none",
    });
    const lines: string[] = [];
    const ended = await gc(
      settings,
      { apply: false, json: false, environment: {} },
      (line) => void lines.push(line),
    );
    expect([ended, lines.filter((line) => line.startsWith("failed"))]).toEqual([0, []]);

    const kept = await listed(root.list(`manifests/${site.member}/`));
    expect(kept).toHaveLength(1);
    expect(await listed(root.listVersions(`models/${site.member}/`))).toHaveLength(1);
    expect((await root.uploads.list()).filter(({ key }) => key === abandoned)).toEqual([]);
    expect(await listed(root.listVersions("models/other/"))).toEqual(untouched);
    expect(await readReport(reader)).toMatchObject({ applied: true, failed: 0 });
  });

  it("end at the members that are looked after", async () => {
    const { site } = member();
    const retention = bucketOf(userWith({ kind: "retention" }, [site.member]));
    const [own, theirs] = [`models/${site.member}/net/w.bin`, "models/stranger/net/w.bin"];
    for (const key of [own, theirs, "elsewhere"]) await root.put(key, Buffer.from("bytes"));
    await expect(retention.delete(theirs)).rejects.toMatchObject(denied);
    await expect(retention.delete("elsewhere")).rejects.toMatchObject(denied);
    await expect(listed(retention.listVersions("models/stranger/"))).rejects.toMatchObject(denied);
    await expect(listed(retention.listVersions(""))).rejects.toMatchObject(denied);
    await expect(retention.get(own)).rejects.toMatchObject(denied);
    await expect(retention.put(own, Buffer.from("x"))).rejects.toMatchObject(denied);
    const reader = bucketOf(userWith({ kind: "retentionReader" }));
    await expect(reader.get(own)).rejects.toMatchObject(denied);
    await expect(reader.put("retention/report.json", Buffer.from("{}"))).rejects.toMatchObject(denied);
    await expect(reader.delete("retention/report.json")).rejects.toMatchObject(denied);
  });
});

describe("the grant of benchmarks", () => {
  let results: S3Client;
  let rootResults: S3Client;

  beforeAll(async () => {
    await makeBucket(minio.url, buckets.benchmarks);
    rootResults = rootBucket(minio.url, once, buckets.benchmarks);
    clients.push(rootResults);
    results = bucketOf(userWith({ kind: "benchmark" }), buckets.benchmarks);
  });

  it("is enough to keep a result, and to read those of earlier runs", async () => {
    const [earlier, own] = ["tiny/summaries/run-1.json", "tiny/summaries/run-2.json"];
    await rootResults.put(earlier, Buffer.from("earlier"));
    await results.put(own, Buffer.from("own"));
    await results.put("tiny/3/run-2/report.html", Buffer.from("<html>"));
    expect(await listed(results.list("tiny/summaries/"))).toEqual([earlier, own]);
    expect((await results.get(earlier))?.body.toString()).toBe("earlier");
  });

  it("deletes nothing, and ends at the bucket", async () => {
    const key = "tiny/3/run-3/result.json";
    const { versionId } = await results.put(key, Buffer.from("kept"));
    await expect(results.delete(key)).rejects.toMatchObject(denied);
    await expect(results.delete(key, versionId)).rejects.toMatchObject(denied);
    expect((await rootResults.get(key))?.body.toString()).toBe("kept");

    const models = bucketOf(userWith({ kind: "benchmark" }));
    await root.put("models/hpc/net/w.bin", Buffer.from("weights"));
    await expect(models.get("models/hpc/net/w.bin")).rejects.toMatchObject(denied);
    await expect(models.put("models/hpc/net/w.bin", Buffer.from("x"))).rejects.toMatchObject(denied);
    await expect(listed(models.list(""))).rejects.toMatchObject(denied);
  });

  it("is no way for those who move models into the results", async () => {
    const { site } = member();
    const writer = bucketOf(userWith({ kind: "writer", member: site.member }), buckets.benchmarks);
    await expect(writer.get("tiny/summaries/run-1.json")).rejects.toMatchObject(denied);
    await expect(writer.put(`models/${site.member}/x`, Buffer.from("x"))).rejects.toMatchObject(denied);
    const retention = bucketOf(userWith({ kind: "retention" }, [site.member]), buckets.benchmarks);
    await expect(retention.delete("tiny/summaries/run-1.json")).rejects.toMatchObject(denied);
  });
});
