import { fedCluster, fedHub } from "../../metrics/catalogue";
import { health } from "../../metrics/catalogue/recorded/health";
import { FEDERATE_DETAIL_JOB, FEDERATE_HEALTH_JOB } from "../../metrics/federation";
import { not, select } from "../../metrics/select";
import type { Thresholds } from "../../metrics/thresholds";
import { by, either } from "../recording/expressions";
import type { AlertDefinition } from "./alert";
import { atBothLimits } from "./limits";
import { watchdog } from "./delivery";

const { members: member, pipeline } = fedHub;
const component = "monitoring" as const;

/** Alerts firing at once on one member above which its own names say little. */
const STORM = 200;

export interface HubAlertArgs {
  /** The hub's own cluster. */
  readonly cluster: string;
  /** Names of the members. */
  readonly members: readonly string[];
  readonly thresholds: Thresholds;
  readonly runbookUrl: string;
}

/** What the hub alone can see: its members, and the way their series take. */
export function memberAlerts({ members, thresholds }: HubAlertArgs): readonly AlertDefinition[] {
  const up = (job: string, cluster?: string): string =>
    select(member.up, { job, cluster: cluster ?? not("") });
  const answers = `max by (cluster) (${up(FEDERATE_HEALTH_JOB)}) == 1`;
  const each = (expr: (cluster: string) => string): string => either(...members.map(expr));
  return [
    {
      alert: "MemberUnreachable",
      severity: "critical",
      component,
      expr: either(
        `max by (cluster) (${up(FEDERATE_HEALTH_JOB)}) == 0`,
        each((cluster) => `max by (cluster) (0 * absent(${up(FEDERATE_HEALTH_JOB, cluster)}))`),
      ),
      for: "2m",
      summary: "The hub is blind to {{ $labels.cluster }}.",
      description:
        "Prometheus of {{ $labels.cluster }} has not answered the hub for 2 minutes (up {{ $value }}); its own alerts are delivered locally.",
    },
    {
      alert: "MemberDeliversItself",
      severity: "info",
      component,
      expr: either(
        `max by (cluster) (${select(member.up)}) == 0`,
        each(
          (cluster) =>
            `max by (cluster) (${up(FEDERATE_HEALTH_JOB, cluster)}) == 1 unless on (cluster) ${select(health.hubReachable, { cluster })}`,
        ),
      ),
      for: "1m",
      summary: "{{ $labels.cluster }} delivers its alerts by itself.",
      description:
        "The hub does not reach {{ $labels.cluster }}, or is told that it is not reached itself (up {{ $value }}): what it still knows of alerts there is muted, so that none is called resolved that only is not heard of.",
    },
    {
      alert: "MemberStale",
      severity: "critical",
      component,
      expr: `max by (cluster) (${select(member.heartbeatStale)}) == 1 and on (cluster) ${answers}`,
      for: "1m",
      summary: "Rules of {{ $labels.cluster }} have stopped.",
      description:
        "Prometheus of {{ $labels.cluster }} answers, and its heartbeat is too old (stale {{ $value }}): neither its alerts nor its health can be believed.",
    },
    {
      alert: "MemberClockSkewed",
      severity: "warning",
      component,
      expr: `max by (cluster) (${select(member.heartbeatSkewed)}) == 1`,
      for: "5m",
      summary: "The clock of {{ $labels.cluster }} is ahead of the hub's.",
      description:
        "Heartbeats of {{ $labels.cluster }} come from the future (skewed {{ $value }}): that they stop would be seen late.",
    },
    {
      alert: "MemberDetailMissing",
      severity: "warning",
      component,
      expr: `max by (cluster) (${up(FEDERATE_DETAIL_JOB)}) == 0 and on (cluster) ${answers}`,
      for: "10m",
      summary: "The hub gets no detail of {{ $labels.cluster }}.",
      description:
        "The detail scrape of {{ $labels.cluster }} fails (up {{ $value }}) while its health still comes: mostly it has more samples than allowed.",
    },
    ...atBothLimits(thresholds.sampleLimitUsed, {
      alert: "MemberSamplesNearLimit",
      component,
      value: `${by("max", ["cluster", "job"], select(member.samples))} / ${by("max", ["cluster", "job"], select(member.sampleLimit))}`,
      for: "10m",
      summary: "Series of {{ $labels.cluster }} near their limit ({{ $labels.job }}).",
      description:
        "{{ $labels.job }} returns {{ $value | humanizePercentage }} of the samples it may for {{ $labels.cluster }}; above, it fails as a whole.",
    }),
    {
      alert: "MemberScrapeSlow",
      severity: "warning",
      component,
      expr: `${by("max", ["cluster", "job"], select(member.scrapeDuration))} > ${thresholds.federateDuration.warning}`,
      for: "10m",
      summary: "Fetching series of {{ $labels.cluster }} is slow ({{ $labels.job }}).",
      description: "{{ $labels.job }} takes {{ $value | humanizeDuration }} for {{ $labels.cluster }}.",
    },
    {
      alert: "MemberSamplesDropped",
      severity: "warning",
      component,
      expr: `${by("max", ["cluster", "job"], select(member.samplesDropped))} > 0`,
      for: "15m",
      summary: "{{ $labels.cluster }} sends series that are not its own ({{ $labels.job }}).",
      description:
        "{{ $value }} samples of each scrape of {{ $labels.cluster }} by {{ $labels.job }} are about another cluster, or none, and are dropped.",
    },
    {
      alert: "MemberWatchdogSilent",
      severity: "critical",
      component,
      expr: each(
        (cluster) =>
          `absent(${select(health.watchdog, { cluster })}) and on (cluster) max by (cluster) (${up(FEDERATE_HEALTH_JOB, cluster)}) == 1`,
      ),
      for: "5m",
      summary: "Alerts of {{ $labels.cluster }} are not evaluated.",
      description:
        "{{ $labels.cluster }} is heard, but its Watchdog has not fired for 5 minutes (absent {{ $value }}): none of its alerts may fire.",
    },
    {
      alert: "MemberAlertStorm",
      severity: "warning",
      component,
      expr: each(
        (cluster) =>
          `sum by (cluster) (${select(fedCluster.monitoring.alertsFiring, { cluster })}) > ${STORM}`,
      ),
      for: "5m",
      summary: "Very many alerts fire on {{ $labels.cluster }}.",
      description:
        "{{ $value }} alerts fire on {{ $labels.cluster }} at once: look for what they have in common.",
    },
    watchdog(
      "federation",
      `max by (cluster) (${select(member.heartbeatStale)}) == 0`,
      "The hub hears {{ $labels.cluster }} (stale {{ $value }}).",
    ),
  ];
}

/** New versions on their way from the registry into service, for models that are served somewhere. */
export function servedAlerts({ thresholds }: HubAlertArgs): readonly AlertDefinition[] {
  const { critical: within } = thresholds.pipelineFreshness;
  const served = by("max", ["cluster", "source", "model"], select(pipeline.stage, { stage: "served" }));
  const registered = by("max", ["source", "model"], select(pipeline.stage, { stage: "registered" }));
  return [
    {
      alert: "PipelineNotServed",
      severity: "warning",
      component: "serving",
      expr: `time() - (${served} < on (source, model) group_left () (${registered} < time() - ${within})) > ${within}`,
      for: "5m",
      summary: "A new version of {{ $labels.model }} is not served on {{ $labels.cluster }}.",
      description: `A version of {{ $labels.model }}, trained on {{ $labels.source }}, was registered over ${within} s ago; what is served came into service {{ $value | humanizeDuration }} ago.`,
    },
  ];
}
