import { CLUSTER_LEVEL, FEDERATION, FEDERATION_LEVEL, LOCAL_LEVEL } from "./levels";
import { hasInputSeries, losesCluster } from "./clusterLabel";
import { selectors, syntaxErrors } from "./promqlTree";

export { hasInputSeries, losesCluster } from "./clusterLabel";
export { selectors, syntaxErrors } from "./promqlTree";
export type { Matcher } from "./promqlTree";

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
 * itself gives it. What a cluster records about itself (`fed_cluster:`, `fed_local:`) reads series of one cluster only,
 * since federated series of the same name would otherwise get a second writer. The one exception are the hub's totals
 * over all clusters (`fed_hub:federation_`): they must not keep `cluster`, and set it to `federation`.
 */
export function ruleProblems(rule: CheckedRule, cluster?: string): string[] {
  const name = rule.record ?? rule.alert ?? "rule without a name";
  const syntax = syntaxErrors(rule.expr);
  const problems =
    syntax.length > 0 ? syntax : [...clusterProblems(rule, cluster), ...writerProblems(rule, cluster)];
  return problems.map((problem) => `${name}: ${problem}`);
}

function clusterProblems({ record, expr, labels = {} }: CheckedRule, cluster: string | undefined): string[] {
  const reason = losesCluster(expr);
  const { cluster: set } = labels;
  if (record?.startsWith(FEDERATION_LEVEL)) {
    return [
      ...(reason === undefined
        ? ["the label cluster must not be kept: this is a total over all clusters"]
        : []),
      ...(set === FEDERATION
        ? []
        : [`labels.cluster must be "${FEDERATION}": this is a total over all clusters`]),
    ];
  }
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
  const level = [CLUSTER_LEVEL, LOCAL_LEVEL].find((prefix) => record.startsWith(prefix));
  if (level === undefined) {
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
        `${metric} must be restricted to {cluster="${cluster ?? "<its own>"}"}: ${level} series have one writer`,
    );
}
