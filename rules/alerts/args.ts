import type { Thresholds } from "../../metrics/thresholds";
import type { DeclaredCluster } from "../health";
import type { AlertingRule, RuleGroup } from "../types";
import type { AlertDefinition, AlertScope } from "./alert";

/** What served models, and the way of new versions to the registry, promise. */
export interface Objectives {
  /** Share of requests that must succeed. */
  readonly success: number;
  /** Share of requests that must be answered within the latency limit (`inferenceP95.warning`). */
  readonly latency: number;
  /** Share of a served model's pods that must be ready in time (`coldStart.warning`) after they were made. */
  readonly coldStart: number;
  /** Share of time in which each model's newest content must be registered in time (`transferLag.warning`). */
  readonly freshness: number;
}

export const DEFAULT_OBJECTIVES: Objectives = {
  success: 0.99,
  latency: 0.95,
  coldStart: 0.95,
  freshness: 0.95,
};

/** What the alerts of one cluster about itself are made of. */
export interface ClusterAlertArgs {
  readonly declared: DeclaredCluster;
  /** A member also watches the way to the hub's Alertmanagers. */
  readonly role: "hub" | "member";
  readonly thresholds: Thresholds;
  readonly objectives: Objectives;
  readonly runbookUrl: string;
}

/** The alerts of one subject. */
export type Subject = (scope: AlertScope, args: ClusterAlertArgs) => readonly AlertDefinition[];

/** The labels of a machine's own series. */
export const MACHINE = ["cluster", "instance", "node", "host"] as const;
/** The labels by which a GPU is told. */
export const GPU = ["cluster", "gpu_type", "hostname", "gpu", "UUID", "GPU_I_ID"] as const;

/** A group of alerts; none where there is nothing to watch. */
export function alertGroup(
  name: string,
  rules: readonly AlertingRule[],
  interval?: string,
): readonly RuleGroup[] {
  return rules.length === 0 ? [] : [{ name, ...(interval === undefined ? {} : { interval }), rules }];
}
