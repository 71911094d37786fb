import { clusterMetrics, hubMetrics, localMetrics } from "./define";

/** What the health of a cluster is made of; a cluster has those that its site declares. Alerts carry one of them too. */
export const components = [
  "api",
  "nodes",
  "gpus",
  "storage",
  "scheduler",
  "transfer",
  "serving",
  "monitoring",
] as const;

export type Component = (typeof components)[number];

/** Checks of all components at most. */
export const MAX_CHECKS = 40;

/** Values of the states of a cluster and of the federation. Blind: nothing fresh is known, good or bad. */
export const HEALTH_STATES = { healthy: 0, degraded: 1, critical: 2, blind: 3 } as const;

/** `component` follows from the check; `known` is no where the check has no data, which costs points as well. */
const reason = { component: 1, reason: MAX_CHECKS, known: ["no", "yes"] } as const;
const reasonLabels = ["component", "reason", "known"] as const;

/** A cluster's judgement of itself, 0 to 100 points. */
export const health = clusterMetrics({
  score: {
    name: "health:score",
    unit: "percent",
    labels: { component: components },
    federate: "health",
    meaning: "health of a declared component: 100 less its losses, 0 where nothing is known of it",
  },
  loss: {
    name: "health:loss",
    unit: "percent",
    labels: reason,
    federate: "health",
    meaning: "points a component loses, by reason; 0 where there is none; held for 5 minutes",
  },
  total: {
    name: "cluster_health:score",
    unit: "percent",
    federate: "health",
    meaning: "health of the cluster: 100 less what its components lose, each by its weight",
  },
  watchdog: {
    name: "watchdog:firing",
    unit: "boolean",
    federate: "health",
    meaning: "1 while the cluster's Watchdog alert fires: its alerts are evaluated",
  },
  hubReachable: {
    name: "hub_reachable:firing",
    unit: "boolean",
    federate: "health",
    meaning: "1 while a member says that the hub's Alertmanagers deliver its alerts; none on the hub",
  },
});

/** Each check as it stands now, for its own cluster. */
export const localHealth = localMetrics({
  loss: {
    name: "health_check:loss",
    unit: "percent",
    labels: reasonLabels,
    meaning: "points a check takes now, before they are held",
  },
});

/** Every cluster's health as the hub may believe it, and that of all together (`cluster` is "federation"). */
export const hubHealth = hubMetrics({
  score: {
    name: "health:score",
    unit: "percent",
    labels: ["component"],
    meaning: "health of a component; 0 while the hub is blind to its cluster or hears nothing of it",
  },
  loss: {
    name: "health:loss",
    unit: "percent",
    labels: reasonLabels,
    meaning: "points a component loses, by reason; reason blind while the hub is blind to its cluster",
  },
  total: {
    name: "cluster_health:score",
    unit: "percent",
    meaning: "health of a cluster; 0 while the hub is blind to it",
  },
  state: {
    name: "cluster_health:state",
    unit: "count",
    meaning:
      "state of a cluster: 0 healthy, 1 degraded, 2 critical, 3 blind; it takes 5 points more to get out",
  },
  topReason: {
    name: "cluster_health:top_reason",
    unit: "percent",
    labels: reasonLabels,
    meaning: "the reason that costs a cluster most, with the points of the cluster it takes; none at 0",
  },
  federation: {
    name: "federation_health:score",
    unit: "percent",
    meaning: "mean health of all declared clusters; what is blind or unheard counts as 0",
  },
  federationState: {
    name: "federation_health:state",
    unit: "count",
    meaning: "worst state of any cluster: 0 healthy, 1 degraded, 2 critical, 3 blind",
  },
  federationTopReason: {
    name: "federation_health:top_reason",
    unit: "percent",
    labels: ["source", ...reasonLabels],
    meaning:
      "the reason that costs the federation most, of cluster source, with the points it takes; none at 0",
  },
});
