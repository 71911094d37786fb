import { fedCluster, fedHub } from "../metrics/catalogue";
import type { Threshold } from "../metrics/thresholds";
import type { Selectable } from "../metrics/types";
import { line } from "./kit/dashboard";
import type { Row } from "./kit/dashboard";
import { by, named, timeSeries } from "./kit/panels";
import type { Panel } from "./kit/panels";
import { otherStyle } from "./kit/site";
import type { Site } from "./kit/site";
import { CHOSEN_MODELS } from "./kit/variables";
import { max, quantile, series, top } from "./kit/vector";
import type { Vector } from "./kit/vector";

const { inference } = fedHub;
const { serving } = fedCluster;

const MOST = 6;
/** Matches the models chosen at the top. */
export const chosen = { model: CHOSEN_MODELS };

type PerModel = Selectable<"cluster" | "model">;

/** The chosen models that have most, and all others together: their sum, or the worst of them. */
export function perModel(
  title: string,
  description: string,
  vector: Vector<"cluster" | "model">,
  others: "max" | "sum",
  more: { readonly limits?: Threshold; readonly small?: true; readonly stacked?: true } = {},
): Panel {
  const rest = others === "sum" ? "all others together" : "the worst of all others";
  return timeSeries({
    title: `${title} by model`,
    description: `${description} The ${MOST} highest over the window, and ${rest}.`,
    queries: [by(top(MOST, vector, "model", others), "cluster", "model")],
    styles: [otherStyle],
    ...more,
  });
}

/** A metric of the chosen models. */
export const of = (metric: PerModel): Vector<"cluster" | "model"> => series<PerModel>(metric, chosen);

/** How long answers take. */
export function latencyRow({ thresholds }: Site): Row {
  return {
    title: "Latency",
    lines: [
      line(
        8,
        [
          8,
          timeSeries({
            title: "P50, P95 and P99 of the slowest model",
            description: "Of the chosen models; choose one at the top to see it alone.",
            queries: [
              named(max(of(inference.durationP50)), "P50", "cluster"),
              named(max(of(inference.durationP95)), "P95", "cluster"),
              named(max(of(inference.durationP99)), "P99", "cluster"),
            ],
            limits: thresholds.inferenceP95,
          }),
        ],
        [
          8,
          perModel(
            "P95",
            "Time within which 95 % of requests are answered.",
            of(inference.durationP95),
            "max",
            {
              limits: thresholds.inferenceP95,
            },
          ),
        ],
        [
          8,
          perModel(
            "P99",
            "Time within which 99 % of requests are answered.",
            of(inference.durationP99),
            "max",
          ),
        ],
      ),
      line(
        8,
        [
          8,
          perModel(
            "First token P95",
            "Time to the first token of a stream.",
            of(inference.firstTokenP95),
            "max",
            {
              limits: thresholds.firstTokenP95,
            },
          ),
        ],
        [
          8,
          perModel(
            "Further tokens P95",
            "Mean time per token after the first, of 95 % of requests.",
            quantile(0.95, series(serving.perOutputToken, chosen), "seconds", "model"),
            "max",
          ),
        ],
        [8, perModel("Mean", "Mean time to answer.", of(inference.durationMean), "max")],
      ),
    ],
  };
}
