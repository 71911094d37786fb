import { duration, percent } from "../../format";
import type { Knob, Phase, Scenario } from "../../result";
import type { SloId } from "../judged";
import { guilty, slowest } from "../starts";
import { failing, knobNumber } from "./types";
import type { Context, Figure, Rule, Value } from "./types";

interface Start {
  readonly scenario: Scenario;
  readonly slo: SloId;
  readonly figure: Figure;
  readonly total: number;
  readonly phases: readonly { readonly phase: Phase; readonly seconds: number }[];
}

/** Starts that took too long. */
function late(context: Context): readonly Start[] {
  const { coldStart = [], autoscaling } = context.result.evidence;
  const start = slowest(coldStart);
  return [
    ...(failing(context, "cold-start") && start !== undefined
      ? [
          {
            scenario: "coldStart",
            slo: "cold-start",
            figure: "coldStartSeconds",
            total: start.totalSeconds,
            phases: start.phases,
          } as const,
        ]
      : []),
    ...(failing(context, "autoscaling") && autoscaling !== undefined
      ? [
          {
            scenario: "autoscaling",
            slo: "autoscaling",
            figure: "autoscalingSeconds",
            // never reached: at least as long as it was watched
            total: autoscaling.totalSeconds ?? autoscaling.watchedSeconds,
            phases: withRest(autoscaling),
          } as const,
        ]
      : []),
  ];
}

/** The phase that never ended has all that is left. */
function withRest({
  phases: timed,
  totalSeconds,
  watchedSeconds,
}: NonNullable<Context["result"]["evidence"]["autoscaling"]>): Start["phases"] {
  if (totalSeconds !== undefined) return timed;
  const next = ORDER[ORDER.indexOf(timed.at(-1)?.phase ?? "first-answer") + 1] ?? "metric-seen";
  const spent = timed.reduce((sum, { seconds }) => sum + seconds, 0);
  return [...timed, { phase: next, seconds: Math.max(0, watchedSeconds - spent) }];
}

const ORDER: readonly Phase[] = [
  "metric-seen",
  "decision",
  "pod-created",
  "scheduled",
  "image",
  "model",
  "ready",
  "in-rotation",
];

/** A rule about the phase that takes longest. It can save that phase, and never more. */
const phaseRule = (
  id: string,
  title: string,
  blamed: readonly Phase[],
  knob: Knob,
  change: (context: Context) => { readonly from?: Value; readonly to: Value },
): Rule => ({
  id,
  title,
  advise: (context) => {
    const starts = late(context).map((start) => ({ ...start, worst: guilty(start.phases) }));
    const found = starts.filter(({ worst }) => worst !== undefined && blamed.includes(worst.phase));
    const [first] = found;
    if (first?.worst === undefined) return undefined;
    const { scenario, total, worst, figure } = first;
    return {
      because: {
        scenario,
        metric: `phase ${worst.phase}`,
        text: `${worst.phase} took ${duration(worst.seconds)} of ${duration(total)} (${percent(worst.seconds / total)}), more than any other phase; without it the total is ${duration(total - worst.seconds)}`,
      },
      knob,
      ...change(context),
      gain: { figure, now: total, low: total - worst.seconds, high: total - worst.seconds * 0.4 },
      solves: found.map(({ slo }) => slo),
    };
  },
});

const halved =
  (knob: Knob, fallback: number) =>
  (context: Context): { readonly from: number; readonly to: number } => {
    const from = knobNumber(context, knob, fallback);
    return { from, to: from / 2 };
  };

export const startRules: readonly Rule[] = [
  phaseRule(
    "autoscaler-metric",
    "Let the autoscaler see load sooner",
    ["metric-seen"],
    "autoscalerPollSeconds",
    halved("autoscalerPollSeconds", 30),
  ),
  phaseRule(
    "autoscaler-target",
    "Let the autoscaler decide earlier",
    ["decision", "pod-created"],
    "autoscalerTarget",
    (context) => {
      const from = knobNumber(context, "autoscalerTarget", 80);
      return { from, to: Math.round(from * 0.6) };
    },
  ),
  phaseRule("no-room", "Hold a node ready", ["scheduled"], "nodes", (context) => {
    const from = knobNumber(context, "nodes", 1);
    return { from, to: from + 1 };
  }),
  phaseRule(
    "image-pull",
    "Have the image on the node before it is needed",
    ["image"],
    "imagePrePull",
    () => ({
      from: false,
      to: true,
    }),
  ),
  phaseRule("model-load", "Keep the model's files on the node", ["model"], "localModelCache", () => ({
    from: false,
    to: true,
  })),
  phaseRule(
    "engine-start",
    "Keep what the engine compiles",
    ["ready", "first-answer"],
    "compileCache",
    () => ({ from: false, to: true }),
  ),
  phaseRule(
    "readiness-period",
    "Ask for readiness more often",
    ["in-rotation"],
    "readinessPeriodSeconds",
    halved("readinessPeriodSeconds", 10),
  ),
];
