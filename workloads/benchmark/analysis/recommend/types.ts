import type { Knob, Result, Scenario, Summary } from "../../result";
import type { CostRow } from "../cost";
import type { SloId, Verdict } from "../judged";
import type { Knee } from "../knee";

export type Figure = keyof Summary["figures"];
export type Value = string | number | boolean;

/** What a rule looks at. */
export interface Context {
  readonly result: Result;
  readonly knee?: Knee;
  readonly verdicts: readonly Verdict[];
  readonly figures: Summary["figures"];
  readonly costs: readonly CostRow[];
}

/** Where a figure will be once the change is made; the next run proves it or does not. */
export interface Gain {
  readonly figure: Figure;
  readonly now: number;
  readonly low: number;
  readonly high: number;
}

/** What a rule says; the setting's place is added from the target. */
export interface Advice {
  /** The metric that triggered it, with its value and the limit that it crossed. */
  readonly because: { readonly scenario: Scenario; readonly metric: string; readonly text: string };
  readonly knob: Knob;
  readonly to: Value;
  /** Where the target's settings do not say it. */
  readonly from?: Value;
  readonly gain: Gain;
  /** Targets that it helps with. */
  readonly solves: readonly SloId[];
}

export interface Rule {
  /** Heading in docs/optimization.md. */
  readonly id: string;
  readonly title: string;
  readonly advise: (context: Context) => Advice | undefined;
}

export interface Recommendation {
  readonly id: string;
  readonly title: string;
  readonly because: Advice["because"];
  readonly change: {
    readonly knob: Knob;
    readonly setting: string;
    readonly from?: Value;
    readonly to: Value;
  };
  readonly gain: Gain;
  readonly solves: readonly SloId[];
}

export const failing = ({ verdicts }: Context, ...ids: readonly SloId[]): boolean =>
  verdicts.some(({ slo, state }) => state === "fail" && ids.includes(slo));

/** A gain by factors on what the figure is now; undefined where it was not measured. */
export function factor({ figures }: Context, figure: Figure, low: number, high: number): Gain | undefined {
  const now = figures[figure];
  return now === undefined ? undefined : { figure, now, low: now * low, high: now * high };
}

/** Whether a knob stands where it does unless somebody moves it, as far as is known. */
export const isDefault = ({ result }: Context, knob: Knob): boolean =>
  ["auto", "none", undefined].includes(result.target.settings[knob]?.value as string | undefined);

/** The value that a knob has, as a number; `fallback` where the target's settings do not say it. */
export function knobNumber({ result }: Context, knob: Knob, fallback: number): number {
  const value = result.target.settings[knob]?.value;
  return typeof value === "number" ? value : fallback;
}
