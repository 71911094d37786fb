import { fedHub } from "../metrics/catalogue";
import type { Threshold } from "../metrics/thresholds";
import type { Selectable } from "../metrics/types";
import { line } from "./kit/dashboard";
import type { Row } from "./kit/dashboard";
import { by, table, timeSeries } from "./kit/panels";
import type { Panel } from "./kit/panels";
import { otherStyle } from "./kit/site";
import type { Site } from "./kit/site";
import { over, series, top } from "./kit/vector";

const { benchmark } = fedHub;

const MOST = 6;
const emptyIsGood = "no benchmark ran";

type PerRun = Selectable<"cluster" | "model" | "testid" | "version">;

/** The runs of the window that have most, and the worst of all others. */
function perRun(
  title: string,
  description: string,
  metric: PerRun,
  more: { readonly limits?: Threshold; readonly small?: true } = {},
): Panel {
  return timeSeries({
    title: `${title} by run`,
    description: `${description} The ${MOST} highest over the window, and the highest of all others.`,
    queries: [by(top(MOST, series<PerRun>(metric), "testid", "max"), "cluster", "testid")],
    styles: [otherStyle],
    emptyIsGood,
    ...more,
  });
}

/** Load of benchmarks as k6 tells it while they run; nothing where no benchmark writes to the hub. */
export function benchmarkRows({ benchmarks, thresholds }: Site): readonly Row[] {
  if (benchmarks === undefined) return [];
  const last = (metric: PerRun) => over<PerRun>("last", metric);
  const most = (metric: PerRun) => over<PerRun>("max", metric);
  const { registryUrl, registeredModels = [] } = benchmarks;
  return [
    {
      title: "Benchmarks",
      lines: [
        line(
          8,
          [8, perRun("Benchmark rate", "Requests of a run that came to an end.", benchmark.requests)],
          [
            8,
            perRun(
              "Benchmark P95",
              "Time within which 95 % of good answers came, since the step of the load began.",
              benchmark.durationP95,
              { limits: thresholds.inferenceP95 },
            ),
          ],
          [
            8,
            perRun("Benchmark failures", "Share of requests without a good answer.", benchmark.failures, {
              limits: thresholds.inferenceErrors,
              small: true,
            }),
          ],
        ),
        line(8, [
          24,
          table({
            title: "Benchmark runs",
            description:
              "Runs of the window, with the highest rate and the latencies of their last step. Their reports lie in the bucket of benchmarks under model, version and run; the registry names each in the tags of the model's version, which the links of this panel lead to.",
            rows: { cluster: "Cluster", model: "Model", version: "Version", testid: "Run" },
            columns: [
              { title: "Highest rate", vector: most(benchmark.requests) },
              { title: "Mean", vector: last(benchmark.durationMean) },
              { title: "P95", vector: last(benchmark.durationP95), limits: thresholds.inferenceP95 },
              { title: "P99", vector: last(benchmark.durationP99) },
              { title: "Longest", vector: last(benchmark.durationMax) },
              { title: "Failed", vector: most(benchmark.failures), limits: thresholds.inferenceErrors },
              { title: "Virtual users", vector: most(benchmark.virtualUsers) },
            ],
            emptyIsGood,
            ...(registryUrl === undefined
              ? {}
              : {
                  links: registeredModels.map((model) => ({
                    title: `Reports of ${model}, by version`,
                    url: `${registryUrl}/#/models/${encodeURIComponent(model)}`,
                  })),
                }),
          }),
        ]),
      ],
    },
  ];
}
