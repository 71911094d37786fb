import { startBounds } from "../../metrics/catalogue/recorded/serving";

/** Bounds, in seconds, by which the starts of pods are counted. */
export const START_BOUNDS: readonly number[] = startBounds.filter((bound) => bound !== "+Inf").map(Number);

/**
 * A limit of cold starts as the label `le` of the bucket that ends there.
 *
 * @throws RangeError for a limit at which starts are not counted.
 */
export function startBound(seconds: number): string {
  if (!START_BOUNDS.includes(seconds)) {
    throw new RangeError(
      `coldStart.warning: starts are not counted at ${seconds} s; choose one of ${START_BOUNDS.join(", ")}`,
    );
  }
  return String(seconds);
}
