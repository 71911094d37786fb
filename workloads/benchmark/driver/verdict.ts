import type { Result } from "../result";

/** What a run comes to. */
export type Verdict = "pass" | "fail" | "invalid" | "error";

/** Says what a complete result comes to, and nothing else: it is the only source of the exit code. */
export type Judge = (result: Result) => Verdict;

export const exitCodes: Readonly<Record<Verdict, number>> = { pass: 0, fail: 1, invalid: 2, error: 3 };

/** The judge of a run that is only to be measured: never a pass. */
export const unjudged: Judge = ({ errors }) => (errors.length > 0 ? "error" : "invalid");
