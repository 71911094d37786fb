import fc from "fast-check";
import { catalogue, clusterRecorded } from "../../metrics/catalogue";
import { DETAIL_MATCH, HEALTH_MATCH } from "../../metrics/federation";
import { CLUSTER_LEVEL, FEDERATION_LEVEL, HUB_LEVEL, LOCAL_LEVEL } from "../../metrics/levels";
import type { Matcher } from "../../metrics/promql";
import { ruleProblems, selectors, syntaxErrors } from "../../metrics/promql";
import { clusterGroups, expected, hubGroups, recordings } from "./sites";

const own = recordings(clusterGroups("cloud"));
const hubOnly = recordings(hubGroups([expected("hpc"), expected("west")]));

/** Whether a match on names alone selects this name, as Prometheus would: anchored regular expressions. */
function selects(match: string, name: string): boolean {
  const holds = ({ op, value }: Matcher): boolean => {
    const equal = op === "=" || op === "!=" ? name === value : new RegExp(`^(?:${value})$`).test(name);
    return op.startsWith("!") ? !equal : equal;
  };
  const [selector, ...others] = selectors(match);
  expect(others).toEqual([]);
  expect(selector!.matchers.map(({ label }) => label)).toEqual(selector!.matchers.map(() => "__name__"));
  return selector!.matchers.every(holds);
}

describe("rules", () => {
  it.each([...own, ...hubOnly].map((rule) => [rule.record, rule] as const))(
    "has no problem: %s",
    (_, rule) => {
      expect(ruleProblems(rule, "cloud")).toEqual([]);
    },
  );
});

describe("one writer a series", () => {
  const levelOf = (name = "") =>
    [CLUSTER_LEVEL, LOCAL_LEVEL, HUB_LEVEL].find((level) => name.startsWith(level)) ?? "none";
  const read = (rules: typeof own) => rules.flatMap(({ expr }) => selectors(expr));

  it("writes no federated name from a hub rule", () => {
    expect(new Set(hubOnly.map(({ record }) => levelOf(record)))).toEqual(new Set([HUB_LEVEL]));
    expect(new Set(own.map(({ record }) => levelOf(record)))).toEqual(new Set([CLUSTER_LEVEL, LOCAL_LEVEL]));
  });

  it("reads no hub series from a cluster's rule, and nothing local from a hub's", () => {
    expect(read(own).filter(({ metric }) => levelOf(metric) === HUB_LEVEL)).toEqual([]);
    expect(read(hubOnly).filter(({ metric }) => levelOf(metric) === LOCAL_LEVEL)).toEqual([]);
  });

  it("restricts every selector of a cluster's rule to the cluster itself", () => {
    const restrictions = read(own).map(({ matchers }) =>
      matchers.filter(({ label }) => label === "cluster").map(({ op, value }) => `${op}${value}`),
    );
    expect(new Set(restrictions.map((each) => each.join()))).toEqual(new Set(["=cloud"]));
  });

  it("reads of a hub rule's own level only what stands before it", () => {
    const late = hubOnly.flatMap(({ record, expr }, index) =>
      selectors(expr)
        .filter(({ metric }) => levelOf(metric) === HUB_LEVEL)
        .filter(({ metric }) => !hubOnly.slice(0, index).some((rule) => rule.record === metric))
        .map(({ metric = "" }) => `${record} reads ${metric}`),
    );
    expect(late).toEqual([]);
  });

  it("restricts a hub rule about a member to that member", () => {
    const group = recordings(
      hubGroups([expected("hpc"), expected("west")]).filter(({ name }) => name === "hub-members"),
    );
    const restrictions = read(group).map(({ matchers }) =>
      matchers.map(({ label, op, value }) => `${label}${op}${value}`).join(),
    );
    expect([...new Set(restrictions)]).toEqual(["cluster=hpc", "cluster=west", "member=hpc", "member=west"]);
  });

  it("gives the cluster federation to the totals, and to nothing else", () => {
    const total = ({ record }: (typeof hubOnly)[number]) => record.startsWith(FEDERATION_LEVEL);
    expect(new Set(hubOnly.filter(total).map(({ labels }) => labels?.cluster))).toEqual(
      new Set(["federation"]),
    );
    expect(hubOnly.filter((rule) => !total(rule) && rule.labels !== undefined)).toEqual([]);
  });
});

describe("the matches of the federate jobs", () => {
  it.each([HEALTH_MATCH, DETAIL_MATCH])("is PromQL: %s", (match) => {
    expect(syntaxErrors(match)).toEqual([]);
  });

  it("select what the contract says, heartbeat and target counts among it for health", () => {
    const names = catalogue.map(({ name }) => name);
    const of = (job: "detail" | "health") =>
      clusterRecorded.filter(({ federate }) => federate === job).map(({ name }) => name);
    expect(names.filter((name) => selects(HEALTH_MATCH, name))).toEqual(of("health"));
    expect(of("health")).toEqual(
      expect.arrayContaining([
        "fed_cluster:heartbeat:timestamp_seconds",
        "fed_cluster:targets:up",
        "fed_cluster:targets:down",
      ]),
    );
    expect(names.filter((name) => selects(DETAIL_MATCH, name))).toEqual(of("detail"));
  });

  it("fetches every federated series by exactly one job", () => {
    const tail = fc.oneof(
      fc.constantFrom(
        "heartbeat:timestamp_seconds",
        "targets:up",
        "targets:up:max",
        "targets:downs",
        "heartbeat",
      ),
      fc.stringMatching(/^[a-z_:]{1,20}$/),
    );
    fc.assert(
      fc.property(tail, (name) => {
        const jobs = [HEALTH_MATCH, DETAIL_MATCH].filter((match) =>
          selects(match, `${CLUSTER_LEVEL}${name}`),
        );
        expect(jobs).toHaveLength(1);
      }),
    );
  });

  it("fetches no series of the hub, no raw series and none of another prefix", () => {
    const name = fc.oneof(
      fc.constantFrom(
        "up",
        "ALERTS",
        "vllm:num_requests_running",
        "my_fed_cluster:targets:up",
        "fed_cluster",
      ),
      fc
        .tuple(fc.constantFrom(HUB_LEVEL, LOCAL_LEVEL), fc.stringMatching(/^[a-z_:]{1,20}$/))
        .map(([level, tail]) => `${level}${tail}`),
    );
    fc.assert(
      fc.property(name, (other) => {
        expect([HEALTH_MATCH, DETAIL_MATCH].filter((match) => selects(match, other))).toEqual([]);
      }),
    );
  });
});
