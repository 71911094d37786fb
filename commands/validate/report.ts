import { z } from "zod";
import type { Outcome } from "./run";
import type { Status } from "./verdict";

const count = z.int().nonnegative();
const seconds = z.number().nonnegative();

/** The JSON of a validation. */
export const validationSchema = z.strictObject({
  schema: z.literal(1),
  /** The stack that was asked for. */
  stack: z.string(),
  /** ISO times. */
  started: z.iso.datetime(),
  finished: z.iso.datetime(),
  /** Whether nothing failed and nothing was left unchecked. */
  ok: z.boolean(),
  counts: z.strictObject({ ok: count, failed: count, notApplicable: count, notChecked: count }),
  lines: z.array(
    z.strictObject({
      number: z.int().positive(),
      /** Names the line whatever else is listed: `targets/hpc`. */
      key: z.string(),
      title: z.string(),
      status: z.enum(["ok", "failed", "notApplicable", "notChecked"]),
      /** What was seen; of a line that does not apply or was not checked: why. */
      evidence: z.array(z.string()),
      /** Why it failed, and what to do. */
      problems: z.array(z.strictObject({ cause: z.string(), action: z.string() })),
      /** Stages of a way, in order. */
      timings: z.array(z.strictObject({ stage: z.string(), seconds })).optional(),
      /** How long it took to ask. */
      seconds,
    }),
  ),
});

export type Validation = z.output<typeof validationSchema>;

/** Everything that was found, as it is written to files. */
export function validationOf(
  stack: string,
  outcomes: readonly Outcome[],
  times: { readonly started: Date; readonly finished: Date },
): Validation {
  const of = (status: Status): number => outcomes.filter((outcome) => outcome.status === status).length;
  const counts = {
    ok: of("ok"),
    failed: of("failed"),
    notApplicable: of("notApplicable"),
    notChecked: of("notChecked"),
  };
  return {
    schema: 1,
    stack,
    started: times.started.toISOString(),
    finished: times.finished.toISOString(),
    ok: counts.failed === 0 && counts.notChecked === 0,
    counts,
    lines: outcomes.map(({ evidence, problems, timings, ...rest }) => ({
      ...rest,
      evidence: [...evidence],
      problems: problems.map((problem) => ({ ...problem })),
      ...(timings === undefined ? {} : { timings: timings.map((timing) => ({ ...timing })) }),
    })),
  };
}
