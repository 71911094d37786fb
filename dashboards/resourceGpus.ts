import { fedCluster, fedHub } from "../metrics/catalogue";
import { line } from "./kit/dashboard";
import type { Row } from "./kit/dashboard";
import { NONE } from "./kit/limits";
import { bars, by, named, table, timeSeries } from "./kit/panels";
import type { Panel } from "./kit/panels";
import { clusterStyles, otherStyle } from "./kit/site";
import type { Site } from "./kit/site";
import { above, max, minus, ratio, series, sorted, sum, top } from "./kit/vector";
import type { Vector } from "./kit/vector";

const { ratios, cost } = fedHub;
const { gpus } = fedCluster;

/** GPUs whose true utilisation lies between two bounds of the buckets. */
function band(
  from: "0.05" | "0.25" | "0.5" | "0.7" | "0.9",
  to: "0.25" | "0.5" | "0.7" | "0.9" | "+Inf",
): Vector<"cluster"> {
  return minus(sum(series(gpus.busyGpus, { le: to })), sum(series(gpus.busyGpus, { le: from })));
}

/** GPUs: what there is, what is held, and what of it is truly used. */
export function gpuRow(site: Site): Row {
  const { gpuUtilisation, gpuMemoryUtilisation, gpuTemperature } = site.thresholds;
  const count = sum(series(gpus.count));
  const styles = clusterStyles(site);
  return {
    title: "GPUs: true against nominal use",
    lines: [
      line(
        8,
        [
          8,
          timeSeries({
            title: "True and nominal use",
            description:
              "True: share of time multiprocessors had work. Nominal: share of time any kernel ran, which stays high while a GPU mostly waits.",
            queries: [
              named(ratio(sum(series(gpus.busy)), count), "true", "cluster"),
              named(ratio(sum(series(gpus.busyNominal)), count), "nominal", "cluster"),
            ],
            styles: clusterStyles(site, "nominal"),
          }),
        ],
        [
          8,
          timeSeries({
            title: "GPUs held",
            description: "Share of GPUs that a pod or a Slurm job holds.",
            queries: [by(ratio(sum(series(gpus.allocated)), count), "cluster")],
            styles,
          }),
        ],
        [
          8,
          timeSeries({
            title: "True use of GPUs that are held",
            description: "What is left of them is waste.",
            queries: [by(ratio(sum(series(gpus.busyAllocated)), sum(series(gpus.allocated))), "cluster")],
            limits: gpuUtilisation,
            styles,
          }),
        ],
      ),
      line(
        7,
        [
          15,
          table({
            title: "GPUs by type",
            description: "What there is of each type, what is held, and how it is used.",
            rows: { cluster: "Cluster", gpu_type: "Type" },
            columns: [
              { title: "GPUs", vector: series(gpus.count), width: 70 },
              { title: "Held", vector: sum(series(gpus.allocated), "gpu_type"), width: 70 },
              { title: "True use", vector: series(ratios.gpu), bar: 1 },
              { title: "Nominal use", vector: series(ratios.gpuNominal), bar: 1 },
              {
                title: "Memory in use",
                vector: series(ratios.gpuMemory),
                bar: 1,
                limits: gpuMemoryUtilisation,
              },
              { title: "Hottest", vector: series(gpus.temperature), limits: gpuTemperature, width: 90 },
              { title: "Power", vector: series(gpus.power), width: 90 },
            ],
            widths: { cluster: 100, gpu_type: 110 },
          }),
        ],
        [
          9,
          table({
            title: "GPUs by true use",
            description: "How many GPUs are used how much: a mean of 50 % may be half idle, half busy.",
            rows: { cluster: "Cluster" },
            columns: [
              { title: "≤ 5 %", vector: sum(series(gpus.busyGpus, { le: "0.05" })) },
              { title: "≤ 25 %", vector: band("0.05", "0.25") },
              { title: "≤ 50 %", vector: band("0.25", "0.5") },
              { title: "≤ 70 %", vector: band("0.5", "0.7") },
              { title: "≤ 90 %", vector: band("0.7", "0.9") },
              { title: "> 90 %", vector: band("0.9", "+Inf") },
            ],
            widths: { cluster: 100 },
          }),
        ],
      ),
      line(
        7,
        [
          6,
          timeSeries({
            title: "Power",
            description: "Power that GPUs draw, of a cluster together.",
            queries: [by(sum(series(gpus.power)), "cluster")],
            styles,
          }),
        ],
        [
          6,
          timeSeries({
            title: "Hottest GPU",
            description: "Temperature of the hottest GPU of a cluster.",
            queries: [by(max(series(gpus.temperature)), "cluster")],
            limits: gpuTemperature,
            styles,
          }),
        ],
        [
          6,
          table({
            title: "GPUs by last XID error",
            description:
              "GPUs that had an error since their driver was loaded, by its code: the runbook says which codes ask for new hardware.",
            emptyIsGood: "no GPU had an error",
            rows: { cluster: "Cluster", gpu_type: "Type", xid: "XID" },
            columns: [{ title: "GPUs", vector: series(gpus.xid) }],
            sortBy: { column: "GPUs" },
          }),
        ],
        [
          6,
          table({
            title: "GPUs that need somebody",
            description:
              "Stuck: kernels run while profiling counters stay at 0. Memory: a bad row could not be replaced. Idle: held, and under 5 % for 30 minutes.",
            rows: { cluster: "Cluster" },
            columns: [
              { title: "Stuck", vector: sum(series(gpus.stuck)), limits: NONE },
              { title: "Memory", vector: sum(series(gpus.rowRemapFailed)), limits: NONE },
              { title: "Idle", vector: sum(series(gpus.idleAllocated)) },
            ],
          }),
        ],
      ),
    ],
  };
}

const owned = <L extends string>(vector: Vector<L | "owner">): Vector<"cluster" | "owner"> =>
  sum(vector as Vector<"cluster" | "owner">, "owner");

/** Whose the GPUs are that nobody uses. */
export function wasteRow({ priced, ...site }: Site): Row {
  const wasted = owned(series(ratios.gpuWasted));
  const costs: readonly (readonly [number, Panel])[] = priced
    ? [
        [
          8,
          timeSeries({
            title: "Cost of what is not used",
            description:
              "Price an hour of GPUs that are held and not used (wasted), and of all that is not used, held or not (idle). In the currency of the site's GPU prices.",
            queries: [
              named(sum(series(cost.wasted)), "wasted", "cluster"),
              named(sum(series(cost.idle)), "idle", "cluster"),
            ],
            styles: clusterStyles({ ...site, priced }, "idle"),
          }),
        ],
      ]
    : [];
  return {
    title: "Waste by owner",
    lines: [
      line(
        8,
        [
          priced ? 8 : 12,
          bars({
            title: "GPUs held and not used",
            description:
              "By owner: the namespace of the pods, or slurm. The ten with most, and all others together.",
            queries: [by(sorted(top(10, wasted, "owner")), "cluster", "owner")],
          }),
        ],
        [
          priced ? 8 : 12,
          table({
            title: "Owners",
            description: "GPUs that an owner holds, the true use of them, and those idle for 30 minutes.",
            rows: { cluster: "Cluster", owner: "Owner" },
            columns: [
              { title: "Held", vector: owned(series(gpus.allocated)), width: 70 },
              {
                title: "True use",
                vector: ratio(owned(series(gpus.busyAllocated)), owned(series(gpus.allocated))),
                bar: 1,
                limits: site.thresholds.gpuUtilisation,
              },
              { title: "Wasted", vector: wasted, width: 80 },
              { title: "Idle", vector: owned(series(gpus.idleAllocated)), width: 60 },
            ],
            sortBy: { column: "Wasted" },
          }),
        ],
        ...costs,
      ),
      line(7, [
        24,
        timeSeries({
          title: "GPUs held and not used, over time",
          description: "By owner: the six with most over the window, and all others together.",
          queries: [by(top(6, above(wasted, 0), "owner"), "cluster", "owner")],
          stacked: true,
          styles: [otherStyle],
        }),
      ]),
    ],
  };
}
