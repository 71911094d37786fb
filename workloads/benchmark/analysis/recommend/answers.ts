import { duration, percent } from "../../format";
import type { FailureKind } from "../../result";
import { merged, percentile } from "../percentiles";
import { failuresOf, failureText } from "../validity";
import { failing } from "./types";
import type { Context, Rule } from "./types";

/** The version to return to. */
const formerVersion = ({ result: { history, target } }: Context): string =>
  history.filter(({ champion, version }) => champion && version !== target.version).at(-1)?.version ??
  "the last good version";

const wrongAnswers: Rule = {
  id: "return-to-good-version",
  title: "Serve the last version that answered right",
  advise: (context) => {
    const { figures, result } = context;
    const now = figures.wrongAnswerRatio;
    if (!failing(context, "answers") || now === undefined) return undefined;
    return {
      because: {
        scenario: "warm",
        metric: "wrong answers",
        text: `${percent(now)} of answers had the wrong content, none may`,
      },
      knob: "modelVersion",
      from: result.target.version,
      to: formerVersion(context),
      gain: { figure: "wrongAnswerRatio", now, low: 0, high: 0 },
      solves: ["answers", "smoke"],
    };
  },
};

/** Failures that say "too much at once". */
const OVERLOAD: readonly FailureKind[] = ["http-429", "timeout", "reset"];

/** The failures of all windows below the knee, and whether most of them are of overload. */
function failures({ result: { evidence } }: Context): { readonly text: string; readonly overload: boolean } {
  const all: Partial<Record<FailureKind, number>> = {};
  for (const load of [...(evidence.warm ? [evidence.warm.load] : []), ...(evidence.soak?.windows ?? [])]) {
    for (const [kind, n] of Object.entries(load.failures) as [FailureKind, number][])
      all[kind] = (all[kind] ?? 0) + n;
  }
  const overload = OVERLOAD.reduce((sum, kind) => sum + (all[kind] ?? 0), 0);
  return { text: failureText(all), overload: overload * 2 > failuresOf({ failures: all }) };
}

const failingRule = (id: string, title: string, overload: boolean): Rule => ({
  id,
  title,
  advise: (context) => {
    const { figures, result } = context;
    const now = figures.errorRatio;
    const found = failures(context);
    if (!failing(context, "errors") || now === undefined || found.overload !== overload) return undefined;
    const { slos, version, minReplicas } = result.target;
    return {
      because: {
        scenario: result.asked.includes("warm") ? "warm" : "soak",
        metric: "failed requests",
        text: `${percent(now)} of requests failed (${found.text}), at most ${percent(slos.errorRatio)} may`,
      },
      ...(overload
        ? { knob: "minReplicas", from: minReplicas, to: minReplicas + 1 }
        : { knob: "modelVersion", from: version, to: formerVersion(context) }),
      gain: { figure: "errorRatio", now, low: 0, high: slos.errorRatio },
      solves: ["errors", "smoke"],
    };
  },
});

const soakGrowth: Rule = {
  id: "growth-over-time",
  title: "Latency grows while the model serves: return to the last good version",
  advise: (context) => {
    const { soak } = context.result.evidence;
    if (!failing(context, "soak") || soak === undefined) return undefined;
    const [early, late] = [soak.windows[0], soak.windows.at(-1)].map((load) =>
      load === undefined ? undefined : percentile(merged([load.latencies]), 0.95),
    );
    if (early === undefined || late === undefined || late.value <= early.value) return undefined;
    return {
      because: {
        scenario: "soak",
        metric: "P95 over time",
        text: `P95 was ${duration(early.value)} at first and ${duration(late.value)} at the end`,
      },
      knob: "modelVersion",
      from: context.result.target.version,
      to: formerVersion(context),
      gain: { figure: "warmP95Seconds", now: late.value, low: early.low, high: late.value },
      solves: ["soak"],
    };
  },
};

export const answerRules: readonly Rule[] = [
  wrongAnswers,
  failingRule("requests-fail", "Serve the last version that did not fail", false),
  failingRule("requests-refused", "Too much for these replicas: add one", true),
  soakGrowth,
];
