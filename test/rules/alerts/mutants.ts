import type { Expression } from "../../../metrics/promqlTree";
import { child, children, descendants, operands, parse, text } from "../../../metrics/promqlTree";
import type { Rule } from "../../../rules";

/** A rule with one thing changed for the worse. */
export interface Mutant {
  readonly change: string;
  readonly kind: "cluster dropped" | "comparison negated";
  readonly rule: Rule;
}

const negated: Readonly<Record<string, string>> = {
  "==": "!=",
  "!=": "==",
  ">": "<=",
  "<=": ">",
  "<": ">=",
  ">=": "<",
};

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly by: string;
  readonly kind: Mutant["kind"];
}

/** The operator of a comparison, with the place where it is written. */
function comparisons(expression: Expression): Edit[] {
  if (expression.node.name !== "BinaryExpr") return [];
  return children(expression).flatMap((part) => {
    const by = negated[text(part)];
    return by === undefined
      ? []
      : [{ from: part.node.from, to: part.node.to, by, kind: "comparison negated" as const }];
  });
}

/** `cluster` in `by (...)`, `on (...)` and their like, with the comma that follows or precedes it. */
function groupings(expression: Expression): Edit[] {
  if (expression.node.name !== "GroupingLabels") return [];
  const labels = children(expression);
  const index = labels.findIndex((label) => text(label) === "cluster");
  const [found, next, previous] = [labels[index], labels[index + 1], labels[index - 1]];
  if (found === undefined) return [];
  const from = next === undefined ? (previous?.node.to ?? found.node.from) : found.node.from;
  return [{ from, to: next?.node.from ?? found.node.to, by: "", kind: "cluster dropped" }];
}

/** Matchers of `cluster`. */
function matchers(expression: Expression): Edit[] {
  if (expression.node.name !== "LabelMatchers") return [];
  const all = children(expression);
  return all.flatMap((matcher, index): Edit[] => {
    const label = children(matcher)[0];
    if (label === undefined || text(label) !== "cluster") return [];
    const next = all[index + 1];
    const from = next === undefined ? (all[index - 1]?.node.to ?? matcher.node.from) : matcher.node.from;
    return [{ from, to: next?.node.from ?? matcher.node.to, by: "", kind: "cluster dropped" }];
  });
}

/** `cluster` as the label that label_replace() writes. */
function relabelled(expression: Expression): Edit[] {
  const identifier =
    expression.node.name === "FunctionCall" ? child(expression, "FunctionIdentifier") : undefined;
  const list = child(expression, "FunctionCallBody");
  const target = identifier && text(identifier) === "label_replace" && list ? operands(list)[1] : undefined;
  return target === undefined || text(target) !== '"cluster"'
    ? []
    : [{ from: target.node.from, to: target.node.to, by: '"other"', kind: "cluster dropped" }];
}

/** Every mutant of a rule: each comparison negated, each mention of the label `cluster` dropped. */
export function mutantsOf(rule: Rule): readonly Mutant[] {
  const { expr, labels } = rule;
  const edits = descendants(parse(expr)).flatMap((expression) =>
    [comparisons, groupings, matchers, relabelled].flatMap((find) => find(expression)),
  );
  const changed = edits.map(({ from, to, by, kind }) => ({
    change: `${kind} at ${from}: ${JSON.stringify(expr.slice(Math.max(0, from - 20), to + 10))}`,
    kind,
    rule: { ...rule, expr: expr.slice(0, from) + by + expr.slice(to) },
  }));
  if (labels?.cluster === undefined) return changed;
  const { cluster, ...rest } = labels;
  return [
    ...changed,
    {
      change: `label cluster="${cluster}" dropped`,
      kind: "cluster dropped",
      rule: { ...rule, labels: rest },
    },
  ];
}
