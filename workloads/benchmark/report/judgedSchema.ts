/**
 * `judged.json`, `schema: 1`: what a run's judgement says, for programs. Units as in the result; a figure that is not known
 * is absent.
 */
import * as z from "zod";
import { sloIds } from "../analysis/judged";
import { compared } from "../analysis/regression";
import { knobs, scenarios, summarySchema } from "../result";

const text = z.string().min(1);
const amount = z.number().nonnegative();
const count = z.int().nonnegative();
const state = z.enum(["pass", "fail", "invalid"]);
const figure = z.enum(Object.keys(summarySchema.shape.figures.shape));
const comparedFigure = z.enum(Object.keys(compared));
const value = z.union([z.string(), z.number(), z.boolean()]);

/** Why something is as it is. */
const problem = z.strictObject({ kind: text, text });

const percentile = z.strictObject({
  p: z.number().positive().lt(1),
  samples: count,
  value: amount,
  /** The interval that holds the true one with 95 % confidence; `high` is absent where it is open. */
  low: amount,
  high: amount.optional(),
});

const verdict = z.strictObject({
  slo: z.enum(sloIds),
  scenario: z.enum(scenarios),
  title: text,
  state,
  limit: text,
  measured: text.optional(),
  reasons: z.array(problem),
});

const knee = z.strictObject({
  /** Highest rate below every one that missed, and lowest that did; requests per second. */
  low: amount,
  high: amount.optional(),
  confirmed: count,
  problems: z.array(problem),
  steps: z.array(
    z.strictObject({
      rate: amount,
      achievedRate: amount,
      replicas: z.number().positive(),
      purpose: z.enum(["climb", "bisect", "confirm"]),
      p95: percentile.optional(),
      state: z.enum(["met", "missed", "invalid"]),
      reasons: z.array(problem),
    }),
  ),
});

const gpus = z.strictObject({
  utilisation: amount.optional(),
  engineActive: amount.optional(),
  energyJoules: amount.optional(),
  gpus: count,
  simulated: z.boolean(),
  problems: z.array(problem),
});

const cost = z.discriminatedUnion("state", [
  z.strictObject({
    gpuType: z.string(),
    state: z.literal("measured"),
    run: text,
    simulated: z.boolean(),
    pricePerGpuHour: amount.optional(),
    kneeRatePerGpu: amount,
    /** In the target's currency. */
    cost: z.strictObject({
      per1000Requests: amount,
      usedPer1000Requests: amount.optional(),
      perMillionTokens: amount.optional(),
      usedPerMillionTokens: amount.optional(),
    }),
    joulesPer1000Requests: amount.optional(),
  }),
  z.strictObject({ gpuType: z.string(), state: z.literal("not measured"), pricePerGpuHour: amount }),
]);

const comparison = z.strictObject({
  figure: comparedFigure,
  state: z.enum(["regression", "none", "improved", "inconclusive"]),
  baseline: amount.optional(),
  now: amount.optional(),
  worse: z.number().optional(),
  band: amount.optional(),
  text,
});

const drift = z.strictObject({
  figure: comparedFigure,
  state: z.enum(["drift", "none", "inconclusive"]),
  version: text.optional(),
  worse: z.number().optional(),
  band: amount.optional(),
  text,
});

const recommendation = z.strictObject({
  /** Heading in docs/optimization.md. */
  id: text,
  title: text,
  because: z.strictObject({ scenario: z.enum(scenarios), metric: text, text }),
  change: z.strictObject({ knob: z.enum(knobs), setting: text, from: value.optional(), to: value }),
  /** Where the figure will be once the change is made. */
  gain: z.strictObject({ figure, now: amount, low: amount, high: amount }),
  solves: z.array(z.enum(sloIds)),
});

export const judgedSchema = z.strictObject({
  schema: z.literal(1),
  run: text,
  verdict: state,
  simulated: z.boolean(),
  verdicts: z.array(verdict),
  warm: z.strictObject({ mean: amount.optional(), percentiles: z.array(percentile) }).optional(),
  knee: knee.optional(),
  gpus: gpus.optional(),
  costs: z.array(cost),
  comparisons: z.array(comparison),
  drifts: z.array(drift),
  recommendations: z.array(recommendation),
  summary: summarySchema,
  /** Why the alias `champion` may not move; empty where it may. */
  hold: z.array(text),
  notes: z.array(text),
});
