import { scrapes } from "../../../metrics/catalogue";
import { components } from "../../../metrics/catalogue/recorded/health";
import type { Component } from "../../../metrics/catalogue/recorded/health";
import { select } from "../../../metrics/select";
import { DEFAULT_THRESHOLDS } from "../../../metrics/thresholds";
import { checksOf, weights } from "../../../rules/health";
import type { RuleScenario } from "../alerts/verdicts";
import type { Expectation, InputSeries } from "../promtool";
import { cases } from "./cases";
import type { Values } from "./site";
import { everything, healthy } from "./site";

const checks = (
  Object.entries(checksOf(everything, DEFAULT_THRESHOLDS)) as [
    Component,
    readonly { readonly reason: string; readonly unknown: number }[],
  ][]
).flatMap(([component, list]) => list.map((check) => ({ component, ...check })));

/** Series that keep their values for 40 minutes. */
export function constantly(...values: readonly Values[]): InputSeries[] {
  return Object.entries(Object.assign({}, ...values) as Values).flatMap(([series, value]) =>
    value === null ? [] : [{ series, values: typeof value === "string" ? value : `${value}x40` }],
  );
}

/** Values are compared at 4 digits after the point: sums differ in their last bits. */
const ROUND = 0.0001;
const rounded = (value: number): number => Math.round(value * 10_000) / 10_000;

const loss = (component: Component, reason: string, known: "no" | "yes" = "yes"): string =>
  `{cluster="hpc",component="${component}",known="${known}",reason="${reason}"}`;
const score = (component: Component): string => `{cluster="hpc",component="${component}"}`;
const TOTAL = '{cluster="hpc"}';
/** What a name gives at a time, rounded. */
const gives = (expr: string, at: string, values: Readonly<Record<string, number>>): Expectation => ({
  expr: `round(${expr}, ${ROUND})`,
  at,
  gives: Object.fromEntries(Object.entries(values).map(([series, value]) => [series, rounded(value)])),
});

const scenario = (
  name: string,
  input: readonly InputSeries[],
  expect: readonly Expectation[],
): RuleScenario => ({ name, interval: "1m", input, expect });

/** Losses above 0 at a time, by component and reason; the scores and the total follow from them. */
function loses(at: string, lost: readonly (readonly [Component, string, number])[]): Expectation[] {
  const of = (component: Component): number =>
    lost.filter(([one]) => one === component).reduce((sum, [, , points]) => sum + points, 0);
  const total = components.reduce((sum, one) => sum + weights[one] * Math.min(of(one), 100), 0);
  return [
    gives(
      "fed_cluster:health:loss > 0",
      at,
      Object.fromEntries(lost.map(([component, reason, points]) => [loss(component, reason), points])),
    ),
    gives(
      "fed_cluster:health:score",
      at,
      Object.fromEntries(components.map((one) => [score(one), 100 - Math.min(of(one), 100)])),
    ),
    gives("fed_cluster:cluster_health:score", at, { [TOTAL]: 100 - Math.min(total, 100) }),
  ];
}

/** All checks, known and without a loss. */
const allWell: Readonly<Record<string, number>> = Object.fromEntries(
  checks.map(({ component, reason }) => [loss(component, reason), 0]),
);

/** All checks, unknown, with what that costs. */
const allUnknown: readonly Expectation[] = [
  gives(
    "fed_cluster:health:loss",
    "10m",
    Object.fromEntries(
      checks.map(({ component, reason, unknown }) => [loss(component, reason, "no"), unknown]),
    ),
  ),
  gives(
    "fed_cluster:health:score",
    "10m",
    Object.fromEntries(components.map((component) => [score(component), 0])),
  ),
  gives("fed_cluster:cluster_health:score", "10m", { [TOTAL]: 0 }),
];

/** Another cluster where everything that can be wrong is. */
const west: Values = Object.fromEntries(
  cases
    .flatMap(([, , change]) => Object.entries({ ...healthy("hpc"), ...change }))
    .map(([series, value]) => [series.replace('cluster="hpc"', 'cluster="west"'), value]),
);
const firing = (alertname: string) => ({ alertname, alertstate: "firing" });

const xid = cases.find(([, reason]) => reason === "xid");
const quarantined = cases.find(([, reason]) => reason === "quarantined");

/** What must hold of all checks together. */
export const together: readonly RuleScenario[] = [
  scenario("all is well", constantly(healthy("hpc")), [
    gives("fed_cluster:health:loss", "10m", allWell),
    ...loses("10m", []),
  ]),
  scenario("nothing is known", [], allUnknown),
  scenario("nothing is known but of another cluster", constantly(healthy("west")), [
    ...allUnknown,
    gives('{__name__=~"fed_(cluster|local):(cluster_)?health(_check)?:.+",cluster!="hpc"}', "10m", {}),
  ]),
  scenario("all is well but in another cluster", constantly(healthy("hpc"), west), loses("10m", [])),
  scenario("two components lose", constantly(healthy("hpc"), xid?.[2] ?? {}, quarantined?.[2] ?? {}), [
    ...loses("10m", [
      ["gpus", "xid", 25],
      ["transfer", "quarantined", 30],
    ]),
    gives("fed_cluster:cluster_health:score", "10m", { [TOTAL]: 100 - 0.8 * 25 - 0.5 * 30 }),
  ]),
  scenario(
    "a loss ends after 3 minutes and is held for 5",
    [
      ...constantly({ ...healthy("hpc"), 'fed_cluster:minio_health:healthy{cluster="hpc"}': null }),
      { series: 'fed_cluster:minio_health:healthy{cluster="hpc"}', values: "1x9 0x2 1x30" },
    ],
    [
      ...loses("9m", []),
      ...loses("10m", [["storage", "minio_unwritable", 100]]),
      ...loses("16m", [["storage", "minio_unwritable", 100]]),
      ...loses("18m", []),
    ],
  ),
  ...(
    [
      ["Watchdog", "watchdog"],
      ["HubReachable", "hub_reachable"],
    ] as const
  ).map(([alertname, name]) =>
    scenario(
      `${alertname} fires, here and elsewhere`,
      constantly({
        [select(scrapes.alerts, { cluster: "hpc", ...firing(alertname) })]: 1,
        [select(scrapes.alerts, { cluster: "west", ...firing(alertname) })]: 1,
      }),
      [
        {
          expr: '{__name__=~"fed_cluster:.+:firing"}',
          at: "10m",
          gives: { [`fed_cluster:${name}:firing{cluster="hpc"}`]: 1 },
        },
      ],
    ),
  ),
];

/** What must hold of each check, by its reason. */
export const alone: Readonly<Record<string, readonly RuleScenario[]>> = Object.fromEntries(
  checks.map(({ component, reason }) => [
    `${component}/${reason}`,
    cases
      .filter((one) => one[0] === component && one[1] === reason)
      .map(([, , change, points]) =>
        scenario(`${component} loses by ${reason}`, constantly(healthy("hpc"), change), [
          ...loses("10m", [
            [component, reason, points],
            // an API server that does not answer is missed by the monitoring as well
            ...(reason === "unreachable" ? ([["monitoring", "targets_down", 100 / 14]] as const) : []),
          ]),
        ]),
      ),
  ]),
);
