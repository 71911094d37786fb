import fc from "fast-check";
import { urisIn } from "../../../workloads/model-sync/retention/live";
import type { Inventory, RegistryEntry, SnapshotEntry } from "../../../workloads/model-sync/retention/plan";
import {
  planRetention,
  reachedBy,
  reclaimableBytes,
  uriNames,
  uriReaches,
} from "../../../workloads/model-sync/retention/plan";

const day = 24 * 3600 * 1000;
const nowMs = Date.parse("2026-06-30T00:00:00Z");
const policy = { keepLast: 2, minAgeSeconds: 86_400 };

const snapshot = (number: number, changes: Partial<SnapshotEntry> = {}): SnapshotEntry => {
  const name = number.toString(16).padStart(32, "0");
  const uploadedMs = nowMs - (100 - number) * day;
  return {
    member: "hpc",
    model: "net",
    snapshot: name,
    prefix: `models/hpc/net/${name}/`,
    bytes: 1000,
    objects: 1,
    youngestMs: uploadedMs,
    manifest: { key: `manifests/hpc/net/${name}.json`, digest: `digest-${number}`, uploadedMs },
    ...changes,
  };
};
const entry = (number: number, aliases: string[] = [], ours = true): RegistryEntry => ({
  name: "hpc-net",
  version: String(number),
  source: `s3://models/${snapshot(number).prefix.replace(/\/$/, "")}`,
  aliases,
  ours,
});
const inventory = (changes: Partial<Inventory>): Inventory => ({
  bucket: "models",
  nowMs,
  snapshots: [],
  noncurrent: [],
  uploads: [],
  registry: [],
  live: [],
  ...changes,
});
const removedPrefixes = (changes: Partial<Inventory>): string[] =>
  planRetention(inventory(changes), policy).removals.flatMap((removal) =>
    "prefix" in removal ? [removal.prefix] : [],
  );

describe("uriReaches", () => {
  const prefix = "models/hpc/net/abc/";
  it.each([
    ["s3://models/models/hpc/net/abc", true],
    ["s3://models/models/hpc/net/abc/", true],
    ["s3://models/models/hpc/net/abc/model.safetensors", true],
    ["s3://models/models/hpc/net", true],
    ["s3://models/models/hpc/ne", true],
    ["s3://models", true],
    ["s3://models/models/hpc/net/abcd", false],
    ["s3://models/models/hpc/other/abc", false],
    ["s3://models2/models/hpc/net/abc", false],
    ["gs://models/models/hpc/net/abc", false],
  ])("%s: %s", (uri, expected) => expect(uriReaches(uri, "models", prefix)).toBe(expected));
});

describe("uriNames", () => {
  it.each([
    ["models:/hpc-net/3", true],
    ["models:/hpc-net/4", false],
    ["models:/hpc-net@champion", true],
    ["models:/hpc-net/Production", true],
    ["models:/hpc-network/3", false],
    ["s3://hpc-net/3", false],
  ])("%s: %s", (uri, expected) => expect(uriNames(uri, entry(3))).toBe(expected));
});

describe("planRetention", () => {
  it("keeps the last N by upload and removes older versions with their registry entries", () => {
    const numbers = [1, 2, 3, 4];
    const plan = planRetention(
      inventory({
        snapshots: numbers.map((number) => snapshot(number)),
        registry: numbers.map((number) => entry(number)),
      }),
      policy,
    );
    expect(plan.removals).toEqual(
      [1, 2].map((number) => ({
        kind: "version",
        prefix: snapshot(number).prefix,
        manifestKey: `manifests/hpc/net/${snapshot(number).snapshot}.json`,
        registry: [{ name: "hpc-net", version: String(number) }],
        bytes: 1000,
      })),
    );
    expect(plan.kept).toEqual(
      [3, 4].map((number) => ({ prefix: snapshot(number).prefix, reasons: ["one of the last 2"] })),
    );
    expect(reclaimableBytes(plan)).toEqual({ version: 2000, unpublished: 0, noncurrent: 0, upload: 0 });
  });

  it("counts the same content under two snapshots as one version", () => {
    const twin = snapshot(3);
    const snapshots = [1, 2, 3].map((number) => snapshot(number));
    const doubled = {
      ...snapshot(4),
      manifest: { key: "k", digest: "digest-3", uploadedMs: nowMs - 2 * day },
    };
    expect(twin.manifest).toMatchObject({ digest: "digest-3" });
    expect(removedPrefixes({ snapshots: [...snapshots, doubled] })).toEqual([snapshot(1).prefix]);
  });

  it.each([
    ["an alias", { registry: [entry(1, ["champion-previous"])] }],
    [
      "an alias of a registered model made by hand",
      { registry: [{ ...entry(1, ["mine"], false), name: "other" }] },
    ],
    ["a version registered by others", { registry: [{ ...entry(1, [], false), name: "other" }] }],
    ["a live service", { live: [`s3://models/${snapshot(1).prefix}`] }],
    ["a live service of a bare, shorter prefix", { live: ["s3://models/models/hpc/net"] }],
    ["a live service by registry URI", { registry: [entry(1)], live: ["models:/hpc-net/1"] }],
    [
      "youth",
      {
        snapshots: [1, 2, 3].map((number) =>
          snapshot(number, number === 1 ? { youngestMs: nowMs - 1000 } : {}),
        ),
      },
    ],
    [
      "a manifest that cannot be read",
      {
        snapshots: [2, 3, 1].map((number) =>
          snapshot(number, number === 1 ? { manifest: "unreadable" } : {}),
        ),
      },
    ],
  ])("keeps a version that %s protects", (_, changes) => {
    const snapshots = [1, 2, 3].map((number) => snapshot(number));
    expect(removedPrefixes({ snapshots })).toEqual([snapshot(1).prefix]);
    expect(removedPrefixes({ snapshots, ...changes })).not.toContain(snapshot(1).prefix);
  });

  const unpublished = (number: number, changes: Partial<SnapshotEntry> = {}): SnapshotEntry => {
    const { manifest, ...rest } = snapshot(number, changes);
    expect(manifest).toBeDefined();
    return rest;
  };

  it("removes a prefix without manifest once it is old, and names one that is in use as a problem", () => {
    expect(
      removedPrefixes({ snapshots: [unpublished(1), unpublished(2, { youngestMs: nowMs - 1000 })] }),
    ).toEqual([snapshot(1).prefix]);
    const plan = planRetention(
      inventory({ snapshots: [unpublished(1)], registry: [entry(1, ["champion"])] }),
      policy,
    );
    expect(plan.removals).toEqual([]);
    expect(plan.problems).toHaveLength(1);
  });

  it("removes old noncurrent versions and uploads, but never the bytes a manifest names", () => {
    const key = `${snapshot(4).prefix}model.safetensors`;
    const noncurrent = [
      { key, versionId: "published", bytes: 5, sinceMs: 0, published: true },
      { key, versionId: "old", bytes: 6, sinceMs: 0, published: false },
      { key: "state/hpc/state.json", versionId: "young", bytes: 7, sinceMs: nowMs - 1000, published: false },
      { key: `${snapshot(1).prefix}x`, versionId: "goes anyway", bytes: 8, sinceMs: 0, published: false },
    ];
    const uploads = [
      { key, uploadId: "orphan", bytes: 9, initiatedMs: 0 },
      { key, uploadId: "running", bytes: 9, initiatedMs: nowMs - 1000 },
    ];
    const plan = planRetention(
      inventory({ snapshots: [1, 3, 4].map((n) => snapshot(n)), noncurrent, uploads }),
      policy,
    );
    expect(plan.removals.slice(1)).toEqual([
      { kind: "noncurrent", key, versionId: "old", bytes: 6 },
      { kind: "upload", key, uploadId: "orphan", bytes: 9 },
    ]);
    expect(plan.problems).toEqual([
      `${key}: published version published is overwritten or deleted; it is kept`,
    ]);
  });

  it("never removes what is reachable, young or among the last N, whatever the inventory", () => {
    const arbitrary = fc.array(
      fc.record({
        published: fc.boolean(),
        alias: fc.boolean(),
        live: fc.boolean(),
        ageDays: fc.integer({ min: 0, max: 5 }),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(arbitrary, (rows) => {
        const snapshots = rows.map((row, index) => {
          const youngestMs = nowMs - row.ageDays * day;
          const made = snapshot(index, { youngestMs });
          return row.published ? made : unpublished(index, { youngestMs });
        });
        const registry = rows.map((row, index) => entry(index, row.alias ? ["champion"] : []));
        const live = rows.flatMap((row, index) =>
          row.live ? [`s3://models/${snapshot(index).prefix}`] : [],
        );
        const removed = new Set(removedPrefixes({ snapshots, registry, live }));
        for (const { prefix, youngestMs } of snapshots.filter((row) => removed.has(row.prefix))) {
          expect(reachedBy(prefix, "models", registry, live)).toEqual([]);
          expect(youngestMs).toBeLessThanOrEqual(nowMs - day);
        }
        const lastTwo = snapshots.filter(({ manifest }) => manifest !== undefined).slice(-2);
        for (const { prefix } of lastTwo) expect(removed.has(prefix)).toBe(false);
      }),
    );
  });
});

describe("urisIn", () => {
  it("finds every place a service or its pods can name a model", () => {
    expect(
      urisIn({
        metadata: {
          annotations: { "internal.serving.kserve.io/storage-initializer-sourceuri": "s3://models/a" },
        },
        spec: {
          predictor: {
            model: { storageUri: "s3://models/b" },
            xgboost: { storage: { path: "/c/d", parameters: { bucket: "models" } } },
          },
          transformer: {
            containers: [{ args: ["--model", "models:/hpc-net/3", "--extra=s3://models/e,s3://models/f"] }],
          },
          model: { uri: "hf://org/name" },
        },
      }).sort(),
    ).toEqual([
      "models:/hpc-net/3",
      "s3://models/a",
      "s3://models/b",
      "s3://models/c/d",
      "s3://models/e",
      "s3://models/f",
    ]);
  });
});
