import { fedCluster, fedHub } from "../../../metrics/catalogue";
import { FEDERATE_DETAIL_JOB, FEDERATE_HEALTH_JOB } from "../../../metrics/federation";
import { select } from "../../../metrics/select";
import type { Prometheus } from "../../preview/prometheus";
import { targetsOf, type Target } from "./targets";
import { counted, judged } from "../verdict";
import type { Problem, Verdict } from "../verdict";

/** A member as the hub's Prometheus hears it. */
export interface FederationEvidence {
  readonly member: string;
  readonly targets: readonly Target[];
  /** Series of recordings that carry the member's label, and names among them. */
  readonly series: number;
  readonly names: number;
  /** Samples of the last scrapes that were about someone else, or no one; absent where the hub does not record it. */
  readonly dropped?: number;
  /** Seconds since the last heartbeat by its value; absent where none came within an hour. */
  readonly ageSeconds?: number;
  /** The last heartbeat on the hub, and those that the member itself recorded of late. */
  readonly heartbeat?: number;
  readonly memberHeartbeats: readonly number[];
  /** Seconds above which a heartbeat is stale. */
  readonly staleSeconds: number;
}

/** How long ago the member's own heartbeats are looked for. */
const HEARTBEATS_MS = 300_000;

export async function gatherFederation(
  hub: Prometheus,
  member: Prometheus,
  cluster: string,
  staleSeconds: number,
  now = Date.now(),
): Promise<FederationEvidence> {
  const heartbeat = select(fedCluster.monitoring.heartbeat, { cluster });
  const one = async (query: string): Promise<number | undefined> =>
    (await hub.instant(query, now))[0]?.samples[0]?.[1];
  const [all, series, names, dropped, age, last, own] = await Promise.all([
    targetsOf(hub),
    one(`count({__name__=~"fed_cluster:.+",cluster=${JSON.stringify(cluster)}})`),
    one(`count(count by (__name__) ({__name__=~"fed_cluster:.+",cluster=${JSON.stringify(cluster)}}))`),
    one(`sum(${select(fedHub.members.samplesDropped, { cluster })})`),
    one(`time() - last_over_time(${heartbeat}[1h])`),
    one(`last_over_time(${heartbeat}[1h])`),
    member.range(heartbeat, { from: now - HEARTBEATS_MS, to: now, step: 1000 }),
  ]);
  return {
    member: cluster,
    targets: all.active.filter(({ labels }) => labels.member === cluster),
    series: series ?? 0,
    names: names ?? 0,
    ...(dropped === undefined ? {} : { dropped }),
    ...(age === undefined ? {} : { ageSeconds: age }),
    ...(last === undefined ? {} : { heartbeat: last }),
    memberHeartbeats: [...new Set(own.flatMap(({ samples }) => samples.map(([, value]) => value)))],
    staleSeconds,
  };
}

const JOBS = [FEDERATE_HEALTH_JOB, FEDERATE_DETAIL_JOB];

/** What to do about a link, by whose the member's Prometheus is. */
export interface FederationAdvice {
  readonly down: string;
  /** Where what the hub hears is another one's. */
  readonly foreign: (member: string) => string;
}

export const DEPLOYED: FederationAdvice = {
  down: "401: `pulumi up` the hub, then the member (credentials); a certificate: the same; no connection: node port, firewall, allowFrom of the member",
  foreign: (member) =>
    `compare federation:hub.members[].url with the output federationUrl of ${member}'s stack`,
};

export const EXISTING: FederationAdvice = {
  down: "401, 403: federation:memberPrometheusCredentials of the hub's stack, which must let GET /federate pass; a certificate: prometheus.caFile of its entry in federation:hub.members; no connection: its url, the site's ingress, firewall; then `pulumi up` the hub",
  foreign: (member) =>
    `compare federation:hub.members[].url with federation:member.prometheus.url of ${member}'s stack; replicas behind one address must each answer the same client (sessionAffinity: ClientIP)`,
};

function linkProblems({ member, targets }: FederationEvidence, advice: FederationAdvice): readonly Problem[] {
  const missing = JOBS.filter((job) => !targets.some(({ labels }) => labels.job === job));
  if (missing.length > 0)
    return [
      {
        cause: `the hub's Prometheus has no target ${missing.join(", ")} of ${member}`,
        action: "`pulumi up` of the hub's stack",
      },
    ];
  const down = targets.filter(({ health }) => health !== "up");
  const [first] = down;
  if (first === undefined) return [];
  return [
    {
      cause: `${down.map(({ labels }) => labels.job ?? "").join(" and ")}: ${first.lastError || "not scraped yet"} (${first.scrapeUrl})`,
      action: advice.down,
    },
  ];
}

function heartbeatProblems(evidence: FederationEvidence, advice: FederationAdvice): readonly Problem[] {
  const { member, ageSeconds, heartbeat, memberHeartbeats, staleSeconds } = evidence;
  if (ageSeconds === undefined || heartbeat === undefined)
    return [
      {
        cause: `no heartbeat of ${member} has reached the hub within an hour`,
        action: `look at the rules of ${member}'s Prometheus, and at its label cluster: it must be "${member}"`,
      },
    ];
  if (ageSeconds > staleSeconds)
    return [
      {
        cause: `the last heartbeat of ${member} is ${ageSeconds.toFixed(0)} s old, over ${staleSeconds} s`,
        action: `rules of ${member}'s Prometheus have stopped, or its clock is behind (docs/runbook.md, MemberStale)`,
      },
    ];
  if (!memberHeartbeats.includes(heartbeat))
    return [
      {
        cause: `the hub's heartbeat ${heartbeat} labelled ${member} was never recorded by ${member}'s Prometheus: another one sends under its name`,
        action: advice.foreign(member),
      },
    ];
  return [];
}

export function judgeFederation(evidence: FederationEvidence, advice = DEPLOYED): Verdict {
  const { member, targets, series, names, dropped, ageSeconds } = evidence;
  const link = linkProblems(evidence, advice);
  const problems = [
    ...link,
    ...(link.length > 0 ? [] : heartbeatProblems(evidence, advice)),
    ...(dropped !== undefined && dropped > 0
      ? [
          {
            cause: `${dropped} samples of each scrape carry another cluster than ${member}, or none, and are dropped`,
            action: "docs/runbook.md, MemberSamplesDropped",
          },
        ]
      : []),
  ];
  return judged(
    [
      `${counted(targets.length, "federate job")} up (${targets.map(({ labels }) => labels.job ?? "").join(", ")})`,
      `${series} series of ${names} recordings with cluster="${member}", ${dropped === undefined ? "not told how many samples are dropped" : `${dropped} samples dropped`}`,
      `last heartbeat ${ageSeconds?.toFixed(0) ?? "never"} s ago, the same on both sides`,
    ],
    problems,
  );
}
