import { duration } from "../format";
import type { Scenario } from "../result";
import type { Percentile } from "./percentiles";
import type { Problem } from "./validity";

export type State = "pass" | "fail" | "invalid";

export const sloIds = [
  "smoke",
  "answers",
  "errors",
  "cold-start",
  "warm-p95",
  "warm-p99",
  "first-token",
  "throughput",
  "gpu-utilisation",
  "soak",
  "autoscaling",
  /** Stands for a scenario that was asked and measured nothing, where no target of its own says so. */
  "measured",
] as const;
export type SloId = (typeof sloIds)[number];

/** How one target was met. */
export interface Verdict {
  readonly slo: SloId;
  readonly scenario: Scenario;
  /** `P95 at 20 req/s`. */
  readonly title: string;
  readonly state: State;
  /** As it is written: `below 500 ms`. */
  readonly limit: string;
  /** As it is written, with its interval; absent where nothing was measured. */
  readonly measured?: string;
  /** Why it is so; never empty for `invalid`. */
  readonly reasons: readonly Problem[];
}

/** What a judge says of its target. */
export type Judged = Pick<Verdict, "state" | "reasons"> & Partial<Pick<Verdict, "measured">>;

export const invalid = (reasons: readonly Problem[], measured?: string): Judged => ({
  state: "invalid",
  reasons,
  ...(measured === undefined ? {} : { measured }),
});

/** Judges an interval by a limit that must not be reached: an interval that holds the limit decides nothing. */
export function below(low: number, high: number, limit: number, measured: string): Judged {
  if (high < limit) return { state: "pass", measured, reasons: [] };
  if (low >= limit) return { state: "fail", measured, reasons: [] };
  return invalid(
    [{ kind: "undecided", text: "the interval holds the limit: more samples are needed to tell" }],
    measured,
  );
}

/** `123 ms (120 ms to 127 ms)`. */
export const percentileText = ({ value, low, high }: Percentile): string =>
  `${duration(value)} (${duration(low)} to ${Number.isFinite(high) ? duration(high) : "unknown"})`;
