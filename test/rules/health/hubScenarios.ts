import { DEFAULT_THRESHOLDS } from "../../../metrics/thresholds";
import type { HubHealthArgs } from "../../../rules/health";
import type { RuleScenario } from "../alerts/verdicts";
import type { Expectation, InputSeries } from "../promtool";

/** A hub and two members, each with a few components. */
export const judging: HubHealthArgs = {
  hub: { cluster: "cloud", components: ["api", "serving"] },
  members: [
    { cluster: "hpc", components: ["api", "gpus"] },
    { cluster: "west", components: ["nodes"] },
  ],
  limits: DEFAULT_THRESHOLDS.health,
};

/** Values over 40 minutes, one a minute. */
type Course = number | string;
const course = (value: Course): string => (typeof value === "number" ? `${value}x40` : value);

const reported = (cluster: string, component: string, points: Course, reason = "missing"): InputSeries[] => [
  {
    series: `fed_cluster:health:score{cluster="${cluster}",component="${component}"}`,
    values: course(points),
  },
  {
    series: `fed_cluster:health:loss{cluster="${cluster}",component="${component}",reason="${reason}",known="yes"}`,
    values: typeof points === "number" ? `${100 - points}x40` : "0x40",
  },
];
const total = (cluster: string, points: Course): InputSeries => ({
  series: `fed_cluster:cluster_health:score{cluster="${cluster}"}`,
  values: course(points),
});
const stale = (cluster: string, value: Course): InputSeries => ({
  series: `fed_hub:heartbeat:stale{cluster="${cluster}"}`,
  values: course(value),
});

const cloud = [...reported("cloud", "api", 100), ...reported("cloud", "serving", 100), total("cloud", 100)];
const hpc = [
  ...reported("hpc", "api", 100),
  ...reported("hpc", "gpus", 75, "xid"),
  total("hpc", 80),
  stale("hpc", 0),
];
const west = [...reported("west", "nodes", 100), total("west", 100), stale("west", 0)];
const without = (input: readonly InputSeries[], pattern: string): InputSeries[] =>
  input.filter(({ series }) => !series.includes(pattern));

interface Judgement {
  /** Points by cluster and component, below 100. */
  readonly scores: Readonly<Record<string, number>>;
  /** Points lost by cluster, component, reason, known; above 0. */
  readonly losses: Readonly<Record<string, number>>;
  readonly totals: readonly [cloud: number, hpc: number, west: number];
  readonly states: readonly [cloud: number, hpc: number, west: number];
  /** Labels of the federation's top reason, and its points. */
  readonly top: readonly [string, number];
  /** The same of the cluster `hpc`. */
  readonly topOfHpc: readonly [string, number];
}

const clusters = ["cloud", "hpc", "west"] as const;
const perCluster = (name: string, values: readonly number[]): Readonly<Record<string, number>> =>
  Object.fromEntries(clusters.map((cluster, index) => [`${name}{cluster="${cluster}"}`, values[index] ?? 0]));

/** Everything the hub says at a time. */
function says(at: string, { scores, losses, totals, states, top, topOfHpc }: Judgement): Expectation[] {
  const named = (name: string, values: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(values).map(([labels, value]) => [`${name}{${labels}}`, value]));
  const sum = totals.reduce((a, b) => a + b);
  const federation = 'cluster="federation"';
  return [
    { expr: "fed_hub:health:score < 100", at, gives: named("fed_hub:health:score", scores) },
    { expr: "count(fed_hub:health:score)", at, gives: { "{}": 5 } },
    { expr: "fed_hub:health:loss > 0", at, gives: named("fed_hub:health:loss", losses) },
    { expr: "fed_hub:cluster_health:score", at, gives: perCluster("fed_hub:cluster_health:score", totals) },
    { expr: "fed_hub:cluster_health:state", at, gives: perCluster("fed_hub:cluster_health:state", states) },
    {
      expr: 'fed_hub:cluster_health:top_reason{cluster="hpc"}',
      at,
      gives: named("fed_hub:cluster_health:top_reason", { [`cluster="hpc",${topOfHpc[0]}`]: topOfHpc[1] }),
    },
    { expr: "count(fed_hub:cluster_health:top_reason)", at, gives: { "{}": 3 } },
    {
      expr: "fed_hub:federation_health:score",
      at,
      gives: named("fed_hub:federation_health:score", { [federation]: sum / 3 }),
    },
    {
      expr: "fed_hub:federation_health:state",
      at,
      gives: named("fed_hub:federation_health:state", { [federation]: Math.max(...states) }),
    },
    {
      expr: "fed_hub:federation_health:top_reason",
      at,
      gives: named("fed_hub:federation_health:top_reason", { [`${federation},${top[0]}`]: top[1] / 3 }),
    },
  ];
}

const reasonOf = (component: string, reason: string, known: string): string =>
  `component="${component}",known="${known}",reason="${reason}"`;
const NONE = reasonOf("none", "none", "yes");
const XID = reasonOf("gpus", "xid", "yes");
const BLIND = reasonOf("monitoring", "blind", "no");

const degraded: Judgement = {
  scores: { 'cluster="hpc",component="gpus"': 75 },
  losses: { [`cluster="hpc",${XID}`]: 25 },
  totals: [100, 80, 100],
  states: [0, 1, 0],
  // a GPU's points count 0.8 of the cluster's
  top: [`${XID},source="hpc"`, 20],
  topOfHpc: [XID, 20],
};

const blindToHpc: Judgement = {
  scores: { 'cluster="hpc",component="api"': 0, 'cluster="hpc",component="gpus"': 0 },
  losses: Object.fromEntries(
    ["api", "gpus"].map((component) => [`cluster="hpc",${reasonOf(component, "blind", "no")}`, 100]),
  ),
  totals: [100, 0, 100],
  states: [0, 3, 0],
  top: [`${BLIND},source="hpc"`, 100],
  topOfHpc: [BLIND, 100],
};

const unheard: Judgement = {
  scores: { 'cluster="hpc",component="gpus"': 0 },
  losses: { [`cluster="hpc",${reasonOf("gpus", "unheard", "no")}`]: 100 },
  totals: [100, 0, 100],
  states: [0, 2, 0],
  top: [`${reasonOf("gpus", "unheard", "no")},source="hpc"`, 80],
  topOfHpc: [reasonOf("gpus", "unheard", "no"), 80],
};

const well: Judgement = {
  scores: {},
  losses: {},
  totals: [100, 100, 100],
  states: [0, 0, 0],
  top: [`${NONE},source="none"`, 0],
  topOfHpc: [NONE, 0],
};

const scenario = (
  name: string,
  input: readonly InputSeries[],
  expect: readonly Expectation[],
): RuleScenario => ({ name, interval: "1m", input, expect });

const states = (at: number, cloudState: number, hpcState: number): Expectation => ({
  expr: "fed_hub:cluster_health:state",
  at: `${at}m`,
  gives: perCluster("fed_hub:cluster_health:state", [cloudState, hpcState, 0]),
});

const wellHpc = [
  ...reported("hpc", "api", 100),
  ...reported("hpc", "gpus", 100),
  total("hpc", 100),
  stale("hpc", 0),
];

/** What must hold of the hub's health rules. */
export const hubScenarios: readonly RuleScenario[] = [
  scenario("all clusters are well", [...cloud, ...wellHpc, ...west], says("10m", well)),
  scenario("a member is degraded", [...cloud, ...hpc, ...west], says("10m", degraded)),
  scenario(
    "the hub and a member are degraded, each for its own reason",
    [
      ...reported("cloud", "api", 100),
      ...reported("cloud", "serving", 60, "errors"),
      total("cloud", 68),
      ...hpc,
      ...west,
    ],
    [
      {
        expr: "fed_hub:cluster_health:top_reason > 0",
        at: "10m",
        gives: {
          [`fed_hub:cluster_health:top_reason{cluster="cloud",${reasonOf("serving", "errors", "yes")}}`]: 32,
          [`fed_hub:cluster_health:top_reason{cluster="hpc",${XID}}`]: 20,
        },
      },
      {
        expr: "3 * fed_hub:federation_health:top_reason",
        at: "10m",
        gives: { [`{cluster="federation",${reasonOf("serving", "errors", "yes")},source="cloud"}`]: 32 },
      },
    ],
  ),
  scenario(
    "the hub is blind to a stale member, whatever that last said",
    [...cloud, ...without(hpc, "heartbeat"), stale("hpc", 1), ...west],
    says("10m", blindToHpc),
  ),
  scenario(
    "the hub is blind where it can not be told whether a member is stale",
    [...cloud, ...without(hpc, "heartbeat"), ...west],
    says("10m", blindToHpc),
  ),
  scenario("the hub is blind to a member it never heard of", [...cloud, ...west], says("10m", blindToHpc)),
  scenario(
    "a fresh member says nothing of a component, nor of its whole",
    [...cloud, ...without(without(hpc, "gpus"), "cluster_health"), ...west],
    says("10m", unheard),
  ),
  scenario(
    "the hub's own health is not known",
    [...hpc, ...west],
    [
      states(10, 2, 1),
      {
        expr: 'fed_hub:health:loss{cluster="cloud"}',
        at: "10m",
        gives: Object.fromEntries(
          ["api", "serving"].map((component) => [
            `fed_hub:health:loss{cluster="cloud",${reasonOf(component, "unheard", "no")}}`,
            100,
          ]),
        ),
      },
    ],
  ),
  scenario(
    "a cluster leaves a state only with points to spare",
    [
      ...without(cloud, "cluster_health"),
      total("cloud", "100 89 92 94 95 100x30"),
      ...without(hpc, "cluster_health"),
      total("hpc", "90 49 54 55 94 95 89 49 95x30"),
      ...west,
    ],
    [
      states(0, 0, 0),
      states(1, 1, 2),
      states(2, 1, 2),
      states(3, 1, 1),
      states(4, 0, 1),
      states(5, 0, 0),
      states(6, 0, 1),
      states(7, 0, 2),
      states(8, 0, 0),
    ],
  ),
  scenario(
    "a member that is heard again is judged anew",
    [
      ...cloud,
      ...without(hpc, "cluster_health").filter(({ series }) => !series.includes("heartbeat")),
      total("hpc", "92x40"),
      stale("hpc", "0 0 1 1 0x30"),
      ...west,
    ],
    [states(1, 0, 0), states(2, 0, 3), states(3, 0, 3), states(4, 0, 0)],
  ),
];
