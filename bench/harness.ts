import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { repository } from "../sandbox/paths";
import { table } from "../sandbox/stages";

/** Measurements of one case by contender, in the order they were taken. */
export type Samples = Readonly<Record<string, readonly number[]>>;

/** One case of a comparison: smaller values are better. */
export interface Row {
  readonly case: string;
  readonly unit: string;
  /** Medians. */
  readonly value: Readonly<Record<string, number>>;
  /** Lower quartiles, which machines that are busy with other work disturb least. */
  readonly lowerQuartile: Readonly<Record<string, number>>;
  /** Our median over the peer's. */
  readonly ratio: Readonly<Record<string, number>>;
  /** Our lower quartile over the peer's. */
  readonly lowerQuartileRatio: Readonly<Record<string, number>>;
  readonly goal: Goal;
  readonly met: boolean;
}

/** Largest ratio of medians that is good enough, for every peer or by peer; peers without one are only reported. */
export type Goal = number | Readonly<Record<string, number>>;

/** The part of a goal's speed that must be reached over the lower quartiles. */
const lowerQuartilePart = 0.9;

export interface Result {
  readonly name: string;
  readonly machine: string;
  readonly rows: readonly Row[];
  readonly met: boolean;
}

/**
 * Measures each contender once a round, so that what else the machine does falls on all of them; every other round
 * runs in reverse order, so that none always follows another.
 */
export async function interleaved<T>(
  contenders: Readonly<Record<string, () => Promise<T> | T>>,
  rounds: number,
): Promise<Readonly<Record<string, readonly T[]>>> {
  const samples: Record<string, T[]> = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const order = Object.entries(contenders);
    if (round % 2 === 1) order.reverse();
    for (const [name, measure] of order) samples[name]?.push(await measure());
  }
  return samples;
}

/** The q-quantile (0 to 1) with linear interpolation between neighbours; NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? NaN;
  return below + (above - below) * (at - Math.floor(at));
}

const rounded = (value: number): number => Number(value.toPrecision(4));
const mapped = <T, R>(record: Readonly<Record<string, T>>, to: (value: T) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, to(value)]));
const each = (samples: Samples, of: (values: readonly number[]) => number): Record<string, number> =>
  mapped(samples, (values) => rounded(of(values)));

/** Goals by peer. */
function goals(goal: Goal, peers: readonly string[]): Readonly<Record<string, number>> {
  return typeof goal === "number" ? Object.fromEntries(peers.map((peer) => [peer, goal])) : goal;
}

/**
 * Compares contender `ours` with every peer that has a goal. Met when no ratio of medians exceeds it, and none of lower
 * quartiles exceeds it by more than a ninth. A row without goals is met: its figures are only reported.
 */
export function compare(name: string, unit: string, samples: Samples, ours: string, goal: Goal): Row {
  const peers = Object.keys(samples).filter((contender) => contender !== ours);
  const wanted = Object.entries(goals(goal, peers));
  const ratios = (q: number): Record<string, number> => {
    const mine = quantile(samples[ours] ?? [], q);
    return Object.fromEntries(wanted.map(([peer]) => [peer, mine / quantile(samples[peer] ?? [], q)]));
  };
  const [medians, quartiles] = [ratios(0.5), ratios(0.25)];
  const good = ([peer, most]: [string, number]): boolean =>
    (medians[peer] ?? NaN) <= most && (quartiles[peer] ?? NaN) <= most / lowerQuartilePart;
  const none = typeof goal === "number" && peers.length === 0;
  return {
    case: name,
    unit,
    value: each(samples, (values) => quantile(values, 0.5)),
    lowerQuartile: each(samples, (values) => quantile(values, 0.25)),
    ratio: mapped(medians, rounded),
    lowerQuartileRatio: mapped(quartiles, rounded),
    goal: typeof goal === "number" ? goal : mapped(goal, rounded),
    met: !none && wanted.every(good),
  };
}

/** A whole comparison; met when every row is. */
export function resultOf(name: string, machine: string, rows: readonly Row[]): Result {
  return { name, machine, rows, met: rows.length > 0 && rows.every((row) => row.met) };
}

/** The result as a text table, a line a contender. */
export function report(result: Result): string {
  const lines = result.rows.flatMap((row) =>
    Object.entries(row.value).map(([contender, value]) => {
      const [ratio, ofQuartiles] = [row.ratio[contender], row.lowerQuartileRatio[contender]];
      const goal = goals(row.goal, Object.keys(row.ratio))[contender];
      const measured = [
        row.case,
        contender,
        `${value} ${row.unit}`,
        `${row.lowerQuartile[contender] ?? NaN} ${row.unit}`,
      ];
      if (ratio === undefined || ofQuartiles === undefined || goal === undefined) return measured;
      const good = ratio <= goal && ofQuartiles <= goal / lowerQuartilePart;
      return [...measured, `${ratio}`, `${ofQuartiles}`, `<= ${goal}`, good ? "met" : "NOT MET"];
    }),
  );
  const title = ["case", "contender", "median", "lower quartile", "ratio", "of quartiles", "goal", ""];
  return table([title, ...lines]);
}

/** What the figures were measured on. */
export function machine(): string {
  const cpus = os.cpus();
  const memory = Math.round(os.totalmem() / 2 ** 30);
  return `${cpus.length} x ${cpus[0]?.model ?? "unknown"}, ${memory} GiB, Linux ${os.release()}, Node ${process.version}`;
}

/** Prints the table, keeps the result in `bench/results/<name>.json`, and sets the exit code to 1 where a goal is not met. */
export function finish(result: Result, folder = path.join(repository, "bench/results")): void {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, `${result.name}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
  console.log(`${result.machine}\n\n${report(result)}`);
  process.exitCode = result.met ? 0 : 1;
}
