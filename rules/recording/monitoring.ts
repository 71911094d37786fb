import { alertmanager, fedCluster, prometheus, scrapes } from "../../metrics/catalogue";
import { integrations } from "../../metrics/catalogue/recorded/monitoring";
import { matching } from "../../metrics/select";
import type { RuleGroup } from "../types";
import { perValue, rate5m, to } from "./expressions";
import type { Recorder } from "./site";

const recorded = fedCluster.monitoring;

/** That the cluster's rules are evaluated at all. */
export function heartbeatRules({ cluster }: Recorder): RuleGroup {
  return {
    name: "cluster-heartbeat",
    rules: [{ record: recorded.heartbeat.name, expr: "vector(time())", labels: { cluster } }],
  };
}

/** Targets by job. */
export function targetRules({ own, record }: Recorder): RuleGroup {
  const up = own(scrapes.up);
  return {
    name: "cluster-targets",
    rules: [
      record(recorded.targetsUp, to(recorded.targetsUp, "sum", up)),
      record(recorded.targetsDown, to(recorded.targetsDown, "sum", `${up} == bool 0`)),
      record(recorded.scrapeDuration, to(recorded.scrapeDuration, "max", own(scrapes.duration))),
    ],
  };
}

/** The cluster's Prometheus and its alerts. */
export function prometheusRules({ own, record }: Recorder): RuleGroup {
  const sum = (selector: string): string => `sum by (cluster) (${selector})`;
  return {
    name: "cluster-prometheus",
    rules: [
      record(recorded.prometheusSeries, sum(own(prometheus.headSeries))),
      record(recorded.prometheusSamples, sum(rate5m(own(prometheus.samplesAppended)))),
      record(recorded.prometheusStorage, sum(own(prometheus.blocksBytes))),
      record(recorded.prometheusConfigReloaded, `min by (cluster) (${own(prometheus.configReloaded)})`),
      record(recorded.prometheusRuleFailures, sum(rate5m(own(prometheus.ruleFailures)))),
      record(recorded.prometheusRuleGroupsMissed, sum(rate5m(own(prometheus.ruleGroupsMissed)))),
      record(recorded.prometheusNotificationsDropped, sum(rate5m(own(prometheus.notificationsDropped)))),
      record(recorded.prometheusScrapesOverLimit, sum(rate5m(own(prometheus.scrapesOverLimit)))),
      record(
        recorded.prometheusSamplesRejected,
        perValue("reason", {
          duplicate_timestamp: sum(rate5m(own(prometheus.samplesDuplicate))),
          out_of_order: sum(rate5m(own(prometheus.samplesOutOfOrder))),
        }),
      ),
      record(
        recorded.alertsFiring,
        to(recorded.alertsFiring, "count", own(scrapes.alerts, { alertstate: "firing" })),
      ),
    ],
  };
}

/** The cluster's Alertmanagers. */
export function alertmanagerRules({ own, record }: Recorder): RuleGroup {
  const known = { integration: matching(integrations.join("|")) };
  return {
    name: "cluster-alertmanager",
    rules: [
      record(recorded.alertmanagerMembers, `min by (cluster) (${own(alertmanager.members)})`),
      record(recorded.alertmanagerAlerts, to(recorded.alertmanagerAlerts, "max", own(alertmanager.alerts))),
      record(
        recorded.alertmanagerNotifications,
        to(recorded.alertmanagerNotifications, "sum", rate5m(own(alertmanager.notifications, known))),
      ),
      record(
        recorded.alertmanagerNotificationsFailed,
        to(
          recorded.alertmanagerNotificationsFailed,
          "sum",
          rate5m(own(alertmanager.notificationsFailed, known)),
        ),
      ),
    ],
  };
}
