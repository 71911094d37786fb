import { parseOptions } from "../../../../bench/scale/options";
import { recordedSeries } from "../../../../bench/scale/recorded";
import { exposition, head, targetsOf } from "../../../../bench/scale/site";
import { maxSeries, worstCase } from "../../../../metrics/budget";
import { clusterRecorded, fedCluster } from "../../../../metrics/catalogue";
import { seriesByName } from "../../../../metrics/series";

const sizes = parseOptions(["--quick", "--nodes", "3"]);

describe("the synthetic site", () => {
  const targets = targetsOf(sizes);

  it("has a node exporter and a DCGM exporter a node, and one Slurm controller", () => {
    expect(targets.map(({ job, host }) => `${job} ${host}`)).toEqual([
      "node node-0001",
      "node node-0002",
      "node node-0003",
      "dcgm node-0001",
      "dcgm node-0002",
      "dcgm node-0003",
      "slurm slurm-ctl",
    ]);
  });

  it("tells what the contract names, with its labels, and each series once", () => {
    for (const { series } of targets) {
      for (const { name, labels } of series) {
        const known = seriesByName.get(name)?.labels ?? new Set<string>();
        expect([name, Object.keys(labels).filter((label) => !known.has(label))]).toEqual([name, []]);
      }
      const heads = series.map(({ name, labels }) => head(name, labels));
      expect(new Set(heads).size).toBe(heads.length);
    }
  });

  it("has counters that never fall, and the same values each time", () => {
    const counters = targets.flatMap(({ series }) => series).filter(({ name }) => name.endsWith("_total"));
    expect(counters.length).toBeGreaterThan(100);
    for (const { value } of counters)
      for (let time = 1_790_000_000; time < 1_790_003_600; time += 30)
        expect(value(time + 30)).toBeGreaterThanOrEqual(value(time));
    expect(exposition(targets[0]!, 1_790_000_000)).toBe(exposition(targetsOf(sizes)[0]!, 1_790_000_000));
  });
});

describe("what the hub holds", () => {
  const series = recordedSeries(sizes.inventory);
  const of = (name: string, cluster: string): number =>
    series.filter((one) => one.name === name && one.labels.cluster === cluster).length;

  it("is as much of the member as the inventory allows", () => {
    const { slurm, gpus } = fedCluster;
    for (const metric of [...Object.values(slurm), ...Object.values(gpus)])
      expect([metric.name, of(metric.name, "hpc")]).toEqual([
        metric.name,
        maxSeries(metric, sizes.inventory),
      ]);
    const names = new Set(clusterRecorded.map(({ name }) => name));
    const member = series.filter(({ name, labels }) => names.has(name) && labels.cluster === "hpc");
    const budget = worstCase(sizes.inventory, "health") + worstCase(sizes.inventory, "detail");
    expect(member.length).toBeLessThanOrEqual(budget);
    expect(member.length).toBeGreaterThan(budget / 3);
  });

  it("has each series once", () => {
    const heads = series.map(({ name, labels }) => head(name, labels));
    expect(new Set(heads).size).toBe(heads.length);
  });
});
