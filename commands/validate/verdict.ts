/** How an integration point is: `notChecked` where it cannot be asked since another line is red. */
export type Status = "failed" | "notApplicable" | "notChecked" | "ok";

/** Something wrong at an integration point. */
export interface Problem {
  readonly cause: string;
  /** What to do, in one sentence. */
  readonly action: string;
}

/** A stage of a way, and how long it took. */
export interface Timing {
  readonly stage: string;
  readonly seconds: number;
}

/** What follows from the evidence of one line. */
export interface Verdict {
  readonly status: Exclude<Status, "notChecked">;
  /** Values, counts, versions: sentences without secrets. Of what does not apply: why. */
  readonly evidence: readonly string[];
  /** Some where it failed, none else. */
  readonly problems: readonly Problem[];
  readonly timings?: readonly Timing[];
}

/** Failed where anything is wrong. */
export const judged = (
  evidence: readonly string[],
  problems: readonly Problem[],
  timings?: readonly Timing[],
): Verdict => ({
  status: problems.length === 0 ? "ok" : "failed",
  evidence,
  problems,
  ...(timings === undefined ? {} : { timings }),
});

export const notApplicable = (reason: string): Verdict => ({
  status: "notApplicable",
  evidence: [reason],
  problems: [],
});

/** An error that says what to do about it. */
export class CheckError extends Error {
  public constructor(
    cause: string,
    readonly action: string,
  ) {
    super(cause);
    this.name = "CheckError";
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** `1 pod`, `2 pods`. */
export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** The first of many, and how many more there are. */
export function listed(items: readonly string[], most = 5): string {
  const more = items.length - most;
  return more > 0 ? `${items.slice(0, most).join(", ")} and ${more} more` : items.join(", ");
}
