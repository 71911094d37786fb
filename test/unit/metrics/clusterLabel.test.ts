import fc from "fast-check";
import { keepingCluster } from "../../rules/expressions";
import { hasInputSeries, losesCluster } from "../../../metrics/promql";

describe("losesCluster", () => {
  it.each(keepingCluster)("keeps it: %s", (expr) => {
    expect(losesCluster(expr)).toBeUndefined();
  });

  it.each([
    ["1", "1 is a number without labels"],
    ["time()", "time() is a number without labels"],
    ["scalar(up)", "scalar(up) is a number without labels"],
    ["vector(1)", "vector() has no labels"],
    ["vector(scalar(up))", "vector() drops the labels of the series it reads"],
    ["hour()", "hour() without an argument has no labels"],
    ["absent(up)", "absent() has no labels but those its selector asks for by ="],
    ['absent(up{cluster=~"hpc"})', "absent() has no labels but those its selector asks for by ="],
    ['absent(up{cluster="a",cluster="b"})', "absent() has no labels but those its selector asks for by ="],
    [
      'absent(sum by (cluster) (up{cluster="a"}))',
      "absent() has no labels but those its selector asks for by =",
    ],
    ["absent_over_time(up[5m])", "absent_over_time() has no labels but those its selector asks for by ="],
    ['up{cluster=""}', 'up{cluster=""} selects series without the label cluster'],
    [
      'up{member="hpc"}',
      'up{member="hpc"} selects series of the federate jobs, which carry member in place of cluster',
    ],
    [
      'sum by (cluster) (up{job=~"federate-.*"})',
      'up{job=~"federate-.*"} selects series of the federate jobs, which carry member in place of cluster',
    ],
    // aggregations
    ["sum(up)", 'sum() has no "by (cluster, ...)"'],
    ["count(sum by (cluster) (up))", 'count() has no "by (cluster, ...)"'],
    ["sum by (job) (up)", "sum by (job) leaves cluster out"],
    ["sum by () (up)", "sum by () leaves cluster out"],
    ["sum by (cluster) (sum by (job) (up))", "sum by (job) leaves cluster out"],
    ["sum without (cluster, job) (up)", "sum without (cluster, job) removes cluster"],
    ['count_values("version", up)', 'count_values() has no "by (cluster, ...)"'],
    ['count_values by (cluster) ("cluster", up)', "count_values() overwrites the label cluster"],
    ["topk(5, sum by (job) (up))", "sum by (job) leaves cluster out"],
    ["max_over_time(sum(up)[1h:5m])", 'sum() has no "by (cluster, ...)"'],
    ["-sum(up) offset 5m", 'sum() has no "by (cluster, ...)"'],
    ["clamp(sum(up) @ end(), 0, 1)", 'sum() has no "by (cluster, ...)"'],
    ["2 * sum(up) > 1", 'sum() has no "by (cluster, ...)"'],
    // matching
    ["a + on (job) b", "on (job) matches without cluster"],
    ["a + on () b", "on () matches without cluster"],
    ["a + ignoring (cluster) b", "ignoring (cluster) matches without cluster"],
    ["a + ignoring (cluster, job) group_left () b", "ignoring (cluster, job) matches without cluster"],
    ["a * on (job) group_left () b", "on (job) matches without cluster"],
    ["a * on (job) group_right () b", "on (job) matches without cluster"],
    ["a and on (job) b", "on (job) matches without cluster"],
    ["a or on (job) b", "on (job) matches without cluster"],
    ["a unless on (job) b", "on (job) matches without cluster"],
    ["a + sum(b)", 'sum() has no "by (cluster, ...)"'],
    ["sum(a) + on () b", "on () matches without cluster"],
    ["sum(a) / on () sum(b)", 'sum() has no "by (cluster, ...)"'],
    ["sum by (job) (a) * on (job) group_left () b", "sum by (job) leaves cluster out"],
    ["a * on (job) group_left (cluster) sum by (job) (b)", "sum by (job) leaves cluster out"],
    ["a or vector(0)", "vector() has no labels"],
    ["a or on () vector(0)", "vector() has no labels"],
    ["sum(a) or b", 'sum() has no "by (cluster, ...)"'],
    ["sum(a) and on () b", 'sum() has no "by (cluster, ...)"'],
    ["a and sum(b)", 'sum() has no "by (cluster, ...)"'],
    // relabelling
    ['label_replace(up, "cluster", "hpc", "", "")', "label_replace() overwrites the label cluster"],
    [
      'label_replace(up, "cluster", "$1", "instance", "(.+)")',
      "label_replace() overwrites the label cluster",
    ],
    ['label_replace(up, "cluster", "$1", "member", "(.*)")', "label_replace() overwrites the label cluster"],
    ['label_replace(vector(1), "cluster", "", "", "")', "label_replace() overwrites the label cluster"],
    ['label_join(up, "cluster", "-", "job", "instance")', "label_join() overwrites the label cluster"],
    [
      'label_replace(sum by (member) (up), "cluster", "$1", "member", "(.+)")',
      "sum by (member) leaves cluster out",
    ],
    [
      'label_replace(sum(up{member="hpc"}), "cluster", "$1", "member", "(.+)")',
      'up{member="hpc"} selects series of the federate jobs, which carry member in place of cluster',
    ],
    [
      "sum by (cluster) (label_replace(up, 'cluster', 'a', '', ''))",
      "label_replace() overwrites the label cluster",
    ],
  ])("loses it: %s", (expr, reason) => {
    expect(losesCluster(expr)).toBe(reason);
  });
});

describe("hasInputSeries", () => {
  it.each(["up", "vector(scalar(up))", "time() - up", 'absent(up{cluster="a"}) or up', "sum(rate(up[5m]))"])(
    "sees the series of %s",
    (expr) => {
      expect(hasInputSeries(expr)).toBe(true);
    },
  );

  it.each([
    "1",
    "vector(time())",
    "absent(up)",
    "absent_over_time(up[5m]) * 2",
    "hour() > 8",
    "vector(1) # up",
  ])("sees none in %s", (expr) => {
    expect(hasInputSeries(expr)).toBe(false);
  });
});

/** Expressions over vectors that carry `cluster`, kept by construction. */
const { keeping } = fc.letrec<{ keeping: string }>((tie) => ({
  keeping: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("a", 'b{job="x"}', "rate(c_total[5m])"),
    tie("keeping").map((inner) => `sum by (cluster, job) (${inner})`),
    tie("keeping").map((inner) => `max without (instance) (${inner})`),
    tie("keeping").map((inner) => `topk(3, ${inner})`),
    tie("keeping").map((inner) => `avg_over_time((${inner})[5m:1m])`),
    tie("keeping").map((inner) => `1 - (${inner})`),
    fc.tuple(tie("keeping"), tie("keeping")).map(([l, r]) => `(${l}) / on (cluster) group_left () (${r})`),
    fc.tuple(tie("keeping"), tie("keeping")).map(([l, r]) => `(${l}) or (${r})`),
  ),
}));

describe("the label over nested expressions", () => {
  it("survives whatever keeps it", () => {
    fc.assert(
      fc.property(keeping, (expr) => {
        expect(losesCluster(expr)).toBeUndefined();
      }),
    );
  });

  it("never survives a sum without it, wherever that stands in a vector", () => {
    const wrap = fc.constantFrom(
      (inner: string) => `sum by (cluster) (${inner})`,
      (inner: string) => `abs(${inner})`,
      (inner: string) => `(${inner}) * 2`,
      (inner: string) => `(${inner}) or (${inner})`,
      (inner: string) => `up + on (cluster) (${inner})`,
    );
    fc.assert(
      fc.property(keeping, fc.array(wrap, { maxLength: 4 }), (expr, wraps) => {
        const whole = wraps.reduce((inner, next) => next(inner), `sum by (job) (${expr})`);
        expect(losesCluster(whole)).toBe("sum by (job) leaves cluster out");
      }),
    );
  });
});
