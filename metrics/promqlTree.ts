import { parser } from "@prometheus-io/lezer-promql";

type SyntaxNode = ReturnType<typeof parser.parse>["topNode"];

/** One label matcher of a selector; `value` is unquoted. */
export interface Matcher {
  readonly label: string;
  readonly op: "=" | "!=" | "=~" | "!~";
  readonly value: string;
}

/** A vector selector: metric name (absent where only matchers select) and matchers, in order of appearance. */
export interface Selector {
  readonly metric?: string;
  readonly matchers: readonly Matcher[];
}

/** A node of a parsed expression together with the text it was parsed from. */
export interface Expression {
  readonly node: SyntaxNode;
  readonly source: string;
}

/** Node names of everything that is an expression of its own. */
const expressionNodes: ReadonlySet<string> = new Set([
  "AggregateExpr",
  "AnchoredExpr",
  "BinaryExpr",
  "FunctionCall",
  "MatrixSelector",
  "NumberDurationLiteral",
  "OffsetExpr",
  "ParenExpr",
  "SmoothedExpr",
  "StepInvariantExpr",
  "StringLiteral",
  "SubqueryExpr",
  "UnaryExpr",
  "VectorSelector",
]);

const operators: Readonly<Record<string, Matcher["op"]>> = {
  EqlSingle: "=",
  Neq: "!=",
  EqlRegex: "=~",
  NeqRegex: "!~",
};

/** Parses PromQL; what is not PromQL stays in the tree as error nodes (see {@link syntaxErrors}). */
export function parse(source: string): Expression {
  return { node: parser.parse(source).topNode, source };
}

export function text({ node, source }: Expression): string {
  return source.slice(node.from, node.to);
}

/** Direct children, in order, comments left out. */
export function children({ node, source }: Expression): Expression[] {
  const found: Expression[] = [];
  for (let next = node.firstChild; next !== null; next = next.nextSibling) {
    if (next.name !== "LineComment") {
      found.push({ node: next, source });
    }
  }
  return found;
}

/** The first direct child of that name. */
export function child(expression: Expression, name: string): Expression | undefined {
  return children(expression).find(({ node }) => node.name === name);
}

/** Direct children that are expressions: operands, arguments, what a modifier applies to. */
export function operands(expression: Expression): Expression[] {
  return children(expression).filter(({ node }) => expressionNodes.has(node.name));
}

/** Every node below and including this one, depth first; `enter` false leaves out what lies below a node. */
export function descendants(
  expression: Expression,
  enter: (node: Expression) => boolean = () => true,
): Expression[] {
  const below = enter(expression) ? children(expression).flatMap((node) => descendants(node, enter)) : [];
  return [expression, ...below];
}

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** Value of a PromQL string literal: quotes removed, escapes resolved (none in backquotes). */
export function unquote(literal: string): string {
  const body = literal.slice(1, -1);
  return literal.startsWith("`")
    ? body
    : body.replaceAll(
        /\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U(?:000[\da-fA-F]|0010)[\da-fA-F]{4}|[0-7]{3}|.)/gs,
        (_, code: string) => {
          if (code.length === 1) {
            return escapes[code] ?? code;
          }
          const value = /^[0-7]/.test(code) ? Number.parseInt(code, 8) : Number.parseInt(code.slice(1), 16);
          return String.fromCodePoint(value);
        },
      );
}

/** Label names of a `by (...)`, `on (...)`, `group_left (...)` list; none where the list is absent. */
export function labelNames(groupingLabels: Expression | undefined): string[] {
  return groupingLabels === undefined
    ? []
    : children(groupingLabels).map((label) =>
        label.node.name === "QuotedLabelName" ? unquote(text(label)) : text(label),
      );
}

/** The selector that a VectorSelector node stands for; `{"name"}` and `{__name__="name"}` give the metric too. */
export function selectorOf(vectorSelector: Expression): Selector {
  const identifier = child(vectorSelector, "Identifier");
  const list = child(vectorSelector, "LabelMatchers");
  const parts = list === undefined ? [] : children(list);
  const quotedName = parts.find(({ node }) => node.name === "QuotedLabelName");
  const matchers = parts.flatMap(matcherOf);
  const byLabel = matchers.find(({ label, op }) => label === "__name__" && op === "=")?.value;
  const metric = identifier ? text(identifier) : quotedName ? unquote(text(quotedName)) : byLabel;
  return metric === undefined ? { matchers } : { metric, matchers };
}

function matcherOf(part: Expression): Matcher[] {
  const [label, op, value] = children(part);
  const operator = op && operators[children(op)[0]?.node.name ?? ""];
  if (label === undefined || operator === undefined || value === undefined) {
    return [];
  }
  const quoted = label.node.name === "QuotedLabelName";
  return [{ label: quoted ? unquote(text(label)) : text(label), op: operator, value: unquote(text(value)) }];
}

/** Every vector selector of an expression, in order of appearance. */
export function selectors(source: string): Selector[] {
  return descendants(parse(source))
    .filter(({ node }) => node.name === "VectorSelector")
    .map(selectorOf);
}

/** Every duration that an expression looks back by: of ranges, subqueries and offsets. */
export function durations(source: string): string[] {
  return descendants(parse(source))
    .filter(({ node }) => node.name === "NumberDurationLiteralInDurationContext")
    .map(text);
}

/**
 * What keeps a text from being PromQL: `1:5: unexpected "foo"` (line and column from 1, the offending text). Only
 * the first place is named, since what follows it is mostly its consequence; strings left open are named as well.
 * Argument counts and types are not looked at: `promtool check rules` does that.
 */
export function syntaxErrors(source: string): string[] {
  const nodes = descendants(parse(source));
  const error = nodes.find(({ node }) => node.type.isError);
  const open = nodes.filter(
    (expression) => expression.node.name === "StringLiteral" && !terminated(text(expression)),
  );
  return [
    ...open.map((literal) => `${position(literal)}: string ${text(literal)} has no closing quote`),
    ...(error === undefined || open.length > 0 ? [] : [`${position(error)}: ${unexpected(error)}`]),
  ];
}

function unexpected(error: Expression): string {
  const { node, source } = error;
  const offending = node.to > node.from ? text(error) : (/\S+/.exec(source.slice(node.from))?.[0] ?? "");
  const before = node.prevSibling;
  if (offending.startsWith("(") && before?.name === "Identifier") {
    return `unknown function ${JSON.stringify(source.slice(before.from, before.to))}`;
  }
  return offending === "" ? "unexpected end of the expression" : `unexpected ${JSON.stringify(offending)}`;
}

function terminated(literal: string): boolean {
  return /^(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)$/s.test(literal);
}

/** Line and column, from 1, of the first character of a node that is no white space. */
function position({ node, source }: Expression): string {
  const space = /^\s*/.exec(source.slice(node.from))?.[0].length ?? 0;
  const start = node.from + space >= source.length ? source.length : node.from + space;
  const before = source.slice(0, start).split("\n");
  return `${before.length}:${(before.at(-1) ?? "").length + 1}`;
}
