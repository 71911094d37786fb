import fc from "fast-check";
import { CLUSTER_LEVEL, HUB_LEVEL, metrics } from "../../metrics/contract";
import { DETAIL_MATCH, HEALTH_MATCH } from "../../metrics/federation";
import type { Matcher } from "../../metrics/promql";
import { ruleProblems, selectors, syntaxErrors } from "../../metrics/promql";
import type { Rule } from "../../rules";
import { clusterRuleGroups, hubRuleGroups } from "../../rules";

const own = clusterRuleGroups({ cluster: "cloud" }).flatMap(({ rules }) => rules);
const hubOnly = hubRuleGroups({
  cluster: "cloud",
  members: [
    { cluster: "hpc", staleAfterSeconds: 60 },
    { cluster: "west", staleAfterSeconds: 60 },
  ],
}).flatMap(({ rules }) => rules);
const recorded = (rule: Rule): string => ("record" in rule ? rule.record : rule.alert);

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
  it.each([...own, ...hubOnly].map((rule) => [recorded(rule), rule] as const))(
    "has no problem: %s",
    (_, rule) => {
      expect(ruleProblems(rule, "cloud")).toEqual([]);
    },
  );

  it("names only metrics of the contract", () => {
    const known = new Set(Object.values(metrics).map(({ name }) => name));
    const used = [...own, ...hubOnly].flatMap((rule) => [
      recorded(rule),
      ...selectors(rule.expr).map(({ metric }) => metric ?? "a selector without a name"),
    ]);
    expect(used.filter((name) => !known.has(name))).toEqual([]);
  });

  it("records every metric of its level in the contract", () => {
    const level = (prefix: string) =>
      Object.values(metrics)
        .map(({ name }) => name)
        .filter((name) => name.startsWith(prefix))
        .sort();
    expect([...new Set(own.map(recorded))].sort()).toEqual(level(CLUSTER_LEVEL));
    expect([...new Set(hubOnly.map(recorded))].sort()).toEqual(level(HUB_LEVEL));
  });
});

describe("one writer a series", () => {
  it("writes no federated name from a hub rule", () => {
    expect(hubOnly.map(recorded).filter((name) => !name.startsWith(HUB_LEVEL))).toEqual([]);
  });

  it("reads no hub series from any rule", () => {
    const read = [...own, ...hubOnly].flatMap(({ expr }) => selectors(expr)).map(({ metric }) => metric);
    expect(read.filter((name) => name === undefined || name.startsWith(HUB_LEVEL))).toEqual([]);
  });

  it("reads no federated series where it writes one", () => {
    const read = own.flatMap(({ expr }) => selectors(expr)).map(({ metric }) => metric);
    expect(read).toEqual(["up", "up", "model_transfer_stage_timestamp_seconds"]);
  });

  it("restricts every selector of a hub rule to one member", () => {
    const restrictions = hubOnly
      .flatMap(({ expr }) => selectors(expr))
      .map(({ matchers }) => matchers.map(({ label, op, value }) => `${label}${op}${value}`).join());
    expect([...new Set(restrictions)]).toEqual(["cluster=hpc", "cluster=west", "member=hpc", "member=west"]);
  });
});

describe("the matches of the federate jobs", () => {
  it.each([HEALTH_MATCH, DETAIL_MATCH])("is PromQL: %s", (match) => {
    expect(syntaxErrors(match)).toEqual([]);
  });

  it("selects heartbeat and target counts, and nothing else of the contract, for health", () => {
    const names = Object.values(metrics).map(({ name }) => name);
    expect(names.filter((name) => selects(HEALTH_MATCH, name))).toEqual([
      "fed_cluster:heartbeat:timestamp_seconds",
      "fed_cluster:targets:up",
      "fed_cluster:targets:down",
    ]);
    expect(names.filter((name) => selects(DETAIL_MATCH, name))).toEqual([
      "fed_cluster:transfer_stage:timestamp_seconds",
    ]);
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
      fc.stringMatching(/^[a-z_:]{1,20}$/).map((tail) => `${HUB_LEVEL}${tail}`),
    );
    fc.assert(
      fc.property(name, (other) => {
        expect([HEALTH_MATCH, DETAIL_MATCH].filter((match) => selects(match, other))).toEqual([]);
      }),
    );
  });
});
