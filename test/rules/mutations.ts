import type { Expression } from "../../metrics/promqlTree";
import { child, descendants, operands, parse, text, unquote } from "../../metrics/promqlTree";

/** A name in an expression, changed to one that does not exist. */
export interface Mutant {
  /** The name, and what it is. */
  readonly changed: string;
  readonly expr: string;
}

/** Node names of metric and label names. */
const names: ReadonlySet<string> = new Set(["Identifier", "LabelName", "QuotedLabelName"]);

/** Arguments of functions that are names of labels: written, then read. */
const labelArguments: Readonly<Record<string, readonly number[]>> = {
  label_replace: [1, 3],
  label_join: [1, 3],
};

function labelTexts(call: Expression): Expression[] {
  const identifier = child(call, "FunctionIdentifier");
  const list = child(call, "FunctionCallBody");
  const args = list ? operands(list) : [];
  return (labelArguments[identifier ? text(identifier) : ""] ?? [])
    .map((index) => args[index])
    .filter((argument) => argument !== undefined && unquote(text(argument)) !== "")
    .map((argument) => argument!);
}

/** Every mutant of an expression: one metric or label name changed, wherever it stands. */
export function mutants(source: string): Mutant[] {
  const nodes = descendants(parse(source));
  const found = [
    ...nodes.filter(({ node }) => names.has(node.name)),
    ...nodes.filter(({ node }) => node.name === "FunctionCall").flatMap(labelTexts),
  ];
  return found.map((expression) => {
    const { from, to } = expression.node;
    const written = text(expression);
    const changed = written.startsWith('"') ? `${written.slice(0, -1)}_no"` : `${written}_no`;
    return {
      changed: `${expression.node.name} ${written} at ${from}`,
      expr: source.slice(0, from) + changed + source.slice(to),
    };
  });
}
