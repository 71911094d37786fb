import { fedCluster, fedHub } from "../metrics/catalogue";
import { matching } from "../metrics/select";
import { addresses } from "./addresses";
import { line } from "./kit/dashboard";
import type { DashboardDefinition, Row } from "./kit/dashboard";
import { NONE } from "./kit/limits";
import { bars, by, named, numbers, table, timeSeries } from "./kit/panels";
import { clusterStyles, otherStyle } from "./kit/site";
import type { Site } from "./kit/site";
import { variables } from "./kit/variables";
import { above, max, minus, ratio, series, sorted, sum, times, top } from "./kit/vector";
import type { Vector } from "./kit/vector";

const { ratios, inference } = fedHub;
const { slurm, kubernetes, serving } = fedCluster;

const HOUR = 3600;
const jobsIn = (state: "failed" | "held" | "pending" | "running") => max(series(slurm.jobs, { state }));

function slurmRow(site: Site): Row {
  const { slurmWait } = site.thresholds;
  const number = numbers(4);
  const hourly = (vector: Vector<"cluster">): Vector<"cluster"> => times(vector, HOUR, "count");
  return {
    title: "Training on Slurm",
    lines: [
      line(
        5,
        number("Jobs that run", "Jobs that run now.", jobsIn("running")),
        number(
          "Jobs that wait",
          "Jobs that wait now, held ones left out.",
          minus(jobsIn("pending"), jobsIn("held")),
        ),
        number(
          "Mean wait",
          "Of jobs over an hour: those that waited by those that started (Little's law). Infinite while none starts.",
          series(ratios.slurmWait),
          slurmWait,
        ),
        number("CPUs given", "Share of Slurm's processors given to jobs.", series(ratios.slurmCpus)),
        number(
          "Nodes down",
          "Nodes that are down, failed, or do not respond.",
          sum(series(slurm.nodesByState, { state: matching("down|fail|not_responding") })),
          NONE,
        ),
        number(
          "Failed jobs an hour",
          "Jobs that failed, an hour's worth at the rate of the last hour.",
          hourly(series(slurm.jobsFailed)),
        ),
      ),
      line(
        8,
        [
          8,
          timeSeries({
            title: "Jobs",
            description: "Jobs by what they do; held jobs wait for somebody, not for resources.",
            queries: [
              named(jobsIn("running"), "run", "cluster"),
              named(minus(jobsIn("pending"), jobsIn("held")), "wait", "cluster"),
              named(jobsIn("held"), "held", "cluster"),
            ],
          }),
        ],
        [
          8,
          timeSeries({
            title: "Jobs an hour",
            description: "Jobs submitted, started, and ended well or not, at the rate of the last hour.",
            queries: [
              named(hourly(series(slurm.jobsSubmitted)), "submitted", "cluster"),
              named(hourly(series(slurm.jobsStarted)), "started", "cluster"),
              named(hourly(series(slurm.jobsCompleted)), "completed", "cluster"),
              named(hourly(series(slurm.jobsFailed)), "failed", "cluster"),
            ],
          }),
        ],
        [
          8,
          timeSeries({
            title: "Mean wait over time",
            description: "How long jobs waited that started within the last hour.",
            queries: [by(series(ratios.slurmWait), "cluster")],
            limits: slurmWait,
            styles: clusterStyles(site),
          }),
        ],
      ),
      line(
        7,
        [
          13,
          table({
            title: "Partitions",
            description: "Jobs of each partition, and how much of its processors and GPUs they have.",
            rows: { cluster: "Cluster", partition: "Partition" },
            columns: [
              {
                title: "Run",
                vector: sum(series(slurm.partitionJobs, { state: "running" }), "partition"),
                width: 70,
              },
              {
                title: "Wait",
                vector: sum(series(slurm.partitionJobs, { state: "pending" }), "partition"),
                width: 70,
              },
              { title: "CPUs", vector: series(slurm.partitionCpus), width: 80 },
              {
                title: "CPUs given",
                vector: ratio(series(slurm.partitionCpusAllocated), series(slurm.partitionCpus)),
                bar: 1,
              },
              { title: "GPUs", vector: series(slurm.partitionGpus), width: 70 },
              {
                title: "GPUs given",
                vector: ratio(series(slurm.partitionGpusAllocated), series(slurm.partitionGpus)),
                bar: 1,
              },
            ],
            sortBy: { column: "Wait" },
          }),
        ],
        [
          6,
          bars({
            title: "Nodes by state",
            description: "A node can be in several states at once.",
            queries: [by(sorted(above(series(slurm.nodesByState), 0)), "cluster", "state")],
          }),
        ],
        [
          5,
          table({
            title: "Controller",
            description:
              "Threads at work (it refuses requests at 256), mean time of a scheduling cycle, messages held for the accounting database.",
            rows: { cluster: "Cluster" },
            columns: [
              {
                title: "Threads",
                vector: series(slurm.controllerThreads),
                limits: site.thresholds.slurmThreads,
              },
              { title: "Cycle", vector: series(slurm.schedulerCycle) },
              { title: "Held", vector: series(slurm.databaseQueue) },
            ],
          }),
        ],
      ),
    ],
  };
}

function inferenceRow({ thresholds }: Site): Row {
  const replicas = (state: "available" | "desired") => sum(series(serving.replicas, { state }), "model");
  return {
    title: "Inference in the cloud",
    lines: [
      line(
        8,
        [
          16,
          table({
            title: "Served models",
            description: "What each served model does now. A dash: this kind of server does not say.",
            rows: { cluster: "Cluster", model: "Model" },
            columns: [
              { title: "Available", vector: replicas("available"), width: 80 },
              { title: "Desired", vector: replicas("desired"), width: 80 },
              { title: "Requests", vector: series(inference.requests), width: 100 },
              {
                title: "Errors",
                vector: series(inference.errors),
                limits: thresholds.inferenceErrors,
                width: 90,
              },
              {
                title: "P95",
                vector: series(inference.durationP95),
                limits: thresholds.inferenceP95,
                width: 90,
              },
              {
                title: "First token P95",
                vector: series(inference.firstTokenP95),
                limits: thresholds.firstTokenP95,
                width: 120,
              },
              { title: "Run", vector: sum(series(serving.queue, { state: "running" }), "model"), width: 70 },
              { title: "Wait", vector: sum(series(serving.queue, { state: "waiting" }), "model"), width: 70 },
            ],
            sortBy: { column: "Requests" },
          }),
        ],
        [
          8,
          timeSeries({
            title: "Requests",
            description:
              "Requests of each model: the six with most over the window, and all others together.",
            queries: [by(top(6, series(inference.requests), "model"), "cluster", "model")],
            stacked: true,
            styles: [otherStyle],
          }),
        ],
      ),
    ],
  };
}

function kubernetesRow(): Row {
  return {
    title: "Kubernetes",
    lines: [
      line(
        7,
        [
          7,
          bars({
            title: "Pods by phase",
            description: "Pods that wait, run, ended well, failed, or of which nothing is known.",
            queries: [by(sorted(above(series(kubernetes.pods), 0)), "cluster", "phase")],
          }),
        ],
        [
          7,
          bars({
            title: "Pods of Jobs",
            description: "Pods of Jobs and CronJobs by how they are.",
            queries: [by(sorted(above(series(kubernetes.jobs), 0)), "cluster", "state")],
          }),
        ],
        [
          10,
          table({
            title: "Nodes and what does not run",
            description:
              "Nodes, those that are ready, pods that no node can take, restarts of containers in an hour, and autoscalers that want more than they may have.",
            rows: { cluster: "Cluster" },
            columns: [
              { title: "Nodes", vector: series(kubernetes.nodes), width: 70 },
              { title: "Ready", vector: series(kubernetes.nodesReady), width: 70 },
              { title: "Unschedulable", vector: series(kubernetes.podsUnschedulable), limits: NONE },
              { title: "Restarts", vector: series(kubernetes.containerRestarts) },
              { title: "At limit", vector: series(serving.autoscalersAtLimit), limits: NONE },
            ],
          }),
        ],
      ),
    ],
  };
}

/** What runs: training jobs on Slurm, served models, and the pods around them. */
export function workloadStatus(site: Site): DashboardDefinition {
  return {
    ...addresses.workloadStatus,
    description: "Slurm's training jobs, the cloud's served models, and what of Kubernetes does not run.",
    variables: [variables.cluster()],
    rows: [slurmRow(site), inferenceRow(site), kubernetesRow()],
  };
}
