import { maxSeries } from "../../metrics/budget";
import { MAX_ALERTS, MAX_JOBS } from "../../metrics/catalogue/recorded/monitoring";
import type { Inventory } from "../../metrics/inventory";
import { renderRules } from "../../rules";
import type { Size } from "./everything";
import { everything } from "./everything";
import type { Expectation } from "./promtool";
import { testRules } from "./promtool";
import { clusterGroups, measured } from "./sites";

/** Small limits, all of which the site is beyond. */
const inventory: Inventory = { gpus: 12, gpuTypes: 3, namespaces: 4, partitions: 3, models: 3, buckets: 2 };
const beyond: Size = {
  machines: 2,
  jobs: MAX_JOBS,
  alerts: MAX_ALERTS + 10,
  gpuTypes: 6,
  namespaces: 8,
  partitions: 5,
  models: 5,
  buckets: 4,
};
const rules = renderRules(clusterGroups("hpc", inventory));

/** What is recorded of a site. */
function recorded(size: Size, expect: readonly Expectation[]): string {
  return testRules(rules, [{ name: "site", interval: "1m", input: everything("hpc", size), expect }]);
}

/** After the longest time for which something must have been so; increases of an hour are there long before. */
const AT = "35m";
const counted = (of: readonly (readonly [string, number])[]): Expectation[] =>
  of.map(([name, count]) => ({ expr: `count(${name})`, at: AT, gives: { "{}": count } }));

describe("the series a cluster records", () => {
  it("are as many as the contract declares at most, whatever the site is beyond its inventory", () => {
    const declared = measured.map((metric) => [metric.name, maxSeries(metric, inventory)] as const);
    recorded(beyond, counted(declared));
  });

  it("do not grow with the number of machines", () => {
    const total = measured.reduce((sum, metric) => sum + maxSeries(metric, inventory), 0);
    recorded({ ...beyond, machines: 25 }, [
      { expr: 'count({__name__=~"fed_cluster:.+"})', at: AT, gives: { "{}": total } },
    ]);
  });

  it("say how far the site is beyond its inventory", () => {
    const of = (name: string, values: Readonly<Record<string, number>>): Expectation => ({
      expr: `fed_cluster:limits:${name}`,
      at: AT,
      gives: Object.fromEntries(
        Object.entries(values).map(([limit, value]) => [
          `fed_cluster:limits:${name}{cluster="hpc",limit="${limit}"}`,
          value,
        ]),
      ),
    });
    recorded(beyond, [
      of("used", {
        buckets: 4,
        gpu_types: 6,
        models_served: 5,
        models_transferred: 5,
        namespaces: 8,
        partitions: 5,
      }),
      of("allowed", {
        buckets: 2,
        gpu_types: 3,
        models_served: 3,
        models_transferred: 3,
        namespaces: 4,
        partitions: 3,
      }),
    ]);
  });
});
