import fc from "fast-check";
import {
  intervalRanks,
  meanOf,
  merged,
  minimumSamples,
  percentile,
  sampledPercentile,
  shareInterval,
} from "../../../workloads/benchmark/analysis/percentiles";
import {
  bucketName,
  bucketOf,
  bucketOfName,
  BUCKETS,
  lowerBoundMs,
  upperBoundMs,
} from "../../../workloads/benchmark/buckets";
import { latenciesOf, random } from "../../support/benchmark";

const milliseconds = fc.double({ min: 0, max: 120_000, noNaN: true });
const several = fc.array(
  milliseconds.map((ms) => ms / 1e3),
  { minLength: 1, maxLength: 400 },
);

describe("a bucket", () => {
  it("holds exactly what lies between its bounds", () => {
    fc.assert(
      fc.property(milliseconds, (ms) => {
        const bucket = bucketOf(ms);
        expect(ms <= upperBoundMs(bucket)).toBe(true);
        expect(bucket === 0 || ms > lowerBoundMs(bucket)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("holds its own upper bound, and what is just above belongs to the next", () => {
    for (let bucket = 0; bucket < BUCKETS - 1; bucket++) {
      const bound = upperBoundMs(bucket);
      expect(bucketOf(bound)).toBe(bucket);
      expect(bucketOf(bound * (1 + Number.EPSILON))).toBe(bucket + 1);
    }
  });

  it("is at most 1 % wide from 1 ms to 100 s, and the last one is open", () => {
    for (let bucket = 1; bucket < BUCKETS - 1; bucket++)
      expect(upperBoundMs(bucket) / lowerBoundMs(bucket) - 1).toBeLessThanOrEqual(0.01 + 1e-9);
    expect(upperBoundMs(0)).toBe(1);
    expect(lowerBoundMs(BUCKETS - 1)).toBeGreaterThan(100_000);
    expect(upperBoundMs(BUCKETS - 1)).toBe(Infinity);
    expect(bucketOf(1e9)).toBe(BUCKETS - 1);
  });

  it("has a name for its part of the counter", () => {
    expect([0, 42, BUCKETS - 1].map(bucketName)).toEqual([
      "latency{bucket:0000}",
      "latency{bucket:0042}",
      "latency{bucket:1160}",
    ]);
    expect(bucketOfName("latency{bucket:0042}")).toBe(42);
    expect(["latency{bucket:42}", "latency{bucket:9999}", "latency"].map(bucketOfName)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

/** P(X <= k) of a binomial distribution, term by term. */
function cumulative(k: number, n: number, p: number): number {
  let [sum, term] = [0, (1 - p) ** n];
  for (let j = 0; j <= k; j++) {
    sum += term;
    term *= ((n - j) / (j + 1)) * (p / (1 - p));
  }
  return sum;
}

describe("an interval", () => {
  it("lies between the order statistics of the binomial distribution", () => {
    expect(intervalRanks(100, 0.5)).toEqual({ low: 40, high: 61 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 140 }), fc.constantFrom(0.5, 0.9, 0.95, 0.99), (n, p) => {
        const { low, high } = intervalRanks(n, p);
        const reaches = (k: number): number => cumulative(k, n, p);
        if (low > 0) expect(reaches(low - 1)).toBeLessThanOrEqual(0.025 + 1e-9);
        expect(reaches(low)).toBeGreaterThan(0.025 - 1e-9);
        if (high <= n) expect(reaches(high - 1)).toBeGreaterThanOrEqual(0.975 - 1e-9);
        expect(high < 2 || reaches(high - 2) < 0.975 + 1e-9).toBe(true);
      }),
    );
  });

  it("holds the true percentile in 95 of 100 runs", () => {
    const next = random(7);
    for (const [p, n] of [
      [0.95, 600],
      [0.99, 3000],
    ] as const) {
      const truth = -Math.log(1 - p);
      const runs = 400;
      let held = 0;
      for (let run = 0; run < runs; run++) {
        const { low, high } = percentile(
          latenciesOf(Array.from({ length: n }, () => -Math.log(1 - next()))),
          p,
        )!;
        if (low <= truth && truth <= high) held++;
      }
      expect(held / runs).toBeGreaterThan(0.93);
    }
  });

  it("is open where no sample lies beyond", () => {
    const { low, high } = percentile(latenciesOf([0.1, 0.2]), 0.95)!;
    expect({ low: low < 0.1, high }).toEqual({ low: true, high: Infinity });
  });
});

describe("a percentile", () => {
  it("is the exact order statistic within its bucket", () => {
    fc.assert(
      fc.property(several, fc.constantFrom(0.5, 0.95, 0.99), (values, p) => {
        const sorted = [...values].sort((one, other) => one - other);
        const exact = sampledPercentile(sorted, p);
        const found = percentile(latenciesOf(values), p)!;
        // a bucket above 102 s counts as its bound
        const top = upperBoundMs(BUCKETS - 2) / 1e3;
        const tolerance = (value: number): number => Math.max(0.001, value * 0.01) + 1e-9;
        expect(Math.abs(found.value - Math.min(exact.value, top))).toBeLessThanOrEqual(
          tolerance(exact.value),
        );
        // outwards: never narrower than the exact one
        expect(found.low).toBeLessThanOrEqual(exact.low);
        expect(found.high).toBeGreaterThanOrEqual(Math.min(exact.high, top));
        expect(found.samples).toBe(values.length);
      }),
      { numRuns: 500 },
    );
  });

  it("of merged windows is that of all latencies together", () => {
    fc.assert(
      fc.property(several, several, (one, other) => {
        const together = merged([latenciesOf(one), latenciesOf(other)]);
        expect(together.counts).toEqual(latenciesOf([...one, ...other]).counts);
        expect(meanOf(together)).toBeCloseTo(
          [...one, ...other].reduce((sum, value) => sum + value, 0) / (one.length + other.length),
          9,
        );
      }),
    );
  });

  it("takes its minimum of samples", () => {
    expect([0.5, 0.95, 0.99].map(minimumSamples)).toEqual([60, 600, 3000]);
  });

  it("of nothing is undefined", () => {
    expect(percentile({ counts: [], sumSeconds: 0 }, 0.95)).toBeUndefined();
    expect(meanOf({ counts: [], sumSeconds: 0 })).toBeUndefined();
  });
});

describe("a share's interval", () => {
  it.each([
    [0, 600, 0, 0.00636],
    [12, 600, 0.01148, 0.03463],
    [600, 600, 0.99364, 1],
    [0, 0, 0, 1],
  ])("%d of %d: %d to %d", (count, of, low, high) => {
    const found = shareInterval(count, of);
    expect(found.low).toBeCloseTo(low, 4);
    expect(found.high).toBeCloseTo(high, 4);
  });
});
