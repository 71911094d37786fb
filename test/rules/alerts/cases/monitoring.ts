import { fedCluster, prometheus, scrapes } from "../../../../metrics/catalogue";
import { prometheusHttp } from "../../../../metrics/catalogue/prometheusHttp";
import type { Selectable } from "../../../../metrics/types";
import type { Input } from "../../input";
import type { AlertCase } from "../case";
import { always } from "../case";

const { monitoring } = fedCluster;
const component = "monitoring";

/** Alerts that fire while something happens at all. */
const happening: readonly (readonly [
  alert: string,
  severity: "critical" | "warning",
  metric: Selectable,
  summary: (cluster: string) => string,
  description: (cluster: string) => string,
])[] = [
  [
    "PrometheusRulesFail",
    "critical",
    monitoring.prometheusRuleFailures,
    (cluster) => `Rules of ${cluster} can not be evaluated.`,
    (cluster) => `250m rule evaluations a second fail on ${cluster}: alerts and health there can be wrong.`,
  ],
  [
    "PrometheusRulesLate",
    "warning",
    monitoring.prometheusRuleGroupsMissed,
    (cluster) => `Rules of ${cluster} are evaluated too slowly.`,
    (cluster) => `250m evaluations of rule groups a second are left out on ${cluster}.`,
  ],
  [
    "PrometheusSamplesRejected",
    "warning",
    monitoring.prometheusSamplesRejected,
    (cluster) => `Prometheus of ${cluster} rejects samples.`,
    (cluster) =>
      `250m samples a second are rejected on ${cluster} for their time: a series has two writers, or a clock went back.`,
  ],
  [
    "PrometheusScrapesOverLimit",
    "warning",
    monitoring.prometheusScrapesOverLimit,
    (cluster) => `Targets of ${cluster} have more samples than allowed.`,
    (cluster) =>
      `250m scrapes a second are refused as a whole on ${cluster}: nothing is known of their targets.`,
  ],
];

/** As Prometheus names the Alertmanagers it sends to: the cluster's own, and the hub's. */
const OWN = "https://alertmanager-0.federation.svc:9093/api/v2/alerts";
const HUBS = "https://192.168.200.10:30993/api/v2/alerts";

/** Whether each replica answers, and how many the loneliest of them sees. */
const alertmanagers = (input: Input, up: readonly number[], members: number | undefined) => [
  ...up.map((value, index) => input(scrapes.up, { job: "alertmanager", instance: `a${index}` }, value)),
  ...(members === undefined ? [] : [input(monitoring.alertmanagerMembers, {}, members)]),
];

const selfCases: readonly AlertCase[] = [
  ...happening.map(([alert, severity, metric, summary, description]): AlertCase => ({
    alert,
    severity,
    component,
    bad: (input) => [input(metric, {}, 0.25)],
    fires: (cluster) => [{ summary: summary(cluster), description: description(cluster) }],
    good: always((input) => [input(metric, {}, 0)]),
  })),
  {
    alert: "PrometheusConfigRefused",
    severity: "warning",
    component,
    bad: (input) => [input(monitoring.prometheusConfigReloaded, {}, 0)],
    fires: (cluster) => [
      {
        summary: `Prometheus of ${cluster} refused its new configuration.`,
        description: `The last reload of Prometheus on ${cluster} failed (success 0): it goes on with the configuration before.`,
      },
    ],
    good: always((input) => [input(monitoring.prometheusConfigReloaded, {}, 1)]),
  },
  ...(
    [
      // those on the way to the hub are no fault of this cluster's
      [
        [OWN, "7x500"],
        [HUBS, "0+15x500", 1],
      ],
      // a replica that is missing has an alert of its own
      [[OWN, "0+15x500", 0]],
    ] as const
  ).map((lost): AlertCase => ({
    alert: "PrometheusAlertsDropped",
    severity: "critical",
    component,
    // a rate needs two samples
    since: 1,
    bad: (input) => [
      input(prometheus.notificationsDropped, { alertmanager: OWN }, "0+15x500"),
      ...alertmanagers(input, [1, 1], undefined),
    ],
    fires: (cluster) => [
      {
        summary: `Alerts of ${cluster} do not reach its Alertmanager.`,
        description: `250m alerts a second of ${cluster} are lost on their way.`,
      },
    ],
    good: always((input) => [
      ...lost.map(([alertmanager, values]) =>
        input(prometheus.notificationsDropped, { alertmanager }, values),
      ),
      ...alertmanagers(input, [1, lost.some(([, , up]) => up === 0) ? 0 : 1], undefined),
    ]),
  })),
  ...(
    [
      [1, [1, 0], 2],
      [0, [], undefined],
      [1, [1, 1], 1],
    ] as const
  ).map(([seen, up, members]): AlertCase => ({
    alert: "AlertmanagerReplicasMissing",
    severity: "warning",
    component,
    bad: (input) => alertmanagers(input, up, members),
    fires: (cluster) => [
      {
        summary: `An Alertmanager of ${cluster} is missing.`,
        description: `${seen} of 2 Alertmanagers of ${cluster} answer and see each other.`,
      },
    ],
    good: [
      { shows: (input) => alertmanagers(input, [1, 1], 2) },
      { shows: (input) => alertmanagers(input, [1, 1], undefined) },
    ],
  })),
  {
    alert: "AlertmanagerNotificationsFail",
    severity: "critical",
    component,
    bad: (input) => [
      input(monitoring.alertmanagerNotificationsFailed, { integration: "webhook" }, 0.25),
      input(monitoring.alertmanagerNotificationsFailed, { integration: "email" }, 0),
    ],
    fires: (cluster) => [
      {
        labels: { integration: "webhook" },
        summary: `Notifications of ${cluster} by webhook fail.`,
        description: `250m notifications a second by webhook fail on ${cluster}.`,
      },
    ],
    good: always((input) => [
      input(monitoring.alertmanagerNotificationsFailed, { integration: "webhook" }, 0),
    ]),
  },
  {
    alert: "RecordingLimitReached",
    severity: "warning",
    component,
    bad: (input) => [
      input(monitoring.limitsUsed, { limit: "models_served" }, 60),
      input(monitoring.limitsAllowed, { limit: "models_served" }, 50),
    ],
    fires: (cluster) => [
      {
        labels: { limit: "models_served" },
        summary: `Recordings of ${cluster} leave models_served out.`,
        description: `${cluster} has 120% of the models_served its recordings tell apart: the rest is left out.`,
      },
    ],
    good: always((input) => [
      input(monitoring.limitsUsed, { limit: "models_served" }, 50),
      input(monitoring.limitsAllowed, { limit: "models_served" }, 50),
    ]),
  },
];

const target = { job: "dcgm", instance: "10.0.0.21:9400", host: "gpu-01" };
const targetCases: readonly AlertCase[] = [
  {
    alert: "TargetDown",
    severity: "warning",
    component,
    bad: (input) => [input(scrapes.up, target, 0), input(scrapes.up, { ...target, job: "beegfs" }, 1)],
    fires: (cluster) => [
      {
        labels: target,
        summary: `A target of job dcgm of ${cluster} does not answer.`,
        description:
          "10.0.0.21:9400 gpu-01 (job dcgm) has not answered for 10 minutes: nothing is known of it.",
      },
    ],
    good: always((input) => [
      input(scrapes.up, target, 1),
      ...["node", "node-exporter", "slurm-jobs", "apiserver", "alertmanager", "hub-alertmanager"].map((job) =>
        input(scrapes.up, { job, instance: "x" }, 0),
      ),
      // those of federate jobs carry no cluster
      { series: 'up{member="west",job="federate-health"}', values: "0x500" },
    ]),
  },
];

/** The declared targets of `everything` in ../site.ts, as each is missed. */
const declared = [
  ["api", { job: "apiserver" }, ""],
  ["nodes", { job: "node-exporter", node: "ctl" }, "ctl"],
  ["nodes", { job: "node", host: "gpu-01" }, "gpu-01"],
  ["scheduler", { job: "slurm-jobs", host: "ctl" }, "ctl"],
  ["monitoring", { job: "prometheus" }, ""],
] as const;

const absenceCases: readonly AlertCase[] = [...new Set(declared.map(([of]) => of))].flatMap((of) =>
  declared
    .filter(([other]) => other === of)
    .map(([, missing, name]): AlertCase => ({
      alert: "TargetAbsent",
      severity: "warning",
      component: of,
      bad: (input) =>
        declared
          .filter(([other, labels]) => other === of && labels !== missing)
          .map(([, labels]) => input(scrapes.up, labels, 1)),
      fires: (cluster) => [
        {
          labels: missing,
          summary: `A declared target of job ${missing.job} of ${cluster} is not there.`,
          description: `Job ${missing.job}${name && ` on ${name}`} is declared for ${cluster}, and nothing is scraped there: neither up nor down is known of it.`,
        },
      ],
      // a target that is down is there
      good: always((input) =>
        declared.filter(([other]) => other === of).map(([, labels]) => input(scrapes.up, labels, 0)),
      ),
    })),
);

/** Probes of the hub's Alertmanagers by instance, and requests of the hub for the cluster's series. */
const reached = (
  input: Input,
  probes: Readonly<Record<string, number | string>>,
  requests = "0+1x500",
  code = "200",
) => [
  ...Object.entries(probes).map(([instance, up]) =>
    input(scrapes.up, { job: "hub-alertmanager", instance }, up),
  ),
  input(prometheusHttp.requests, { handler: "/federate", code }, requests),
];

const beats = "0+15x500";
const deliveryCases: readonly AlertCase[] = [
  ...(["hub", "local"] as const).map((hop): AlertCase => ({
    alert: "Watchdog",
    severity: "info",
    component,
    labels: { hop },
    interval: "15s",
    bad: (input) => [input(monitoring.heartbeat, {}, beats)],
    fires: (cluster) => [
      {
        summary: `Alerts of ${cluster} find their way (${hop}).`,
        description: `Rules of ${cluster} were evaluated 0s ago.`,
      },
    ],
    good: [{ shows: () => [] }, { shows: (input) => [input(monitoring.heartbeat, {}, "0x500")], after: 2 }],
  })),
  {
    alert: "HubReachable",
    severity: "info",
    component,
    interval: "15s",
    // two requests are needed to tell that they go on
    since: 0.25,
    bad: (input) => reached(input, { a: 1, b: 0 }),
    fires: (cluster) => [
      {
        summary: `${cluster} and the hub reach each other.`,
        description: `An Alertmanager of the hub has answered every probe from ${cluster} for 2 minutes (up 1), and the hub fetches its series: the hub notifies, the local Alertmanager is muted.`,
      },
    ],
    good: [
      { shows: (input) => reached(input, { a: 0 }) },
      // one that fails every other minute is no way for alerts
      { shows: (input) => reached(input, { a: "1 1 1 0 ".repeat(100).trim() }), after: 2 },
      // the hub is reached, and does not fetch: it would take the cluster for silent
      { shows: (input) => reached(input, { a: 1 }, "7x500") },
      { shows: (input) => reached(input, { a: 1 }, "0+1x500", "401") },
      { shows: (input) => [input(scrapes.up, { job: "alertmanager", instance: "a" }, 1)] },
    ],
  },
];

export const monitoringCases: readonly AlertCase[] = [
  ...selfCases,
  ...targetCases,
  ...absenceCases,
  ...deliveryCases,
];
