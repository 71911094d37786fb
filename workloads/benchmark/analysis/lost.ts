import type { Load } from "../result";
import { merged, minimumSamples, percentile, samplesOf } from "./percentiles";
import { loadProblems, RATE_KEPT } from "./validity";
import type { Problem, ProblemKind } from "./validity";

/** What lost load is known by. */
const LOST: readonly ProblemKind[] = ["dropped", "rate"];

/** Requests of a window that did not begin. */
const lostOf = ({ targetRate, seconds, requests }: Load): number =>
  Math.max(0, Math.round(targetRate * seconds) - requests);

/**
 * Whether nothing speaks against a window but that its server kept every virtual user waiting: the client is known to have
 * been on time, and all that is missing was dropped.
 */
function heldUp(load: Load, errorRatio: number): boolean {
  const { client, droppedIterations, requests, targetRate, seconds } = load;
  const problems = loadProblems(load, errorRatio);
  if (droppedIterations === 0) return problems.length === 0;
  return (
    client.late !== undefined &&
    requests + droppedIterations >= RATE_KEPT * targetRate * seconds &&
    problems.every(({ kind }) => LOST.includes(kind))
  );
}

/**
 * Why windows that lost load have missed a limit all the same; undefined where they may have met it. A server that is far
 * too slow cannot be given the whole load, and how slow it would be under it nobody knows: what did begin is only a lower
 * bound, since more load makes no answer faster. It suffices where its percentile is above the limit even if each lost
 * request had been answered at once, and what the client itself was late is taken off: the best that could be said of it.
 */
export function missedDespiteLoss(
  loads: readonly Load[],
  p: number,
  limit: number,
  errorRatio: number,
): Problem | undefined {
  const dropped = loads.reduce((sum, { droppedIterations }) => sum + droppedIterations, 0);
  if (dropped === 0 || !loads.every((load) => heldUp(load, errorRatio))) return undefined;
  const answered = loads.map(({ latencies }) => latencies);
  const lost = loads.reduce((sum, load) => sum + lostOf(load), 0);
  const atOnce = { counts: lost > 0 ? [[0, lost] as [number, number]] : [], sumSeconds: 0 };
  const best = percentile(merged([...answered, atOnce]), p);
  const late = Math.max(...loads.map(({ client }) => client.late?.seconds ?? 0));
  if (best === undefined || best.samples < minimumSamples(p) || best.low - late < limit) return undefined;
  const of = answered.reduce((sum, latencies) => sum + samplesOf(latencies), 0);
  return {
    kind: "dropped",
    text: `${dropped} iterations were dropped, as every virtual user was waiting for an answer: P${p * 100} is that of the ${of} requests that were answered and a lower bound; it is above the limit even if those dropped had been answered at once`,
  };
}
