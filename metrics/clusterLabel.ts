import type { Expression } from "./promqlTree";
import {
  child,
  children,
  descendants,
  labelNames,
  operands,
  parse,
  selectorOf,
  text,
  unquote,
} from "./promqlTree";

/** The label that says which cluster a series is about: on every target but those of the federate jobs. */
const CLUSTER = "cluster";
/** The label of the federate jobs' own targets: the cluster they scrape. */
const MEMBER = "member";

/** What is known of a label on the samples an expression returns. */
type Trace =
  | { readonly kind: "scalar"; readonly series: boolean }
  | { readonly kind: "carried" }
  | { readonly kind: "dropped"; readonly reason: string };

const carried: Trace = { kind: "carried" };
const dropped = (reason: string): Trace => ({ kind: "dropped", reason });

/** Aggregations that return some of their input's samples with all labels, whatever they group by. */
const selecting: ReadonlySet<string> = new Set(["Topk", "Bottomk", "LimitK", "LimitRatio"]);

/** Functions of scalars alone. */
const scalarFunctions: ReadonlySet<string> = new Set([
  "time",
  "pi",
  "scalar",
  "start",
  "end",
  "range",
  "step",
]);

/**
 * Why what an expression returns does not carry the label `cluster`; undefined where all of it does.
 *
 * A selector carries `cluster` unless it asks for series without it: `cluster=""`, or series of the federate jobs,
 * which carry `member` (`label_replace(..., "cluster", "$1", "member", "(.+)")` turns that into `cluster`).
 * Everywhere else the label must survive: aggregations name it in `by` or leave it out of `without`; vectors that
 * both carry it are matched on it, also where `group_left` would keep it, since values of two clusters would
 * otherwise meet. `absent(x{cluster="a"})` and `label_replace(vector(1), "cluster", "a", "", "")` carry it by themselves.
 */
export function losesCluster(source: string): string | undefined {
  const trace = follow(body(source), CLUSTER);
  switch (trace.kind) {
    case "carried":
      return undefined;
    case "dropped":
      return trace.reason;
    case "scalar":
      return `${source.trim()} is a number without labels`;
  }
}

/** Whether values come from series: some selector stands outside `absent()` and `absent_over_time()`. */
export function hasInputSeries(source: string): boolean {
  return readsSeries(body(source));
}

function body(source: string): Expression {
  const tree = parse(source);
  return operands(tree)[0] ?? tree;
}

function readsSeries(expression: Expression): boolean {
  return descendants(expression, (node) => !isAbsent(functionName(node))).some(
    ({ node }) => node.name === "VectorSelector",
  );
}

function functionName(expression: Expression): string | undefined {
  const identifier =
    expression.node.name === "FunctionCall" ? child(expression, "FunctionIdentifier") : undefined;
  return identifier && text(identifier).toLowerCase();
}

const isAbsent = (name: string | undefined): boolean => name === "absent" || name === "absent_over_time";

function follow(expression: Expression, label: string): Trace {
  switch (expression.node.name) {
    case "VectorSelector":
      return ofSelector(expression, label);
    case "AggregateExpr":
      return ofAggregation(expression, label);
    case "BinaryExpr":
      return ofBinary(expression, label);
    case "FunctionCall":
      return ofFunction(expression, label);
    case "NumberDurationLiteral":
    case "StringLiteral":
      return { kind: "scalar", series: false };
    default: {
      const inner = operands(expression)[0];
      return inner === undefined ? dropped(`${text(expression)} is not understood`) : follow(inner, label);
    }
  }
}

function ofSelector(expression: Expression, label: string): Trace {
  const { matchers } = selectorOf(expression);
  const asks = (name: string) =>
    matchers.some(
      ({ label: of, op, value }) =>
        of === name &&
        ((op === "=" && value !== "") || (op === "!=" && value === "") || (op === "=~" && value === ".+")),
    );
  const federateJob =
    asks(MEMBER) || matchers.some(({ label: of, value }) => of === "job" && value.startsWith("federate-"));
  if (asks(label) || (label === MEMBER && federateJob)) {
    return carried;
  }
  if (label === MEMBER) {
    return dropped(`${text(expression)} may select series without the label ${MEMBER}`);
  }
  if (matchers.some(({ label: of, op, value }) => of === label && op === "=" && value === "")) {
    return dropped(`${text(expression)} selects series without the label ${label}`);
  }
  return federateJob
    ? dropped(
        `${text(expression)} selects series of the federate jobs, which carry ${MEMBER} in place of ${label}`,
      )
    : carried;
}

function ofAggregation(expression: Expression, label: string): Trace {
  const operator = child(expression, "AggregateOp");
  const name = operator ? text(operator).toLowerCase() : "";
  const args = child(expression, "FunctionCallBody");
  const [parameter, last] = args ? [operands(args)[0], operands(args).at(-1)] : [];
  const inner = last ? follow(last, label) : dropped(`${text(expression)} aggregates nothing`);
  if (inner.kind !== "carried" || selecting.has(operator?.node.firstChild?.name ?? "")) {
    return inner;
  }
  if (name === "count_values" && parameter && unquote(text(parameter)) === label) {
    return dropped(`count_values() overwrites the label ${label}`);
  }
  const modifier = child(expression, "AggregateModifier");
  if (modifier === undefined) {
    return dropped(`${name}() has no "by (${label}, ...)"`);
  }
  const labels = labelNames(child(modifier, "GroupingLabels"));
  const by = child(modifier, "By") !== undefined;
  if (by === labels.includes(label)) {
    return carried;
  }
  return dropped(
    by
      ? `${name} by (${labels.join(", ")}) leaves ${label} out`
      : `${name} without (${labels.join(", ")}) removes ${label}`,
  );
}

interface Matching {
  /** Whether vectors are matched by this label. */
  readonly includes: boolean;
  /** The modifier as written, for messages. */
  readonly written: string;
  /** The side whose labels are kept, with the labels copied from the other; absent for one-to-one. */
  readonly many?: "left" | "right";
  readonly copied: readonly string[];
}

function matchingOf(expression: Expression, label: string): Matching {
  const clause = child(expression, "MatchingModifierClause");
  if (clause === undefined) {
    return { includes: true, written: "", copied: [] };
  }
  const lists = children(clause).filter(({ node }) => node.name === "GroupingLabels");
  const on = child(clause, "On") !== undefined;
  const labels = labelNames(lists[0]);
  const many = child(clause, "GroupLeft") ? "left" : child(clause, "GroupRight") ? "right" : undefined;
  return {
    includes: on === labels.includes(label),
    written: `${on ? "on" : "ignoring"} (${labels.join(", ")})`,
    copied: labelNames(lists[1]),
    ...(many && { many }),
  };
}

function ofBinary(expression: Expression, label: string): Trace {
  const [leftSide, rightSide] = operands(expression);
  if (leftSide === undefined || rightSide === undefined) {
    return dropped(`${text(expression)} lacks an operand`);
  }
  const left = follow(leftSide, label);
  const right = follow(rightSide, label);
  if (left.kind === "scalar" && right.kind === "scalar") {
    return { kind: "scalar", series: left.series || right.series };
  }
  if (left.kind === "scalar" || right.kind === "scalar") {
    return left.kind === "scalar" ? right : left;
  }
  const matching = matchingOf(expression, label);
  if (left.kind === "carried" && right.kind === "carried" && !matching.includes) {
    return dropped(`${matching.written} matches without ${label}`);
  }
  if (matching.includes || child(expression, "Or")) {
    return left.kind === "dropped" ? left : right;
  }
  return unmatched(expression, matching, { left, right }, label);
}

/** Two vectors matched without the label, at most one of which carries it. */
function unmatched(
  expression: Expression,
  matching: Matching,
  sides: { readonly left: Trace; readonly right: Trace },
  label: string,
): Trace {
  if (child(expression, "And") ?? child(expression, "Unless")) {
    return sides.left;
  }
  if (matching.many === undefined) {
    return sides.left.kind === "dropped" && sides.right.kind === "dropped"
      ? sides.left
      : dropped(`${matching.written} matches without ${label}`);
  }
  const other = matching.many === "left" ? "right" : "left";
  return sides[matching.copied.includes(label) ? other : matching.many];
}

function ofFunction(expression: Expression, label: string): Trace {
  const name = functionName(expression) ?? "";
  const list = child(expression, "FunctionCallBody");
  const args = list ? operands(list) : [];
  if (isAbsent(name)) {
    return ofAbsent(name, args[0], label);
  }
  if (name === "vector" || scalarFunctions.has(name)) {
    const series = args.some(readsSeries);
    if (name !== "vector") {
      return { kind: "scalar", series };
    }
    return dropped(series ? "vector() drops the labels of the series it reads" : "vector() has no labels");
  }
  const traces = args.map((arg) => follow(arg, label));
  const input = traces.find(({ kind }) => kind !== "scalar");
  if (input === undefined) {
    return dropped(`${name}() without an argument has no labels`);
  }
  const target = args[1] && unquote(text(args[1]));
  if ((name === "label_replace" || name === "label_join") && target === label) {
    return ofRelabelling(name, args, input, label);
  }
  return input;
}

/** `absent()` gives the labels its selector asks for by `=`, each named once; of any other argument, none. */
function ofAbsent(name: string, argument: Expression | undefined, label: string): Trace {
  const selector = argument?.node.name === "MatrixSelector" ? operands(argument)[0] : argument;
  const matchers =
    selector?.node.name === "VectorSelector"
      ? selectorOf(selector).matchers.filter((matcher) => matcher.label === label)
      : [];
  const [only] = matchers;
  return matchers.length === 1 && only?.op === "=" && only.value !== ""
    ? carried
    : dropped(`${name}() has no labels but those its selector asks for by =`);
}

/**
 * A label written by label_replace() or label_join(). Two ways keep the meaning of `cluster`: copying all of
 * `member`, and a constant on a value that no series stands behind.
 */
function ofRelabelling(name: string, args: readonly Expression[], input: Trace, label: string): Trace {
  const [value, , replacement = "", from = "", pattern = ""] = args.map((arg) =>
    arg.node.name === "StringLiteral" ? unquote(text(arg)) : text(arg),
  );
  const [vector] = args;
  if (vector === undefined || value === undefined) {
    return input;
  }
  const copies = (replacement === "$1" || replacement === "${1}") && pattern === "(.+)";
  if (name === "label_replace" && label === CLUSTER && from === MEMBER && copies) {
    return input.kind === "carried" ? input : follow(vector, MEMBER).kind === "carried" ? carried : input;
  }
  const constant = replacement !== "" && !replacement.includes("$") && from === "" && pattern === "";
  if (name === "label_replace" && constant && !readsSeries(vector)) {
    return carried;
  }
  return dropped(`${name}() overwrites the label ${label}`);
}
