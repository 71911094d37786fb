import type { Component } from "../../metrics/catalogue/recorded/health";
import { HEALTH_STATES, health, hubHealth } from "../../metrics/catalogue/recorded/health";
import { fedHub } from "../../metrics/catalogue";
import { FEDERATION } from "../../metrics/levels";
import { not, select } from "../../metrics/select";
import type { Threshold } from "../../metrics/thresholds";
import { either, labelled } from "../recording/expressions";
import type { RecordingRule, RuleGroup } from "../types";
import { constant, weights } from "./cluster";

/** A cluster whose health the hub judges, with the components it is declared to have. */
export interface JudgedCluster {
  readonly cluster: string;
  readonly components: readonly Component[];
}

export interface HubHealthArgs {
  /** The hub's own cluster. */
  readonly hub: JudgedCluster;
  readonly members: readonly JudgedCluster[];
  /** Points below which a cluster is degraded, and critical. */
  readonly limits: Threshold;
}

/** Points above a limit that a cluster must reach again to leave the state below it. */
const MARGIN = 5;

/** A series for each cluster whose recordings may be believed: always the hub's own, a member's while it is not stale. */
const freshOf = ({ hub }: HubHealthArgs): string =>
  `(${constant(1, hub.cluster)} or ${select(fedHub.members.heartbeatStale)} == 0)`;

/** A number for each cluster. */
const each = (value: number, clusters: readonly JudgedCluster[]): string =>
  `(${either(...clusters.map(({ cluster }) => constant(value, cluster)))})`;

/** A number for each declared component of each cluster. */
const eachComponent = (value: number, clusters: readonly JudgedCluster[]): string =>
  `(${either(
    ...clusters.flatMap(({ cluster, components }) =>
      components.map((component) => labelled(constant(value, cluster), "component", component)),
    ),
  )})`;

const reasoned = (expr: string, reason: string, known: "no" | "yes"): string =>
  labelled(labelled(expr, "reason", reason), "known", known);

/** Scores of fresh clusters; 0 for what is declared and not known. */
function scores(clusters: readonly JudgedCluster[], fresh: string): string {
  return `(${select(health.score)} and on (cluster) ${fresh}) or on (cluster, component) ${eachComponent(0, clusters)}`;
}

/** Losses of fresh clusters; all points of each component of a blind one, and of one that says nothing. */
function losses(clusters: readonly JudgedCluster[], fresh: string): string {
  const all = eachComponent(100, clusters);
  const unheard = `${all} and on (cluster) ${fresh} unless on (cluster, component) ${select(health.score)}`;
  return either(
    `(${select(health.loss)} and on (cluster) ${fresh})`,
    reasoned(`(${all} unless on (cluster) ${fresh})`, "blind", "no"),
    reasoned(`(${unheard})`, "unheard", "no"),
  );
}

function totals(clusters: readonly JudgedCluster[], fresh: string): string {
  return `(${select(health.total)} and on (cluster) ${fresh}) or on (cluster) ${each(0, clusters)}`;
}

/** 1 below the limit; once there, until the score is above limit and margin. `was`: 1 for each cluster that is there. */
function below(limit: number, was: string): string {
  const score = select(hubHealth.total);
  return `clamp_max((${score} < bool ${limit}) + (${score} < bool ${limit + MARGIN}) * ${was}, 1)`;
}

/** The state of each cluster, from its score and the state it was in. */
function states(clusters: readonly JudgedCluster[], fresh: string, { warning, critical }: Threshold): string {
  const before = `(${select(hubHealth.state)} or on (cluster) 0 * ${select(hubHealth.total)})`;
  const wasCritical = `(${before} == bool ${HEALTH_STATES.critical})`;
  const wasDegraded = `((${before} == bool ${HEALTH_STATES.degraded}) + ${wasCritical})`;
  const blind = `${each(HEALTH_STATES.blind, clusters)} unless on (cluster) ${fresh}`;
  const known = `${below(warning, wasDegraded)} + ${below(critical, wasCritical)}`;
  return `(${blind}) or on (cluster) (${known})`;
}

const NO_REASON = reasoned(labelled("vector(0)", "component", "none"), "none", "yes");

/** What takes most points of each cluster: all of them where it is blind. */
function topReasons(clusters: readonly JudgedCluster[], fresh: string): string {
  const weight = either(
    ...Object.entries(weights).map(([component, value]) =>
      labelled(`vector(${value})`, "component", component),
    ),
  );
  const costs = `${select(hubHealth.loss, { reason: not("blind") })} * on (component) group_left () (${weight})`;
  const blind = reasoned(
    labelled(`(${each(100, clusters)} unless on (cluster) ${fresh})`, "component", "monitoring"),
    "blind",
    "no",
  );
  const none = either(...clusters.map(({ cluster }) => labelled(NO_REASON, "cluster", cluster)));
  return `topk by (cluster) (1, (${either(costs, blind)}) > 0) or on (cluster) (${none})`;
}

/** The same of all clusters together: each has its part of the points. */
function federationTopReason(count: number): string {
  const parts = `label_replace(${select(hubHealth.topReason)} > 0, "source", "$1", "cluster", "(.+)") / ${count}`;
  return `topk(1, max by (source, component, reason, known) (${parts})) or on () ${labelled(NO_REASON, "source", "none")}`;
}

/**
 * Health as the hub may believe it, evaluated in this order. A member whose heartbeat is stale, or of which it can not be
 * told whether it is, is blind: whatever it last said counts no more.
 */
export function hubHealthRuleGroup(args: HubHealthArgs): RuleGroup {
  const clusters = [args.hub, ...args.members];
  const fresh = freshOf(args);
  const rule = ({ name }: { readonly name: string }, expr: string): RecordingRule => ({ record: name, expr });
  const together = (metric: { readonly name: string }, expr: string): RecordingRule => ({
    ...rule(metric, expr),
    labels: { cluster: FEDERATION },
  });
  return {
    name: "hub-health",
    rules: [
      rule(hubHealth.score, scores(clusters, fresh)),
      rule(hubHealth.loss, losses(clusters, fresh)),
      rule(hubHealth.total, totals(clusters, fresh)),
      rule(hubHealth.state, states(clusters, fresh, args.limits)),
      rule(hubHealth.topReason, topReasons(clusters, fresh)),
      together(hubHealth.federation, `sum(${select(hubHealth.total)}) / ${clusters.length}`),
      together(hubHealth.federationState, `max(${select(hubHealth.state)})`),
      together(hubHealth.federationTopReason, federationTopReason(clusters.length)),
    ],
  };
}
