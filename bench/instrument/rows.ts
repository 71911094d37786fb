import { quantile, type Row } from "../harness";

/** One measurement beside what it should have been. */
export interface Pair {
  readonly measured: number;
  readonly truth: number;
}

/** The wrong ones where any is wrong: for what must hold in every round, which a median would hide. */
export function worstOf(pairs: readonly Pair[]): readonly Pair[] {
  const wrong = pairs.filter(({ measured, truth }) => measured !== truth);
  return wrong.length > 0 ? wrong : pairs;
}

const rounded = (value: number): number => Number(value.toPrecision(4));

/**
 * A row that compares measurements with the truth about the same thing. Its ratio is the deviation over what is allowed,
 * the middle round's; met up to 1.
 */
export function deviation(
  name: string,
  unit: string,
  [ours, truth]: readonly [string, string],
  pairs: readonly Pair[],
  allowed: (truth: number) => number,
): Row {
  const parts = pairs.map((pair) => Math.abs(pair.measured - pair.truth) / allowed(pair.truth));
  const at = (q: number, of: (pair: Pair) => number): number => rounded(quantile(pairs.map(of), q));
  const values = (q: number): Record<string, number> => ({
    [ours]: at(q, ({ measured }) => measured),
    [truth]: at(q, (pair) => pair.truth),
  });
  const part = rounded(quantile(parts, 0.5));
  return {
    case: name,
    unit,
    value: values(0.5),
    lowerQuartile: values(0.25),
    ratio: { [truth]: part },
    lowerQuartileRatio: { [truth]: rounded(quantile(parts, 0.25)) },
    goal: { [truth]: 1 },
    met: part <= 1,
  };
}

/** A row that is only reported. */
export function reported(
  name: string,
  unit: string,
  samples: Readonly<Record<string, readonly number[]>>,
): Row {
  const at = (q: number): Record<string, number> =>
    Object.fromEntries(Object.entries(samples).map(([one, values]) => [one, rounded(quantile(values, q))]));
  return {
    case: name,
    unit,
    value: at(0.5),
    lowerQuartile: at(0.25),
    ratio: {},
    lowerQuartileRatio: {},
    goal: {},
    met: true,
  };
}
