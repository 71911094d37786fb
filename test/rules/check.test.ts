import { parse } from "yaml";
import type { RuleGroup } from "../../rules";
import { hubRuleGroups, renderRules } from "../../rules";
import { checkRules } from "./promtool";
import { PRICES, clusterGroups, expected, hubGroups, recordings } from "./sites";

const member = clusterGroups("hpc");
const hub = [...clusterGroups("cloud"), ...hubGroups([expected("hpc"), expected("no", 120)])];

describe("promtool check rules", () => {
  it("accepts the member's rules", () => {
    expect(checkRules(renderRules(member))).toContain(`SUCCESS: ${recordings(member).length} rules found`);
  });

  it("accepts the hub's rules", () => {
    expect(checkRules(renderRules(hub))).toContain(`SUCCESS: ${recordings(hub).length} rules found`);
  });

  it("refuses a rule that stands twice", () => {
    const twice = [...member, ...member.map((group) => ({ ...group, name: `${group.name}-2` }))];
    expect(() => checkRules(renderRules(twice))).toThrow(
      `${recordings(member).length} duplicate rule(s) found`,
    );
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

  it("writes exactly this for a member's health", () => {
    const health = member.filter(({ name }) => name === "cluster-heartbeat" || name === "cluster-targets");
    expect(renderRules(health)).toBe(`groups:
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
      - record: "fed_cluster:scrape_duration:max_seconds"
        expr: "max by (cluster, job) (scrape_duration_seconds{cluster=\\"hpc\\"})"
`);
  });
});

describe("hubRuleGroups", () => {
  it.each([
    [["cloud"], "members: cloud is the hub itself; list every other cluster once"],
    [["hpc", "hpc"], "members: hpc is listed twice; list every other cluster once"],
    [["federation"], "federation stands for all clusters together; give the cluster another name"],
  ])("refuses members %j", (clusters, message) => {
    expect(() => hubGroups(clusters.map((cluster) => expected(cluster)))).toThrow(new RangeError(message));
  });

  it.each([0, -1, Infinity, NaN])("refuses the price %d", (price) => {
    const prices = { ...PRICES, "tesla-t4": price };
    expect(() => hubRuleGroups({ cluster: "cloud", members: [], pricePerGpuHour: prices })).toThrow(
      new RangeError(`pricePerGpuHour: tesla-t4 costs ${price}; give a price above 0`),
    );
  });

  it("records nothing of members or costs when there are none", () => {
    const alone = hubRuleGroups({ cluster: "cloud", members: [], pricePerGpuHour: {} });
    expect(alone.map(({ name }) => name)).toEqual([
      "hub-ratios",
      "hub-inference",
      "hub-pipeline",
      "hub-benchmarks",
      "hub-comparison",
      "hub-totals",
    ]);
    expect(checkRules(renderRules(alone))).toContain(`SUCCESS: ${recordings(alone).length} rules found`);
  });
});
