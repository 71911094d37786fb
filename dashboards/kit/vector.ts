import { matching, select } from "../../metrics/select";
import type { Matchers } from "../../metrics/select";
import type { LabelsOf, Selectable, Unit } from "../../metrics/types";

/** A PromQL expression and what is known of its result: labels and unit. */
export interface Vector<Label extends string = string> {
  readonly expr: string;
  readonly unit: Unit;
  readonly labels: readonly Label[];
  /** Why a series of it is not about one cluster; absent where every series keeps its label `cluster`. */
  readonly across?: string;
  /** Whether the expression needs parentheses as an operand. */
  readonly binary?: true;
  /** Whether its series carry the metric's name, which keeps series of two metrics from being one row of a table. */
  readonly named?: true;
}

/** Matches the clusters chosen at the top of a dashboard. */
export const CHOSEN_CLUSTERS = matching("$cluster");
/** Matches every cluster. */
export const ANY_CLUSTER = matching(".+");

/** The series of a metric of the contract; those of the chosen clusters where `cluster` is not given. */
export function series<M extends Selectable>(metric: M, matchers?: Matchers<M>): Vector<LabelsOf<M>> {
  const asked = { cluster: CHOSEN_CLUSTERS, ...matchers } as Matchers<M>;
  return { expr: select(metric, asked), unit: metric.unit, labels: metric.labels, named: true };
}

const operand = ({ expr, binary }: Vector): string => (binary ? `(${expr})` : expr);

/** What a result inherits from its operands. */
function inherited(...operands: readonly Vector[]): { readonly across?: string } {
  const across = operands.find((vector) => vector.across !== undefined)?.across;
  return across === undefined ? {} : { across };
}

type Kept<Label extends string> = Exclude<Label, "cluster">;

/** Labels to keep beside `cluster`: those that are named, none where none is. */
type Keep<L extends string> = readonly Kept<L>[];

function aggregate<L extends string, const K extends Keep<L>>(
  operator: string,
  vector: Vector<L>,
  keep: K,
): Vector<"cluster" | K[number]> {
  return {
    expr: `${operator} by (${["cluster", ...keep].join(", ")}) (${vector.expr})`,
    unit: vector.unit,
    labels: ["cluster", ...keep],
    ...inherited(vector),
  };
}

/** Aggregations: `cluster` is always kept, beside the labels that are named. */
export const sum = <L extends string, const K extends Keep<L>>(vector: Vector<L>, ...keep: K) =>
  aggregate("sum", vector, keep);
export const max = <L extends string, const K extends Keep<L>>(vector: Vector<L>, ...keep: K) =>
  aggregate("max", vector, keep);
export const min = <L extends string, const K extends Keep<L>>(vector: Vector<L>, ...keep: K) =>
  aggregate("min", vector, keep);

/** Of clusters and all else alike only the named labels stay; `why` says what stands in for `cluster`. */
const across =
  (operator: string, unit?: Unit) =>
  <L extends string, const K extends readonly L[]>(
    vector: Vector<L>,
    keep: K,
    why: string,
  ): Vector<K[number]> => ({
    expr: `${operator} by (${keep.join(", ")}) (${vector.expr})`,
    unit: unit ?? vector.unit,
    labels: keep,
    across: why,
  });
export const maxAcross = across("max");
export const countAcross = across("count", "count");

function sameLabels(left: Vector, right: Vector): void {
  const [a, b] = [left, right].map(({ labels }) => [...labels].sort().join(", "));
  if (a !== b)
    throw new RangeError(`${left.expr} has the labels ${a}, ${right.expr} has ${b}: aggregate first`);
}

/** An operation on values, which leaves no name. */
function computed<L extends string>(
  expr: string,
  labels: readonly L[],
  unit: Unit,
  ...operands: readonly Vector[]
): Vector<L> {
  return { expr, labels, unit, binary: true, ...inherited(...operands) };
}

/** `left` less `right`, series by series. */
export function minus<L extends string>(left: Vector<L>, right: Vector<NoInfer<L>>): Vector<L> {
  sameLabels(left, right);
  // moments apart are a time
  const unit = left.unit === "unix seconds" ? "seconds" : left.unit;
  return computed(`${operand(left)} - ${operand(right)}`, left.labels, unit, left, right);
}

/** `part` by `whole`, series by series; nothing where the whole is 0. */
export function ratio<L extends string>(
  part: Vector<L>,
  whole: Vector<NoInfer<L>>,
  unit: Unit = "ratio",
): Vector<L> {
  sameLabels(part, whole);
  return computed(`${operand(part)} / (${whole.expr} > 0)`, part.labels, unit, part, whole);
}

/** The values times a factor, in another unit where that is given. */
export function times<L extends string>(vector: Vector<L>, factor: number, unit = vector.unit): Vector<L> {
  return computed(`${operand(vector)} * ${factor}`, vector.labels, unit, vector);
}

/** Time since the moments that the values are. */
export function age<L extends string>(vector: Vector<L>): Vector<L> {
  return computed(`time() - ${operand(vector)}`, vector.labels, "seconds", vector);
}

/** What each series of a metric was over the window: its last value, its highest, the sum of its samples. */
export function over<M extends Selectable>(
  what: "last" | "max" | "sum",
  metric: M,
  matchers?: Matchers<M>,
): Vector<LabelsOf<M>> {
  const { expr, unit, labels } = series(metric, matchers);
  // the last value is the only one that keeps the metric's name
  return {
    expr: `${what}_over_time(${expr}[$__range])`,
    unit,
    labels,
    ...(what === "last" ? { named: true } : {}),
  };
}

/** The series whose value is above a limit. */
export function above<L extends string>(vector: Vector<L>, limit: number): Vector<L> {
  return { ...vector, expr: `${operand(vector)} > ${limit}`, binary: true };
}

/** The series of the first that the other has too, by the named labels. */
export function within<L extends string, K extends L>(
  vector: Vector<L>,
  chosen: Vector<K>,
  on: readonly K[],
): Vector<L> {
  return { ...vector, expr: `${operand(vector)} and on (${on.join(", ")}) (${chosen.expr})`, binary: true };
}

/** The highest `limit` series at the end of the window. */
export function highest<L extends string>(limit: number, vector: Vector<L>): Vector<L> {
  return { ...without(vector, "binary"), expr: `topk(${limit}, ${vector.expr})` };
}

/** The first where it has series, else the other. */
export function orElse<L extends string>(first: Vector<L>, other: Vector<NoInfer<L>>): Vector<L> {
  sameLabels(first, other);
  const expr = `${operand(first)} or ${operand(other)}`;
  return { ...first, ...inherited(first, other), expr, binary: true };
}

/** Highest first: the order of bars. */
export function sorted<L extends string>(vector: Vector<L>): Vector<L> {
  return { ...without(vector, "binary"), expr: `sort_desc(${vector.expr})` };
}

/** The series without the metric's name. */
export function nameless<L extends string>(vector: Vector<L>): Vector<L> {
  if (!vector.named) return vector;
  const expr = `max by (${vector.labels.join(", ")}) (${vector.expr})`;
  return { ...without(without(vector, "binary"), "named"), expr };
}

function without<L extends string>(vector: Vector<L>, key: "binary" | "named"): Vector<L> {
  const { [key]: _, ...rest } = vector;
  return rest;
}

/** A quantile from buckets, which stay apart by the named labels. */
export function quantile<L extends string, const K extends Keep<Exclude<L, "le">>>(
  at: number,
  buckets: Vector<L>,
  unit: Unit,
  ...keep: K
): Vector<"cluster" | K[number]> {
  const summed = aggregate("sum", buckets as Vector, [...keep, "le"]);
  return {
    expr: `histogram_quantile(${at}, ${summed.expr})`,
    unit,
    labels: ["cluster", ...keep],
    ...inherited(buckets),
  };
}

/** Label value of what {@link top} leaves out. */
export const OTHER = "other";

/**
 * At most `limit` series, those with the highest mean over the window, and one a cluster for all others: their sum,
 * or their maximum where values do not add up. `by` names what tells series of a cluster apart.
 */
export function top<L extends string, K extends Kept<L>>(
  limit: number,
  vector: Vector<L>,
  by: K,
  others: "max" | "sum" = "sum",
): Vector<"cluster" | K> {
  const each = aggregate(others, vector as Vector, [by]).expr;
  const chosen = `topk(${limit}, avg_over_time((${each})[$__range:$__rate_interval] @ end()))`;
  const rest = `${others} by (cluster) (${each} unless on (cluster, ${by}) ${chosen})`;
  return {
    expr: `${each} and on (cluster, ${by}) ${chosen} or label_replace(${rest}, "${by}", "${OTHER}", "", "")`,
    unit: vector.unit,
    labels: ["cluster", by],
    binary: true,
    ...inherited(vector),
  };
}

/** The clusters that are compared, chosen at the top of a dashboard. */
export const SIDES = ["$left", "$right"] as const;

/** Name of the series that {@link difference} makes. */
export const DIFFERENCE = "difference";

/** What the left cluster has more than the right one; `of` makes the value of one cluster, with no label but `cluster`. */
export function difference(of: (cluster: string) => Vector<"cluster">): Vector<"cluster"> {
  const [left, right] = SIDES.map(of);
  if (left === undefined || right === undefined) throw new RangeError("a difference is one of two clusters");
  return {
    unit: left.unit,
    labels: ["cluster"],
    expr: `label_replace(${operand(left)} - ignoring (cluster) ${operand(right)}, "cluster", "${DIFFERENCE}", "", "")`,
    across: "the left cluster less the right one",
  };
}
