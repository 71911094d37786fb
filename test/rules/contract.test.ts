import { clusterRecorded, hubRecorded, localRecorded } from "../../metrics/catalogue";
import { DEFAULT_THRESHOLDS } from "../../metrics/thresholds";
import { componentsOf, healthRuleGroup, hubHealthRuleGroup } from "../../rules/health";
import { everything } from "./health/site";
import { recordingProblems } from "../../metrics/contractProblems";
import { mutants } from "./mutations";
import { clusterGroups, expected, hubGroups, isHealth, recordings } from "./sites";

const own = recordings(clusterGroups("cloud"));
const hub = recordings(hubGroups([expected("hpc"), expected("west")]));
const all = [...own, ...hub];

describe("the rules and the metric contract", () => {
  it.each(all.map((rule) => [rule.record, rule] as const))("agree on %s", (_, rule) => {
    expect(recordingProblems(rule)).toEqual([]);
  });

  it("have the same recorded names, each by one rule", () => {
    const others = (metrics: readonly { readonly name: string }[]): string[] =>
      metrics
        .map(({ name }) => name)
        .filter((name) => !isHealth(name))
        .sort();
    expect(own.map(({ record }) => record).sort()).toEqual(others([...clusterRecorded, ...localRecorded]));
    expect(hub.map(({ record }) => record).sort()).toEqual(others(hubRecorded));
  });

  it("have the same names of health", () => {
    const components = componentsOf(everything);
    const groups = [
      healthRuleGroup(everything, DEFAULT_THRESHOLDS),
      hubHealthRuleGroup({
        hub: { cluster: "cloud", components },
        members: [{ cluster: "hpc", components }],
        limits: DEFAULT_THRESHOLDS.health,
      }),
    ];
    const names = [...clusterRecorded, ...localRecorded, ...hubRecorded].map(({ name }) => name);
    expect([...new Set(recordings(groups).map(({ record }) => record))].sort()).toEqual(
      names.filter(isHealth).sort(),
    );
  });
});

describe("a changed name", () => {
  const changed = all.flatMap((rule) => mutants(rule.expr).map((mutant) => ({ rule, mutant })));

  it("is found wherever it stands: every metric, matcher, grouping, join and relabelled label of every rule", () => {
    const survivors = changed.filter(
      ({ rule, mutant }) => recordingProblems({ ...rule, expr: mutant.expr }).length === 0,
    );
    expect(survivors.map(({ rule, mutant }) => `${rule.record}: ${mutant.changed}`)).toEqual([]);
    expect(changed.length).toBeGreaterThan(2_000);
  });

  it("is found in what a rule records", () => {
    const survivors = all.filter(
      (rule) => recordingProblems({ ...rule, record: `${rule.record}_no` }).length === 0,
    );
    expect(survivors).toEqual([]);
  });
});
