import { createHash } from "node:crypto";
import * as fc from "fast-check";
import {
  compareCodePoints,
  digestOf,
  identityOf,
  snapshotOf,
} from "../../../workloads/model-sync/publish/canonical";

const path = fc
  .string({ unit: "binary", minLength: 1, maxLength: 12 })
  .filter((text) => !text.includes("\0") && Buffer.from(text).toString() === text);
const hash = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("hex"));
const file = fc.record({
  path,
  size: fc.nat(),
  mtimeNs: fc.bigInt({ min: 0n, max: 2n ** 63n }),
  inode: fc.bigInt({ min: 0n, max: 2n ** 64n }),
  sha256: hash,
});
const files = fc.uniqueArray(file, { selector: ({ path: name }) => name, minLength: 1, maxLength: 8 });

describe("canonical forms", () => {
  it("orders paths as their UTF-8 bytes", () => {
    fc.assert(
      fc.property(path, path, (a, b) => {
        expect(Math.sign(compareCodePoints(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
    // Beyond U+FFFF JavaScript's own order differs.
    expect(["\uFFFD", "\u{1F600}"].sort()).toEqual(["\u{1F600}", "\uFFFD"]);
    expect(compareCodePoints("\u{1F600}", "\uFFFD")).toBeGreaterThan(0);
  });

  it("does not depend on the order of the files", () => {
    fc.assert(
      fc.property(files, fc.array(fc.nat(), { minLength: 8, maxLength: 8 }), (list, numbers) => {
        const keyed = list.map((item, index) => ({ item, at: numbers[index] ?? 0 }));
        const shuffled = keyed.sort((a, b) => a.at - b.at).map(({ item }) => item);
        expect([snapshotOf(shuffled), identityOf(shuffled), digestOf(shuffled)]).toEqual([
          snapshotOf(list),
          identityOf(list),
          digestOf(list),
        ]);
      }),
    );
  });

  it("changes with every field it covers, and with no other", () => {
    fc.assert(
      fc.property(files, fc.nat(), hash, (list, pick, other) => {
        const at = pick % list.length;
        const vary = (change: object) =>
          list.map((item, index) => (index === at ? { ...item, ...change } : item));
        const was = list[at]!;
        const bigger = vary({ size: was.size + 1 });
        const later = vary({ mtimeNs: was.mtimeNs + 1n });
        const moved = vary({ inode: was.inode + 1n });
        const rewritten = vary({
          sha256: was.sha256 === other ? other.replace(/./, (c) => (c === "0" ? "1" : "0")) : other,
        });
        expect([bigger, later, moved, rewritten].map((now) => snapshotOf(now) !== snapshotOf(list))).toEqual([
          true,
          true,
          false,
          false,
        ]);
        expect([bigger, later, moved, rewritten].map((now) => identityOf(now) !== identityOf(list))).toEqual([
          true,
          true,
          true,
          false,
        ]);
        expect([bigger, later, moved, rewritten].map((now) => digestOf(now) !== digestOf(list))).toEqual([
          true,
          false,
          false,
          true,
        ]);
      }),
    );
  });

  it("cannot be confused by digits that move from one field to the next", () => {
    const one = { path: "a", size: 12, mtimeNs: 3n };
    expect(snapshotOf([one])).not.toBe(snapshotOf([{ path: "a", size: 1, mtimeNs: 23n }]));
    expect(snapshotOf([one])).not.toBe(snapshotOf([{ path: "a1", size: 2, mtimeNs: 3n }]));
  });

  it("is what a shell computes: the columns, each ended by a NUL, in the order of paths", () => {
    const list = [
      { path: "b", size: 2, sha256: "22" },
      { path: "a/ü", size: 1, sha256: "11" },
    ];
    const expected = createHash("sha256").update("a/ü\x001\x0011\x00b\x002\x0022\x00").digest("hex");
    expect(digestOf(list)).toBe(expected);
    expect(snapshotOf(list.map(({ path: name, size }) => ({ path: name, size, mtimeNs: 7n })))).toBe(
      createHash("sha256").update("a/ü\x001\x007\x00b\x002\x007\x00").digest("hex").slice(0, 32),
    );
  });
});
