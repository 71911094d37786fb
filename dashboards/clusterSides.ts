import { fedCluster, fedHub } from "../metrics/catalogue";
import type { Threshold } from "../metrics/thresholds";
import { line } from "./kit/dashboard";
import type { Row } from "./kit/dashboard";
import { by, stat, timeSeries } from "./kit/panels";
import type { Panel } from "./kit/panels";
import { clusterStyles } from "./kit/site";
import type { Site } from "./kit/site";
import { difference, max, ratio, series, SIDES, sum } from "./kit/vector";
import type { Vector } from "./kit/vector";

const { ratios, cost } = fedHub;
const { monitoring, machines, gpus } = fedCluster;

/** One measure of both clusters, and what the left one has more. */
function sides(
  title: string,
  description: string,
  of: (cluster: string) => Vector<"cluster">,
  limits?: Threshold,
): readonly [number, Panel] {
  const queries = [...SIDES.map(of), difference(of)].map((vector) => by(vector, "cluster"));
  return [
    3,
    stat({
      title,
      description,
      queries,
      vertical: true,
      plain: true,
      ...(limits === undefined ? {} : { limits }),
    }),
  ];
}

/** What both clusters have and use, and the differences. */
export function sideRow({ thresholds, priced }: Site): Row {
  const allocated = (cluster: string): Vector<"cluster"> =>
    ratio(sum(series(gpus.allocated, { cluster })), sum(series(gpus.count, { cluster })));
  const gpuShare =
    (busy: typeof gpus.busy) =>
    (cluster: string): Vector<"cluster"> =>
      ratio(sum(series(busy, { cluster })), sum(series(gpus.count, { cluster })));
  return {
    title: "$left and $right side by side, with their difference",
    lines: [
      line(
        8,
        sides("Machines", "Machines whose node exporter answers.", (cluster) =>
          series(machines.machines, { cluster }),
        ),
        sides("Processors", "Logical processors of all machines.", (cluster) =>
          series(machines.cpu, { cluster }),
        ),
        sides(
          "CPU in use",
          "Share of processors at work.",
          (cluster) => series(ratios.cpu, { cluster }),
          thresholds.cpuUtilisation,
        ),
        sides(
          "Memory in use",
          "Share of the machines' memory that applications could not take.",
          (cluster) => series(ratios.memory, { cluster }),
          thresholds.memoryUtilisation,
        ),
        sides(
          "File systems in use",
          "Share of the machines' own file systems.",
          (cluster) => series(ratios.filesystem, { cluster }),
          thresholds.filesystemUtilisation,
        ),
        sides("GPUs", "GPUs that DCGM sees.", (cluster) => sum(series(gpus.count, { cluster }))),
        sides("GPUs held", "Share of GPUs that a pod or a Slurm job holds.", allocated),
        sides(
          "GPUs in true use",
          "True utilisation: the share of time multiprocessors had work, or the next best a GPU tells.",
          gpuShare(gpus.busy),
        ),
      ),
      line(
        8,
        sides(
          "GPUs in nominal use",
          "Share of time any kernel ran: what is usually called GPU utilisation. Far above true use, GPUs wait.",
          gpuShare(gpus.busyNominal),
        ),
        sides(
          "GPU memory in use",
          "Share of the GPUs' memory.",
          (cluster) =>
            ratio(sum(series(gpus.memoryUsed, { cluster })), sum(series(gpus.memory, { cluster }))),
          thresholds.gpuMemoryUtilisation,
        ),
        sides("GPU power", "Power that GPUs draw.", (cluster) => sum(series(gpus.power, { cluster }))),
        priced
          ? sides("GPU cost", "Price of an hour of all GPUs, used or not.", (cluster) =>
              sum(series(cost.gpus, { cluster })),
            )
          : sides(
              "Hottest GPU",
              "Temperature of the hottest GPU.",
              (cluster) => max(series(gpus.temperature, { cluster })),
              thresholds.gpuTemperature,
            ),
        sides("Network", "Received by physical network devices.", (cluster) =>
          series(machines.networkReceived, { cluster }),
        ),
        sides(
          "API errors",
          "Share of API requests answered with 5xx.",
          (cluster) => series(ratios.apiErrors, { cluster }),
          thresholds.apiErrors,
        ),
        sides(
          "API P99",
          "Time within which 99 % of API requests are answered.",
          (cluster) => series(ratios.apiDuration, { cluster }),
          thresholds.apiP99,
        ),
        sides("Targets down", "Scrape targets whose last scrape failed.", (cluster) =>
          sum(series(monitoring.targetsDown, { cluster })),
        ),
      ),
    ],
  };
}

/** The course of what both clusters use, and of the differences. */
export function timeRow(site: Site): Row {
  const measures: readonly (readonly [string, string, (cluster: string) => Vector<"cluster">])[] = [
    ["CPU in use", "Share of processors at work", (cluster) => series(ratios.cpu, { cluster })],
    ["Memory in use", "Share of memory in use", (cluster) => series(ratios.memory, { cluster })],
    [
      "GPUs in true use",
      "True utilisation of GPUs",
      (cluster) => ratio(sum(series(gpus.busy, { cluster })), sum(series(gpus.count, { cluster }))),
    ],
  ];
  const styles = clusterStyles(site);
  return {
    title: "$left and $right over time",
    lines: [
      line(
        7,
        ...measures.map(([title, description, of]): readonly [number, Panel] => [
          8,
          timeSeries({
            title: `${title}: $left and $right`,
            description: `${description} of both clusters.`,
            queries: SIDES.map((cluster) => by(of(cluster), "cluster")),
            styles,
          }),
        ]),
      ),
      line(
        5,
        ...measures.map(([title, description, of]): readonly [number, Panel] => [
          8,
          timeSeries({
            title: `${title}: $left less $right`,
            description: `${description}, $left less $right: above 0 the left cluster has more.`,
            queries: [by(difference(of), "cluster")],
            signed: true,
            styles,
          }),
        ]),
      ),
    ],
  };
}
