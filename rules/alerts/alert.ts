import type { Component } from "../../metrics/catalogue/recorded/health";
import { HUB_LEVEL } from "../../metrics/levels";
import { ruleProblems, selectors } from "../../metrics/promql";
import type { Own } from "../health/losses";
import { ownOf } from "../health/losses";
import type { AlertingRule } from "../types";

/** `critical` wakes somebody, `warning` is for working hours, `info` is never sent: it explains others. */
export type Severity = "critical" | "info" | "warning";

/** An alert without what its scope adds: runbook, and the proof that it keeps its cluster. */
export interface AlertDefinition {
  /** CamelCase, subject first, names the symptom; the heading of its section in the runbook. */
  readonly alert: string;
  readonly severity: Severity;
  readonly component: Component;
  readonly expr: string;
  /** How long it must hold, a Prometheus duration. */
  readonly for: string;
  /** Labels beyond severity and component. */
  readonly labels?: Readonly<Record<string, string>>;
  /** One line without values, with what is concerned. */
  readonly summary: string;
  /** Sentences with values: what is wrong, and what follows from it. */
  readonly description: string;
}

/** Where alerts are evaluated, and what their expressions may read there. */
export interface AlertScope {
  /** Selects series of the scope's cluster alone. */
  readonly own: Own;
  /** What is wrong with a rule here: it does not parse, loses `cluster`, or reads what another place evaluates. */
  readonly problems: (rule: AlertingRule) => readonly string[];
  /**
   * Makes the rule.
   *
   * @throws Error with the problems of the rule.
   */
  readonly alert: (definition: AlertDefinition) => AlertingRule;
}

export interface ScopeArgs {
  readonly cluster: string;
  /** URL of the runbook, to which the heading is added. */
  readonly runbookUrl: string;
}

/** The heading's anchor, as renderers of Markdown make it. */
export const anchorOf = (alert: string): string => alert.toLowerCase();

/** Alerts of a cluster about itself: on the hub as well, where series of other clusters lie beside its own. */
export function clusterScope({ cluster, runbookUrl }: ScopeArgs): AlertScope {
  const reads = ({ matchers }: ReturnType<typeof selectors>[number]): boolean =>
    matchers.some(({ label, op, value }) => label === "cluster" && op === "=" && value === cluster);
  return scope({ cluster, runbookUrl }, reads, `series with cluster="${cluster}" alone`);
}

/** Alerts of the hub about its members: from what the hub records of each, and what each recorded and sent. */
export function hubScope(args: ScopeArgs & { readonly members: readonly string[] }): AlertScope {
  const reads = ({ metric = "", matchers }: ReturnType<typeof selectors>[number]): boolean =>
    metric.startsWith(HUB_LEVEL) ||
    matchers.some(
      ({ label, op, value }) => label === "cluster" && op === "=" && args.members.includes(value),
    );
  return scope(args, reads, `${HUB_LEVEL} series, or those of one member (${args.members.join(", ")})`);
}

function scope(
  { cluster, runbookUrl }: ScopeArgs,
  reads: (selector: ReturnType<typeof selectors>[number]) => boolean,
  allowed: string,
): AlertScope {
  const problems = (rule: AlertingRule): readonly string[] => {
    const wrong = ruleProblems(rule, cluster);
    // what does not parse has no selectors worth naming
    const strangers = wrong.length > 0 ? [] : selectors(rule.expr).filter((selector) => !reads(selector));
    return [
      ...wrong,
      ...strangers.map(
        ({ metric = "a selector without a name" }) => `${rule.alert}: ${metric} must be ${allowed}`,
      ),
    ];
  };
  return {
    own: ownOf(cluster),
    problems,
    alert: (definition) => {
      const rule = ruleOf(definition, runbookUrl);
      const found = problems(rule);
      if (found.length > 0) throw new Error(found.join("; "));
      return rule;
    },
  };
}

function ruleOf(definition: AlertDefinition, runbookUrl: string): AlertingRule {
  const { alert, severity, component, expr, labels, summary, description } = definition;
  return {
    alert,
    expr,
    for: definition.for,
    labels: { ...labels, severity, component },
    annotations: { summary, description, runbook_url: `${runbookUrl}#${anchorOf(alert)}` },
  };
}
