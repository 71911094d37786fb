import { counted, percent } from "../format";
import type { Summary } from "../result";

/** Figures that a version is compared by, and which way is worse. */
export const compared = {
  warmP50Seconds: "up",
  warmP95Seconds: "up",
  kneeRate: "down",
  coldStartSeconds: "up",
} as const satisfies Partial<Readonly<Record<keyof Summary["figures"], "up" | "down">>>;
export type ComparedFigure = keyof typeof compared;

export interface Comparison {
  readonly figure: ComparedFigure;
  /** `inconclusive` is never "no regression". */
  readonly state: "regression" | "none" | "improved" | "inconclusive";
  readonly baseline?: number;
  readonly now?: number;
  /** How much worse, relative to the baseline; negative: better. */
  readonly worse?: number;
  /** How much worse it may be: noise of the baseline's runs. */
  readonly band?: number;
  readonly text: string;
}

export interface Drift {
  readonly figure: ComparedFigure;
  readonly state: "drift" | "none" | "inconclusive";
  /** The champion that was best. */
  readonly version?: string;
  readonly worse?: number;
  readonly band?: number;
  readonly text: string;
}

export const NO_CHAMPION = "no champion has run under the same conditions";

const RUNS = 5;
const BAND = 0.05;
const SPREADS = 3;
const WIDEST_BAND = 0.15;
/** Former champions that drift looks back on. */
const LOOK_BACK = 10;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}

/** What makes the median deviation of few normal values the standard deviation (Croux and Rousseeuw 1992). */
const FEW: Readonly<Record<number, number>> = {
  2: 1.196,
  3: 1.495,
  4: 1.363,
  5: 1.206,
  6: 1.2,
  7: 1.14,
  8: 1.129,
  9: 1.107,
};

/** Standard deviation of values relative to their median, by the median deviation: one outlier does not widen it. */
export function robustSpread(values: readonly number[]): number {
  const middle = median(values);
  const deviation = median(values.map((value) => Math.abs(value - middle)));
  const n = values.length;
  return (1.4826 * (FEW[n] ?? n / (n - 0.8)) * deviation) / middle;
}

const bandOf = (spread: number): number => Math.max(BAND, SPREADS * spread);

/** How much worse `now` is than `then`, as a share of it. */
const worseBy = (figure: ComparedFigure, now: number, then: number): number =>
  compared[figure] === "up" ? now / then - 1 : then / now - 1;

const valuesOf = (runs: readonly Summary[], figure: ComparedFigure): readonly number[] =>
  runs.flatMap(({ figures }) => {
    const value = figures[figure];
    return value === undefined || value === 0 ? [] : [value];
  });

/** Runs that may be compared with this one. */
const alike = (current: Summary, history: readonly Summary[]): readonly Summary[] =>
  history.filter(({ conditions, run }) => conditions === current.conditions && run !== current.run);

/** The version that is to be compared with: the champion, which may be this one. */
const championOf = (current: Summary, history: readonly Summary[]): string | undefined =>
  current.champion
    ? current.version
    : history.filter(({ champion, version }) => champion && version !== current.version).at(-1)?.version;

/** Runs whose median is this version's figure: the champion's new run stands alone, its earlier ones are the baseline. */
const runsOf = (current: Summary, history: readonly Summary[]): readonly Summary[] => [
  ...history.filter(({ version }) => version === current.version && !current.champion),
  current,
];

function compare(figure: ComparedFigure, current: Summary, history: readonly Summary[]): Comparison {
  const inconclusive = (text: string, more: object = {}): Comparison => ({
    figure,
    state: "inconclusive",
    text,
    ...more,
  });
  const champion = championOf(current, history);
  if (champion === undefined) return inconclusive(NO_CHAMPION);
  const before = valuesOf(
    history.filter(({ version }) => version === champion),
    figure,
  );
  const mine = valuesOf(runsOf(current, history), figure);
  if (mine.length === 0) return inconclusive("not measured in this run");
  if (before.length < RUNS)
    return inconclusive(`${counted(before.length, "run")} of champion ${champion}, ${RUNS} are needed`);
  const baseline = median(before);
  const now = median(mine);
  const band = bandOf(robustSpread(before));
  const worse = worseBy(figure, now, baseline);
  const known = { baseline, now, worse, band };
  const says = `${percent(Math.abs(worse))} ${worse > 0 ? "worse" : "better"} than champion ${champion} (${before.length} runs), band ${percent(band)}`;
  if (band > WIDEST_BAND) return inconclusive(`${says}: its runs spread too widely for any verdict`, known);
  const state = worse > band ? "regression" : worse < -band ? "improved" : "none";
  return { figure, state, ...known, text: says };
}

/** Compares a run with the champion's runs; only figures that either has. */
export function compareWithChampion(current: Summary, history: readonly Summary[]): readonly Comparison[] {
  const known = alike(current, history);
  return figuresOf(current).map((figure) => compare(figure, current, known));
}

const figuresOf = ({ figures }: Summary): readonly ComparedFigure[] =>
  (Object.keys(compared) as ComparedFigure[]).filter((figure) => figures[figure] !== undefined);

/** Champions in the order in which they ran, each with its runs. */
function champions(current: Summary, history: readonly Summary[]): ReadonlyMap<string, readonly Summary[]> {
  const found = new Map<string, Summary[]>();
  for (const run of history.filter(({ champion, version }) => champion && version !== current.version)) {
    found.set(run.version, [...(found.get(run.version) ?? []), run]);
  }
  return found;
}

function driftOf(figure: ComparedFigure, current: Summary, history: readonly Summary[]): Drift {
  const all = [...champions(current, history)]
    .map(([version, runs]) => ({ version, values: valuesOf(runs, figure) }))
    .filter(({ values }) => values.length >= RUNS)
    .slice(-LOOK_BACK);
  if (all.length < 2)
    return {
      figure,
      state: "inconclusive",
      text: `${counted(all.length, "former champion")} with ${RUNS} runs, 2 are needed`,
    };
  const now = median(valuesOf(runsOf(current, history), figure));
  const others = all.map(({ version, values }) => {
    const middle = median(values);
    return { version, worse: worseBy(figure, now, middle), noise: values.map((value) => value / middle) };
  });
  const best = others.reduce((most, one) => (one.worse > most.worse ? one : most));
  // the noise of all champions' runs, each about its own median
  const band = bandOf(robustSpread(others.flatMap(({ noise }) => noise)));
  const { version, worse } = best;
  const text = `${percent(Math.abs(worse))} ${worse > 0 ? "worse" : "better"} than version ${version}, the best of ${all.length} former champions; band ${percent(band)}`;
  const state = band > WIDEST_BAND ? "inconclusive" : worse > band ? "drift" : "none";
  return { figure, state, version, worse, band, text };
}

/** Small steps add up: compares with the best former champion, where each step alone stayed within its band. */
export function findDrift(current: Summary, history: readonly Summary[]): readonly Drift[] {
  const known = alike(current, history);
  return figuresOf(current).map((figure) => driftOf(figure, current, known));
}
