import type { AlertingRule } from "../../../rules";
import { inputOf } from "../input";
import type { InputSeries } from "../promtool";
import type { AlertCase, Fires, Shows } from "./case";
import { hubCases } from "./cases/hub";
import { machineCases } from "./cases/machines";
import { monitoringCases } from "./cases/monitoring";
import { olderSlurmCases } from "./cases/olderSlurm";
import { servingCases } from "./cases/serving";
import { slurmCases } from "./cases/slurm";
import { storageCases } from "./cases/storage";
import { transferCases } from "./cases/transfer";
import type { Placed } from "./site";
import { RUNBOOK, alertsOf, clusterGroups, declared, hubGroups } from "./site";
import type { AlertExpectation, FiringAlert, RuleScenario } from "./verdicts";

/** Where a rule is evaluated: the cluster that is tested, and another one beside it. */
export interface Place {
  readonly name: string;
  /** What its rules may read. */
  readonly scope: "cluster" | "hub";
  readonly rules: readonly Placed[];
  readonly cases: readonly AlertCase[];
  readonly tested: string;
  readonly other: string;
  /** Whether what another cluster shows is judged by the same rules. */
  readonly judgesBoth: boolean;
}

export const places: readonly Place[] = [
  {
    name: "cluster",
    scope: "cluster",
    rules: alertsOf(clusterGroups()),
    cases: [
      ...machineCases,
      ...slurmCases,
      ...storageCases,
      ...transferCases,
      ...monitoringCases,
      ...servingCases,
    ],
    tested: "hpc",
    other: "cloud",
    judgesBoth: false,
  },
  {
    name: "cluster with an older Slurm",
    scope: "cluster",
    rules: alertsOf(clusterGroups({ declared: { ...declared, slurm: "exporter" } })).filter(({ rule }) =>
      olderSlurmCases.some(({ alert }) => alert === rule.alert),
    ),
    cases: olderSlurmCases,
    tested: "hpc",
    other: "cloud",
    judgesBoth: false,
  },
  {
    name: "hub",
    scope: "hub",
    rules: alertsOf(hubGroups()),
    cases: hubCases,
    tested: "hpc",
    other: "west",
    judgesBoth: true,
  },
];

/** What tells a rule from all others of its place. */
export const keyOf = (rule: AlertingRule): string =>
  [rule.alert, rule.labels.severity, rule.labels.component, rule.labels.hop ?? rule.labels.window ?? ""]
    .join(" ")
    .trim();

export const keyOfCase = ({ alert, severity, component, labels }: AlertCase): string =>
  [alert, severity, component, labels?.hop ?? labels?.window ?? ""].join(" ").trim();

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };
const seconds = (duration: string): number =>
  Number.parseInt(duration, 10) * (SECONDS[duration.slice(-1)] ?? Number.NaN);

function firing(cluster: string, one: AlertCase, { labels, summary, description }: Fires): FiringAlert {
  const { severity, component } = one;
  return {
    labels: { ...labels, ...one.labels, cluster, severity, component },
    annotations: { summary, description, runbook_url: `${RUNBOOK}#${one.alert.toLowerCase()}` },
  };
}

/** The kinds of scenario every rule must have. */
export const kinds = ["firing", "not yet firing", "never firing", "two clusters"] as const;

/**
 * What one case says of its rule: that it fires at the first moment it may, exactly so, and not one evaluation before;
 * that it never does where nothing is wrong; and that trouble of one of two clusters is that cluster's alone.
 */
export function scenariosOf(
  { tested, other, judgesBoth }: Place,
  { rule }: Placed,
  one: AlertCase,
): readonly (RuleScenario & { readonly kind: (typeof kinds)[number] })[] {
  const { alert, interval = "1m", since = 0 } = one;
  const step = seconds(interval);
  const first = Math.ceil((since * 60 + seconds(rule.for ?? "")) / step) * step;
  const fires = (cluster: string): FiringAlert[] =>
    one.fires(cluster).map((each) => firing(cluster, one, each));
  const shown = (shows: Shows, cluster: string): InputSeries[] => [...shows(inputOf(cluster), cluster)];
  const [well] = one.good;
  if (well === undefined) throw new Error(`${alert}: show a cluster where nothing is wrong`);
  // rules that judge both clusters at once are shown both
  const beside = judgesBoth ? shown(well.shows, other) : [];
  const at = (second: number, firingNow: readonly FiringAlert[]): AlertExpectation => ({
    alert,
    at: `${second}s`,
    firing: firingNow,
  });
  const scenario = (
    kind: (typeof kinds)[number],
    name: string,
    input: readonly InputSeries[],
    ...alerts: readonly AlertExpectation[]
  ) => ({ kind, name, interval, input, alerts });
  const late = first + 600;
  return [
    scenario(
      "firing",
      "fires when it has lasted",
      [...shown(one.bad, tested), ...beside],
      at(first, fires(tested)),
    ),
    scenario(
      "not yet firing",
      "does not fire before",
      [...shown(one.bad, tested), ...beside],
      at(first - step, []),
    ),
    ...one.good.map(({ shows, after }, index) => {
      const times = after === undefined ? [first, late] : [after * 60];
      return scenario(
        "never firing",
        `does not fire where nothing is wrong (${index + 1})`,
        [...shown(shows, tested), ...beside],
        ...times.map((second) => at(second, [])),
      );
    }),
    scenario(
      "two clusters",
      "fires for the cluster that is in trouble",
      [...shown(one.bad, tested), ...shown(well.shows, other)],
      at(first, fires(tested)),
    ),
    scenario(
      "two clusters",
      "is not confused by trouble elsewhere",
      [...shown(well.shows, tested), ...shown(one.bad, other)],
      at(first, judgesBoth ? fires(other) : well.after === undefined ? [] : []),
    ),
  ];
}
