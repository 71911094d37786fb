import type { Component } from "../../metrics/catalogue/recorded/health";
import { health, localHealth } from "../../metrics/catalogue/recorded/health";
import type { ClusterMetric } from "../../metrics/catalogue";
import { scrapes } from "../../metrics/catalogue";
import type { Thresholds } from "../../metrics/thresholds";
import { labelled } from "../recording/expressions";
import type { RecordingRule, RuleGroup } from "../types";
import type { Check, CheckArgs, Checks } from "./checks";
import type { DeclaredCluster } from "./declared";
import { componentsOf, declarationProblems } from "./declared";
import type { Own } from "./losses";
import { max, ownOf, sum } from "./losses";
import { apiChecks, gpuChecks, nodeChecks, schedulerChecks } from "./machineChecks";
import { monitoringChecks, servingChecks, storageChecks, transferChecks } from "./serviceChecks";

/** How long a loss stays counted after it ended: what comes and goes is not well in between. */
const HELD_FOR = "5m";

/** What a cluster loses of its health, as a share, with a component that is wholly lost. */
export const weights: Readonly<Record<Component, number>> = {
  api: 1,
  nodes: 1,
  gpus: 0.8,
  storage: 1,
  scheduler: 0.8,
  transfer: 0.5,
  serving: 0.8,
  monitoring: 0.5,
};

const checkers: Readonly<Record<Component, (args: CheckArgs) => readonly Check[]>> = {
  api: apiChecks,
  nodes: nodeChecks,
  gpus: gpuChecks,
  storage: storageChecks,
  scheduler: schedulerChecks,
  transfer: transferChecks,
  serving: servingChecks,
  monitoring: monitoringChecks,
};

/** The checks of a cluster, by the components it is declared to have. */
export function checksOf(declared: DeclaredCluster, thresholds: Thresholds): Checks {
  const args = { declared, thresholds, own: ownOf(declared.cluster) };
  return Object.fromEntries(
    componentsOf(declared).map((component) => [component, checkers[component](args)]),
  );
}

/** A number that no series stands behind, as a series of the cluster. */
export const constant = (value: number, cluster: string): string =>
  labelled(`vector(${value})`, "cluster", cluster);

/** One check now: its loss, or what it takes while it can not be told. */
function checkRule(cluster: string, component: Component, { reason, unknown, loss }: Check): RecordingRule {
  const known = labelled(loss, "known", "yes");
  return {
    record: localHealth.loss.name,
    expr: `${known} or on (cluster) ${labelled(constant(unknown, cluster), "known", "no")}`,
    labels: { component, reason },
  };
}

/**
 * A component's score: 100 less its losses. A check that was not evaluated at all (its rule fails) leaves nothing known
 * of the component: 0.
 */
function scoreRule(own: Own, cluster: string, component: Component, checks: number): RecordingRule {
  const losses = `max by (cluster, reason) (${own(health.loss, { component })})`;
  const complete = `count by (cluster) (${losses}) == ${checks}`;
  return {
    record: health.score.name,
    expr: `100 - clamp_max(${sum(losses)}, 100) and on (cluster) (${complete}) or on (cluster) ${constant(0, cluster)}`,
    labels: { component },
  };
}

/** That an alert fires at all: how the two that tell of the way of all others cross to the hub. */
function firing(own: Own, metric: ClusterMetric, alertname: string): RecordingRule {
  return { record: metric.name, expr: max(own(scrapes.alerts, { alertname, alertstate: "firing" })) };
}

/** What a cluster loses with its components, in points of the cluster; `lost` gives points of a component. */
function weighted(declared: readonly Component[], lost: (component: Component) => string): string {
  return declared.map((component) => `${weights[component]} * ${lost(component)}`).join(" + ");
}

/**
 * What a cluster says of its own health, evaluated in this order: every check as it stands, the losses held, the score of
 * each component, the score of the cluster. All series are always there, so that a rule that fails is seen as a loss.
 *
 * @throws RangeError when the declaration does not hold.
 */
export function healthRuleGroup(declared: DeclaredCluster, thresholds: Thresholds): RuleGroup {
  const problems = declarationProblems(declared);
  if (problems.length > 0) throw new RangeError(`health of ${declared.cluster}: ${problems.join("; ")}`);
  const { cluster } = declared;
  const own = ownOf(cluster);
  const checks = Object.entries(checksOf(declared, thresholds)) as [Component, readonly Check[]][];
  const named = componentsOf(declared);
  const lost = (component: Component): string => `(100 - ${max(own(health.score, { component }))})`;
  return {
    name: "cluster-health",
    rules: [
      ...checks.flatMap(([component, list]) => list.map((one) => checkRule(cluster, component, one))),
      {
        record: health.loss.name,
        expr: `max by (${health.loss.labels.join(", ")}) (max_over_time(${own(localHealth.loss)}[${HELD_FOR}]))`,
      },
      ...checks.map(([component, list]) => scoreRule(own, cluster, component, list.length)),
      { record: health.total.name, expr: `100 - clamp_max(${weighted(named, lost)}, 100)` },
      firing(own, health.watchdog, "Watchdog"),
      firing(own, health.hubReachable, "HubReachable"),
    ],
  };
}

/** How many series of its health a cluster records for the hub at most: each check, each component, the cluster, two alerts. */
export function healthSeries(declared: DeclaredCluster, thresholds: Thresholds): number {
  const checks = Object.values(checksOf(declared, thresholds));
  return checks.reduce((count, list) => count + list.length, 0) + componentsOf(declared).length + 3;
}
