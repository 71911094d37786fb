import { metrics } from "../metrics/contract";
import type { RecordingRule, RuleGroup } from "./types";

/** A member the hub expects to hear from, whether it ever did or not. */
export interface ExpectedMember {
  readonly cluster: string;
  /** Age of its last heartbeat above which it is stale: `staleAfter().ageSeconds`. */
  readonly staleAfterSeconds: number;
}

export interface HubRulesArgs {
  /** The hub's own cluster, which is no member. */
  readonly cluster: string;
  readonly members: readonly ExpectedMember[];
}

/** How far back the last heartbeat is looked for: its age is known up to here, after that the member is only stale. */
const LOOKBACK = "1h";

/** How far a member's clock may be ahead of the hub's. */
const SKEW_SECONDS = 5;

/**
 * What the hub alone records: about each declared member, one series a name, labelled `cluster` with the member's name.
 *
 * @throws RangeError when the hub is listed as its own member, or a member twice.
 */
export function hubRuleGroups({ cluster, members }: HubRulesArgs): RuleGroup[] {
  const names = members.map((member) => member.cluster);
  const twice = names.find((name, index) => name === cluster || names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new RangeError(
      `members: ${twice} ${twice === cluster ? "is the hub itself" : "is listed twice"}; list every other cluster once`,
    );
  }
  return members.length === 0
    ? []
    : [{ name: "hub-members", rules: [...heartbeatRules(members), droppedRule(members)] }];
}

/** One expression over all members: promtool's lint, rightly, wants one rule a name. */
function union(members: readonly ExpectedMember[], expr: (member: ExpectedMember) => string): string {
  return members.map((member) => `(${expr(member)})`).join(" or ");
}

/**
 * Age by value: a failed scrape ends the federated series at once, so the last sample within LOOKBACK is taken, and the
 * age grows while the member is down. `max by (cluster)` leaves no other label.
 */
function heartbeatRules(members: readonly ExpectedMember[]): RecordingRule[] {
  const beats = ({ cluster }: ExpectedMember) =>
    `${metrics.heartbeat.name}{cluster=${JSON.stringify(cluster)}}[${LOOKBACK}]`;
  const age = (member: ExpectedMember) => `time() - max by (cluster) (last_over_time(${beats(member)}))`;
  return [
    { record: metrics.heartbeatAge.name, expr: union(members, age) },
    {
      record: metrics.heartbeatStale.name,
      expr: union(
        members,
        (member) => `${age(member)} > bool ${member.staleAfterSeconds} or absent_over_time(${beats(member)})`,
      ),
    },
    {
      record: metrics.heartbeatSkewed.name,
      expr: union(members, (member) => `${age(member)} < bool -${SKEW_SECONDS}`),
    },
  ];
}

/** The federate jobs' own series carry `member` in place of `cluster`, which becomes `cluster` here. */
function droppedRule(members: readonly ExpectedMember[]): RecordingRule {
  const dropped = union(members, ({ cluster }) => {
    const member = `{member=${JSON.stringify(cluster)}}`;
    return `${metrics.samplesScraped.name}${member} - ${metrics.samplesKept.name}${member}`;
  });
  return {
    record: metrics.samplesDropped.name,
    expr: `sum by (cluster, job) (label_replace(${dropped}, "cluster", "$1", "member", "(.+)"))`,
  };
}
