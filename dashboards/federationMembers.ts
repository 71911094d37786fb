import { fedHub } from "../metrics/catalogue";
import { line } from "./kit/dashboard";
import type { Row } from "./kit/dashboard";
import { bars, by, stat, stateTimeline, timeSeries } from "./kit/panels";
import { clusterStyles } from "./kit/site";
import type { Site } from "./kit/site";
import { SKEWED, STALE, UP } from "./kit/states";
import { ratio, series } from "./kit/vector";

const { members } = fedHub;

/** Whether, how late, and with what the hub hears its members. */
export function memberRow(site: Site): Row {
  return {
    title: "Members, as the hub hears them",
    lines: [
      line(
        5,
        [
          5,
          stat({
            title: "Heard from",
            description:
              "Whether the hub knows how a member is. Blind: the last heartbeat is too old, so nothing below is about now.",
            queries: [by(series(members.heartbeatStale), "cluster")],
            states: STALE,
          }),
        ],
        [
          10,
          stateTimeline({
            title: "Heard from, over time",
            description: "Times at which the hub was blind to a member.",
            queries: [by(series(members.heartbeatStale), "cluster")],
            states: STALE,
          }),
        ],
        [
          9,
          stateTimeline({
            title: "Clock",
            description:
              "A member whose clock is ahead of the hub's looks fresher than it is; its age can not be trusted.",
            queries: [by(series(members.heartbeatSkewed), "cluster")],
            states: SKEWED,
          }),
        ],
      ),
      line(
        7,
        [
          8,
          timeSeries({
            title: "Age of the last heartbeat",
            description:
              "Time since a member evaluated its rules last, by its own clock. Grows while the link or the member is down.",
            queries: [by(series(members.heartbeatAge), "cluster")],
            styles: clusterStyles(site),
            legend: ["lastNotNull", "max"],
          }),
        ],
        [
          8,
          timeSeries({
            title: "Duration of federate scrapes",
            description: "How long the hub's two scrapes of a member take.",
            queries: [by(series(members.scrapeDuration), "cluster", "job")],
            limits: site.thresholds.federateDuration,
          }),
        ],
        [
          8,
          stateTimeline({
            title: "Federate scrapes",
            description: "A failed scrape ends all of the member's series at once.",
            queries: [by(series(members.up), "cluster", "job")],
            states: UP,
          }),
        ],
      ),
      line(
        6,
        [
          8,
          bars({
            title: "Used of the sample limit",
            description: "A federate scrape with more samples than its limit fails as a whole.",
            queries: [by(ratio(series(members.samples), series(members.sampleLimit)), "cluster", "job")],
            limits: site.thresholds.sampleLimitUsed,
          }),
        ],
        [
          8,
          timeSeries({
            title: "Samples of federate scrapes",
            description: "Samples that each scrape of a member returns.",
            queries: [by(series(members.samples), "cluster", "job")],
          }),
        ],
        [
          8,
          timeSeries({
            title: "Samples dropped",
            description: "Samples that were not about the member they came from. Should stay at 0.",
            queries: [by(series(members.samplesDropped), "cluster", "job")],
          }),
        ],
      ),
    ],
  };
}
