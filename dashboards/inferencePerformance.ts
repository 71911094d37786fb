import { fedCluster, fedHub } from "../metrics/catalogue";
import { addresses } from "./addresses";
import { benchmarkRows } from "./inferenceBenchmarks";
import { chosen, latencyRow, of, perModel } from "./inferenceLatency";
import { startRow } from "./inferenceStarts";
import { line } from "./kit/dashboard";
import type { DashboardDefinition, Row } from "./kit/dashboard";
import { by, named, numbers, stat, table, timeSeries } from "./kit/panels";
import type { Panel } from "./kit/panels";
import { clusterStyles } from "./kit/site";
import type { Site } from "./kit/site";
import { variables } from "./kit/variables";
import { max, ratio, series, sum } from "./kit/vector";

const { inference, ratios, cost } = fedHub;
const { serving, gpus } = fedCluster;

function nowRow({ thresholds }: Site): Row {
  const number = numbers(4);
  const replicas = (state: "available" | "desired") => sum(series(serving.replicas, { ...chosen, state }));
  return {
    title: "Now",
    lines: [
      line(
        5,
        number("Requests", "Requests of the chosen models together.", sum(of(inference.requests))),
        number(
          "Errors",
          "Share of failed requests, of the model that fails most.",
          max(of(inference.errors)),
          thresholds.inferenceErrors,
        ),
        number(
          "P95",
          "Time within which 95 % of requests are answered, of the slowest model.",
          max(of(inference.durationP95)),
          thresholds.inferenceP95,
        ),
        number(
          "First token P95",
          "Time within which 95 % of streams begin, of the slowest model.",
          max(of(inference.firstTokenP95)),
          thresholds.firstTokenP95,
        ),
        number(
          "Replicas available",
          "Share of the wanted replicas that can answer.",
          ratio(replicas("available"), replicas("desired")),
        ),
        number(
          "Requests that wait",
          "In the engines, before they are worked on.",
          sum(series(serving.queue, { ...chosen, state: "waiting" })),
        ),
      ),
    ],
  };
}

function loadRow({ thresholds }: Site): Row {
  const tokens = (kind: "generation" | "prompt") => sum(series(serving.tokens, { ...chosen, kind }));
  const cached = (result: "hits" | "queries") => sum(series(serving.prefixCache, { ...chosen, result }));
  return {
    title: "Load and errors",
    lines: [
      line(
        8,
        [8, perModel("Requests", "Requests answered.", of(inference.requests), "sum", { stacked: true })],
        [
          8,
          perModel("Errors", "Share of failed requests.", of(inference.errors), "max", {
            limits: thresholds.inferenceErrors,
            small: true,
          }),
        ],
        [
          8,
          timeSeries({
            title: "Tokens",
            description: "Tokens that engines read (prompt) and wrote (generation).",
            queries: [
              named(tokens("prompt"), "read", "cluster"),
              named(tokens("generation"), "written", "cluster"),
            ],
          }),
        ],
      ),
      line(
        7,
        [
          6,
          perModel(
            "Requests that wait",
            "In the engines, before they are worked on.",
            sum(series(serving.queue, { ...chosen, state: "waiting" }), "model"),
            "sum",
            { stacked: true },
          ),
        ],
        [
          6,
          perModel("Key-value cache", "Used share of the engines' caches.", of(inference.kvCache), "max", {
            limits: thresholds.kvCacheUtilisation,
          }),
        ],
        [
          6,
          timeSeries({
            title: "Prefix cache hits",
            description:
              "Share of looked-up tokens that were found. High on a benchmark: it measures the cache.",
            queries: [by(ratio(cached("hits"), cached("queries")), "cluster")],
          }),
        ],
        [
          6,
          perModel(
            "Preemptions",
            "Requests put back since the key-value cache was full.",
            of(serving.preemptions),
            "sum",
            { stacked: true },
          ),
        ],
      ),
    ],
  };
}

function capacityRow(site: Site): Row {
  const bound = (name: "current" | "desired" | "max" | "min") =>
    sum(series(serving.autoscaler, { ...chosen, bound: name }), "model");
  const money: readonly (readonly [number, Panel])[] = site.priced
    ? [
        [
          4,
          stat({
            title: "Cost of 1000 requests",
            description:
              "Price of the cluster's held GPUs by the requests its models answer, in the site's currency.",
            queries: [by(series(cost.per1000Requests), "cluster")],
          }),
        ],
        [
          4,
          stat({
            title: "Cost of a million tokens",
            description:
              "Price of the cluster's held GPUs by the tokens its models write, in the site's currency.",
            queries: [by(series(cost.perMillionTokens), "cluster")],
          }),
        ],
      ]
    : [];
  return {
    title: "Replicas, GPUs and cost",
    lines: [
      line(
        8,
        [
          10,
          table({
            title: "Replicas and autoscalers",
            description:
              "What each model has, what its autoscaler wants, and what it may have. Knative has no bounds here.",
            rows: { cluster: "Cluster", model: "Model" },
            columns: [
              {
                title: "Available",
                vector: sum(series(serving.replicas, { ...chosen, state: "available" }), "model"),
              },
              { title: "Desired", vector: bound("desired") },
              { title: "Least", vector: bound("min") },
              { title: "Most", vector: bound("max") },
              { title: "Engines", vector: of(serving.engines) },
            ],
          }),
        ],
        [
          site.priced ? 6 : 14,
          timeSeries({
            title: "GPUs in true use",
            description: "True utilisation of the clusters' GPUs, by type.",
            queries: [by(series(ratios.gpu), "cluster", "gpu_type")],
          }),
        ],
        ...money,
      ),
      line(
        7,
        [
          12,
          perModel(
            "Replicas available",
            "Replicas that can answer.",
            sum(series(serving.replicas, { ...chosen, state: "available" }), "model"),
            "sum",
            { stacked: true },
          ),
        ],
        [
          12,
          timeSeries({
            title: "GPUs held",
            description: "Share of GPUs that somebody holds.",
            queries: [by(ratio(sum(series(gpus.allocated)), sum(series(gpus.count))), "cluster")],
            styles: clusterStyles(site),
          }),
        ],
      ),
    ],
  };
}

/** How well served models answer, how much, on what, and for what price. */
export function inferencePerformance(site: Site): DashboardDefinition {
  return {
    ...addresses.inferencePerformance,
    description:
      "Latency, rate and errors of served models; their queues, caches, starts, replicas, GPUs and cost; benchmarks.",
    variables: [variables.cluster(), variables.servedModel()],
    rows: [
      nowRow(site),
      latencyRow(site),
      loadRow(site),
      startRow(site),
      capacityRow(site),
      ...benchmarkRows(site),
    ],
  };
}
