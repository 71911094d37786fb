import { components } from "../../../metrics/catalogue/recorded/health";
import type { Component } from "../../../metrics/catalogue/recorded/health";
import { DEFAULT_THRESHOLDS } from "../../../metrics/thresholds";
import { checksOf, componentsOf, healthRuleGroup, healthSeries } from "../../../rules/health";
import type { DeclaredCluster } from "../../../rules/health";
import type { RuleTest } from "../alerts/verdicts";
import { verdicts } from "../alerts/verdicts";
import { alone, constantly, together } from "./scenarios";
import { everything, healthy } from "./site";

const group = healthRuleGroup(everything, DEFAULT_THRESHOLDS);
const checks = checksOf(everything, DEFAULT_THRESHOLDS);
const scenarios = [...together, ...Object.values(alone).flat()];

/** One verdict: nothing where the rules did as the scenarios say. */
const verdict = (test: Omit<RuleTest, "name">): string | undefined =>
  verdicts([{ name: "it", ...test }]).get("it");

/** What a small cluster has: an API, machines, its monitoring. */
const bare: DeclaredCluster = {
  ...everything,
  gpus: 0,
  slurm: undefined,
  beegfs: false,
  minio: false,
  mlflow: false,
  transfer: undefined,
  models: [],
};

describe("the health of a cluster", () => {
  const found = verdicts(scenarios.map((one) => ({ name: one.name, groups: [group], scenarios: [one] })));

  it.each(scenarios.map(({ name }) => name))("%s", (name) => {
    expect(found.get(name)).toBe("");
  });

  it("is shown to lose by each check there is", () => {
    expect(Object.entries(alone).filter(([, shown]) => shown.length !== 1)).toEqual([]);
  });

  it("is lost in each component that says nothing", () => {
    const gates = components.map(
      (one) => (checks[one] ?? []).filter(({ unknown }) => unknown === 100).length,
    );
    expect(Math.min(...gates)).toBe(1);
  });

  it("is lost where a check is not evaluated at all", () => {
    const broken = {
      ...group,
      rules: group.rules.filter((rule) => !("record" in rule) || rule.labels?.reason !== "hot"),
    };
    const gives = { 'fed_cluster:health:score{cluster="hpc",component="gpus"}': 0 };
    const expectations = [{ expr: "fed_cluster:health:score < 100", at: "10m", gives }];
    const input = constantly(healthy("hpc"));
    expect(
      verdict({ groups: [broken], scenarios: [{ name: "s", interval: "1m", input, expect: expectations }] }),
    ).toBe("");
  });
});

describe("what is not declared", () => {
  it("counts for nothing", () => {
    expect(componentsOf(bare)).toEqual(["api", "nodes", "monitoring"]);
    const groups = [healthRuleGroup(bare, DEFAULT_THRESHOLDS)];
    const scores = (["api", "nodes", "monitoring"] as const).map((component: Component) => [
      `fed_cluster:health:score{cluster="hpc",component="${component}"}`,
      100,
    ]);
    const gives = Object.fromEntries(scores) as Record<string, number>;
    const input = constantly(healthy("hpc"));
    const expectations = [{ expr: "fed_cluster:health:score", at: "10m", gives }];
    expect(verdict({ groups, scenarios: [{ name: "s", interval: "1m", input, expect: expectations }] })).toBe(
      "",
    );
  });
});

describe("an older Slurm, of which only an exporter tells", () => {
  const groups = [healthRuleGroup({ ...everything, slurm: "exporter" }, DEFAULT_THRESHOLDS)];
  const without = Object.fromEntries(
    Object.entries(healthy("hpc")).filter(([series]) => !series.includes("slurm-jobs")),
  );
  const NODES = 'fed_cluster:slurm_nodes:count{cluster="hpc"}';
  const lossOf = (known: "no" | "yes"): string =>
    `fed_cluster:health:loss{cluster="hpc",component="scheduler",known="${known}",reason="controller_down"}`;

  it.each([
    ["is well while nodes are told of", {}, 100, { [lossOf("yes")]: 0 }],
    ["is lost where none is", { [NODES]: 0 }, 0, { [lossOf("yes")]: 100 }],
    ["is lost where nothing is told", { [NODES]: null }, 0, { [lossOf("no")]: 100 }],
  ])("%s", (name, change, score, loss) => {
    const expectations = [
      {
        expr: 'fed_cluster:health:score{component="scheduler"}',
        at: "10m",
        gives: { 'fed_cluster:health:score{cluster="hpc",component="scheduler"}': score },
      },
      { expr: 'fed_cluster:health:loss{reason="controller_down"}', at: "10m", gives: loss },
    ];
    const input = constantly(without, change);
    expect(verdict({ groups, scenarios: [{ name, interval: "1m", input, expect: expectations }] })).toBe("");
  });
});

describe("the number of series for the hub", () => {
  it.each([
    ["a cluster with everything", everything, 48],
    ["a small cluster", bare, 17],
  ])("is that of %s", (_, declared, count) => {
    expect(healthSeries(declared, DEFAULT_THRESHOLDS)).toBe(count);
    const groups = [healthRuleGroup(declared, DEFAULT_THRESHOLDS)];
    const expectations = [
      { expr: 'count({__name__=~"fed_cluster:.*health.*"})', at: "10m", gives: { "{}": count - 2 } },
    ];
    const input = constantly(healthy("hpc"));
    // no alerts fire here
    expect(
      verdict({
        groups,
        scenarios: [
          {
            name: "s",
            interval: "1m",
            input: input.filter(({ series }) => !series.includes("minio_health")),
            expect: expectations,
          },
        ],
      }),
    ).toBe("");
  });
});

describe("a declaration", () => {
  it.each([
    [{ machines: 0 }, "machines: 0 is no count; give a whole number of at least 1"],
    [{ gpus: -1 }, "gpus: -1 is no count; give a whole number of at least 0"],
    [{ alertmanagers: 1.5 }, "alertmanagers: 1.5 is no count; give a whole number of at least 1"],
    [
      {
        targets: [
          { job: "node", host: "a" },
          { job: "node", host: "a" },
        ],
      },
      "targets: node//a stands twice; declare every target once",
    ],
  ])("is refused with %j", (change, problem) => {
    expect(() => healthRuleGroup({ ...everything, ...change }, DEFAULT_THRESHOLDS)).toThrow(
      new RangeError(`health of hpc: ${problem}`),
    );
  });

  it("is refused where no server has a bucket at the latency limit", () => {
    const inferenceP95 = { unit: "ratio", bad: "above", warning: 0.6, critical: 1 } as const;
    expect(() => healthRuleGroup(everything, { ...DEFAULT_THRESHOLDS, inferenceP95 })).toThrow(
      "inferenceP95.warning: 0.6 s is no bucket of every model server; choose one of 0.5, 1, 2.5, 5, 10",
    );
  });
});
