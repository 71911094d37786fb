import {
  fedCluster,
  olderSlurm,
  olderSlurmJobs,
  olderSlurmNodes,
  slurm,
  slurmJobs,
  slurmNodes,
} from "../../metrics/catalogue";
import { jobStates, nodeStates } from "../../metrics/catalogue/recorded/slurm";
import type { Selectable } from "../../metrics/types";
import type { RuleGroup } from "../types";
import { either, perValue, to } from "./expressions";
import type { Recorder } from "./site";

const recorded = fedCluster.slurm;
const MEBIBYTE = 1_048_576;

/** Metrics that say the same, Slurm's own first. */
type Names = Readonly<Partial<Record<string, Selectable>>>;

/** Jobs and nodes by state, under the same names whichever exporter tells. */
export function slurmRules({ own, record }: Recorder): RuleGroup {
  const sum = (...metrics: readonly Selectable[]): string =>
    either(...metrics.map((metric) => `sum by (cluster) (${own(metric)})`));
  const byState = (states: readonly string[], ...exporters: readonly Names[]): string =>
    perValue(
      "state",
      Object.fromEntries(
        states.map((state) => [
          state,
          sum(...exporters.map((names) => names[state]).filter((metric) => metric !== undefined)),
        ]),
      ),
    );
  const rate1h = (metric: Selectable): string => `sum by (cluster) (rate(${own(metric)}[1h]))`;
  return {
    name: "cluster-slurm",
    rules: [
      record(recorded.jobs, byState(jobStates, slurmJobs, olderSlurmJobs)),
      record(
        recorded.jobsPending,
        `sum by (cluster) (avg_over_time(${own(recorded.jobs, { state: "pending" })}[1h]))`,
      ),
      record(recorded.jobsStarted, rate1h(slurm.started)),
      record(recorded.jobsSubmitted, rate1h(slurm.submitted)),
      record(recorded.jobsCompleted, rate1h(slurm.completed)),
      record(recorded.jobsFailed, rate1h(slurm.failed)),
      record(recorded.nodesByState, byState(nodeStates, slurmNodes, olderSlurmNodes)),
      // the older exporter gives no total; its states exclude each other
      record(recorded.nodes, sum(slurm.nodes, recorded.nodesByState)),
      record(recorded.cpus, sum(slurm.nodeCpus, olderSlurm.cpus)),
      record(recorded.cpusAllocated, sum(slurm.nodeCpusAllocated, olderSlurm.cpusAllocated)),
      record(recorded.memory, either(sum(slurm.nodeMemory), `${sum(olderSlurm.nodeMemory)} * ${MEBIBYTE}`)),
      record(
        recorded.memoryAllocated,
        either(sum(slurm.nodeMemoryAllocated), `${sum(olderSlurm.nodeMemoryAllocated)} * ${MEBIBYTE}`),
      ),
      record(
        recorded.schedulerCycle,
        either(...[slurm.meanCycle, olderSlurm.meanCycle].map((metric) => `${sum(metric)} / 1e6`)),
      ),
      record(recorded.controllerThreads, sum(slurm.threads, olderSlurm.threads)),
      record(recorded.databaseQueue, sum(slurm.databaseQueue, olderSlurm.databaseQueue)),
    ],
  };
}

/** Partitions. */
export function slurmPartitionRules({ own, record }: Recorder): RuleGroup {
  const perPartition = (...metrics: readonly Selectable[]): string =>
    either(...metrics.map((metric) => to(recorded.partitionCpus, "sum", own(metric))));
  const cpus = perPartition(slurm.partitionCpus, olderSlurm.partitionCpus);
  /** The older exporter leaves out what is 0. */
  const orZero = (expr: string): string => either(expr, `0 * (${cpus})`);
  return {
    name: "cluster-slurm-partitions",
    rules: [
      record(
        recorded.partitionJobs,
        perValue("state", {
          pending: orZero(perPartition(slurm.partitionPending)),
          running: perPartition(slurm.partitionRunning),
        }),
      ),
      record(recorded.partitionCpus, cpus),
      record(
        recorded.partitionCpusAllocated,
        orZero(perPartition(slurm.partitionCpusAllocated, olderSlurm.partitionCpusAllocated)),
      ),
      record(recorded.partitionGpus, perPartition(slurm.partitionGpus)),
      record(recorded.partitionGpusAllocated, perPartition(slurm.partitionGpusAllocated)),
    ],
  };
}
