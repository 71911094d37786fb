import { withoutVanished } from "../../../workloads/model-sync/commands/run";
import {
  bar,
  humanBytes,
  jsonEvents,
  planLines,
  runLines,
  table,
} from "../../../workloads/model-sync/report";
import { applyResult, isGood, outcomeOf } from "../../../workloads/model-sync/publish/outcome";
import type { ModelResult } from "../../../workloads/model-sync/publish/outcome";
import {
  keyLimit,
  manifestKey,
  parseFileKey,
  snapshotPrefix,
} from "../../../workloads/model-sync/publish/keys";
import type { SettingsInput } from "../../../workloads/model-sync/settings";
import { parseSettings } from "../../../workloads/model-sync/settings";
import { decodeFileCache, encodeFileCache, knownHash } from "../../../workloads/model-sync/state/fileCache";
import { StateStore, parseState } from "../../../workloads/model-sync/state/store";
import { S3Error } from "../../../workloads/s3/errors";
import { SyncError } from "../../../workloads/model-sync/types";
import type { Reason } from "../../../workloads/model-sync/types";

const least: SettingsInput = {
  member: "hpc",
  root: "/mnt/beegfs/models/trained",
  rootGuard: { kind: "fsType", fsType: "beegfs" },
  s3: {
    endpoint: "https://minio:9000",
    accessKeyIdFile: "/etc/s3/id",
    secretAccessKeyFile: "/etc/s3/secret",
  },
};

describe("settings", () => {
  it("need little and fill in the rest", () => {
    expect(parseSettings(least)).toMatchObject({
      quiescence: { settleSeconds: 60, maxWaitSeconds: 86_400 },
      parallel: { models: 4, files: 32, parts: 4 },
      limits: { partBytes: 16 * 1024 ** 2, copyObjectMaxBytes: 5 * 1024 ** 3 },
      registeredName: "{member}-{model}",
    });
    expect(parseSettings(least).allowedFormats).not.toContain("pickle");
  });

  it.each([
    [{ member: "a/b" }, "member: letters, digits, dot, underscore and hyphen only"],
    [{ root: "relative" }, "root: an absolute path"],
    [{ registeredName: "fixed" }, "registeredName: "],
    [
      { mlflow: { url: "http://mlflow:5000" } },
      "mlflow: set usernameFile and passwordFile, or allowUnauthenticated",
    ],
    [
      { mlflow: { url: "http://mlflow:5000", usernameFile: "/u" } },
      "mlflow: usernameFile and passwordFile belong together",
    ],
    [{ limits: { bufferBytes: 1 } }, "limits.bufferBytes: at least limits.partBytes"],
    [
      { bandwidth: { timetable: [{ from: "8:00", to: "24:00", bytesPerSecond: 2048 }] } },
      "bandwidth.timetable.0.from: a time of day as HH:MM",
    ],
    [{ bandwith: {} }, "bandwith"],
  ])("refuse %j by name", (change, told) =>
    expect(() => parseSettings({ ...least, ...change })).toThrow(told),
  );

  it("take a registry without authentication only when told so", () => {
    expect(() =>
      parseSettings({ ...least, mlflow: { url: "http://mlflow:5000", allowUnauthenticated: true } }),
    ).not.toThrow();
  });
});

describe("keys", () => {
  it("keep a model's version apart from those of a model whose name begins alike", () => {
    expect(snapshotPrefix("hpc", "llama", "s1")).toBe("models/hpc/llama/s1/");
    expect(manifestKey("hpc", "llama", "s1")).toBe("manifests/hpc/llama/s1.json");
    expect(parseFileKey("hpc", "models/hpc/llama/s1/sub/w.bin")).toEqual({
      model: "llama",
      snapshot: "s1",
      path: "sub/w.bin",
    });
    expect(parseFileKey("hpc", "models/hpc-2/llama/s1/w.bin")).toBeUndefined();
    expect(parseFileKey("hpc", "models/hpc/llama")).toBeUndefined();
    expect(keyLimit).toBe(1024);
  });
});

describe("outcomes", () => {
  const seen = { identity: "x", since: 0, changing: 0 };
  const outcome = (reason: Reason, transient = false, now = 1000): string =>
    outcomeOf(new SyncError(reason, "", transient), seen, now, 5000);

  it("follow from the reason, and from how long a model has been unfinished", () => {
    expect(outcome("incomplete")).toBe("waiting");
    expect(outcome("incomplete", true, 5001)).toBe("stuck");
    expect(outcome("checksum-mismatch")).toBe("quarantined");
    expect(outcome("checksum-mismatch", true)).toBe("failed");
    expect(
      (["unreadable", "symlink-escapes", "content-changed", "no-space", "denied"] as const).map((reason) =>
        outcome(reason),
      ),
    ).toEqual(["unreadable", "rejected", "quarantined", "failed", "failed"]);
  });

  it("are good only when nothing is left to complain about", () => {
    expect(isGood({ outcome: "registered" })).toBe(true);
    expect(isGood({ outcome: "waiting", reason: "incomplete" })).toBe(true);
    expect(isGood({ outcome: "published", reason: "registry-unavailable" })).toBe(false);
    expect(isGood({ outcome: "stuck", reason: "incomplete" })).toBe(false);
  });

  it("add their sums to what another worker wrote, and clear what they say is over", () => {
    const result: ModelResult = {
      model: "m",
      outcome: "published",
      bytes: 1,
      files: 1,
      change: { observed: null, counters: { bytesSent: 5, filesSent: 1 } },
    };
    const once = applyResult(
      undefined,
      {
        ...result,
        change: { observed: { identity: "i", since: "s", changing: "c" }, counters: { bytesSent: 2 } },
      },
      0,
    );
    expect(once).toMatchObject({ observed: { identity: "i" }, counters: { bytesSent: 2, filesSent: 0 } });
    const twice = applyResult(once, result, 1000);
    expect(twice.observed).toBeUndefined();
    expect(twice).toMatchObject({
      seen: "1970-01-01T00:00:01.000Z",
      counters: { bytesSent: 7, filesSent: 1 },
    });
  });
});

describe("state", () => {
  it("forgets a model that is no longer on disk, but for what was published of it", () => {
    const counters = {
      bytesSent: 1,
      bytesCopied: 0,
      filesSent: 1,
      filesCopied: 0,
      filesAdopted: 0,
      checksumMismatches: 0,
    };
    const published = { snapshot: "s", digest: "d", files: 1, bytes: 1, stages: {} };
    const stuck = { outcome: "stuck", reason: "incomplete", seen: "t", counters } as const;
    expect(
      withoutVanished({ here: stuck, never: stuck, gone: { ...stuck, published } }, new Set(["here"])),
    ).toEqual({
      here: stuck,
      gone: { published, outcome: "unchanged", seen: "t", counters },
    });
  });

  it("takes anything but its own form for absent", () => {
    for (const text of [
      "",
      "null",
      "[]",
      "{",
      '{"schema":2,"member":"hpc"}',
      '{"schema":1,"member":"other"}',
    ]) {
      expect(parseState(Buffer.from(text), "hpc")).toEqual({
        schema: 1,
        member: "hpc",
        models: {},
        retries: {},
      });
    }
  });

  it("applies a change to the newest, once, whoever wrote in between and whatever answer was lost", async () => {
    let stored: { body: Buffer; etag: number } | undefined;
    const faults: ("other-writer" | "lost-reply")[] = ["other-writer", "lost-reply"];
    const refused = new S3Error("claimed-elsewhere", "412", false, 412, "PreconditionFailed");
    const info = () => ({ size: 0, etag: String(stored?.etag ?? 0), versionId: "" });
    const bucket = {
      get: () => Promise.resolve(stored && { info: info(), body: stored.body }),
      put: (_key: string, body: Buffer, condition?: { ifMatch?: string; ifNoneMatch?: string }) => {
        const fault = faults.shift();
        if (fault === "other-writer")
          stored = {
            body: Buffer.from('{"schema":1,"member":"hpc","models":{},"retries":{"timeout":10}}'),
            etag: 1,
          };
        if (condition?.ifMatch !== (stored && String(stored.etag))) return Promise.reject(refused);
        stored = { body, etag: (stored?.etag ?? 0) + 1 };
        return fault === "lost-reply" ? Promise.reject(refused) : Promise.resolve(info());
      },
    };
    const store = new StateStore(bucket, "hpc");
    const after = await store.update((state) => ({
      ...state,
      retries: { timeout: (state.retries.timeout ?? 0) + 1 },
    }));
    expect(after.retries).toEqual({ timeout: 11 });
    expect(JSON.parse(stored!.body.toString())).toMatchObject({ retries: { timeout: 11 } });
  });

  it("keeps hashes of files only while they look exactly the same", () => {
    const file = { path: "a", size: 1, mtimeNs: 2n, inode: 18_446_744_073_709_551_615n, sha256: "ff" };
    const cache = decodeFileCache(encodeFileCache("s", [file]));
    expect(cache?.snapshot).toBe("s");
    expect(knownHash(cache, file)).toBe("ff");
    for (const change of [{ path: "b" }, { size: 2 }, { mtimeNs: 3n }, { inode: 1n }])
      expect(knownHash(cache, { ...file, ...change })).toBeUndefined();
    expect(decodeFileCache(Buffer.from("{}"))).toBeUndefined();
  });
});

describe("report", () => {
  it("lines up its columns", () => {
    expect(
      table(
        ["model", "n"],
        [
          ["a", "10"],
          ["longer", "1"],
        ],
      ),
    ).toEqual(["model   n", "a       10", "longer  1"]);
    expect([0, 1023, 1536, 5 * 1024 ** 3].map(humanBytes)).toEqual(["0 B", "1023 B", "1.5 KiB", "5.0 GiB"]);
  });

  it("draws a bar with rate and time left", () => {
    expect(bar("m", { done: 256 * 1024, total: 1024 * 1024, elapsedMs: 1000 }, 8)).toBe(
      "m [==      ]  25.0%  256.0 KiB/s  ETA 3 s",
    );
    expect(bar("m", { done: 0, total: 0, elapsedMs: 0 }, 4)).toBe("m [====] 100.0%  0 B/s  ETA -");
  });

  it("ends a run with one row a model and the sums", () => {
    const results: ModelResult[] = [
      {
        model: "a",
        outcome: "registered",
        bytes: 2048,
        files: 2,
        version: { name: "hpc-a", version: "3" },
        change: { counters: { bytesSent: 1024 } },
      },
      {
        model: "b",
        outcome: "stuck",
        reason: "incomplete",
        detail: "no marker",
        bytes: 1,
        files: 1,
        change: {},
      },
    ];
    const summary = { started: "", finished: "", ok: false, outcomes: { registered: 1, stuck: 1 } };
    expect(runLines({ results, summary, abortedUploads: 2 })).toEqual([
      "model  outcome     reason      files  size     sent     registered",
      "a      registered              2      2.0 KiB  1.0 KiB  hpc-a v3",
      "b      stuck       incomplete  1      1 B      0 B",
      "b: no marker",
      "2 models: 1 registered, 1 stuck; 2 orphaned uploads given up",
    ]);
    expect(planLines([]).at(-1)).toBe("nothing was changed");
  });

  it("says in a log how far a long transfer is, not more often than every half minute", () => {
    const lines: string[] = [];
    let clock = 0;
    const events = jsonEvents(
      (line) => lines.push(line),
      () => clock,
    );
    events.transfer("m", 1000, 4);
    for (const at of [10_000, 30_000, 40_000, 60_000]) {
      clock = at;
      events.progress("m", 100);
    }
    const told = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ event }) => event === "progress");
    expect(told).toMatchObject([
      { bytes: 200, total: 1000, bytesPerSecond: 7, etaSeconds: 115 },
      { bytes: 400, total: 1000, bytesPerSecond: 7, etaSeconds: 86 },
    ]);
  });

  it("logs one JSON object a line, the steps by number and name", () => {
    const lines: string[] = [];
    jsonEvents(
      (line) => lines.push(line),
      () => 0,
    ).step("validate", "m");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        time: "1970-01-01T00:00:00.000Z",
        level: "info",
        event: "step",
        step: 5,
        name: "validate",
        what: "m",
      },
    ]);
  });
});
