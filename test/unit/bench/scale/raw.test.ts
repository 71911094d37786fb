import { asksOnly, asRaw, rulesByName } from "../../../../bench/scale/raw";
import { rawNames } from "../../../../bench/scale/site";
import { selectors, syntaxErrors } from "../../../../metrics/promqlTree";
import { clusterGroups, hubGroups } from "../../../rules/sites";

const rules = rulesByName([
  {
    name: "test",
    rules: [
      {
        record: "fed_cluster:memory:bytes",
        expr: 'sum by (cluster) (node_memory_MemTotal_bytes{cluster="hpc"})',
      },
      {
        record: "fed_cluster:states:count",
        expr: 'label_replace(sum by (cluster) (a), "state", "on", "", "") or label_replace(sum by (cluster) (b), "state", "off", "", "")',
      },
      { record: "fed_cluster:busy:cores", expr: "sum by (cluster, mode) (rate(node_cpu_seconds_total[5m]))" },
      {
        record: "fed_hub:share:ratio",
        expr: "fed_cluster:busy:cores / on (cluster) fed_cluster:memory:bytes",
      },
      { record: "fed_hub:measure:share", expr: "fed_cluster:memory:bytes", labels: { measure: "memory" } },
      { record: "fed_hub:measure:share", expr: "fed_cluster:busy:cores", labels: { measure: "cpu" } },
    ],
  },
]);

/** Recordings that go on from what they said before. */
const ofTheirOwnPast = [
  "fed_cluster:serving_stage:timestamp_seconds",
  "fed_local:serving_pod:first_ready_seconds",
];

describe("a question about recorded series, asked on raw ones,", () => {
  it.each([
    [
      "is the rule's expression",
      "max(fed_cluster:memory:bytes)",
      'max(((sum by (cluster) (node_memory_MemTotal_bytes{cluster="hpc"}))))',
    ],
    [
      "is a subquery where a range is asked",
      "max_over_time(fed_cluster:memory:bytes[1h])",
      'max_over_time(((sum by (cluster) (node_memory_MemTotal_bytes{cluster="hpc"})))[1h:30s])',
    ],
    [
      "is what a subquery had last where it is moved in time",
      "fed_cluster:memory:bytes offset 1d",
      'last_over_time(((sum by (cluster) (node_memory_MemTotal_bytes{cluster="hpc"})))[30s:30s] offset 1d)',
    ],
    [
      "moves the one selector that an offset stands behind",
      "fed_cluster:memory:bytes and fed_cluster:memory:bytes offset 30m",
      '((sum by (cluster) (node_memory_MemTotal_bytes{cluster="hpc"}))) and last_over_time(((sum by (cluster) (node_memory_MemTotal_bytes{cluster="hpc"})))[30s:30s] offset 30m)',
    ],
    [
      "is the alternative that matchers choose",
      'fed_cluster:states:count{state="off"}',
      '((label_replace(sum by (cluster) (b), "state", "off", "", "")))',
    ],
    [
      "is one without series where they choose none",
      'fed_cluster:states:count{state="odd"}',
      "(vector(0) < 0)",
    ],
    [
      "hands matchers on to metrics that have the label",
      'fed_cluster:busy:cores{mode=~"iowait|steal"}',
      '((sum by (cluster, mode) (rate(node_cpu_seconds_total{mode=~"iowait|steal"}[5m]))))',
    ],
    [
      "keeps the labels that rules of one name set",
      'fed_hub:measure:share{measure="cpu"}',
      '(label_replace((((sum by (cluster, mode) (rate(node_cpu_seconds_total[5m]))))), "measure", "cpu", "", ""))',
    ],
    ["stays as it is without recorded series", "sum(up)", "sum(up)"],
  ])("%s", (_, recorded, raw) => {
    const asked = asRaw(recorded, rules);
    expect(asked).toBe(raw);
    expect(syntaxErrors(asked)).toEqual([]);
  });

  it("goes down through rules that read rules", () => {
    expect(asksOnly(asRaw("fed_hub:share:ratio", rules), rawNames)).toBe(true);
  });

  it("is PromQL for every rule that is deployed, about exporters' series and a rule's own past alone", () => {
    const all = rulesByName([...clusterGroups("hpc"), ...hubGroups()]);
    for (const name of all.keys()) {
      const asked = asRaw(`sum by (cluster) (${name}{cluster="hpc"})`, all);
      expect([name, syntaxErrors(asked)]).toEqual([name, []]);
      const recorded = selectors(asked).flatMap(({ metric }) => (metric?.startsWith("fed_") ? [metric] : []));
      const past = recorded.filter((one) => !ofTheirOwnPast.includes(one));
      expect([name, past]).toEqual([name, []]);
    }
  });
});
