import { fedCluster } from "../../metrics/catalogue";
import { START_COUNTED_SECONDS } from "../../metrics/catalogue/recorded/serving";
import { bucketBound } from "../health/symptoms";
import { by } from "../recording/expressions";
import type { AlertDefinition, AlertScope } from "./alert";
import type { ClusterAlertArgs } from "./args";
import { burnRateAlerts } from "./burnRate";
import { startBound } from "./startBounds";

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

/** Starts within a long window below which nothing is said: one slow start among few is no trend. */
const LEAST_STARTS = 3;

/** The objective of cold starts. A start is counted for five minutes, in all and in time alike: shares stay what they are. */
function startObjective({ own }: AlertScope, { thresholds, objectives }: ClusterAlertArgs) {
  const { warning: limit } = thresholds.coldStart;
  const told = ["cluster", "model"] as const;
  const mean = (le: string, window: string): string =>
    by("sum", told, `avg_over_time(${own(serving.starts, { le })}[${window}])`);
  const all = (window: string): string => mean("+Inf", window);
  return burnRateAlerts({
    alert: "ServingColdStartBurn",
    component: "serving",
    objective: objectives.coldStart,
    told,
    bad: (window) => `1 - ${mean(startBound(limit), window)} / (${all(window)} > 0)`,
    // half a start less, as its first and last moments fall between evaluations
    enough: (window, seconds) =>
      `${all(window)} > ${Number((((LEAST_STARTS - 0.5) * START_COUNTED_SECONDS) / seconds).toPrecision(6))}`,
    summary: "Pods of model {{ $labels.model }} on {{ $labels.cluster }} start too slowly.",
    description: (window) =>
      `{{ $value | humanizePercentage }} of the pods of {{ $labels.model }} that started over ${window} were not ready within ${limit} s; ${objectives.coldStart} must be.`,
  });
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
    ...(args.declared.models.length === 0
      ? []
      : [...servingObjectives(scope, args), startObjective(scope, args)]),
    ...(args.declared.transfer === undefined ? [] : [freshnessObjective(scope, args)]),
  ];
  return { pages: all.flatMap(({ pages }) => pages), tickets: all.flatMap(({ tickets }) => tickets) };
}
