import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FaultProxy } from "./support/faultProxy";
import { faultProxy } from "./support/faultProxy";
import {
  bucketName,
  makeBucket,
  mlflowAt,
  once,
  publish,
  rootBucket,
  sha256,
  worker,
} from "./support/registry";
import type { Server } from "./support/servers";
import { dispose, minioCredentials, startMinio, startMlflow } from "./support/servers";
import { exportMetrics } from "../../workloads/model-sync/commands/export";
import { gc } from "../../workloads/model-sync/commands/gc";
import { promoteCommand } from "../../workloads/model-sync/commands/promote";
import { rollbackCommand } from "../../workloads/model-sync/commands/rollback";
import { versionsOf } from "../../workloads/model-sync/registry/converge";
import type { Mlflow } from "../../workloads/registry/mlflow";
import { registerVersion } from "../../workloads/model-sync/registry/register";
import type { ApplyDeps } from "../../workloads/model-sync/retention/apply";
import { applyPlan } from "../../workloads/model-sync/retention/apply";
import { takeInventory } from "../../workloads/model-sync/retention/inventory";
import type { Plan } from "../../workloads/model-sync/retention/plan";
import { planRetention } from "../../workloads/model-sync/retention/plan";
import type { HubSettings } from "../../workloads/model-sync/retention/settings";
import { parseHubSettings } from "../../workloads/model-sync/retention/settings";
import type { S3Client } from "../../workloads/s3/client";
import type { Manifest } from "../../workloads/model-sync/types";

jest.setTimeout(240_000);

let minio: Server;
let mlflow: Server;
let bucket: S3Client;
let registry: Mlflow;
let proxy: FaultProxy;
let folder: string;

beforeAll(async () => {
  [minio, mlflow] = await Promise.all([startMinio(), startMlflow()]);
  await makeBucket(minio.url);
  bucket = rootBucket(minio.url);
  registry = mlflowAt(mlflow.url);
  proxy = await faultProxy(minio.url);
  folder = mkdtempSync(join(tmpdir(), "retention-"));
  writeFileSync(join(folder, "id"), `${minioCredentials.accessKeyId}\n`);
  writeFileSync(join(folder, "key"), `${minioCredentials.secretAccessKey}\n`);
});

afterAll(async () => {
  bucket.close();
  await proxy.close();
  await dispose(minio, mlflow);
  rmSync(folder, { recursive: true });
});

/** Everything in the test is older than this allows, unless a case says otherwise. */
const policy = { keepLast: 3, minAgeSeconds: 0.001 };

const settings = (members: string[], apply = false): HubSettings =>
  parseHubSettings({
    s3: {
      endpoint: minio.url,
      bucket: bucketName,
      accessKeyIdFile: join(folder, "id"),
      secretAccessKeyFile: join(folder, "key"),
    },
    mlflow: { url: mlflow.url, allowUnauthenticated: true },
    members,
    retention: { ...policy, apply },
    inferenceServices: "none",
  });

const trained = (number: number): string => new Date(Date.UTC(2026, 0, number)).toISOString();

/** Publishes and registers versions 1 to `count` of a model. */
const history = async (member: string, model: string, count: number): Promise<Manifest[]> => {
  const manifests: Manifest[] = [];
  for (let number = 1; number <= count; number++) {
    const manifest = await publish(bucket, member, model, `${model} ${number}`, trained(number));
    await registerVersion(worker(mlflow.url, bucket), manifest);
    manifests.push(manifest);
  }
  return manifests;
};

const everyVersion = async (prefix = ""): Promise<string[]> => {
  const rows: string[] = [];
  for await (const { key, versionId } of bucket.listVersions(prefix)) rows.push(`${key} ${versionId}`);
  return rows.sort();
};
const numbers = async (name: string): Promise<string[]> =>
  (await versionsOf(registry, name)).map(({ version }) => version);
const deps = (
  members: readonly string[],
  live: readonly string[] = [],
  through = bucket,
): ApplyDeps & { members: readonly string[] } => ({
  bucket: through,
  bucketName,
  mlflow: registry,
  live: () => Promise.resolve(live),
  members,
});
const planOf = async (members: readonly string[], live: readonly string[] = []): Promise<Plan> =>
  planRetention(await takeInventory(deps(members, live)), policy);

const intact = async (manifest: Manifest): Promise<void> => {
  expect(
    await bucket.head(`manifests/${manifest.member}/${manifest.model}/${manifest.snapshot}.json`),
  ).toBeDefined();
  for (const { path, sha256: expected } of manifest.files) {
    const found = await bucket.get(manifest.prefix + path);
    expect(sha256(found?.body.toString("utf8") ?? "")).toBe(expected);
  }
};

describe("retention on 20 versions with aliases", () => {
  it("plans without touching anything, applies, and loses nothing that is reachable", async () => {
    const versions = await history("hpc", "net", 20);
    const sibling = await history("hpc", "net-2", 1);
    const other = await history("east", "net", 5);
    await registry.setAlias("hpc-net", "champion", "3");
    await registry.setAlias("hpc-net", "champion-previous", "2");
    await registry.setAlias("hpc-net", "pinned by a user".replaceAll(" ", "-"), "7");
    const live = [`s3://${bucketName}/${versions[4]?.prefix ?? ""}`, "models:/hpc-net/9"];

    const overwritten = `${versions[2]?.prefix ?? ""}config.json`;
    await bucket.put(overwritten, Buffer.from("something else"));
    const unpublished = `models/hpc/net/${"a".repeat(32)}/`;
    await bucket.put(`${unpublished}part.bin`, Buffer.from("12345"));
    const foreign = "models/hpc/net/README.md";
    await bucket.put(foreign, Buffer.from("not ours"));
    await bucket.put("state/hpc/state.json", Buffer.from("old"));
    await bucket.put("state/hpc/state.json", Buffer.from("new"));
    const orphanKey = `models/hpc/net/${"b".repeat(32)}/large.bin`;
    const uploadId = await bucket.uploads.create(orphanKey);

    const before = await everyVersion();
    const plan = await planOf(["hpc"], live);
    const keptNumbers = [2, 3, 5, 7, 9, 18, 19, 20];
    const leaving = versions.filter((_, index) => !keptNumbers.includes(index + 1));
    expect(
      plan.removals
        .filter(({ kind }) => kind === "version")
        .map((removal) => "prefix" in removal && removal.prefix)
        .sort(),
    ).toEqual(leaving.map(({ prefix }) => prefix).sort());
    expect(plan.removals.filter(({ kind }) => kind === "unpublished")).toEqual([
      {
        kind: "unpublished",
        prefix: unpublished,
        manifestKey: `manifests/hpc/net/${"a".repeat(32)}.json`,
        bytes: 5,
      },
    ]);
    expect(plan.removals.filter(({ kind }) => kind === "upload")).toMatchObject([
      { key: orphanKey, uploadId },
    ]);
    expect(
      plan.removals.flatMap((removal) =>
        removal.kind === "noncurrent" && removal.key.startsWith("state/") ? [removal.bytes] : [],
      ),
    ).toEqual([3]);
    expect(plan.problems).toEqual([expect.stringContaining(overwritten)]);
    expect(await everyVersion()).toEqual(before);

    const applied = await applyPlan(deps(["hpc"], live), plan);
    expect([applied.spared, applied.failed]).toEqual([[], []]);
    expect(await numbers("hpc-net")).toEqual(keptNumbers.map(String));
    expect((await registry.model("hpc-net"))?.aliases).toEqual({
      candidate: "20",
      champion: "3",
      "champion-previous": "2",
      "pinned-by-a-user": "7",
    });
    for (const number of keptNumbers.filter((kept) => kept !== 3)) await intact(versions[number - 1]!);
    for (const manifest of [...sibling, ...other]) await intact(manifest);
    const published = versions[2]?.files.find(({ path }) => path === "config.json")?.versionId ?? "";
    const after = await everyVersion();
    expect(after).toContain(`${overwritten} ${published}`);
    expect((await bucket.get(foreign))?.body.toString()).toBe("not ours");
    expect((await bucket.get("state/hpc/state.json"))?.body.toString()).toBe("new");
    for (const { prefix, snapshot } of leaving)
      expect(
        after.filter((row) => row.startsWith(prefix) || row.startsWith(`manifests/hpc/net/${snapshot}`)),
      ).toEqual([]);
    expect(after.filter((row) => row.startsWith(unpublished))).toEqual([]);
    expect(await bucket.uploads.list()).toEqual([]);
    expect((await planOf(["hpc"], live)).removals).toEqual([]);
  });

  it("spares a version that an alias or a service came to use between plan and apply", async () => {
    const versions = await history("late", "net", 6);
    const plan = await planOf(["late"]);
    expect(plan.removals.filter(({ kind }) => kind === "version")).toHaveLength(3);
    await registry.setAlias("late-net", "champion", "1");
    const applied = await applyPlan(
      deps(["late"], [`s3://${bucketName}/${versions[1]?.prefix ?? ""}`]),
      plan,
    );
    expect(applied.spared.map(({ reasons }) => reasons).sort()).toEqual([
      ["alias champion of late-net 1"],
      [`served from s3://${bucketName}/${versions[1]?.prefix ?? ""}`],
    ]);
    await intact(versions[0]!);
    await intact(versions[1]!);
    expect(await numbers("late-net")).toEqual(["1", "2", "4", "5", "6"]);
    expect((await versionsOf(registry, "late-net")).filter(({ tags }) => "retiring" in tags)).toEqual([]);
  });

  it("ends in the same state wherever a removal is cut short", async () => {
    const cut = async (member: string, point: number): Promise<number> => {
      await history(member, "net", 4);
      const plan = await planOf([member]);
      const through = rootBucket(proxy.url, once);
      let deletions = 0;
      proxy.fault = ({ method }) =>
        method === "DELETE" && ++deletions >= point ? { kind: "lose-request" } : undefined;
      const applied = await applyPlan(deps([member], [], through), plan);
      through.close();
      proxy.reset();
      expect(applied.failed.length > 0).toBe(point !== Infinity);
      const again = await applyPlan(deps([member]), await planOf([member]));
      expect(again.failed).toEqual([]);
      expect(await numbers(`${member}-net`)).toEqual(["2", "3", "4"]);
      expect((await planOf([member])).removals).toEqual([]);
      expect(await everyVersion(`models/${member}/`)).toHaveLength(6);
      expect(await everyVersion(`manifests/${member}/`)).toHaveLength(3);
      return deletions;
    };
    const points = await cut("cut-none", Infinity);
    expect(points).toBeGreaterThanOrEqual(3);
    for (let point = 1; point <= points; point++) await cut(`cut-${point}`, point);
  });
});

describe("the hub's commands", () => {
  const said: string[] = [];
  const print = (line: string): void => void said.push(line);
  beforeEach(() => (said.length = 0));
  const aliases = async (): Promise<Readonly<Record<string, string>> | undefined> =>
    (await registry.model("cmd-net"))?.aliases;

  it("promote remembers the champion before, rollback restores it, and both may run twice", async () => {
    await history("cmd", "net", 3);
    const hub = settings(["cmd"]);
    await promoteCommand(hub, { name: "cmd-net", version: "1" }, print);
    expect(await aliases()).toEqual({ candidate: "3", champion: "1" });
    await promoteCommand(hub, { name: "cmd-net" }, print);
    await promoteCommand(hub, { name: "cmd-net" }, print);
    expect(await aliases()).toEqual({ candidate: "3", champion: "3", "champion-previous": "1" });

    await rollbackCommand(hub, "cmd-net", print);
    await rollbackCommand(hub, "cmd-net", print);
    expect(await aliases()).toEqual({ candidate: "3", champion: "1", "champion-previous": "1" });
    expect(said).toEqual([
      "champion of cmd-net: none -> 1",
      "champion of cmd-net: 1 -> 3",
      "champion of cmd-net is 3 already",
      "champion of cmd-net: 3 -> 1, rolled back",
      "champion of cmd-net is 1 already",
    ]);
    await expect(promoteCommand(hub, { name: "cmd-net" }, print)).rejects.toMatchObject({
      reason: "refused",
    });
    await promoteCommand(hub, { name: "cmd-net", version: "3" }, print);
    expect(await aliases()).toMatchObject({ champion: "3", "champion-previous": "1" });
    expect((await registry.version("cmd-net", "3"))?.tags).not.toHaveProperty("rolled_back");
  });

  it("promote refuses what does not exist, what retention removes and what has no manifest", async () => {
    const hub = settings(["cmd"]);
    await expect(promoteCommand(hub, { name: "nobody" }, print)).rejects.toMatchObject({
      reason: "not-found",
    });
    await expect(promoteCommand(hub, { name: "cmd-net", version: "99" }, print)).rejects.toMatchObject({
      reason: "not-found",
    });
    await registry.setVersionTag("cmd-net", "2", "retiring", "now");
    await expect(promoteCommand(hub, { name: "cmd-net", version: "2" }, print)).rejects.toMatchObject({
      reason: "refused",
    });
    await registry.deleteVersionTag("cmd-net", "2", "retiring");
    const snapshot = (await registry.version("cmd-net", "2"))?.tags.snapshot ?? "";
    await bucket.delete(`manifests/cmd/net/${snapshot}.json`);
    await expect(promoteCommand(hub, { name: "cmd-net", version: "2" }, print)).rejects.toMatchObject({
      reason: "not-found",
      message: expect.stringContaining("no manifest") as string,
    });
    expect((await aliases())?.champion).toBe("3");
  });

  it("gc plans by default, applies when told, and its report is served", async () => {
    const versions = await history("gc", "net", 5);
    const removable = versions.slice(0, 2).flatMap(({ files }) => files.map(({ size }) => size));
    const bytes = removable.reduce((sum, size) => sum + size, 0);
    const hub = settings(["gc"]);
    expect(await gc(hub, { apply: false, json: false, environment: {} }, print)).toBe(0);
    expect(said).toContain(`reclaimable version: ${bytes} bytes`);
    expect(said.at(-1)).toBe("dry run: nothing was removed");
    expect(await numbers("gc-net")).toEqual(["1", "2", "3", "4", "5"]);

    const exporter = await exportMetrics({ bucket, member: undefined, host: "127.0.0.1", port: 0 }, print);
    const scraped = await (await fetch(`http://127.0.0.1:${exporter.port}/metrics`)).text();
    await exporter.close();
    expect(scraped.split("\n")).toEqual(
      expect.arrayContaining([
        `model_retention_reclaimable_bytes{kind="version"} ${bytes}`,
        "model_retention_apply 0",
        "model_transfer_state_read_success 1",
      ]),
    );

    said.length = 0;
    expect(await gc(settings(["gc"], true), { apply: false, json: true, environment: {} }, print)).toBe(0);
    const events = said.map((line) => JSON.parse(line) as { event: string; kind?: string });
    expect(events.filter(({ event, kind }) => event === "removed" && kind === "version")).toHaveLength(2);
    expect(events.at(-1)).toMatchObject({ event: "finished", applied: true });
    expect(await numbers("gc-net")).toEqual(["3", "4", "5"]);
    const report = JSON.parse((await bucket.get("retention/report.json"))?.body.toString() ?? "{}") as object;
    expect(report).toMatchObject({
      applied: true,
      removedBytes: { version: bytes },
      reclaimableBytes: { version: 0 },
      kept: 3,
      failed: 0,
    });
  });
});
