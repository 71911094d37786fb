import { renderRules } from "../../rules";
import { keepingCluster } from "./expressions";
import type { InputSeries } from "./promtool";
import { testRules } from "./promtool";

/** Two clusters, whose series differ in every label, and a federate job that says `member` in place of `cluster`. */
const input: readonly InputSeries[] = [
  ...["up", "a", "b", "x_total", "c_total"].flatMap((name) => [
    { series: `${name}{cluster="cloud",job="one",instance="i1"}`, values: "0+1x60" },
    { series: `${name}{cluster="hpc",job="two",instance="i2"}`, values: "1+1x60" },
  ]),
  ...["1", "+Inf"].map((le) => ({ series: `x_bucket{cluster="hpc",le="${le}"}`, values: "0+1x60" })),
  ...["scraped", "kept"].map((name) => ({
    series: `${name}{member="hpc",job="federate-health",instance="i3"}`,
    values: "5x60",
  })),
];

/** Records each expression on Prometheus itself, and asks for what was recorded without the label. */
function withoutCluster(expressions: readonly string[], gives: Readonly<Record<string, number>>): string {
  const rules = expressions.map((expr, index) => ({ record: `fed_hub:r:${index}`, expr }));
  const expect = [{ expr: 'count({__name__=~"fed_hub:r:.+",cluster=""})', at: "30m", gives }];
  return testRules(renderRules([{ name: "r", rules }]), [{ name: "labels", interval: "1m", input, expect }]);
}

describe("what is said to keep the label cluster", () => {
  it("does keep it when Prometheus evaluates it", () => {
    expect(withoutCluster(keepingCluster, {})).toContain("SUCCESS");
  });

  it("would be noticed if it did not", () => {
    expect(withoutCluster([...keepingCluster, "sum(up)", "vector(1)"], { "{}": 2 })).toContain("SUCCESS");
  });
});
