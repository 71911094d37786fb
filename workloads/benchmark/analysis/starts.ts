import type { ColdStart, Phase } from "../result";

/** The slowest start of a kind; undefined where none was timed. The default kind is the one that the target judges. */
export function slowest(
  starts: readonly ColdStart[],
  kind: ColdStart["kind"] = "deployment",
): ColdStart | undefined {
  return starts
    .filter((start) => start.kind === kind)
    .reduce<ColdStart | undefined>(
      (worst, start) => (start.totalSeconds > (worst?.totalSeconds ?? -1) ? start : worst),
      undefined,
    );
}

/** The longest phase of a stopwatch: the guilty one. */
export function guilty(
  phases: readonly { readonly phase: Phase; readonly seconds: number }[],
): { readonly phase: Phase; readonly seconds: number } | undefined {
  return phases.reduce<(typeof phases)[number] | undefined>(
    (longest, one) => (one.seconds > (longest?.seconds ?? -1) ? one : longest),
    undefined,
  );
}
