import * as fc from "fast-check";
import { bytesText, caseNames, diskNeed, parseOptions } from "../../../../bench/sync/options";

describe("options", () => {
  it("are the whole comparison by default, under its own name", () => {
    const { sizes, cases } = parseOptions([]);
    expect(sizes).toEqual({
      name: "sync",
      rounds: 7,
      shardBytes: 1024 ** 3,
      smallFiles: 10_000,
      smallBytes: 20_480,
      manyFiles: 100_000,
      manyBytes: 1024,
    });
    expect(cases).toEqual(["large", "small-cold", "small-warm", "unchanged"]);
  });

  it.each([
    [["--quick"], 3, caseNames],
    [["--only", "large"], 7, ["large"]],
    [["--quick", "--rounds", "5", "--only", "small-cold", "--only", "large"], 5, ["small-cold", "large"]],
    [["--rounds", "6"], 6, caseNames],
  ])("%j are a part of it, whose result has another name", (args, rounds, cases) => {
    const options = parseOptions(args);
    expect([options.sizes.name, options.sizes.rounds, options.cases]).toEqual(["sync-quick", rounds, cases]);
  });

  it.each([
    [["--only", "medium"], "--only medium: one of large, small-cold, small-warm, unchanged"],
    [["--rounds", "0"], "--rounds 0: a whole number from 1 up"],
    [["--rounds", "many"], "--rounds many: a whole number from 1 up"],
    [["--fast"], "Unknown option '--fast'"],
  ])("refuse %j", (args, told) => expect(() => parseOptions(args)).toThrow(told));
});

describe("disk", () => {
  const { sizes } = parseOptions([]);

  it("holds the model and two versions of it, or both models of small files with their copies", () => {
    expect(diskNeed(sizes)).toBe(15 * 1024 ** 3);
    expect(diskNeed({ ...sizes, shardBytes: 1 })).toBe(
      1.25 * (2 * 10_000 * 20_480 + 2 * 100_000 * 1024 + 16_384 * 110_000),
    );
  });
});

describe("bytes", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [20_480, "20 KiB"],
    [4 * 1024 ** 3, "4 GiB"],
    [512 * 1024 ** 2, "512 MiB"],
    [1.5 * 1024 ** 3, "1.5 GiB"],
  ])("%d are %s", (bytes, text) => expect(bytesText(bytes)).toBe(text));

  it("are never under 1 or over 1024 of their unit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1024 ** 4 }), (bytes) => {
        const value = Number(bytesText(bytes).split(" ")[0]);
        expect(value).toBeGreaterThanOrEqual(1);
        expect(value).toBeLessThanOrEqual(1024);
      }),
    );
  });
});
