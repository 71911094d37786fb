import * as fc from "fast-check";
import {
  checkMarker,
  isStuck,
  isTrusted,
  observe,
  trustAfterMs,
  unsettledFor,
} from "../../../workloads/model-sync/files/quiescence";
import type { Observation } from "../../../workloads/model-sync/files/quiescence";
import { identityOf } from "../../../workloads/model-sync/publish/canonical";
import type { FileStat } from "../../../workloads/model-sync/types";

/** A file system that keeps whole seconds only. */
const cut = (ms: number): bigint => BigInt(Math.floor(ms / 1000)) * 1_000_000_000n;

interface Write {
  readonly at: number;
  readonly file: number;
  /** Bytes appended; 0 rewrites in place. */
  readonly grows: number;
}

/** What the disk holds at a time: the stats that can be seen, and the content that cannot. */
function diskAt(writes: readonly Write[], now: number): { files: FileStat[]; content: string } {
  const files = new Map<number, { size: number; at: number; content: string }>();
  for (const { at, file, grows } of writes) {
    if (at > now) break;
    const before = files.get(file);
    files.set(file, {
      size: (before?.size ?? 0) + grows,
      at,
      content: `${before?.content ?? ""}|${at}:${grows}`,
    });
  }
  const list = [...files].map(([file, { size, at }]) => ({
    path: `f${file}`,
    size,
    mtimeNs: cut(at),
    inode: BigInt(file),
  }));
  return { files: list, content: JSON.stringify([...files].map(([file, { content }]) => [file, content])) };
}

/** A writer that pauses at random and stops at a random point; gaps and times in milliseconds. */
const writer = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 1, max: 20_000 }),
      file: fc.nat({ max: 2 }),
      grows: fc.nat({ max: 3 }),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((steps) => {
    let at = 1_700_000_000_137;
    return steps.map(({ gap, file, grows }): Write => ({ at: (at += gap), file, grows }));
  });

describe("quiescence", () => {
  const settleMs = 5000;

  it("never takes a model for settled while its writer pauses for less than the window, and always does once it stopped", () => {
    fc.assert(
      fc.property(
        writer,
        fc.integer({ min: 200, max: 4000 }),
        fc.nat({ max: 3000 }),
        (writes, everyMs, offset) => {
          const last = writes.at(-1)!.at;
          let seen: Observation | undefined;
          let settledAt: number | undefined;
          for (let now = writes[0]!.at + offset; settledAt === undefined; now += everyMs) {
            expect(now).toBeLessThanOrEqual(last + 2 * everyMs + offset + settleMs + 1000);
            const { files, content } = diskAt(writes, now);
            seen = observe(seen, identityOf(files), now);
            if (unsettledFor(seen, now, settleMs) > 0) continue;
            settledAt = now;
            // Two looks a window apart saw the same: only a writer that paused for as long, or rewrote in the
            // second of the first look, can have come between. Whatever it is, it is on disk by now.
            const atFirstLook = diskAt(writes, seen.since + 1000).content;
            expect(content).toBe(diskAt(writes, now).content);
            expect(atFirstLook).toBe(content);
            const next = writes.find(({ at }) => at > now);
            const previous = writes.findLast(({ at }) => at <= now)!;
            if (next) expect(next.at - previous.at).toBeGreaterThan(settleMs - 1000);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("trusts a hash only when no later write can hide in a second already seen", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 10_000 }),
        fc.nat({ max: 5000 }),
        fc.nat({ max: 10_000 }),
        (wrote, until, after) => {
          // Written, then seen, then read from; then written again in place, with the same size.
          const since = 1_700_000_000_000 + wrote + until;
          const firstWrite = 1_700_000_000_000 + wrote;
          const readFrom = since + (after % 4000);
          const secondWrite = readFrom + (after % 997);
          if (!isTrusted({ identity: "x", since, changing: since }, readFrom)) return;
          expect(cut(secondWrite)).not.toBe(cut(firstWrite));
        },
      ),
      { numRuns: 2000 },
    );
    const seen = { identity: "x", since: 0, changing: 0 };
    expect([isTrusted(seen, trustAfterMs - 1), isTrusted(seen, trustAfterMs)]).toEqual([false, true]);
  });

  it("begins the window anew with each change, and counts the waiting from the first", () => {
    const first = observe(undefined, "a", 1000);
    const second = observe(first, "b", 4000);
    expect(second).toEqual({ identity: "b", since: 4000, changing: 1000 });
    expect(observe(second, "b", 9000)).toEqual(second);
    expect([
      unsettledFor(second, 4000, 5000),
      unsettledFor(second, 8999, 5000),
      unsettledFor(second, 9000, 5000),
    ]).toEqual([5000, 1, 0]);
    expect([isStuck(second, 11_000, 10_000), isStuck(second, 11_001, 10_000)]).toEqual([false, true]);
  });

  it("does not wait for ever when the clock was set back", () => {
    const before = observe(undefined, "a", 1_000_000);
    expect(observe(before, "a", 500)).toEqual({ identity: "a", since: 500, changing: 500 });
  });

  it("accepts a marker only when it is there, not empty and not older than any file", () => {
    const of = (path: string, size: number, mtimeNs: bigint): FileStat => ({
      path,
      size,
      mtimeNs,
      inode: 1n,
    });
    const weights = of("w.bin", 9, 5n);
    expect(() => checkMarker([weights], undefined)).not.toThrow();
    expect(() => checkMarker([weights, of("DONE", 1, 5n)], "DONE")).not.toThrow();
    expect(() => checkMarker([weights], "DONE")).toThrow("marker DONE: not there yet");
    expect(() => checkMarker([weights, of("DONE", 0, 6n)], "DONE")).toThrow("marker DONE: empty");
    expect(() => checkMarker([weights, of("DONE", 1, 4n)], "DONE")).toThrow("marker DONE: older than w.bin");
  });
});
