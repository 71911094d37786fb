import { targetLine, until, wrongTargets } from "../../sandbox/checks";
import { query, queryValue, targets } from "../../sandbox/prometheus";
import { endpoints } from "../support/live";

const healthInterval = 15;

describe("the hub federates the member", () => {
  const at = endpoints();

  it("stamps its own cluster on its targets, and `member` on those of the federate jobs", async () => {
    const clusters = (await query(at.hub, "count by (cluster) (up)")).map(
      ({ metric }) => metric.cluster ?? "",
    );
    expect(clusters.sort()).toEqual(["", "cloud"]);
    const federate = await query(at.hub, 'up{member!=""}');
    expect(federate.map(({ metric }) => [metric.member, metric.job, metric.cluster]).sort()).toEqual([
      ["hpc", "federate-detail", undefined],
      ["hpc", "federate-health", undefined],
    ]);
    expect(await query(at.hub, 'up{member="",cluster!="cloud"}')).toEqual([]);
  });

  it("has every target as declared on both sides", async () => {
    for (const side of ["hub", "hpc"] as const) expect(wrongTargets(await targets(at[side]))).toEqual([]);
  });

  it("holds the member's target counts, equal to the member's own", async () => {
    const expression = 'fed_cluster:targets:up{cluster="hpc"}';
    await until("target counts equal on both sides", 90, async () => {
      const shape = async (side: "hub" | "hpc"): Promise<string> =>
        JSON.stringify(
          (await query(at[side], expression))
            .map(({ metric, value }) => [metric.job, metric.cluster, value[1]])
            .sort(),
        );
      const [hub, hpc] = [await shape("hub"), await shape("hpc")];
      return hub === hpc && hub !== "[]" ? [] : [`hub ${hub}`, `hpc ${hpc}`];
    });
    const counts = {
      up: { node: 4, "slurm-jobs": 1, beegfs: 3, dcgm: 1 },
      down: { node: 0, "slurm-jobs": 0 },
    };
    // the Slurm jobs are scraped once a minute: their first answer may still be to come
    for (const [state, jobs] of Object.entries(counts))
      for (const [job, wanted] of Object.entries(jobs))
        await until(`${job} targets ${state}`, 120, async () => {
          const value = await queryValue(at.hub, `fed_cluster:targets:${state}{cluster="hpc",job="${job}"}`);
          return value === wanted ? [] : [`${value ?? "no series"}, not ${wanted}`];
        });
  });

  it("knows the member's age by value, under three federate intervals", async () => {
    const age = await queryValue(at.hub, 'fed_hub:heartbeat:age_seconds{cluster="hpc"}');
    expect(age).toBeGreaterThanOrEqual(0);
    expect(age).toBeLessThan(3 * healthInterval);
    expect(await queryValue(at.hub, 'fed_hub:heartbeat:stale{cluster="hpc"}')).toBe(0);
  });

  it("has one writer a series: no more samples than the writer makes, no value that alternates", async () => {
    const window = 120;
    await until("two minutes of history", 150, async () => {
      const samples = await queryValue(
        at.hub,
        `count_over_time(fed_cluster:heartbeat:timestamp_seconds{cluster="hpc"}[${window}s])`,
      );
      return (samples ?? 0) >= window / healthInterval - 1 ? [] : [`${samples ?? 0} heartbeats so far`];
    });
    // every writer here (rules and the health job) writes once in 15 s, the detail job once in 60 s
    const names = (await query(at.hub, 'count by (__name__) ({__name__=~"fed_.+"})')).map(
      ({ metric }) => metric.__name__ ?? "",
    );
    expect(names.length).toBeGreaterThan(4);
    const tooMany: string[] = [];
    for (const name of names)
      for (const { metric, value } of await query(
        at.hub,
        `count_over_time(${name}[${window}s]) > ${window / healthInterval + 1}`,
      ))
        tooMany.push(`${name}${JSON.stringify(metric)} has ${value[1]} samples`);
    expect(tooMany).toEqual([]);
    expect(await queryValue(at.hub, "sum(resets(fed_cluster:heartbeat:timestamp_seconds[2m]))")).toBe(0);
    const owners = await query(
      at.hub,
      'count by (__name__) ({__name__=~"fed_cluster:.+", cluster!~"cloud|hpc"})',
    );
    expect(owners).toEqual([]);
  });

  it("federates recordings only, and drops nothing it asked for", async () => {
    const foreign = await query(
      at.hub,
      // the hub's own alerts about the member beside them
      'count by (__name__) ({cluster="hpc", __name__!~"fed_(cluster|hub):.+|ALERTS(_FOR_STATE)?"})',
    );
    expect(foreign.map(({ metric }) => metric.__name__)).toEqual([]);
    expect(await queryValue(at.hub, "sum(fed_hub:federate:samples_dropped)")).toBe(0);
    const federated = (await targets(at.hub)).filter(({ labels }) => labels.member !== undefined);
    expect(federated.map(targetLine).filter((line) => !line.startsWith("up"))).toEqual([]);
  });
});
