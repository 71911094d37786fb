import { children, descendants, operands, parse, selectorOf, text, unquote } from "../../metrics/promqlTree";
import type { Expression, Matcher, Selector } from "../../metrics/promqlTree";
import { seriesByName } from "../../metrics/series";
import type { RecordingRule, RuleGroup } from "../../rules";
import { STEP } from "./options";

/** Recording rules by the name they write. */
export type Rules = ReadonlyMap<string, readonly RecordingRule[]>;

export function rulesByName(groups: readonly RuleGroup[]): Rules {
  const found = new Map<string, RecordingRule[]>();
  for (const rule of groups.flatMap(({ rules }) => rules))
    if ("record" in rule) found.set(rule.record, [...(found.get(rule.record) ?? []), rule]);
  return found;
}

function matches({ op, value }: Matcher, found: string): boolean {
  const same = op.endsWith("~") ? new RegExp(`^(?:${value})$`, "s").test(found) : found === value;
  return op.startsWith("!") ? !same : same;
}

const allMatch = (matchers: readonly Matcher[], name: string, value: string): boolean =>
  matchers.every((matcher) => matcher.label !== name || matches(matcher, value));

/** Of `a or b or c`, each; what is in parentheses is looked into. */
function alternatives(expression: Expression): readonly Expression[] {
  if (expression.node.name === "ParenExpr" || expression.node.name === "PromQL")
    return operands(expression).flatMap(alternatives);
  // with a modifier such as `on (...)` there is a fourth child, and the sides belong together
  const parts = children(expression);
  const isOr = expression.node.name === "BinaryExpr" && parts.length === 3 && parts[1]?.node.name === "Or";
  return isOr ? operands(expression).flatMap(alternatives) : [expression];
}

/** The label that `label_replace(x, "label", "value", "", "")` sets on everything; undefined for what is none. */
function setLabel(expression: Expression): readonly [label: string, value: string] | undefined {
  if (!text(expression).startsWith("label_replace(")) return undefined;
  const literals = descendants(
    expression,
    ({ node }) => node.name !== "FunctionCall" || node.from === expression.node.from,
  )
    .filter(({ node }) => node.name === "StringLiteral")
    .map((literal) => unquote(text(literal)));
  const [label, value, from, pattern] = literals.slice(-4);
  return label !== undefined && value !== undefined && from === "" && pattern === ""
    ? [label, value]
    : undefined;
}

/** A rule's expression without the alternatives that matchers exclude; undefined where none is left. */
function kept({ expr, labels = {} }: RecordingRule, matchers: readonly Matcher[]): string | undefined {
  if (!Object.entries(labels).every(([name, value]) => allMatch(matchers, name, value))) return undefined;
  const left = alternatives(parse(expr)).filter((one) => {
    const set = setLabel(one);
    return set === undefined || allMatch(matchers, ...set);
  });
  if (left.length === 0) return undefined;
  const stated = left.map((one) => `(${text(one)})`).join(" or ");
  return Object.entries(labels).reduce(
    (inner, [name, value]) => `label_replace(${inner}, "${name}", ${JSON.stringify(value)}, "", "")`,
    stated,
  );
}

/** A raw selector with the matchers of the recorded one, as far as its metric has the labels. */
function narrowed(selector: Expression, matchers: readonly Matcher[]): string {
  const { metric = "" } = selectorOf(selector);
  const own = seriesByName.get(metric)?.labels ?? new Set<string>();
  const stated = text(selector);
  const wanted = matchers
    .filter(({ label }) => label !== "__name__" && own.has(label))
    .map(({ label, op, value }) => `${label}${op}${JSON.stringify(value)}`);
  const more = [...new Set(wanted)].filter((matcher) => !stated.includes(matcher));
  if (more.length === 0) return stated;
  return stated.endsWith("}") ? `${stated.slice(0, -1)},${more.join(",")}}` : `${stated}{${more.join(",")}}`;
}

interface Replacement {
  readonly from: number;
  readonly to: number;
  readonly by: string;
}

function replaced(source: string, replacements: readonly Replacement[]): string {
  return [...replacements]
    .sort((one, other) => other.from - one.from)
    .reduce((result, { from, to, by }) => result.slice(0, from) + by + result.slice(to), source);
}

/** What stands for a selector of a recorded series: its rules' expressions, asked on what they read. */
function inlined({ metric = "", matchers }: Selector, rules: Rules): string {
  const parts = (rules.get(metric) ?? [])
    .map((rule) => kept(rule, matchers))
    .filter((one) => one !== undefined);
  // nothing was recorded that matches: an expression without series
  if (parts.length === 0) return "(vector(0) < 0)";
  // a rule that reads its own past has no other source for it
  const others = new Map([...rules].filter(([name]) => name !== metric));
  return `(${parts.map((part) => asRaw(part, others, matchers)).join(" or ")})`;
}

/**
 * The question that an expression over recorded series is, asked on the series that the rules read: each recorded
 * selector becomes its rules' expressions, and so on down to what exporters tell. A range of recorded values becomes a
 * subquery. Matchers choose among a rule's alternatives, and go on to raw selectors whose metric has the label.
 */
export function asRaw(source: string, rules: Rules, matchers: readonly Matcher[] = []): string {
  const nodes = descendants(parse(source));
  const rangeOf = ({ node }: Expression): Expression | undefined =>
    nodes.find((one) => one.node.name === "MatrixSelector" && one.node.from === node.from);
  const replacements = nodes
    .filter(({ node }) => node.name === "VectorSelector")
    .map((selector): Replacement => {
      const { node } = selector;
      const described = selectorOf(selector);
      if (!rules.has(described.metric ?? ""))
        return { from: node.from, to: node.to, by: narrowed(selector, matchers) };
      const inner = inlined({ ...described, matchers: [...described.matchers, ...matchers] }, rules);
      const range = rangeOf(selector);
      const { from, to: end } = (range ?? selector).node;
      // the grammar gives an offset to all that stands before it; Prometheus gives it to the selector
      const shift = /^\s+offset\s+-?\w+/.exec(source.slice(end))?.[0] ?? "";
      const to = end + shift.length;
      const duration = range === undefined ? undefined : /\[(.+)\]$/.exec(text(range))?.[1];
      if (duration !== undefined) return { from, to, by: `${inner}[${duration}:${STEP}s]${shift}` };
      if (shift === "") return { from, to, by: inner };
      return { from, to, by: `last_over_time(${inner}[${STEP}s:${STEP}s]${shift})` };
    });
  return replaced(source, replacements);
}

/** Whether an expression asks of exporters' series of these names alone. */
export function asksOnly(expression: string, names: ReadonlySet<string>): boolean {
  const asked = descendants(parse(expression))
    .filter(({ node }) => node.name === "VectorSelector")
    .map((selector) => selectorOf(selector).metric ?? "");
  return asked.length > 0 && asked.every((name) => names.has(name));
}
