import { renderRules } from "../../rules";
import { clusterGroups, hubGroups } from "../rules/sites";
import { requireClusterLabel as policy } from "../../policies/rules/requireClusterLabel";
import { analyze, unknown, violations } from "./engine";

const own = renderRules(clusterGroups("cloud"));
const hub = renderRules(hubGroups());
const file = (rule: string) => `groups:\n  - name: g\n    rules:\n      - ${rule}\n`;
const place = 'ConfigMap "subject", data["rules-a.yml"]';

describe("require-cluster-label", () => {
  it("accepts the rules of this project", async () => {
    const data = { "rules-cluster.yml": own, "rules-hub.yml": hub, "prometheus.yml": "not: {rules" };
    expect(await violations(policy, "core/v1:ConfigMap", { data })).toEqual([]);
  });

  it.each([
    [
      '{record: "a:b:c", expr: "sum(up)"}',
      'a:b:c: the label cluster is lost: sum() has no "by (cluster, ...)"',
    ],
    ['{record: "a:b:c", expr: "sum("}', "a:b:c: 1:5: unexpected end of the expression"],
    ['{record: "a:b:c"}', "a:b:c: 1:1: unexpected end of the expression"],
    [
      "{expr: 1}",
      "rule without a name: labels.cluster must be set: no input series, and 1 is a number without labels",
    ],
    [
      '{alert: Watchdog, expr: "vector(1)"}',
      "Watchdog: labels.cluster must be set: no input series, and vector() has no labels",
    ],
    [
      '{alert: Down, expr: "up == 0", labels: {cluster: cloud}}',
      "Down: labels.cluster must not be set: the expression has input series, keep theirs",
    ],
    [
      '{record: "fed_cluster:x:y", expr: "sum by (cluster) (up)"}',
      'fed_cluster:x:y: up must be restricted to {cluster="<its own>"}: fed_cluster: series have one writer',
    ],
  ])("refuses the rule %s", async (rule, problem) => {
    expect(await violations(policy, "core/v1:ConfigMap", { data: { "rules-a.yml": file(rule) } })).toEqual([
      `${place}, group "g", ${problem}`,
    ]);
  });

  it("refuses a rule file that is no YAML", async () => {
    const data = { "rules.yaml": "groups: [", "rules-a.yml": "a: b: c" };
    expect(await violations(policy, "core/v1:ConfigMap", { data })).toEqual([
      'ConfigMap "subject", data["rules-a.yml"]: no YAML (Nested mappings are not allowed in compact mappings at line 1, column 4:); write a rule file with groups',
      expect.stringMatching(
        /^ConfigMap "subject", data\["rules\.yaml"\]: no YAML \(.+\); write a rule file with groups$/,
      ),
    ]);
  });

  it("looks into PrometheusRule objects", async () => {
    const groups = [
      {
        rules: [
          { record: "a:b:c", expr: "up" },
          { alert: "A", expr: "count by (job) (up)" },
        ],
      },
    ];
    expect(await violations(policy, "monitoring.coreos.com/v1:PrometheusRule", { spec: { groups } })).toEqual(
      [
        'PrometheusRule "subject", spec.groups, group "0", A: the label cluster is lost: count by (job) leaves cluster out',
      ],
    );
  });

  it("has nothing to say where there are no rules", async () => {
    expect(await violations(policy, "core/v1:ConfigMap", {})).toEqual([]);
    expect(await violations(policy, "core/v1:ConfigMap", { data: { "rules.yml": "" } })).toEqual([]);
    expect(await violations(policy, "core/v1:ConfigMap", { data: { "my-rules.yml": "groups: [" } })).toEqual(
      [],
    );
    expect(await violations(policy, "core/v1:Secret", { data: { "rules.yml": "groups: [" } })).toEqual([]);
    expect(await violations(policy, "monitoring.coreos.com/v1:PrometheusRule", {})).toEqual([]);
  });

  it("says as an advisory that a file is not known yet, and still stops what it knows", async () => {
    const data = { "rules-a.yml": file('{record: "a:b:c", expr: "sum(up)"}'), "rules-b.yml": unknown };
    expect(await analyze(policy, "core/v1:ConfigMap", { data })).toEqual([
      {
        level: "mandatory",
        message: `${place}, group "g", a:b:c: the label cluster is lost: sum() has no "by (cluster, ...)"`,
      },
      {
        level: "advisory",
        message:
          "can't run policy 'require-cluster-label' from policy pack 'federation@v0.1.0' during preview: string value at .data.rules-b.yml can't be known during preview",
      },
    ]);
  });
});
