import { CLUSTER_LEVEL } from "./contract";
import { hasInputSeries, losesCluster } from "./clusterLabel";
import { selectors, syntaxErrors } from "./promqlTree";

export { hasInputSeries, losesCluster } from "./clusterLabel";
export { selectors, syntaxErrors } from "./promqlTree";
export type { Matcher, Selector } from "./promqlTree";

/** What is checked of a recording or alerting rule. */
export interface CheckedRule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * What is wrong with a rule, one sentence each that begins with the rule's name; none where all is well.
 *
 * Refused are expressions that do not parse, that lose the label `cluster` of their input series, or set it over them;
 * without an input series `labels.cluster` must be set (to `cluster`, where that is given), unless the expression
 * itself gives it. What a cluster records about itself (`fed_cluster:`) reads series of one cluster only, since
 * federated series of the same name would otherwise get a second writer.
 */
export function ruleProblems(rule: CheckedRule, cluster?: string): string[] {
  const name = rule.record ?? rule.alert ?? "rule without a name";
  const syntax = syntaxErrors(rule.expr);
  const problems =
    syntax.length > 0 ? syntax : [...clusterProblems(rule, cluster), ...writerProblems(rule, cluster)];
  return problems.map((problem) => `${name}: ${problem}`);
}

function clusterProblems({ expr, labels = {} }: CheckedRule, cluster: string | undefined): string[] {
  const reason = losesCluster(expr);
  const { cluster: set } = labels;
  if (hasInputSeries(expr)) {
    return [
      ...(reason === undefined ? [] : [`the label cluster is lost: ${reason}`]),
      ...(set === undefined
        ? []
        : ["labels.cluster must not be set: the expression has input series, keep theirs"]),
    ];
  }
  if (set === undefined || set === "") {
    return reason === undefined ? [] : [`labels.cluster must be set: no input series, and ${reason}`];
  }
  return cluster === undefined || set === cluster
    ? []
    : [`labels.cluster is "${set}" and must be "${cluster}"`];
}

function writerProblems({ record = "", expr }: CheckedRule, cluster: string | undefined): string[] {
  if (!record.startsWith(CLUSTER_LEVEL)) {
    return [];
  }
  return selectors(expr)
    .filter(
      ({ matchers }) =>
        !matchers.some(
          ({ label, op, value }) =>
            label === "cluster" && op === "=" && value !== "" && (cluster === undefined || value === cluster),
        ),
    )
    .map(
      ({ metric = "a selector without a name" }) =>
        `${metric} must be restricted to {cluster="${cluster ?? "<its own>"}"}: ${CLUSTER_LEVEL} series have one writer`,
    );
}
