import { fedCluster } from "../../metrics/catalogue";
import { bucketBound } from "../health/symptoms";
import { by } from "../recording/expressions";
import type { AlertDefinition, AlertScope } from "./alert";
import type { ClusterAlertArgs } from "./args";
import { burnRateAlerts } from "./burnRate";

const { serving, transfer } = fedCluster;
const REQUESTS = ["cluster", "model", "server"] as const;

/** Alerts of objectives, by how far they must look back. */
export interface ObjectiveAlerts {
  readonly pages: readonly AlertDefinition[];
  readonly tickets: readonly AlertDefinition[];
}

/** Objectives of served models: success and latency. Rates of five minutes, averaged, are a ratio of sums over any window. */
function servingObjectives({ own }: AlertScope, { thresholds, objectives }: ClusterAlertArgs) {
  const { warning: limit } = thresholds.inferenceP95;
  const mean = (selector: string, window: string): string =>
    by("sum", REQUESTS, `avg_over_time(${selector}[${window}])`);
  const all = (window: string): string => `(${mean(own(serving.requests), window)} > 0)`;
  const fast = own(serving.duration, { le: bucketBound(limit) });
  const component = "serving" as const;
  return [
    burnRateAlerts({
      alert: "ServingErrorsBurn",
      component,
      objective: objectives.success,
      told: REQUESTS,
      bad: (window) => `${mean(own(serving.errors), window)} / ${all(window)}`,
      summary: "Model {{ $labels.model }} on {{ $labels.cluster }} fails too many requests.",
      description: (window) =>
        `{{ $value | humanizePercentage }} of the requests of {{ $labels.model }} ({{ $labels.server }}) failed over ${window}; ${objectives.success} must succeed.`,
    }),
    burnRateAlerts({
      alert: "ServingLatencyBurn",
      component,
      objective: objectives.latency,
      told: REQUESTS,
      bad: (window) => `1 - ${mean(fast, window)} / ${all(window)}`,
      summary: "Model {{ $labels.model }} on {{ $labels.cluster }} answers too slowly.",
      description: (window) =>
        `{{ $value | humanizePercentage }} of the requests of {{ $labels.model }} ({{ $labels.server }}) took longer than ${limit} s over ${window}; ${objectives.latency} must be faster.`,
    }),
  ];
}

/** The objective of new versions: from trained to registered in time. */
function freshnessObjective({ own }: AlertScope, { thresholds, objectives }: ClusterAlertArgs) {
  const limit = thresholds.transferLag.warning;
  const late = `${by("max", ["cluster", "model"], own(transfer.lag))} > bool ${limit}`;
  return burnRateAlerts({
    alert: "PipelineFreshnessBurn",
    component: "transfer",
    objective: objectives.freshness,
    told: ["cluster", "model"],
    bad: (window, step) => `avg_over_time((${late})[${window}:${step}])`,
    summary: "Versions of {{ $labels.model }} of {{ $labels.cluster }} reach the registry too late.",
    description: (window) =>
      `For {{ $value | humanizePercentage }} of ${window}, content of {{ $labels.model }} was not registered within ${limit} s after it was trained; ${objectives.freshness} of the time it must be.`,
  });
}

/** The objectives of what the cluster is declared to have. */
export function objectiveAlerts(scope: AlertScope, args: ClusterAlertArgs): ObjectiveAlerts {
  const all = [
    ...(args.declared.models.length === 0 ? [] : servingObjectives(scope, args)),
    ...(args.declared.transfer === undefined ? [] : [freshnessObjective(scope, args)]),
  ];
  return { pages: all.flatMap(({ pages }) => pages), tickets: all.flatMap(({ tickets }) => tickets) };
}
