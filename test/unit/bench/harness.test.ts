import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as fc from "fast-check";
import { compare, finish, interleaved, machine, quantile, report, resultOf } from "../../../bench/harness";

describe("interleaved", () => {
  it("measures every contender once a round, every other round in reverse order", async () => {
    const order: string[] = [];
    const measure = (name: string) => () => {
      order.push(name);
      return order.length;
    };
    const samples = await interleaved({ a: measure("a"), b: measure("b"), c: measure("c") }, 3);
    expect(order.join("")).toBe("abccbaabc");
    expect(samples).toEqual({ a: [1, 6, 7], b: [2, 5, 8], c: [3, 4, 9] });
  });

  it("stops at the first measurement that fails", async () => {
    const failing = () => Promise.reject(new Error("no"));
    await expect(interleaved({ a: () => 1, b: failing }, 7)).rejects.toThrow("no");
  });
});

describe("quantile", () => {
  it.each([
    [[5], 0.5, 5],
    [[3, 1, 2], 0.5, 2],
    [[4, 1, 3, 2], 0.5, 2.5],
    [[4, 1, 3, 2], 0.25, 1.75],
    [[10, 9, 8, 7, 6, 5, 4, 3, 2], 0.25, 4],
    [[2, 1], 0, 1],
    [[2, 1], 1, 2],
  ])("of %j at %d is %d", (values, q, expected) => {
    expect(quantile(values, q)).toBe(expected);
  });

  it("is NaN of nothing, and lies within the values whatever they are", () => {
    expect(quantile([], 0.5)).toBeNaN();
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const before = [...values];
          expect(quantile(values, q)).toBeGreaterThanOrEqual(Math.min(...values) - 1e-6);
          expect(quantile(values, q)).toBeLessThanOrEqual(Math.max(...values) + 1e-6);
          expect(values).toEqual(before);
        },
      ),
    );
  });
});

describe("compare", () => {
  it("compares medians, and gives lower quartiles beside them", () => {
    expect(
      compare("x", "s", { ours: [3, 9, 3.3, 3.1, 3.2], peer: [2, 2.4, 2.2, 2.1, 2.3] }, "ours", 1.5),
    ).toEqual({
      case: "x",
      unit: "s",
      value: { ours: 3.2, peer: 2.2 },
      lowerQuartile: { ours: 3.1, peer: 2.1 },
      ratio: { peer: 1.455 },
      lowerQuartileRatio: { peer: 1.476 },
      goal: 1.5,
      met: true,
    });
  });

  it("judges each peer by its own goal, and only reports those without one", () => {
    const samples = { ours: [2], fast: [2], slow: [3], other: [1] };
    expect(compare("x", "s", samples, "ours", { fast: 1, slow: 2 / 3 })).toMatchObject({
      value: { ours: 2, fast: 2, slow: 3, other: 1 },
      ratio: { fast: 1, slow: 0.6667 },
      goal: { fast: 1, slow: 0.6667 },
      met: true,
    });
    expect(compare("x", "s", samples, "ours", { fast: 1, slow: 0.6 }).met).toBe(false);
    expect(compare("x", "s", samples, "ours", { absent: 1 }).met).toBe(false);
    expect(compare("x", "s", samples, "ours", {})).toMatchObject({ ratio: {}, met: true });
  });

  it("wants nine tenths of the goal's speed over the lower quartiles too", () => {
    const peer = [1, 1, 1, 2, 2];
    expect(compare("x", "s", { ours: [1.11, 1.11, 1.11, 2, 2], peer }, "ours", 1.11).met).toBe(true);
    const slowAtBest = { ours: [1.12, 1.12, 1.12, 1.12, 1.12], peer: [1, 1, 1.12, 2, 2] };
    expect(compare("x", "s", slowAtBest, "ours", 1)).toMatchObject({
      ratio: { peer: 1 },
      lowerQuartileRatio: { peer: 1.12 },
      met: false,
    });
    expect(compare("x", "s", { ...slowAtBest, ours: [1.11, 1.11, 1.11] }, "ours", 1).met).toBe(true);
  });

  it.each([
    [[1.5], [1], true],
    [[1.5001], [1], false],
    [[], [1], false],
    [[1], [], false],
  ])("judges %j against %j at 1.5: %s", (ours, peer, met) => {
    expect(compare("x", "s", { ours, peer }, "ours", 1.5).met).toBe(met);
  });

  it("is met by no single peer alone, and not without one", () => {
    expect(compare("x", "s", { ours: [2], slow: [9], fast: [1] }, "ours", 1.5).met).toBe(false);
    expect(compare("x", "s", { ours: [2] }, "ours", 1.5).met).toBe(false);
  });
});

describe("the result", () => {
  const good = compare("small", "s", { ours: [2], peer: [4] }, "ours", 1.5);
  const bad = compare("large", "s", { ours: [8], peer: [4] }, "ours", 1.5);
  let folder: string;

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "bench-"));
    jest.spyOn(console, "log").mockReturnValue();
  });

  afterEach(() => {
    fs.rmSync(folder, { recursive: true });
    jest.restoreAllMocks();
    process.exitCode = undefined;
  });

  it("is met when every row is", () => {
    expect(resultOf("x", "m", [good]).met).toBe(true);
    expect(resultOf("x", "m", [good, bad]).met).toBe(false);
    expect(resultOf("x", "m", []).met).toBe(false);
  });

  it("is a table", () => {
    expect(report(resultOf("x", "m", [good, bad])).split("\n")).toEqual([
      "case   contender  median  lower quartile  ratio  of quartiles  goal",
      "small  ours       2 s     2 s",
      "small  peer       4 s     4 s             0.5    0.5           <= 1.5  met",
      "large  ours       8 s     8 s",
      "large  peer       4 s     4 s             2      2             <= 1.5  NOT MET",
    ]);
  });

  it("shows the goal of each peer, and none where figures are only reported", () => {
    const samples = { ours: [2], fast: [2], slow: [3] };
    const byPeer = compare("upload", "s", samples, "ours", { slow: 0.6 });
    const reported = compare("CPU", "s", samples, "ours", {});
    expect(report(resultOf("x", "m", [byPeer, reported])).split("\n")).toEqual([
      "case    contender  median  lower quartile  ratio   of quartiles  goal",
      "upload  ours       2 s     2 s",
      "upload  fast       2 s     2 s",
      "upload  slow       3 s     3 s             0.6667  0.6667        <= 0.6  NOT MET",
      "CPU     ours       2 s     2 s",
      "CPU     fast       2 s     2 s",
      "CPU     slow       3 s     3 s",
    ]);
  });

  it.each([
    [[good], 0],
    [[good, bad], 1],
  ])("is kept as JSON, and sets the exit code", (rows, code) => {
    const result = resultOf("preview", machine(), rows);
    finish(result, path.join(folder, "deeper"));
    expect(JSON.parse(fs.readFileSync(path.join(folder, "deeper/preview.json"), "utf8"))).toEqual(result);
    expect(process.exitCode).toBe(code);
  });

  it("names the machine", () => {
    expect(machine()).toMatch(/^\d+ x .+, \d+ GiB, Linux .+, Node v\d+\.\d+\.\d+$/);
  });
});
