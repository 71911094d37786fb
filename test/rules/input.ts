import type { Matchers } from "../../metrics/select";
import { bucketOf, select } from "../../metrics/select";
import type { Histogram, Selectable } from "../../metrics/types";
import type { InputSeries } from "./promtool";

/** A series of the contract; `values` in promtool's notation, or a constant that never ends. */
export type Input = <M extends Selectable>(
  metric: M,
  labels?: { readonly [Label in keyof Omit<Matchers<M>, "cluster">]: string },
  values?: number | string,
) => InputSeries;

/** Samples of an endless series. */
const ENDLESS = 500;

/** Grows by so much at each step. */
export const growing = (step: number, from = 0): string => `${from}+${step}x${ENDLESS}`;

/** Writes series of one cluster. */
export function inputOf(cluster: string): Input {
  return (metric, labels, values = 1) => ({
    series: select<Selectable>(metric, { cluster, ...labels }),
    values: typeof values === "number" ? `${values}x${ENDLESS}` : values,
  });
}

/** A histogram's buckets that grow by so much a step, cumulative, by upper bound. */
export function bucketInput(
  cluster: string,
  histogram: Histogram,
  labels: Readonly<Record<string, string>>,
  steps: Readonly<Record<string, number>>,
): InputSeries[] {
  const input = inputOf(cluster);
  return Object.entries(steps).map(([le, step]) =>
    input(bucketOf(histogram), { ...labels, le }, growing(step)),
  );
}

/** The numbers from 0. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
