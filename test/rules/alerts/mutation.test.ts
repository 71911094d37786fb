import { ruleProblems } from "../../../metrics/promql";
import { DEFAULT_THRESHOLDS } from "../../../metrics/thresholds";
import type { Rule, RuleGroup } from "../../../rules";
import { clusterScope, hubScope } from "../../../rules/alerts/alert";
import { healthRuleGroup, hubHealthRuleGroup } from "../../../rules/health";
import { hubScenarios, judging } from "../health/hubScenarios";
import { alone, together } from "../health/scenarios";
import { everything } from "../health/site";
import type { Mutant } from "./mutants";
import { mutantsOf } from "./mutants";
import { RUNBOOK } from "./site";
import { keyOf, keyOfCase, places, scenariosOf } from "./tests";
import type { RuleScenario } from "./verdicts";
import { verdicts } from "./verdicts";

/** A mutant with what must notice it. */
interface Subject {
  readonly name: string;
  readonly mutant: Mutant;
  /** Whether the program itself refuses the changed rule, before any Prometheus sees it. */
  readonly refused: boolean;
  readonly groups: readonly RuleGroup[];
  /** Those that most likely notice it come first. */
  readonly scenarios: readonly RuleScenario[];
}

/** The group with one rule in place of another. */
const replaced = (group: RuleGroup, rule: Rule, by: Rule): RuleGroup => ({
  ...group,
  rules: group.rules.map((one) => (one === rule ? by : one)),
});

function alertSubjects(): readonly Subject[] {
  const scopes = {
    cluster: clusterScope({ cluster: "hpc", runbookUrl: RUNBOOK }),
    hub: hubScope({ cluster: "cloud", runbookUrl: RUNBOOK, members: ["hpc", "west"] }),
  };
  return places.flatMap((place) =>
    place.rules.flatMap((placed) => {
      const cases = place.cases.filter((one) => keyOfCase(one) === keyOf(placed.rule));
      const scenarios = cases.flatMap((one) => scenariosOf(place, placed, one));
      return mutantsOf(placed.rule).map((mutant) => ({
        name: `${keyOf(placed.rule)} on the ${place.name}: ${mutant.change}`,
        mutant,
        refused: "alert" in mutant.rule && scopes[place.scope].problems(mutant.rule).length > 0,
        groups: [{ ...placed.group, rules: [mutant.rule] }],
        scenarios,
      }));
    }),
  );
}

function healthSubjects(
  group: RuleGroup,
  cluster: string,
  scenariosFor: (rule: Rule) => readonly RuleScenario[],
): readonly Subject[] {
  return group.rules.flatMap((rule) =>
    mutantsOf(rule).map((mutant) => ({
      name: `${"record" in rule ? rule.record : rule.alert} ${rule.labels?.component ?? ""} ${rule.labels?.reason ?? ""}: ${mutant.change}`,
      mutant,
      refused: ruleProblems(mutant.rule, cluster).length > 0,
      groups: [replaced(group, rule, mutant.rule)],
      scenarios: scenariosFor(rule),
    })),
  );
}

const subjects: Readonly<Record<string, () => readonly Subject[]>> = {
  alerts: alertSubjects,
  "health of a cluster": () =>
    healthSubjects(healthRuleGroup(everything, DEFAULT_THRESHOLDS), "hpc", ({ labels = {} }) => {
      const own = alone[`${labels.component ?? ""}/${labels.reason ?? ""}`];
      return own === undefined ? together : [...own, ...together.slice(0, 4)];
    }),
  "health on the hub": () => healthSubjects(hubHealthRuleGroup(judging), "cloud", () => hubScenarios),
};

/**
 * The mutants whose tests fail: those that are left go through their next scenario, until none is left or none has any
 * more. Most are noticed by their first.
 */
function noticed(mutants: readonly Subject[]): ReadonlySet<Subject> {
  const failed = new Set<Subject>();
  for (let index = 0; ; index += 1) {
    const left = mutants.flatMap((subject) => {
      const scenario = subject.scenarios[index];
      return failed.has(subject) || scenario === undefined ? [] : [{ subject, scenario }];
    });
    if (left.length === 0) return failed;
    const found = verdicts(
      left.map(({ subject, scenario }, at) => ({
        name: String(at),
        groups: subject.groups,
        scenarios: [scenario],
      })),
    );
    left.forEach(({ subject }, at) => {
      if (found.get(String(at)) !== "") failed.add(subject);
    });
  }
}

describe.each(Object.keys(subjects))("mutants of %s", (name) => {
  const all = (subjects[name] ?? (() => []))();
  const failing = noticed(all.filter(({ refused }) => !refused));
  const survives = (subject: Subject): boolean => !subject.refused && !failing.has(subject);

  it.each(["comparison negated", "cluster dropped"] as const)("are all noticed: %s", (kind) => {
    const mutants = all.filter(({ mutant }) => mutant.kind === kind);
    const refused = mutants.filter((subject) => subject.refused).length;
    const survivors = mutants.filter(survives);
    process.stdout.write(
      `mutants of ${name}, ${kind}: ${String(mutants.length - survivors.length)} of ${String(mutants.length)} killed, ` +
        `${String(mutants.length - survivors.length - refused)} by promtool, ${String(refused)} refused by the program before\n`,
    );
    expect(survivors.map((subject) => subject.name)).toEqual([]);
    expect(mutants.length).toBeGreaterThan(0);
  });
});
