import type { Inventory } from "../../inventory";
import { CLUSTER_LEVEL, HUB_LEVEL, LOCAL_LEVEL } from "../../levels";
import type { Metric, Selectable, Unit } from "../../types";

/**
 * How many values a label can have: the values themselves, a fixed number, an entry of the inventory, or a function
 * of it. A label that follows from the others (the severity of an alert) has 1.
 */
export type Domain = readonly string[] | number | keyof Inventory | ((inventory: Inventory) => number);

/** The federate job that fetches a series: what says whether a cluster lives, or everything else. */
export type FederateJob = "detail" | "health";

/** A series that every cluster records about itself; `cluster` comes first among its labels. */
export interface ClusterMetric<Label extends string = string> extends Selectable<Label> {
  readonly federate: FederateJob;
  /** Labels beside `cluster`, each with how many values it has at most. */
  readonly domains: Readonly<Record<string, Domain>>;
}

interface Definition {
  /** Name without the prefix of its level: `metric:operations`. */
  readonly name: `${string}:${string}`;
  readonly unit: Unit;
  readonly meaning: string;
}

interface ClusterDefinition extends Definition {
  readonly labels?: Readonly<Record<string, Domain>>;
  /** Default: detail. */
  readonly federate?: FederateJob;
}

interface LabelledDefinition extends Definition {
  /** Labels beside `cluster`. */
  readonly labels?: readonly string[];
}

type DomainLabels<D> = D extends { readonly labels: infer L } ? Extract<keyof L, string> : never;
type ListedLabels<D> = D extends { readonly labels: readonly (infer L extends string)[] } ? L : never;

/** Declares what every cluster records about itself, for the hub to fetch. */
export function clusterMetrics<const T extends Readonly<Record<string, ClusterDefinition>>>(
  definitions: T,
): { readonly [Key in keyof T]: ClusterMetric<"cluster" | DomainLabels<T[Key]>> } {
  return mapped(
    definitions,
    ({ name, unit, meaning, labels = {}, federate = "detail" }: ClusterDefinition) => ({
      name: `${CLUSTER_LEVEL}${name}`,
      exporter: "cluster rules",
      versions: "any",
      type: "gauge" as const,
      unit,
      labels: ["cluster", ...Object.keys(labels)],
      meaning,
      federate,
      domains: labels,
    }),
  ) as never;
}

/** Declares what a cluster records about itself in full detail, for its own rules and alerts. */
export function localMetrics<const T extends Readonly<Record<string, LabelledDefinition>>>(
  definitions: T,
): { readonly [Key in keyof T]: Selectable<"cluster" | ListedLabels<T[Key]>> } {
  return mapped(definitions, (definition: LabelledDefinition) =>
    listed(definition, LOCAL_LEVEL, "local rules"),
  ) as never;
}

/** Declares what the hub alone records. */
export function hubMetrics<const T extends Readonly<Record<string, LabelledDefinition>>>(
  definitions: T,
): { readonly [Key in keyof T]: Selectable<"cluster" | ListedLabels<T[Key]>> } {
  return mapped(definitions, (definition: LabelledDefinition) =>
    listed(definition, HUB_LEVEL, "hub rules"),
  ) as never;
}

function listed({ name, unit, meaning, labels = [] }: LabelledDefinition, level: string, exporter: string) {
  return {
    name: `${level}${name}`,
    exporter,
    versions: "any",
    type: "gauge" as const,
    unit,
    labels: ["cluster", ...labels],
    meaning,
  };
}

function mapped<D>(
  definitions: Readonly<Record<string, D>>,
  make: (definition: D) => Metric,
): Readonly<Record<string, Metric>> {
  return Object.fromEntries(Object.entries(definitions).map(([key, definition]) => [key, make(definition)]));
}
