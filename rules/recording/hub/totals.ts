import { fedCluster, fedHub } from "../../../metrics/catalogue";
import { FEDERATION } from "../../../metrics/levels";
import { select } from "../../../metrics/select";
import type { Selectable } from "../../../metrics/types";
import type { RecordingRule, RuleGroup } from "../../types";

const { machines, gpus, slurm, monitoring } = fedCluster;
const recorded = fedHub.totals;

/**
 * All clusters together, as the cluster `federation`. A member that is down is missing from its totals:
 * `fed_hub:federation_clusters:count` says how many stand behind them.
 */
export function totalRules(members: number, priced: boolean): RuleGroup {
  const rule = (metric: Selectable, expr: string): RecordingRule => ({
    record: metric.name,
    expr,
    labels: { cluster: FEDERATION },
  });
  /** A sum to the labels of the total beside `cluster`. */
  const total = (metric: Selectable, of: string): RecordingRule => {
    const kept = metric.labels.filter((label) => label !== "cluster");
    return rule(metric, kept.length === 0 ? `sum(${of})` : `sum by (${kept.join(", ")}) (${of})`);
  };
  return {
    name: "hub-totals",
    rules: [
      rule(
        recorded.clusters,
        members === 0 ? "vector(1)" : `1 + sum(${fedHub.members.heartbeatStale.name} == bool 0)`,
      ),
      total(recorded.machines, machines.machines.name),
      total(recorded.cpu, machines.cpu.name),
      total(recorded.cpuBusy, machines.cpuBusy.name),
      total(recorded.memory, machines.memory.name),
      total(recorded.memoryUsed, `${machines.memory.name} - ${machines.memoryAvailable.name}`),
      total(recorded.gpus, gpus.count.name),
      total(recorded.gpusAllocated, gpus.allocated.name),
      total(recorded.gpuBusy, gpus.busy.name),
      total(recorded.gpuPower, gpus.power.name),
      ...(priced
        ? [
            total(recorded.gpuCost, fedHub.cost.gpus.name),
            total(recorded.gpuCostWasted, fedHub.cost.wasted.name),
          ]
        : []),
      total(recorded.inferenceRequests, fedHub.inference.requests.name),
      total(recorded.jobsRunning, select(slurm.jobs, { state: "running" })),
      total(recorded.jobsPending, select(slurm.jobs, { state: "pending" })),
      total(recorded.alertsFiring, monitoring.alertsFiring.name),
    ],
  };
}
