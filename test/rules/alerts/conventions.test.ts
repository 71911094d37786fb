import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Selectable } from "../../../metrics/types";
import { checkContract, recordingProblems } from "../../../metrics/contractProblems";
import { ruleProblems, selectors, syntaxErrors } from "../../../metrics/promql";
import { health, hubHealth, localHealth, MAX_CHECKS } from "../../../metrics/catalogue/recorded/health";
import { DEFAULT_THRESHOLDS } from "../../../metrics/thresholds";
import { renderRules } from "../../../rules";
import type { AlertingRule, RecordingRule, RuleGroup } from "../../../rules";
import { DEFAULT_OBJECTIVES, anchorOf } from "../../../rules/alerts";
import { clusterScope, hubScope } from "../../../rules/alerts/alert";
import { burnRateAlerts } from "../../../rules/alerts/burnRate";
import { healthRuleGroup, hubHealthRuleGroup } from "../../../rules/health";
import { judging } from "../health/hubScenarios";
import { everything } from "../health/site";
import { checkRules } from "../promtool";
import { RUNBOOK, alertsOf, clusterGroups, declared, hubGroups } from "./site";

const recorded: readonly Selectable[] = [health, localHealth, hubHealth].flatMap((metrics) =>
  Object.values<Selectable>(metrics),
);

const own = healthRuleGroup(everything, DEFAULT_THRESHOLDS);
const hub = hubHealthRuleGroup(judging);
const alerts = {
  "a member": clusterGroups(),
  "the hub about itself": clusterGroups({
    role: "hub",
    declared: { ...declared, cluster: "cloud", alertmanagers: 1 },
  }),
  "the hub about its members": hubGroups(),
} as const;
const placed = Object.values(alerts).flatMap((groups) => alertsOf(groups));
const rules = placed.map(({ rule }) => rule);
const recordings = (group: RuleGroup): readonly RecordingRule[] =>
  group.rules.filter((rule) => "record" in rule);

describe("promtool check rules", () => {
  it.each([
    ["health of a cluster", [own]],
    ["health on the hub", [hub]],
    ...Object.entries(alerts).map(([name, groups]) => [`alerts of ${name}`, groups] as const),
  ] as const)("accepts %s", (_, groups) => {
    const count = groups.reduce((sum, group) => sum + group.rules.length, 0);
    expect(checkRules(renderRules(groups))).toContain(`SUCCESS: ${count} rules found`);
  });
});

describe("rules of health", () => {
  it.each([
    ["a cluster", own, "hpc"],
    ["the hub", hub, "cloud"],
  ] as const)("keep their cluster, and are within the contract: those of %s", (_, group, cluster) => {
    const problems = recordings(group).flatMap((rule) => [
      ...ruleProblems(rule, cluster),
      ...recordingProblems(rule),
    ]);
    expect(problems).toEqual([]);
  });

  it("record every metric of health", () => {
    const names = [...recordings(own), ...recordings(hub)].map(({ record }) => record);
    expect([...new Set(names)].sort()).toEqual(recorded.map(({ name }) => name).sort());
  });

  it("are as many checks as the budget of series counts with, at most", () => {
    const checks = new Set(
      recordings(own).flatMap(({ labels }) => (labels?.reason ? [JSON.stringify(labels)] : [])),
    );
    expect(checks.size).toBeLessThanOrEqual(MAX_CHECKS);
  });
});

/** Labels a template asks for. */
const asked = (text: string): string[] => [...text.matchAll(/\$labels\.(\w+)/g)].map(([, name = ""]) => name);

describe("alerts", () => {
  it.each(rules.map((rule) => [`${rule.alert} ${rule.labels.severity ?? ""}`, rule] as const))(
    "are within the contract, and tell only labels that they have: %s",
    (_, rule) => {
      const { problems, labels } = checkContract(rule.expr);
      expect(problems).toEqual([]);
      const missing = Object.values(rule.annotations)
        .flatMap(asked)
        .filter((name) => !labels.includes(name));
      expect(missing).toEqual([]);
    },
  );

  it("have a severity, a component, a time to wait, a summary without values, a description with them", () => {
    const lacking = rules.filter((rule) => {
      const { severity = "", component = "", cluster } = rule.labels;
      const { summary = "", description = "", runbook_url } = rule.annotations;
      return !(
        ["critical", "warning", "info"].includes(severity) &&
        component !== "" &&
        cluster === undefined &&
        /^\d+[smh]$/.test(rule.for ?? "") &&
        summary.includes("$labels.cluster") &&
        !summary.includes("$value") &&
        /\$(value|labels)/.test(description) &&
        runbook_url === `${RUNBOOK}#${anchorOf(rule.alert)}`
      );
    });
    expect(lacking.map(({ alert }) => alert)).toEqual([]);
  });

  it("are evaluated in one place", () => {
    const names = (groups: readonly RuleGroup[]): ReadonlySet<string> =>
      new Set(alertsOf(groups).map(({ rule }) => rule.alert));
    const here = names(alerts["the hub about itself"]);
    const about = names(alerts["the hub about its members"]);
    // the Watchdog has a rule for each hop
    expect([...here].filter((name) => about.has(name))).toEqual(["Watchdog"]);
    const read = alertsOf(alerts["the hub about itself"]).flatMap(({ rule }) => selectors(rule.expr));
    const strange = read.filter(
      ({ matchers }) =>
        !matchers.some(({ label, op, value }) => label === "cluster" && op === "=" && value === "cloud"),
    );
    expect(strange).toEqual([]);
  });

  it("are only of what a cluster is declared to have", () => {
    const bare = clusterGroups({
      role: "hub",
      declared: {
        ...declared,
        targets: [],
        gpus: 0,
        slurm: undefined,
        beegfs: false,
        minio: false,
        mlflow: false,
        transfer: undefined,
        retentionWithin: undefined,
        models: [],
      },
    });
    expect([...new Set(bare.map(({ name }) => name))]).toEqual([
      "alerts-api",
      "alerts-nodes",
      "alerts-monitoring",
      "alerts-targets",
      "alerts-delivery",
    ]);
    expect(alertsOf(bare).map(({ rule }) => rule.alert)).not.toContain("HubReachable");
    expect(hubGroups([])).toEqual([]);
  });

  it("wake somebody for the only Alertmanager, and not for one of two", () => {
    const severities = (groups: readonly RuleGroup[]): (string | undefined)[] =>
      alertsOf(groups)
        .filter(({ rule }) => rule.alert === "AlertmanagerReplicasMissing")
        .map(({ rule }) => rule.labels.severity);
    expect(severities(alerts["a member"])).toEqual(["warning"]);
    expect(severities(alerts["the hub about itself"])).toEqual(["critical"]);
  });
});

describe("an alert that loses its cluster", () => {
  const definition = {
    alert: "X",
    severity: "warning",
    component: "nodes",
    for: "5m",
    summary: "",
    description: "",
  } as const;
  const member = clusterScope({ cluster: "hpc", runbookUrl: RUNBOOK });
  const onHub = hubScope({ cluster: "cloud", runbookUrl: RUNBOOK, members: ["hpc"] });

  it.each([
    ['sum(up{cluster="hpc"}) == 0', 'X: the label cluster is lost: sum() has no "by (cluster, ...)"'],
    ["up == 0", 'X: up must be series with cluster="hpc" alone'],
    ['up{cluster="cloud"} == 0', 'X: up must be series with cluster="hpc" alone'],
    ['up{cluster=~"hpc"} == 0', 'X: up must be series with cluster="hpc" alone'],
    ["sum(", "X: 1:5: unexpected end of the expression"],
    ["vector(1)", "X: labels.cluster must be set: no input series, and vector() has no labels"],
  ])("can not be written on a cluster: %s", (expr, problem) => {
    expect(() => member.alert({ ...definition, expr })).toThrow(new Error(problem));
  });

  it.each([
    ['up{cluster="west"} == 0', "X: up must be fed_hub: series, or those of one member (hpc)"],
    [
      "fed_cluster:machines:count == 0",
      "X: fed_cluster:machines:count must be fed_hub: series, or those of one member (hpc)",
    ],
    ["max(fed_hub:heartbeat:stale) == 1", 'X: the label cluster is lost: max() has no "by (cluster, ...)"'],
  ])("can not be written on the hub: %s", (expr, problem) => {
    expect(() => onHub.alert({ ...definition, expr })).toThrow(new Error(problem));
  });

  it("is made where it keeps it", () => {
    expect(member.alert({ ...definition, expr: 'up{cluster="hpc"} == 0' })).toEqual({
      alert: "X",
      expr: 'up{cluster="hpc"} == 0',
      for: "5m",
      labels: { severity: "warning", component: "nodes" },
      annotations: { summary: "", description: "", runbook_url: `${RUNBOOK}#x` },
    });
  });
});

describe("an objective", () => {
  it.each([0.5, 1, Number.NaN])("of %s is refused", (objective) => {
    expect(() =>
      burnRateAlerts({
        alert: "X",
        component: "serving",
        objective,
        told: ["cluster"],
        bad: () => "",
        summary: "",
        description: () => "",
      }),
    ).toThrow(`X: an objective of ${objective} can not be watched; give a share from 0.94 to below 1`);
  });

  it("of cold starts is held to a bound by which starts are counted", () => {
    const thresholds = {
      ...DEFAULT_THRESHOLDS,
      coldStart: { ...DEFAULT_THRESHOLDS.coldStart, warning: 15 },
    };
    expect(() => clusterGroups({ thresholds })).toThrow(
      "coldStart.warning: starts are not counted at 15 s; choose one of 5, 10, 20, 30, 60, 120, 300",
    );
  });

  it("is one that can be watched by default", () => {
    expect(Object.values(DEFAULT_OBJECTIVES).filter((share) => !(share >= 0.94 && share < 1))).toEqual([]);
  });
});

describe("the runbook", () => {
  const text = readFileSync(join(__dirname, "../../../docs/runbook.md"), "utf8");
  const sections = text.split(/^## /m).slice(1);
  const headings = sections.map((section) => section.slice(0, section.indexOf("\n")).trim());
  const names = [...new Set(rules.map(({ alert }: AlertingRule) => alert))];

  it("has one heading for each alert, and none for anything else", () => {
    expect(headings.filter((heading) => !names.includes(heading))).toEqual([]);
    expect(names.filter((name) => !headings.includes(name))).toEqual([]);
    expect(headings.filter((heading, index) => headings.indexOf(heading) !== index)).toEqual([]);
  });

  it("says what each means and what to do first, with commands", () => {
    const poor = sections.filter(
      (section) => !section.includes("```") || section.split("\n")[2]?.trim() === "",
    );
    expect(poor.map((section) => section.split("\n")[0])).toEqual([]);
  });

  it("asks only for metrics of the contract", () => {
    // one asks which names there are
    const questions = [...text.matchAll(/^ask '([^']+)'/gm)]
      .map(([, question = ""]) => question)
      .filter((question) => !question.includes("__name__"));
    expect(questions.length).toBeGreaterThan(40);
    expect(
      questions.flatMap((question) => [...syntaxErrors(question), ...checkContract(question).problems]),
    ).toEqual([]);
  });
});
