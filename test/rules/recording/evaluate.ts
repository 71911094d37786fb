import { renderRules } from "../../../rules";
import type { RuleGroup } from "../../../rules";
import type { InputSeries } from "../promtool";
import { testRules } from "../promtool";
import { clusterGroups, hubGroups } from "../sites";

/** A moment at which rules have looked back as far as they do. */
export interface Evaluation {
  readonly input: readonly InputSeries[];
  /** Default: 10m. */
  readonly at?: string;
  /** Between samples and evaluations; default: 1m. */
  readonly interval?: "30s" | "1m";
  /** Every series of each name given here, by name and labels in promtool's notation. */
  readonly gives?: Readonly<Record<string, number>>;
  /** Names under which there must be no series. */
  readonly none?: readonly string[];
}

const nameOf = (series: string): string => series.split("{")[0] ?? series;

/** Evaluates groups and compares; throws promtool's report where a series differs, is missing or is too many. */
function evaluate(
  groups: readonly RuleGroup[],
  { input, at = "10m", interval = "1m", gives = {}, none = [] }: Evaluation,
): void {
  const names = [...new Set([...Object.keys(gives).map(nameOf), ...none])];
  const expect = names.map((name) => ({
    expr: name,
    at,
    gives: Object.fromEntries(Object.entries(gives).filter(([series]) => nameOf(series) === name)),
  }));
  testRules(renderRules(groups), [{ name: "scenario", interval, input, expect }]);
}

function chosen(groups: readonly RuleGroup[], names: readonly string[]): readonly RuleGroup[] {
  const found = groups.filter(({ name }) => names.includes(name));
  if (found.length !== names.length) {
    throw new Error(
      `no such rule groups: ${names.join(", ")}; there are ${groups.map(({ name }) => name).join(", ")}`,
    );
  }
  return found;
}

/** Evaluates some groups of a cluster. */
export function evaluateCluster(cluster: string, names: readonly string[], evaluation: Evaluation): void {
  evaluate(chosen(clusterGroups(cluster), names), evaluation);
}

/** Evaluates some groups of the hub `cloud` with the member `hpc`. */
export function evaluateHub(names: readonly string[], evaluation: Evaluation): void {
  evaluate(chosen(hubGroups(), names), evaluation);
}

/** Series of one name and cluster, by what their label has. */
export function by(
  name: string,
  label: string,
  values: Readonly<Record<string, number>>,
  more = "",
  cluster = "hpc",
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).map(([value, number]) => [
      `${name}{cluster="${cluster}",${label}="${value}"${more === "" ? "" : `,${more}`}}`,
      number,
    ]),
  );
}

/** Series without labels beside the cluster, by name. */
export function plain(values: Readonly<Record<string, number>>, cluster = "hpc"): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${name}{cluster="${cluster}"}`, value]),
  );
}
