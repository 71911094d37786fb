import { judge } from "../../../workloads/benchmark/analysis/judge";
import {
  compareWithChampion,
  findDrift,
  robustSpread,
} from "../../../workloads/benchmark/analysis/regression";
import type { Summary } from "../../../workloads/benchmark/result";
import { normal, random, runAgainst } from "../../support/benchmark";

/** A run of a server that sleeps for its service time: each run is a little faster or slower than the others. */
function run(
  version: string,
  slower: number,
  how: {
    readonly next: () => number;
    readonly noise: number;
    readonly history?: readonly Summary[];
    readonly champion?: boolean;
  },
) {
  const { next, noise, history = [], champion = false } = how;
  const seconds = 0.05 * slower * (1 + noise * normal(next));
  return judge(
    runAgainst({
      target: { version, champion },
      server: { service: (draw) => seconds + 0.002 * draw() },
      asked: ["warm"],
      seed: Math.floor(next() * 2 ** 31),
      history,
      run: `${version}-${next()}`,
    }),
  );
}

const championRuns = (
  version: string,
  slower: number,
  next: () => number,
  noise: number,
): readonly Summary[] =>
  Array.from({ length: 5 }, () => run(version, slower, { next, noise, champion: true }).summary);

const regressed = ({ comparisons }: ReturnType<typeof judge>): boolean =>
  comparisons.some(({ state }) => state === "regression");

describe("20 runs of the same and 20 of a 20 % slower version, interleaved", () => {
  it.each([1, 2, 3, 4, 5])("are told apart, at most one wrong of each (seed %d)", (seed) => {
    const next = random(seed);
    const noise = 0.015;
    const history = championRuns("1", 1, next, noise);
    const pairs = Array.from({ length: 20 }, () => ({
      same: regressed(run("2", 1, { next, noise, history })),
      slower: regressed(run("3", 1.2, { next, noise, history })),
    }));
    expect(pairs.filter(({ same }) => same).length).toBeLessThanOrEqual(1);
    expect(pairs.filter(({ slower }) => !slower).length).toBeLessThanOrEqual(1);
  });
});

describe("drift", () => {
  /** Champions one after the other, each by `step` slower than the one before; what is said of each. */
  function releases(step: number, count: number, seed: number) {
    const next = random(seed);
    const noise = 0.001;
    const history: Summary[] = [...championRuns("0", 1, next, noise)];
    return Array.from({ length: count }, (_, index) => {
      const slower = (1 + step) ** (index + 1);
      const version = String(index + 1);
      const judgement = run(version, slower, { next, noise, history });
      history.push(...championRuns(version, slower, next, noise));
      return judgement;
    });
  }

  it.each([1, 2, 3])(
    "of five steps of 4 % is caught where no step alone is a regression (seed %d)",
    (seed) => {
      const judged = releases(0.04, 5, seed);
      expect(judged.map(regressed)).toEqual([false, false, false, false, false]);
      const drifted = judged.map(({ drifts }) => drifts.some(({ state }) => state === "drift"));
      expect(drifted).toEqual([false, true, true, true, true]);
      const { hold } = judged.at(-1)!;
      expect(hold.join()).toContain("worse than version 0, the best of 5 former champions");
    },
  );

  it.each([1, 2, 3])("is not seen where nothing changes (seed %d)", (seed) => {
    const judged = releases(0, 5, seed);
    expect(judged.flatMap(({ drifts }) => drifts.filter(({ state }) => state === "drift"))).toEqual([]);
  });
});

/** A summary with this P95. */
const summary = (version: string, p95: number, more: Partial<Summary> = {}): Summary => ({
  run: `${version}-${p95}-${more.startedAt ?? ""}`,
  startedAt: "2026-01-31T12:00:00Z",
  model: "m",
  version,
  champion: false,
  simulated: false,
  conditions: "same",
  figures: { warmP95Seconds: p95 },
  ...more,
});
const champion = (version: string, values: readonly number[]): readonly Summary[] =>
  values.map((p95) => summary(version, p95, { champion: true }));
const STEADY = [0.1, 0.101, 0.099, 0.1005, 0.0995];

describe("conditions", () => {
  const { target } = runAgainst({ asked: ["warm"] });
  const conditions = (said: object): string =>
    judge(runAgainst({ asked: ["warm"], target: said })).summary.conditions;

  it.each([
    ["cluster", { cluster: "other" }],
    ["replicas", { minReplicas: 2 }],
    ["lengths of requests under the same name", { corpus: { ...target.corpus, outputTokens: 33 } }],
    ["time that the knee's P95 may take", { slos: { warmP95Seconds: 0.4 } }],
  ])("are others with another %s", (_, said) => expect(conditions(said)).not.toBe(conditions({})));

  it("are the same for another version", () => expect(conditions({ version: "8" })).toBe(conditions({})));
});

describe("a comparison", () => {
  it.each<[string, number, readonly Summary[], string, string]>([
    ["no champion", 0.1, [], "inconclusive", "no champion has run under the same conditions"],
    ["four runs", 0.1, champion("1", STEADY.slice(1)), "inconclusive", "4 runs of champion 1, 5 are needed"],
    [
      "noise of 8 %",
      0.1,
      champion("1", [0.1, 0.109, 0.092, 0.117, 0.087]),
      "inconclusive",
      "spread too widely",
    ],
    [
      "noise of 8 % and 30 % slower",
      0.13,
      champion("1", [0.1, 0.109, 0.092, 0.117, 0.087]),
      "inconclusive",
      "spread too widely",
    ],
    [
      "6 % slower",
      0.106,
      champion("1", STEADY),
      "regression",
      "6 % worse than champion 1 (5 runs), band 5 %",
    ],
    ["4 % slower", 0.104, champion("1", STEADY), "none", "4 % worse"],
    ["10 % faster", 0.09, champion("1", STEADY), "improved", "10 % better"],
    [
      "other conditions",
      0.2,
      champion("1", STEADY).map((one) => ({ ...one, conditions: "other" })),
      "inconclusive",
      "no champion has run under the same conditions",
    ],
    [
      "the last champion counts",
      0.106,
      [
        ...champion("1", STEADY),
        ...champion(
          "2",
          STEADY.map((value) => value * 1.05),
        ),
      ],
      "none",
      "worse than champion 2",
    ],
  ])("with %s", (_, p95, history, state, says) => {
    const [comparison] = compareWithChampion(summary("9", p95), history);
    expect({ state: comparison?.state, text: comparison?.text }).toEqual({
      state,
      text: expect.stringContaining(says) as string,
    });
  });

  it("of the champion is with its own earlier runs", () => {
    const current = summary("1", 0.12, { champion: true, startedAt: "later" });
    expect(compareWithChampion(current, champion("1", STEADY))[0]?.state).toBe("regression");
  });

  it("takes the median of this version's runs: one outlier of three is no regression", () => {
    const history = [...champion("1", STEADY), summary("2", 0.1), summary("2", 0.101)];
    expect(compareWithChampion(summary("2", 0.2), history)[0]?.state).toBe("none");
  });

  it("of rates sees less as worse", () => {
    const rates = (version: string, kneeRate: number, isChampion: boolean): Summary =>
      summary(version, 0, { champion: isChampion, figures: { kneeRate }, run: `${version}-${kneeRate}` });
    const history = [100, 101, 99, 100.5, 99.5].map((rate) => rates("1", rate, true));
    expect(compareWithChampion(rates("2", 90, false), history)[0]?.state).toBe("regression");
    expect(compareWithChampion(rates("2", 115, false), history)[0]?.state).toBe("improved");
  });
});

it("drift needs two former champions", () => {
  expect(findDrift(summary("9", 0.2), champion("1", STEADY))[0]).toMatchObject({
    state: "inconclusive",
    text: "1 former champion with 5 runs, 2 are needed",
  });
});

it("the robust spread is the deviation of normal values, also of five", () => {
  const next = random(11);
  const all = Array.from({ length: 2000 }, () =>
    robustSpread(Array.from({ length: 5 }, () => 100 + 2 * normal(next))),
  );
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  expect(mean).toBeCloseTo(0.02, 2);
  expect(Math.abs(mean / 0.02 - 1)).toBeLessThan(0.05);
});
