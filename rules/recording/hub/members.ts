import { fedCluster, fedHub, scrapes } from "../../../metrics/catalogue";
import { FEDERATE_DETAIL_JOB, FEDERATE_HEALTH_JOB } from "../../../metrics/federation";
import { select } from "../../../metrics/select";
import type { Selectable } from "../../../metrics/types";
import type { RecordingRule, RuleGroup } from "../../types";
import { labelled, to } from "../expressions";

/** A member the hub expects to hear from, whether it ever did or not. */
export interface ExpectedMember {
  readonly cluster: string;
  /** Age of its last heartbeat above which it is stale: `staleAfter().ageSeconds`. */
  readonly staleAfterSeconds: number;
  /** Samples its federate jobs may return. */
  readonly sampleLimits: { readonly health: number; readonly detail: number };
}

const recorded = fedHub.members;

/** How far back the last heartbeat is looked for: its age is known up to here, after that the member is only stale. */
const LOOKBACK = "1h";

/** How far a member's clock may be ahead of the hub's. */
const SKEW_SECONDS = 5;

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
    `${select(fedCluster.monitoring.heartbeat, { cluster })}[${LOOKBACK}]`;
  const age = (member: ExpectedMember) => `time() - max by (cluster) (last_over_time(${beats(member)}))`;
  return [
    { record: recorded.heartbeatAge.name, expr: union(members, age) },
    {
      record: recorded.heartbeatStale.name,
      expr: union(
        members,
        (member) => `${age(member)} > bool ${member.staleAfterSeconds} or absent_over_time(${beats(member)})`,
      ),
    },
    {
      record: recorded.heartbeatSkewed.name,
      expr: union(members, (member) => `${age(member)} < bool -${SKEW_SECONDS}`),
    },
  ];
}

/** The federate jobs' own series carry `member` in place of `cluster`, which becomes `cluster` here. */
function federateRules(members: readonly ExpectedMember[]): RecordingRule[] {
  const of = (metric: Selectable, expr: (member: string) => string): RecordingRule => {
    const all = union(members, ({ cluster }) => expr(cluster));
    return {
      record: metric.name,
      expr: to(metric, "sum", `label_replace(${all}, "cluster", "$1", "member", "(.+)")`),
    };
  };
  const limits = ({ cluster, sampleLimits }: ExpectedMember): string =>
    [[FEDERATE_HEALTH_JOB, sampleLimits.health] as const, [FEDERATE_DETAIL_JOB, sampleLimits.detail] as const]
      .map(([job, limit]) => labelled(labelled(`vector(${limit})`, "cluster", cluster), "job", job))
      .join(" or ");
  return [
    of(recorded.up, (member) => select(scrapes.up, { member })),
    of(recorded.scrapeDuration, (member) => select(scrapes.duration, { member })),
    of(recorded.samples, (member) => select(scrapes.samples, { member })),
    of(
      recorded.samplesDropped,
      (member) => `${select(scrapes.samples, { member })} - ${select(scrapes.samplesKept, { member })}`,
    ),
    { record: recorded.sampleLimit.name, expr: union(members, limits) },
  ];
}

/** What the hub records about each declared member: one series a name, labelled `cluster` with the member's name. */
export function memberRules(members: readonly ExpectedMember[]): RuleGroup[] {
  return members.length === 0
    ? []
    : [{ name: "hub-members", rules: [...heartbeatRules(members), ...federateRules(members)] }];
}
