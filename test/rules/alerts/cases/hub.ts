import { fedCluster, fedHub } from "../../../../metrics/catalogue";
import { health } from "../../../../metrics/catalogue/recorded/health";
import type { Input } from "../../input";
import type { AlertCase } from "../case";
import { always } from "../case";

const { members, pipeline } = fedHub;
const component = "monitoring";
const HEALTH = { job: "federate-health" };
const DETAIL = { job: "federate-detail" };

const up = (input: Input, healthUp: number, detailUp = 1) => [
  input(members.up, HEALTH, healthUp),
  input(members.up, DETAIL, detailUp),
];

const wayCases: readonly AlertCase[] = [
  ...[0, undefined].map((value): AlertCase => ({
    alert: "MemberUnreachable",
    severity: "critical",
    component,
    bad: (input) => (value === undefined ? [] : up(input, value)),
    fires: (cluster) => [
      {
        summary: `The hub is blind to ${cluster}.`,
        description: `Prometheus of ${cluster} has not answered the hub for 2 minutes (up 0); its own alerts are delivered locally.`,
      },
    ],
    good: always((input) => up(input, 1, 0)),
  })),
  ...[0, 1].map((value): AlertCase => ({
    alert: "MemberDeliversItself",
    severity: "info",
    component,
    bad: (input) => up(input, value, value),
    fires: (cluster) => [
      {
        summary: `${cluster} delivers its alerts by itself.`,
        description: `The hub does not reach ${cluster}, or is told that it is not reached itself (up ${value}): what it still knows of alerts there is muted, so that none is called resolved that only is not heard of.`,
      },
    ],
    good: [
      { shows: (input: Input) => [input(health.hubReachable), ...up(input, 1, 1)] },
      // one of two jobs fails: the member is reached, and takes the hub for reached
      { shows: (input: Input) => [input(health.hubReachable), ...up(input, 0, 1)] },
      { shows: () => [] },
    ],
  })),
  {
    alert: "MemberStale",
    severity: "critical",
    component,
    bad: (input) => [input(members.heartbeatStale, {}, 1), ...up(input, 1)],
    fires: (cluster) => [
      {
        summary: `Rules of ${cluster} have stopped.`,
        description: `Prometheus of ${cluster} answers, and its heartbeat is too old (stale 1): neither its alerts nor its health can be believed.`,
      },
    ],
    good: [
      { shows: (input: Input) => [input(members.heartbeatStale, {}, 0), ...up(input, 1)] },
      // that is MemberUnreachable
      { shows: (input: Input) => [input(members.heartbeatStale, {}, 1), ...up(input, 0)] },
    ],
  },
  {
    alert: "MemberClockSkewed",
    severity: "warning",
    component,
    bad: (input) => [input(members.heartbeatSkewed, {}, 1)],
    fires: (cluster) => [
      {
        summary: `The clock of ${cluster} is ahead of the hub's.`,
        description: `Heartbeats of ${cluster} come from the future (skewed 1): that they stop would be seen late.`,
      },
    ],
    good: always((input) => [input(members.heartbeatSkewed, {}, 0)]),
  },
  {
    alert: "MemberDetailMissing",
    severity: "warning",
    component,
    bad: (input) => up(input, 1, 0),
    fires: (cluster) => [
      {
        summary: `The hub gets no detail of ${cluster}.`,
        description: `The detail scrape of ${cluster} fails (up 0) while its health still comes: mostly it has more samples than allowed.`,
      },
    ],
    good: [{ shows: (input: Input) => up(input, 1, 1) }, { shows: (input: Input) => up(input, 0, 0) }],
  },
  ...(["warning", "critical"] as const).map((severity): AlertCase => {
    const [near, far, percent] = severity === "warning" ? [85, 80, "85%"] : [97, 95, "97%"];
    return {
      alert: "MemberSamplesNearLimit",
      severity,
      component,
      bad: (input) => [input(members.samples, HEALTH, near), input(members.sampleLimit, HEALTH, 100)],
      fires: (cluster) => [
        {
          labels: HEALTH,
          summary: `Series of ${cluster} near their limit (federate-health).`,
          description: `federate-health returns ${percent} of the samples it may for ${cluster}; above, it fails as a whole.`,
        },
      ],
      good: always((input) => [input(members.samples, HEALTH, far), input(members.sampleLimit, HEALTH, 100)]),
    };
  }),
  {
    alert: "MemberScrapeSlow",
    severity: "warning",
    component,
    bad: (input) => [input(members.scrapeDuration, DETAIL, 2.5)],
    fires: (cluster) => [
      {
        labels: DETAIL,
        summary: `Fetching series of ${cluster} is slow (federate-detail).`,
        description: `federate-detail takes 2.5s for ${cluster}.`,
      },
    ],
    good: always((input) => [input(members.scrapeDuration, DETAIL, 2)]),
  },
  {
    alert: "MemberSamplesDropped",
    severity: "warning",
    component,
    bad: (input) => [input(members.samplesDropped, DETAIL, 7), input(members.samplesDropped, HEALTH, 0)],
    fires: (cluster) => [
      {
        labels: DETAIL,
        summary: `${cluster} sends series that are not its own (federate-detail).`,
        description: `7 samples of each scrape of ${cluster} by federate-detail are about another cluster, or none, and are dropped.`,
      },
    ],
    good: always((input) => [input(members.samplesDropped, DETAIL, 0)]),
  },
  {
    alert: "MemberWatchdogSilent",
    severity: "critical",
    component,
    bad: (input) => up(input, 1),
    fires: (cluster) => [
      {
        summary: `Alerts of ${cluster} are not evaluated.`,
        description: `${cluster} is heard, but its Watchdog has not fired for 5 minutes (absent 1): none of its alerts may fire.`,
      },
    ],
    good: [
      { shows: (input: Input) => [input(health.watchdog), ...up(input, 1)] },
      { shows: (input: Input) => up(input, 0) },
    ],
  },
  {
    alert: "MemberAlertStorm",
    severity: "warning",
    component,
    bad: (input) => [
      input(fedCluster.monitoring.alertsFiring, { alertname: "A", severity: "warning", component: "x" }, 150),
      input(fedCluster.monitoring.alertsFiring, { alertname: "B", severity: "warning", component: "x" }, 51),
    ],
    fires: (cluster) => [
      {
        summary: `Very many alerts fire on ${cluster}.`,
        description: `201 alerts fire on ${cluster} at once: look for what they have in common.`,
      },
    ],
    good: always((input) => [
      input(fedCluster.monitoring.alertsFiring, { alertname: "A", severity: "warning", component: "x" }, 200),
    ]),
  },
  {
    alert: "Watchdog",
    severity: "info",
    component,
    labels: { hop: "federation" },
    interval: "15s",
    bad: (input) => [input(members.heartbeatStale, {}, 0)],
    fires: (cluster) => [
      {
        summary: `Alerts of ${cluster} find their way (federation).`,
        description: `The hub hears ${cluster} (stale 0).`,
      },
    ],
    good: always((input) => [input(members.heartbeatStale, {}, 1)]),
  },
];

/** A version registered, and one served, at so many seconds from the start; the stages of one model. */
function stages(
  input: Input,
  source: string,
  registered: number,
  served: number | undefined,
): ReturnType<AlertCase["bad"]> {
  const version = { source, model: "llama" };
  return [
    input(pipeline.stage, { ...version, version: "3", stage: "registered" }, registered),
    ...(served === undefined
      ? []
      : [input(pipeline.stage, { ...version, version: "2", stage: "served" }, served)]),
  ];
}

const pipelineCases: readonly AlertCase[] = [
  {
    alert: "PipelineNotServed",
    severity: "warning",
    component: "serving",
    bad: (input) => stages(input, "west", 600, 300),
    since: 251,
    fires: (cluster) => [
      {
        labels: { source: "west", model: "llama" },
        summary: `A new version of llama is not served on ${cluster}.`,
        description:
          "A version of llama, trained on west, was registered over 14400 s ago; what is served came into service 4h 11m 0s ago.",
      },
    ],
    good: [
      // what was registered last is served
      { shows: (input: Input) => stages(input, "west", 600, 900) },
      // nothing of the model is served
      { shows: (input: Input) => stages(input, "west", 600, undefined) },
      // it was registered a while ago only
      { shows: (input: Input) => stages(input, "west", 14_400, 300) },
    ],
  },
];

export const hubCases: readonly AlertCase[] = [...wayCases, ...pipelineCases];
