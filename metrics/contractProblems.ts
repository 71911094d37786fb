import type { Expression, Matcher } from "./promqlTree";
import { child, children, labelNames, operands, parse, selectorOf, text, unquote } from "./promqlTree";
import type { Series } from "./series";
import { contractLabels, seriesByName } from "./series";

/** What an expression returns: the labels its series may carry; none for a number or a text. */
type Labels = ReadonlySet<string> | undefined;

const union = (a: Iterable<string>, b: Iterable<string>): Labels => new Set([...a, ...b]);
const none: ReadonlySet<string> = new Set();

/** Functions of numbers alone, and those that give a number. */
const scalarFunctions: ReadonlySet<string> = new Set([
  "end",
  "pi",
  "range",
  "scalar",
  "start",
  "step",
  "time",
]);

/** Aggregations that return some of their input's series with all labels. */
const selecting: ReadonlySet<string> = new Set(["bottomk", "limit_ratio", "limitk", "topk"]);

/** Follows the labels through one expression and notes what is outside the contract. */
class Check {
  readonly problems: string[] = [];

  public labels(expression: Expression): Labels {
    switch (expression.node.name) {
      case "VectorSelector":
        return this.selector(expression);
      case "AggregateExpr":
        return this.aggregation(expression);
      case "BinaryExpr":
        return this.binary(expression);
      case "FunctionCall":
        return this.call(expression);
      case "NumberDurationLiteral":
      case "StringLiteral":
        return undefined;
      default: {
        const inner = operands(expression)[0];
        return inner === undefined ? undefined : this.labels(inner);
      }
    }
  }

  private selector(expression: Expression): Labels {
    const { metric, matchers } = selectorOf(expression);
    const known = metric === undefined ? undefined : seriesByName.get(metric);
    if (known === undefined) {
      this.problems.push(`${metric ?? text(expression)} is no metric of the contract`);
      return none;
    }
    for (const matcher of matchers) {
      if (matcher.label !== "__name__") this.matcher(metric ?? "", known, matcher);
    }
    const absent = matchers.filter(({ op, value }) => op === "=" && value === "").map(({ label }) => label);
    return new Set([...known.labels].filter((label) => !absent.includes(label)));
  }

  private matcher(metric: string, { labels, values }: Series, { label, op, value }: Matcher): void {
    if (!labels.has(label)) {
      this.problems.push(`${metric} has no label ${label}; it may carry ${[...labels].sort().join(", ")}`);
      return;
    }
    const allowed = values[label];
    if ((op === "=" || op === "!=") && value !== "" && allowed !== undefined && !allowed.includes(value)) {
      this.problems.push(`${metric} has no ${label} "${value}"; it is one of ${allowed.join(", ")}`);
    }
  }

  /** Notes labels that stand in a list and on no series it is about. */
  private listed(where: string, list: readonly string[], ...sides: readonly Labels[]): void {
    for (const label of list) {
      if (!sides.every((side) => side === undefined || side.has(label))) {
        this.problems.push(`${where} (${list.join(", ")}): no series there has the label ${label}`);
      }
    }
  }

  /** A label that a function writes: one of the contract. */
  private written(where: string, label: string | undefined): readonly string[] {
    if (label !== undefined && !contractLabels.has(label)) {
      this.problems.push(`${where} writes the label ${label}, which no metric of the contract has`);
    }
    return label === undefined ? [] : [label];
  }

  private aggregation(expression: Expression): Labels {
    const name = text(child(expression, "AggregateOp") ?? expression).toLowerCase();
    const args = child(expression, "FunctionCallBody");
    const [parameter] = args ? operands(args) : [];
    const last = args && operands(args).at(-1);
    const inner = (last && this.labels(last)) ?? none;
    const modifier = child(expression, "AggregateModifier");
    const by = modifier !== undefined && child(modifier, "By") !== undefined;
    const list = modifier === undefined ? [] : labelNames(child(modifier, "GroupingLabels"));
    this.listed(`${name} ${by ? "by" : "without"}`, list, inner);
    if (selecting.has(name)) return inner;
    const added = name === "count_values" && parameter ? this.written(name, unquote(text(parameter))) : [];
    const kept =
      modifier !== undefined && !by ? [...inner].filter((label) => !list.includes(label)) : by ? list : [];
    return union(kept, added);
  }

  private binary(expression: Expression): Labels {
    const [leftSide, rightSide] = operands(expression);
    const left = leftSide && this.labels(leftSide);
    const right = rightSide && this.labels(rightSide);
    if (left === undefined || right === undefined) return left ?? right;
    const clause = child(expression, "MatchingModifierClause");
    const lists = clause ? children(clause).filter(({ node }) => node.name === "GroupingLabels") : [];
    const list = labelNames(lists[0]);
    const copied = labelNames(lists[1]);
    const on = clause !== undefined && child(clause, "On") !== undefined;
    if (on) this.listed("on", list, left, right);
    else this.listed("ignoring", list, union(left, right));
    if (child(expression, "Or")) return union(left, right);
    if (child(expression, "And") ?? child(expression, "Unless")) return left;
    if (clause && (child(clause, "GroupLeft") ?? child(clause, "GroupRight"))) {
      const [many, one] = child(clause, "GroupLeft") ? [left, right] : [right, left];
      this.listed("group_left/group_right", copied, one);
      return union(many, copied);
    }
    return new Set(on ? list : [...left].filter((label) => right.has(label) && !list.includes(label)));
  }

  private call(expression: Expression): Labels {
    const identifier = child(expression, "FunctionIdentifier");
    const name = identifier ? text(identifier).toLowerCase() : "";
    const list = child(expression, "FunctionCallBody");
    const args = list ? operands(list) : [];
    const given = args.map((argument) => this.labels(argument));
    if (name === "vector") return none;
    if (scalarFunctions.has(name)) return undefined;
    const input = given.find((labels) => labels !== undefined) ?? none;
    const texts = args.map((argument) =>
      argument.node.name === "StringLiteral" ? unquote(text(argument)) : undefined,
    );
    switch (name) {
      case "absent":
      case "absent_over_time":
        return this.absent(args[0]);
      case "label_replace":
        this.listed(name, texts[3] === undefined || texts[3] === "" ? [] : [texts[3]], input);
        return union(input, this.written(name, texts[1]));
      case "label_join":
        this.listed(
          name,
          texts.slice(3).filter((source) => source !== undefined),
          input,
        );
        return union(input, this.written(name, texts[1]));
      case "histogram_quantile":
        this.listed(name, ["le"], input);
        return new Set([...input].filter((label) => label !== "le"));
      default:
        return input;
    }
  }

  /** `absent()` gives the labels its selector asks for by equality. */
  private absent(argument: Expression | undefined): Labels {
    const selector = argument?.node.name === "MatrixSelector" ? operands(argument)[0] : argument;
    if (selector?.node.name !== "VectorSelector") return none;
    const { matchers } = selectorOf(selector);
    return new Set(
      matchers
        .filter(({ label, op, value }) => op === "=" && value !== "" && label !== "__name__")
        .map(({ label }) => label),
    );
  }
}

/** What an expression is made of, in the terms of the contract. */
export interface ContractCheck {
  /** One sentence for each metric, label or label value outside the contract. */
  readonly problems: readonly string[];
  /** Labels that the series it returns may carry, sorted; none for a number. */
  readonly labels: readonly string[];
}

/**
 * Checks an expression (of a rule, an alert, a panel) against the contract: every metric it selects, every label it
 * matches, groups, joins or relabels by, and known label values. The expression must parse (`syntaxErrors`).
 */
export function checkContract(source: string): ContractCheck {
  const tree = parse(source);
  const check = new Check();
  const labels = check.labels(operands(tree)[0] ?? tree) ?? none;
  return { problems: check.problems, labels: [...labels].sort() };
}

/** What is checked of a recording rule. */
interface Recording {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What of a recording rule is outside the contract: its name, its expression, or labels other than the contract says. */
export function recordingProblems({ record, expr, labels = {} }: Recording): string[] {
  const { problems, labels: carried } = checkContract(expr);
  const declared = seriesByName.get(record);
  const written = [...new Set([...carried, ...Object.keys(labels)])].sort().join(", ");
  const expected = declared && [...declared.labels].sort().join(", ");
  return [
    ...(declared === undefined ? ["is no metric of the contract"] : []),
    ...problems,
    ...(expected === undefined || expected === written
      ? []
      : [`writes the labels ${written}; the contract says ${expected}`]),
  ].map((problem) => `${record}: ${problem}`);
}
