import { fedCluster } from "../metrics/catalogue";
import { chosen, of, perModel } from "./inferenceLatency";
import { line } from "./kit/dashboard";
import type { Row } from "./kit/dashboard";
import { by, stat } from "./kit/panels";
import type { Site } from "./kit/site";
import { over, ratio, series, sum } from "./kit/vector";

const { serving } = fedCluster;

/** How fast pods of served models come to answer. */
export function startRow({ thresholds: { coldStart } }: Site): Row {
  const started = (le: string) => sum(over("sum", serving.starts, { ...chosen, le }));
  return {
    title: "Cold starts",
    lines: [
      line(
        7,
        [
          6,
          stat({
            title: "Starts in time",
            description: `Share of pods that became ready within ${coldStart.warning} s after they were made, over the window; nothing where none started.`,
            queries: [by(ratio(started(String(coldStart.warning)), started("+Inf")), "cluster")],
            plain: true,
          }),
        ],
        [
          9,
          perModel(
            "Longest start",
            "Time from made to ready, of the slowest of the pods there are.",
            of(serving.startMax),
            "max",
            { limits: coldStart },
          ),
        ],
        [
          9,
          perModel(
            "Starts",
            "Pods that became ready within the five minutes before.",
            sum(series(serving.starts, { ...chosen, le: "+Inf" }), "model"),
            "sum",
            { stacked: true },
          ),
        ],
      ),
    ],
  };
}
