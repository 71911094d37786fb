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
  /** Largest ratio that is good enough. */
  readonly goal: number;
  readonly met: boolean;
}

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
export async function interleaved(
  contenders: Readonly<Record<string, () => Promise<number> | number>>,
  rounds: number,
): Promise<Samples> {
  const samples: Record<string, number[]> = Object.fromEntries(
    Object.keys(contenders).map((name) => [name, []]),
  );
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
const each = (samples: Samples, of: (values: readonly number[]) => number): Record<string, number> =>
  Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, rounded(of(values))]));

/** Compares contender `ours` with every other one; the goal is met when no ratio of medians exceeds it. */
export function compare(name: string, unit: string, samples: Samples, ours: string, goal: number): Row {
  const mine = quantile(samples[ours] ?? [], 0.5);
  const peers = Object.entries(samples).filter(([contender]) => contender !== ours);
  const ratios = peers.map(([peer, values]) => [peer, mine / quantile(values, 0.5)] as const);
  return {
    case: name,
    unit,
    value: each(samples, (values) => quantile(values, 0.5)),
    lowerQuartile: each(samples, (values) => quantile(values, 0.25)),
    ratio: Object.fromEntries(ratios.map(([peer, ratio]) => [peer, rounded(ratio)])),
    goal,
    met: ratios.length > 0 && ratios.every(([, ratio]) => ratio <= goal),
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
      const ratio = row.ratio[contender];
      return [
        row.case,
        contender,
        `${value} ${row.unit}`,
        `${row.lowerQuartile[contender] ?? NaN} ${row.unit}`,
        ratio === undefined ? "" : `${ratio}`,
        ratio === undefined ? "" : `<= ${row.goal}`,
        ratio === undefined ? "" : ratio <= row.goal ? "met" : "NOT MET",
      ];
    }),
  );
  return table([["case", "contender", "median", "lower quartile", "ratio", "goal", ""], ...lines]);
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
