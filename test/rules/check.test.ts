import { parse } from "yaml";
import type { RuleGroup } from "../../rules";
import { clusterRuleGroups, hubRuleGroups, renderRules } from "../../rules";
import { checkRules } from "./promtool";

const member = clusterRuleGroups({ cluster: "hpc" });
const hub = [
  ...clusterRuleGroups({ cluster: "cloud" }),
  ...hubRuleGroups({
    cluster: "cloud",
    members: [
      { cluster: "hpc", staleAfterSeconds: 60 },
      { cluster: "no", staleAfterSeconds: 120 },
    ],
  }),
];

describe("promtool check rules", () => {
  it("accepts the member's rules", () => {
    expect(checkRules(renderRules(member))).toContain("SUCCESS: 4 rules found");
  });

  it("accepts the hub's rules", () => {
    expect(checkRules(renderRules(hub))).toContain("SUCCESS: 8 rules found");
  });

  it("refuses a rule that stands twice", () => {
    const twice = [...member, ...member.map((group) => ({ ...group, name: `${group.name}-2` }))];
    expect(() => checkRules(renderRules(twice))).toThrow("4 duplicate rule(s) found");
  });

  it("refuses a rule that does not parse", () => {
    const broken: RuleGroup[] = [{ name: "broken", rules: [{ record: "fed_hub:x:y", expr: "sum(" }] }];
    expect(() => checkRules(renderRules(broken))).toThrow(/exited with 1:[^]*unclosed left parenthesis/);
  });
});

describe("renderRules", () => {
  it("keeps names that YAML 1.1 reads as booleans or numbers as text", () => {
    const odd: RuleGroup[] = [
      {
        name: "n",
        interval: "30s",
        rules: [
          { record: "fed_hub:x:y", expr: "vector(1)", labels: { y: "no", cluster: "1e3", on: '"off"\n' } },
          {
            alert: "A",
            expr: "vector(1)",
            for: "5m",
            labels: { severity: "info" },
            annotations: { summary: "{{ $value }}: # no comment", description: "'" },
          },
        ],
      },
    ];
    const text = renderRules(odd);
    expect(parse(text, { version: "1.1" })).toEqual({ groups: odd });
    expect(checkRules(text)).toContain("SUCCESS: 2 rules found");
  });

  it("gives the same text whatever the order of labels", () => {
    const group = (labels: Record<string, string>): RuleGroup[] => [
      { name: "g", rules: [{ record: "a:b:c", expr: "vector(1)", labels }] },
    ];
    expect(renderRules(group({ b: "1", a: "2" }))).toBe(renderRules(group({ a: "2", b: "1" })));
  });

  it("writes exactly this for a member", () => {
    expect(renderRules(member)).toBe(`groups:
  - name: "cluster-heartbeat"
    rules:
      - record: "fed_cluster:heartbeat:timestamp_seconds"
        expr: "vector(time())"
        labels:
          cluster: "hpc"
  - name: "cluster-targets"
    rules:
      - record: "fed_cluster:targets:up"
        expr: "sum by (cluster, job) (up{cluster=\\"hpc\\"})"
      - record: "fed_cluster:targets:down"
        expr: "sum by (cluster, job) (up{cluster=\\"hpc\\"} == bool 0)"
  - name: "cluster-models"
    rules:
      - record: "fed_cluster:transfer_stage:timestamp_seconds"
        expr: "max by (cluster, model, version, stage) (model_transfer_stage_timestamp_seconds{cluster=\\"hpc\\"})"
`);
  });
});

describe("hubRuleGroups", () => {
  it.each([
    [["cloud"], "members: cloud is the hub itself; list every other cluster once"],
    [["hpc", "hpc"], "members: hpc is listed twice; list every other cluster once"],
  ])("refuses members %j", (clusters, message) => {
    const members = clusters.map((cluster) => ({ cluster, staleAfterSeconds: 60 }));
    expect(() => hubRuleGroups({ cluster: "cloud", members })).toThrow(new RangeError(message));
  });

  it("writes nothing when there are no members", () => {
    expect(hubRuleGroups({ cluster: "cloud", members: [] })).toEqual([]);
  });
});
