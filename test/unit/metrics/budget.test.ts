import * as path from "node:path";
import { configOfFile, withPlaceholders } from "../../../commands/placeholders";
import { clusterJobs } from "../../../components/monitoring/scrapeJobs";
import { maxSeries, sampleLimit, worstCase } from "../../../metrics/budget";
import { clusterRecorded, fedCluster } from "../../../metrics/catalogue";
import { MAX_JOBS } from "../../../metrics/catalogue/recorded/monitoring";
import type { Inventory } from "../../../metrics/inventory";
import { DEFAULT_INVENTORY } from "../../../metrics/inventory";
import { parseSettings } from "../../../settings/parse";
import { memberConfig } from "../../support/sites";

const repository = path.resolve(__dirname, "../../..");

async function settings(stack: string) {
  const { values, secretKeys } = await withPlaceholders(configOfFile(repository, stack), stack);
  return parseSettings(values, stack, secretKeys);
}

describe("the most series of a family", () => {
  const of = (domains: Parameters<typeof maxSeries>[0]["domains"], inventory: Partial<Inventory> = {}) =>
    maxSeries({ domains }, { ...DEFAULT_INVENTORY, ...inventory });

  it("are the product over its labels", () => {
    expect(of({})).toBe(1);
    expect(of({ state: ["a", "b"], job: 3 })).toBe(6);
    expect(of({ model: "models", state: ["a", "b"] }, { models: 7 })).toBe(14);
    expect(
      of({ owner: ({ gpus, namespaces }) => Math.min(gpus, namespaces) }, { gpus: 4, namespaces: 9 }),
    ).toBe(4);
  });

  it("are none where the site has none", () => {
    expect(maxSeries(fedCluster.gpus.busy, { ...DEFAULT_INVENTORY, gpus: 0 })).toBe(0);
    expect(maxSeries(fedCluster.slurm.partitionGpus, { ...DEFAULT_INVENTORY, partitions: 0 })).toBe(0);
  });
});

describe("the budget of federated series", () => {
  const inventory = (more: Partial<Inventory>): Inventory => ({ ...DEFAULT_INVENTORY, ...more });
  const total = (of: Inventory) => worstCase(of, "detail");

  it("is the sum over all families, each in one job", () => {
    const sum = clusterRecorded.reduce((all, metric) => all + maxSeries(metric, DEFAULT_INVENTORY), 0);
    expect(worstCase(DEFAULT_INVENTORY, "health") + total(DEFAULT_INVENTORY)).toBe(sum);
  });

  it("keeps within what a scrape takes with ease at 8,000 GPUs, whatever the number of nodes", () => {
    const large = inventory({ gpus: 8_000 });
    expect(total(large)).toBeLessThan(15_000);
    expect(total(inventory({ gpus: 80_000 }))).toBe(total(large));
  });

  it("follows what the site tells apart", () => {
    expect(total(inventory({ models: 51 })) - total(inventory({ models: 50 }))).toBe(
      clusterRecorded
        .filter(({ domains }) => Object.values(domains).includes("models"))
        .reduce((all, metric) => all + maxSeries(metric, inventory({ models: 1 })), 0),
    );
  });

  it("leaves half as much again to the scrape", () => {
    expect(sampleLimit(DEFAULT_INVENTORY, "detail")).toBe(Math.ceil(total(DEFAULT_INVENTORY) * 1.5));
  });

  it("is computed for both sites of this repository, and limits the member's scrape", async () => {
    const [cloud, hpc] = await Promise.all([settings("cloud"), settings("hpc")]);
    if (cloud.role !== "hub" || hpc.role !== "member")
      throw new Error("cloud is not a hub, or hpc no member");
    const [member] = cloud.hub.members;
    expect(member?.sampleLimits).toEqual({
      health: sampleLimit(hpc.member.inventory, "health"),
      detail: sampleLimit(hpc.member.inventory, "detail"),
    });
    for (const site of [cloud.hub.inventory, hpc.member.inventory]) {
      expect(total(site)).toBeLessThan(total(inventory({ gpus: 8_000 })));
      expect(total(site)).toBeGreaterThan(5_000);
    }
  });

  it("has room for every scrape job of a cluster", () => {
    const jobs = clusterJobs(memberConfig.cluster, memberConfig.targets);
    expect(jobs.length).toBeGreaterThan(10);
    expect(jobs.length).toBeLessThan(MAX_JOBS / 2);
  });
});
