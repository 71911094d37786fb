import { draw, seeded, type Distribution } from "./distribution";
import { FifoQueue } from "./queue";

/** A server and a run of evenly spaced requests at it. */
export interface SimulatedRun {
  readonly service: Distribution;
  readonly capacity: number;
  /** Seconds of load before what is counted. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** Latencies in milliseconds, sorted, of the requests after the warm-up, as the test server would answer them. */
function simulateLatencies(run: SimulatedRun, rate: number, seed: number): readonly number[] {
  const random = seeded(seed);
  const queue = new FifoQueue(run.capacity);
  const latencies: number[] = [];
  for (let arrival = 0; arrival < rate * (run.warmUpSeconds + run.seconds); arrival++) {
    const arrivalMs = (arrival * 1000) / rate;
    const doneMs = queue.admit(arrivalMs, draw(run.service, random));
    if (arrivalMs >= run.warmUpSeconds * 1000) latencies.push(doneMs - arrivalMs);
  }
  return latencies.sort((a, b) => a - b);
}

/** The smallest value that at least the part `q` of the sorted values does not exceed. */
export const percentile = (sorted: readonly number[], q: number): number =>
  sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? NaN;

/**
 * The highest rate, requests per second, at which the run's P95 stays below `sloMs`: the middle one of many runs
 * decides, and the answer is within a thousandth.
 */
export function simulatedKnee(run: SimulatedRun, sloMs: number, runs = 41): number {
  const holds = (rate: number): boolean => {
    const p95s = Array.from({ length: runs }, (_, seed) =>
      percentile(simulateLatencies(run, rate, seed + 1), 0.95),
    );
    return (
      percentile(
        p95s.sort((a, b) => a - b),
        0.5,
      ) < sloMs
    );
  };
  let [low, high] = [1, 2];
  if (!holds(low)) throw new Error(`no rate from ${low}/s up meets a P95 of ${sloMs} ms`);
  while (holds(high)) [low, high] = [high, high * 2];
  while (high / low > 1.001) {
    const middle = Math.sqrt(low * high);
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}
