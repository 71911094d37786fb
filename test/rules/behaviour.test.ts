import type { ExpectedMember, RuleGroup } from "../../rules";
import { renderRules, staleAfter } from "../../rules";
import type { Expectation, InputSeries } from "./promtool";
import { testRules } from "./promtool";
import { clusterGroups, expected, hubGroups } from "./sites";

/** The groups that say whether a cluster lives. */
function health(cluster: string): RuleGroup[] {
  return clusterGroups(cluster).filter(({ name }) => ["cluster-heartbeat", "cluster-targets"].includes(name));
}

/** What the hub records about its members. */
function about(members: readonly ExpectedMember[]): RuleGroup[] {
  return hubGroups(members).filter(({ name }) => name === "hub-members");
}

const stale = staleAfter({ health: 15, memberEvaluation: 15, hubEvaluation: 15 });
const member = renderRules(health("hpc"));
const hub = renderRules([...health("cloud"), ...about([expected("hpc", stale.ageSeconds)])]);
const beats = 'fed_cluster:heartbeat:timestamp_seconds{cluster="hpc"}';

function run(rules: string, input: readonly InputSeries[], expect: readonly Expectation[]): string {
  return testRules(rules, [{ name: "scenario", interval: "15s", input, expect }]);
}

/** The three judgements on the member `hpc` at a time; absent ones are undefined. */
function judged(at: number, age: number | undefined, isStale: 0 | 1, skewed?: 0 | 1): Expectation[] {
  const series = (name: string, value: number | undefined): Expectation => ({
    expr: `fed_hub:heartbeat:${name}`,
    at: `${at}s`,
    gives: value === undefined ? {} : { [`fed_hub:heartbeat:${name}{cluster="hpc"}`]: value },
  });
  return [series("age_seconds", age), series("stale", isStale), series("skewed", skewed)];
}

describe("a test that expects too much", () => {
  it("fails", () => {
    const wrong: Expectation[] = [{ expr: "fed_cluster:targets:up", at: "1m", gives: {} }];
    const input = [{ series: 'up{cluster="hpc",job="node"}', values: "1x10" }];
    expect(() => run(member, input, wrong)).toThrow(/FAILED/);
  });
});

describe("rules of a cluster about itself", () => {
  it("records its heartbeat as the time of evaluation", () => {
    expect(
      run(
        member,
        [],
        [{ expr: "fed_cluster:heartbeat:timestamp_seconds", at: "5m", gives: { [beats]: 300 } }],
      ),
    ).toContain("SUCCESS");
  });

  it("counts targets up and down by job, 0 where there are none", () => {
    const input = [
      { series: 'up{cluster="hpc",job="node",instance="a"}', values: "1x20" },
      { series: 'up{cluster="hpc",job="node",instance="b"}', values: "1x20" },
      { series: 'up{cluster="hpc",job="dcgm",instance="a"}', values: "1 0x20" },
      { series: 'up{cluster="hpc",job="dcgm",instance="b"}', values: "1 0x20" },
      { series: 'up{cluster="hpc",job="slurm",instance="a"}', values: "1x20" },
      { series: 'up{cluster="hpc",job="slurm",instance="b"}', values: "0x20" },
    ];
    const counts = (state: string, dcgm: number, node: number, slurm: number) => ({
      [`fed_cluster:targets:${state}{cluster="hpc",job="dcgm"}`]: dcgm,
      [`fed_cluster:targets:${state}{cluster="hpc",job="node"}`]: node,
      [`fed_cluster:targets:${state}{cluster="hpc",job="slurm"}`]: slurm,
    });
    run(member, input, [
      { expr: "fed_cluster:targets:up", at: "0s", gives: counts("up", 2, 2, 1) },
      { expr: "fed_cluster:targets:up", at: "1m", gives: counts("up", 0, 2, 1) },
      { expr: "fed_cluster:targets:down", at: "1m", gives: counts("down", 2, 0, 1) },
    ]);
  });

  it("writes nothing about another cluster or about the federate jobs' targets", () => {
    const input = [
      { series: 'up{cluster="cloud",job="node",instance="a"}', values: "1x20" },
      { series: 'up{cluster="cloud",job="prometheus",instance="b"}', values: "0x20" },
      { series: 'up{member="hpc",job="federate-health",instance="c"}', values: "1x20" },
      { series: 'up{member="hpc",job="federate-detail",instance="c"}', values: "0x20" },
      { series: 'fed_cluster:targets:up{cluster="hpc",job="node"}', values: "7x20" },
      { series: 'fed_cluster:targets:down{cluster="hpc",job="node"}', values: "3x20" },
      { series: beats, values: "0+15x20" },
    ];
    run(hub, input, [
      {
        expr: "fed_cluster:targets:up",
        at: "1m",
        gives: {
          'fed_cluster:targets:up{cluster="cloud",job="node"}': 1,
          'fed_cluster:targets:up{cluster="cloud",job="prometheus"}': 0,
          'fed_cluster:targets:up{cluster="hpc",job="node"}': 7,
        },
      },
      {
        expr: "fed_cluster:targets:down",
        at: "1m",
        gives: {
          'fed_cluster:targets:down{cluster="cloud",job="node"}': 0,
          'fed_cluster:targets:down{cluster="cloud",job="prometheus"}': 1,
          'fed_cluster:targets:down{cluster="hpc",job="node"}': 3,
        },
      },
      {
        expr: "fed_cluster:heartbeat:timestamp_seconds",
        at: "1m",
        gives: { [beats]: 60, 'fed_cluster:heartbeat:timestamp_seconds{cluster="cloud"}': 60 },
      },
      // One sample each 15 s over the minute: no series has a second writer.
      ...["heartbeat:timestamp_seconds", "targets:up", "targets:down"].map((name) => ({
        expr: `max by (cluster) (count_over_time(fed_cluster:${name}[1m]))`,
        at: "2m",
        gives: { '{cluster="cloud"}': 4, '{cluster="hpc"}': 4 },
      })),
      { expr: '{__name__=~"fed_.+",cluster=""}', at: "1m", gives: {} },
    ]);
  });
});

describe("staleAfter", () => {
  it("is 3 health intervals and the member's evaluation, found one evaluation of the hub later", () => {
    expect(staleAfter({ health: 15, memberEvaluation: 30, hubEvaluation: 20 })).toEqual({
      ageSeconds: 75,
      foundWithinSeconds: 95,
    });
  });
});

describe("rules of the hub about a member", () => {
  it("finds no fault while the member beats, even when two scrapes in a row fail", () => {
    run(
      hub,
      [{ series: beats, values: "0+15x20 stale _ 345+15x20" }],
      [...judged(300, 0, 0, 0), ...judged(315, 15, 0, 0), ...judged(330, 30, 0, 0), ...judged(345, 0, 0, 0)],
    );
  });

  it("marks a stalled heartbeat stale at the stated time and not before", () => {
    expect(stale).toEqual({ ageSeconds: 60, foundWithinSeconds: 75 });
    run(
      hub,
      [{ series: beats, values: "0+15x20 300x40" }],
      [
        ...judged(300, 0, 0, 0),
        ...judged(300 + stale.ageSeconds, 60, 0, 0),
        ...judged(300 + stale.foundWithinSeconds, 75, 1, 0),
        ...judged(600, 300, 1, 0),
      ],
    );
  });

  it("lets the age grow while the member is down, and forgets it after an hour", () => {
    run(
      hub,
      [{ series: beats, values: "0+15x20 stale _x300" }],
      [...judged(375, 75, 1, 0), ...judged(3885, 3585, 1, 0), ...judged(3915, undefined, 1)],
    );
  });

  it("marks a recovered member as live with its first beat", () => {
    run(
      hub,
      [{ series: beats, values: "0+15x20 stale _x18 600+15x20" }],
      [...judged(585, 285, 1, 0), ...judged(600, 0, 0, 0)],
    );
  });

  it("marks a declared member stale that was never seen", () => {
    run(hub, [], [...judged(0, undefined, 1), ...judged(900, undefined, 1)]);
  });

  it("tells a member's clock that is ahead, beyond 5 s", () => {
    run(hub, [{ series: beats, values: "5+15x20" }], judged(60, -5, 0, 0));
    run(hub, [{ series: beats, values: "6+15x20" }], judged(60, -6, 0, 1));
  });

  it("is not misled by the heartbeat of another cluster", () => {
    const other = beats.replace("hpc", "west");
    run(hub, [{ series: other, values: "0+15x20" }], judged(60, undefined, 1));
  });

  it("judges each of two members by its own limit", () => {
    const west = beats.replace("hpc", "west");
    const both = renderRules(about([expected("hpc", 60), expected("west", 600)]));
    const input = [
      { series: beats, values: "0x40" },
      { series: west, values: "0x40" },
    ];
    const verdict = (hpc: number, late: number) => ({
      'fed_hub:heartbeat:stale{cluster="hpc"}': hpc,
      'fed_hub:heartbeat:stale{cluster="west"}': late,
    });
    run(both, input, [
      { expr: "fed_hub:heartbeat:stale", at: "60s", gives: verdict(0, 0) },
      { expr: "fed_hub:heartbeat:stale", at: "75s", gives: verdict(1, 0) },
      { expr: "fed_hub:heartbeat:stale", at: "600s", gives: verdict(1, 0) },
    ]);
    run(both, input.slice(0, 1), [{ expr: "fed_hub:heartbeat:stale", at: "15s", gives: verdict(0, 1) }]);
  });

  it("counts the samples each federate job dropped, by cluster and job", () => {
    const labels = (job: string, instance: string) =>
      `{member="hpc",job="federate-${job}",instance="${instance}"}`;
    const local = '{cluster="cloud",job="node",instance="b"}';
    run(
      hub,
      [
        { series: `scrape_samples_scraped${labels("health", "a")}`, values: "5x20" },
        { series: `scrape_samples_post_metric_relabeling${labels("health", "a")}`, values: "5x20" },
        { series: `scrape_samples_scraped${labels("detail", "a")}`, values: "120x20" },
        { series: `scrape_samples_post_metric_relabeling${labels("detail", "a")}`, values: "100x20" },
        { series: `scrape_samples_scraped${local}`, values: "900x20" },
        { series: `scrape_samples_post_metric_relabeling${local}`, values: "800x20" },
      ],
      [
        {
          expr: "fed_hub:federate:samples_dropped",
          at: "1m",
          gives: {
            'fed_hub:federate:samples_dropped{cluster="hpc",job="federate-health"}': 0,
            'fed_hub:federate:samples_dropped{cluster="hpc",job="federate-detail"}': 20,
          },
        },
      ],
    );
  });
});
