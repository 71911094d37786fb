import type { State } from "../analysis/judged";

/** What a run ends with: the judge's word, or that something beside it went wrong. */
export type Verdict = State | "error";

export const exitCodes: Readonly<Record<Verdict, number>> = { pass: 0, fail: 1, invalid: 2, error: 3 };
