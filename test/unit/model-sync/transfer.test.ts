import { randomBytes } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { crc32 } from "node:zlib";
import * as fc from "fast-check";
import { chooseReadBack } from "../../../workloads/model-sync/publish/readBack";
import { retryDelay, retrying } from "../../../workloads/retry";
import { crcText } from "../../../workloads/s3/calls";
import { errorOfAnswer, errorOfConnection } from "../../../workloads/s3/errors";
import { encodeKey } from "../../../workloads/s3/http";
import { parseXml, textOf } from "../../../workloads/s3/xml";
import { capAt, pacer } from "../../../workloads/model-sync/transfer/bandwidth";
import { combineCrc32 } from "../../../workloads/model-sync/transfer/crc32";
import { partSizeOf } from "../../../workloads/model-sync/transfer/large";
import { BufferPool, Semaphore, forEachLimit } from "../../../workloads/model-sync/transfer/pools";
import { SyncError } from "../../../workloads/model-sync/types";

const mebibyte = 1024 * 1024;

describe("CRC-32", () => {
  it("of a whole follows from those of its parts", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), (parts) => {
        const joined = parts.reduce((crc, part) => combineCrc32(crc, crc32(part), part.length), 0);
        expect(joined).toBe(crc32(Buffer.concat(parts)));
      }),
    );
    const [a, b] = [randomBytes(5 * mebibyte), randomBytes(3 * mebibyte + 1)];
    expect(combineCrc32(crc32(a), crc32(b), b.length)).toBe(crc32(Buffer.concat([a, b])));
  });

  it("is written as S3 writes it", () => expect(crcText(crc32(Buffer.from("hello")))).toBe("NhCmhg=="));
});

describe("parts", () => {
  it("are whole MiB, not below the least, and never over S3's 10,000", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 * 1024 ** 4 }), (size) => {
        const part = partSizeOf(size, 16 * mebibyte);
        expect(part % mebibyte).toBe(0);
        expect(part).toBeGreaterThanOrEqual(16 * mebibyte);
        expect(Math.ceil(size / part)).toBeLessThanOrEqual(9000);
      }),
    );
    expect(partSizeOf(140 * 1024 ** 3, 16 * mebibyte)).toBe(16 * mebibyte);
  });
});

describe("bandwidth", () => {
  const day = {
    from: "08:00",
    to: "18:00",
    days: ["mon", "tue", "wed", "thu", "fri"] as ("mon" | "tue" | "wed" | "thu" | "fri")[],
    bytesPerSecond: 1000,
  };
  const night = { from: "22:00", to: "06:00", days: ["fri"] as "fri"[], bytesPerSecond: 9000 };
  const plan = { bytesPerSecond: 5000, timetable: [day, night], timeZone: "Europe/Berlin" };

  it.each([
    ["2026-03-02T07:30:00Z", 1000, "Monday 08:30"],
    ["2026-03-02T06:59:00Z", 5000, "Monday 07:59"],
    ["2026-03-02T17:00:00Z", 5000, "Monday 18:00"],
    ["2026-07-06T06:00:00Z", 1000, "Monday 08:00 in summer"],
    ["2026-03-06T21:30:00Z", 9000, "Friday 22:30"],
    ["2026-03-07T04:59:00Z", 9000, "Saturday 05:59, the window of Friday"],
    ["2026-03-06T04:00:00Z", 5000, "Friday 05:00, before the window of Friday"],
    ["2026-03-07T10:00:00Z", 5000, "Saturday 11:00"],
  ])("at %s is %d (%s)", (at, cap) => expect(capAt(plan, new Date(at))).toBe(cap));

  it("has no gate when nothing can ever hold", () => {
    expect(pacer({ timetable: [], timeZone: "UTC" })).toBeUndefined();
    expect(capAt({ timetable: [day], timeZone: "UTC" }, new Date("2026-03-07T10:00:00Z"))).toBeUndefined();
  });

  it("lets pass what the cap allows, all senders together, and saves up no more than a burst", async () => {
    let clock = 0;
    const waits: number[] = [];
    const gate = pacer(
      { bytesPerSecond: 1000, timetable: [], timeZone: "UTC" },
      {
        now: () => clock,
        wait: (ms) => {
          waits.push(ms);
          return Promise.resolve();
        },
      },
    )!;
    await Promise.all([gate(500), gate(500), gate(1000)]);
    expect(waits).toEqual([500, 1000, 2000]);
    clock = 100_000;
    await gate(1000);
    expect(waits.at(-1)).toBe(900);
  });
});

describe("pools", () => {
  it("serve in order and never give out more than there is", async () => {
    const semaphore = new Semaphore(3);
    let used = 0;
    const order: number[] = [];
    await Promise.all(
      [1, 3, 2, 1, 5].map((units, at) =>
        semaphore.with(async () => {
          order.push(at);
          used += Math.min(units, 3);
          expect(used).toBeLessThanOrEqual(3);
          await turn();
          used -= Math.min(units, 3);
        }, units),
      ),
    );
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  it("use a buffer again while others are in use, and hold no more bytes than allowed", async () => {
    const pool = new BufferPool(200, 100);
    const [first, second] = [await pool.acquire(100), await pool.acquire(90)];
    let third: Awaited<ReturnType<BufferPool["acquire"]>> | undefined;
    const waiting = pool.acquire(100).then((given) => (third = given));
    await turn();
    expect(third).toBeUndefined();
    first.release();
    first.release();
    expect((await waiting).buffer).toBe(first.buffer);
    second.release();
    expect((await pool.acquire(10)).buffer).toHaveLength(10);
  });

  it("begin nothing after a failure, and await what was begun", async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const work = forEachLimit([0, 1, 2, 3, 4], 2, async (item) => {
      begun.push(item);
      await turn();
      if (item === 0) throw new Error("first");
      await turn();
      ended.push(item);
    });
    await expect(work).rejects.toThrow("first");
    expect([begun, ended]).toEqual([[0, 1], [1]]);
  });
});

describe("retries", () => {
  const transient = new SyncError("unavailable", "later", true);
  const policy = { attempts: 5, baseMs: 100, capMs: 300 };

  it("double their wait up to the cap, half of it at random", () => {
    expect([1, 2, 3, 9].map((attempt) => retryDelay(attempt, policy, 0))).toEqual([50, 100, 150, 150]);
    expect([1, 2, 3, 9].map((attempt) => retryDelay(attempt, policy, 0.5))).toEqual([75, 150, 225, 225]);
  });

  it("go on while the error can pass, as often as allowed", async () => {
    const waits: number[] = [];
    const deps = { policy, random: () => 0, wait: (ms: number) => Promise.resolve(waits.push(ms)) };
    let tries = 0;
    expect(
      await retrying(() => (++tries < 3 ? Promise.reject(transient) : Promise.resolve("done")), deps),
    ).toBe("done");
    expect(waits).toEqual([50, 100]);
    tries = 0;
    await expect(
      retrying(() => Promise.reject(new SyncError("denied", "no", ++tries < 0)), deps),
    ).rejects.toThrow("no");
    expect(tries).toBe(1);
    tries = 0;
    await expect(retrying(() => (tries++, Promise.reject(transient)), deps)).rejects.toBe(transient);
    expect(tries).toBe(5);
  });
});

describe("errors of the store", () => {
  it.each([
    [403, "AccessDenied", "denied", false],
    [403, "SignatureDoesNotMatch", "denied", false],
    [404, "NoSuchBucket", "not-found", false],
    [412, "PreconditionFailed", "claimed-elsewhere", false],
    [507, "XMinioStorageFull", "no-space", false],
    [400, "XAmzContentChecksumMismatch", "checksum-mismatch", true],
    [400, "RequestTimeout", "timeout", true],
    [429, "", "unavailable", true],
    [503, "SlowDown", "unavailable", true],
    [500, "InternalError", "unavailable", true],
    [400, "MalformedXML", "refused", false],
  ])("%d %s is %s", (status, code, reason, passes) => {
    expect(errorOfAnswer(status, code, "", "PutObject k")).toMatchObject({
      reason,
      transient: passes,
      status,
      code,
    });
  });

  it("know connections that may come back from certificates that will not", () => {
    const of = (code: string) => errorOfConnection(Object.assign(new Error(code), { code }), "x");
    expect(of("ECONNRESET")).toMatchObject({ reason: "unavailable", transient: true });
    expect(of("ETIMEDOUT")).toMatchObject({ reason: "timeout", transient: true });
    expect(of("DEPTH_ZERO_SELF_SIGNED_CERT")).toMatchObject({ reason: "denied", transient: false });
    expect(of("ERR_TLS_CERT_ALTNAME_INVALID")).toMatchObject({ reason: "denied", transient: false });
  });
});

describe("the wire", () => {
  it("encodes keys so that every byte arrives", () => {
    expect(encodeKey("a b/ü+%/(it's)*!~")).toBe("a%20b/%C3%BC%2B%25/%28it%27s%29%2A%21~");
  });

  it("reads the store's XML, and says when it is none", () => {
    const xml = parseXml(
      '<?xml version="1.0"?>\n<Error xmlns="x"><Code>A&amp;B</Code><Empty/><ETag>&#34;e&#x22;</ETag>\n</Error>',
    );
    expect([textOf(xml, "Code"), textOf(xml, "ETag"), textOf(xml, "Empty"), textOf(xml, "Other")]).toEqual([
      "A&B",
      '"e"',
      "",
      "",
    ]);
    expect(parseXml("Bad Gateway")).toBeUndefined();
    expect(parseXml("<a><b></a>")).toBeUndefined();
  });
});

describe("read-back", () => {
  it("takes everything, nothing, or each with its probability and one at least", () => {
    const files = ["a", "b", "c", "d"];
    expect(chooseReadBack(files, "all", () => 1)).toEqual(files);
    expect(chooseReadBack(files, "none", () => 0)).toEqual([]);
    const draws = [0.9, 0.1, 0.2, 0.3];
    expect(chooseReadBack(files, { sample: 0.25 }, () => draws.shift()!)).toEqual(["b", "c"]);
    expect(chooseReadBack(files, { sample: 0.25 }, () => 0.99)).toEqual(["a"]);
  });
});
