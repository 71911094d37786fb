import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runStep } from "../../../../workloads/benchmark/driver/k6";
import { memoryLimitOf, memoryText, residentOf } from "../../../../workloads/benchmark/driver/memory";
import { bucketName, BUCKETS } from "../../../../workloads/benchmark/buckets";
import { lastBucket, optionsOf } from "../../../../workloads/benchmark/load/options";

describe("memory", () => {
  it("of a process is what is resident of it", () => {
    expect(residentOf("Name:\tk6\nVmRSS:\t  471248 kB\n")).toBe(471_248 * 1024);
    expect(residentOf("")).toBeUndefined();
  });

  it.each([
    ["536870912\n", 536_870_912],
    ["max\n", undefined],
    ["9223372036854771712\n", undefined],
    ["", undefined],
  ])("of a cgroup is limited by %j", (text, limit) => {
    expect(memoryLimitOf(text)).toBe(limit);
  });

  it("is told of a process that is there", () => {
    expect(memoryText(process.pid)).toMatch(/^\d+ (of \d+ )?MiB of memory$/);
  });
});

describe("k6's options", () => {
  it("count a bucket by itself for every latency within the time-out, and one beyond", () => {
    const step = { timeoutSeconds: 5, virtualUsers: 1, maxVirtualUsers: 2, rate: 1, seconds: 1 };
    const { thresholds } = optionsOf({ ...step, warmUpSeconds: 0, tags: {} } as unknown as Parameters<
      typeof optionsOf
    >[0]);
    const names = Object.keys(thresholds);
    expect(names[0]).toBe(bucketName(0));
    expect(names.at(-1)).toBe(bucketName(lastBucket(step)));
    expect(names).toHaveLength(lastBucket(step) + 1);
    expect(lastBucket({ timeoutSeconds: 60 })).toBeLessThan(BUCKETS);
    expect(Object.values(thresholds).every((list) => list.length === 0)).toBe(true);
  });
});

describe("a k6 that does not end", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "k6-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is killed, and said to have been stuck with what it had of memory", async () => {
    const k6 = join(folder, "k6");
    writeFileSync(k6, "#!/bin/sh\ntrap '' INT TERM\necho stalled >&2\nexec sleep 1000\n");
    chmodSync(k6, 0o755);
    const step = { id: "one", warmUpSeconds: 0, seconds: 0.1, timeoutSeconds: 0.1 };
    const run = await runStep(
      { k6, script: "load.mjs", folder, environment: process.env },
      step as unknown as Parameters<typeof runStep>[1],
      [],
      undefined,
      0.5,
    );
    expect(run).toMatchObject({ code: "SIGKILL", readings: expect.any(Array) as unknown });
    expect(run.summary).toBeUndefined();
    expect(run.messages).toEqual([
      expect.stringMatching(
        /^k6 did not end within 0\.5 s after its load; it had \d+ (of \d+ )?MiB of memory$/,
      ),
      "stalled",
    ]);
  });
});
