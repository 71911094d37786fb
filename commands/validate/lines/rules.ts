import type { Prometheus } from "../../preview/prometheus";
import { counted, judged } from "../verdict";
import type { Problem, Verdict } from "../verdict";

interface Rule {
  readonly name: string;
  readonly type: "alerting" | "recording";
  readonly health: "err" | "ok" | "unknown";
  readonly lastError?: string;
}

export interface Group {
  readonly name: string;
  readonly file: string;
  /** Seconds. */
  readonly interval: number;
  readonly lastEvaluation: string;
  readonly rules: readonly Rule[];
}

export interface RulesEvidence {
  readonly groups: readonly Group[];
  /** Whether the last change of its configuration was taken over. */
  readonly reloaded: boolean;
  readonly lastReload: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export async function gatherRules(prometheus: Prometheus): Promise<RulesEvidence> {
  const [{ groups }, runtime] = await Promise.all([
    prometheus.get<{ groups: readonly Group[] }>("rules"),
    prometheus.get<{ reloadConfigSuccess: boolean; lastConfigTime: string; serverTime?: string }>(
      "status/runtimeinfo",
    ),
  ]);
  return {
    groups,
    reloaded: runtime.reloadConfigSuccess,
    lastReload: runtime.lastConfigTime,
    // by its own clock where it tells it: another one says nothing about ages
    now: runtime.serverTime === undefined ? Date.now() : Date.parse(runtime.serverTime),
  };
}

/** What to do where the configuration is not as it should be. */
export interface RulesAdvice {
  readonly refused: string;
  /** Absent where something else tells of rules that are not there. */
  readonly none?: string;
}

const DEPLOYED: RulesAdvice = {
  refused: "docs/runbook.md, PrometheusConfigRefused: its log says why; `pulumi up` puts the files right",
  none: "`pulumi up` puts its configuration right",
};

/** A group that was evaluated longer ago than that many of its intervals, and this many seconds, has stopped. */
const LATE = { intervals: 3, seconds: 30 };

const lateSeconds = ({ lastEvaluation, interval }: Group, now: number): number =>
  (now - Date.parse(lastEvaluation)) / 1000 - LATE.intervals * interval - LATE.seconds;

const place = ({ file, name }: Group): string => `${file.slice(file.lastIndexOf("/") + 1)}, group ${name}`;

export function judgeRules(
  { groups, reloaded, lastReload, now }: RulesEvidence,
  advice: RulesAdvice = DEPLOYED,
): Verdict {
  const rules = groups.flatMap((group) => group.rules.map((rule) => ({ group, rule })));
  const of = (type: Rule["type"]): number => rules.filter(({ rule }) => rule.type === type).length;
  const unknown = rules.filter(({ rule }) => rule.health === "unknown");
  const problems: Problem[] = [
    ...(reloaded
      ? []
      : [
          {
            cause: "Prometheus refused its last configuration, and goes on with the one before",
            action: advice.refused,
          },
        ]),
    ...(rules.length > 0 || advice.none === undefined
      ? []
      : [{ cause: "Prometheus has no rules", action: advice.none }]),
    ...rules
      .filter(({ rule }) => rule.health === "err")
      .map(({ group, rule }) => ({
        cause: `${rule.name} (${place(group)}): ${rule.lastError ?? "no reason told"}`,
        action: "docs/runbook.md, PrometheusRulesFail",
      })),
    ...(unknown.length === 0
      ? []
      : [
          {
            cause: `${counted(unknown.length, "rule")} not evaluated yet, the first is ${unknown[0]?.rule.name ?? ""}`,
            action: "ask again after an evaluation interval",
          },
        ]),
    ...groups
      .filter(
        (group) => group.rules.every(({ health }) => health !== "unknown") && lateSeconds(group, now) > 0,
      )
      .map((group) => ({
        cause: `${place(group)} was last evaluated ${group.lastEvaluation}`,
        action: "docs/runbook.md, PrometheusRulesLate",
      })),
  ];
  return judged(
    [
      `${of("recording")} recording and ${of("alerting")} alerting rules in ${counted(groups.length, "group")}, all evaluated`,
      `configuration of ${lastReload} in force`,
    ],
    problems,
  );
}
