import { fedCluster } from "../../metrics/catalogue";
import { matching } from "../../metrics/select";
import type { Check, CheckArgs } from "./checks";
import { check, gate } from "./checks";
import { flagged, max, proportional, ramped, share, sum } from "./losses";
import { apiErrorRatio, apiP99, fatalXids, queueStuck } from "./symptoms";

const { monitoring, machines, gpus, kubernetes, slurm } = fedCluster;

/** The Kubernetes API server. */
export function apiChecks({ own, thresholds }: CheckArgs): readonly Check[] {
  const up = sum(own(monitoring.targetsUp, { job: "apiserver" }));
  const down = sum(own(monitoring.targetsDown, { job: "apiserver" }));
  return [
    gate("unreachable", proportional(100, share(down, `${up} + ${down}`))),
    check("errors", 60, ramped(60, apiErrorRatio(own), thresholds.apiErrors)),
    check("slow", 30, ramped(30, apiP99(own), thresholds.apiP99)),
  ];
}

/** Machines, Kubernetes nodes and others. */
export function nodeChecks({ own, declared }: CheckArgs): readonly Check[] {
  const filesystems = (le: string): string => sum(own(machines.filesystemUsed, { le }));
  const nodes = sum(own(kubernetes.nodes));
  return [
    gate("missing", proportional(100, `1 - ${sum(own(machines.machines))} / ${declared.machines}`)),
    check("not_ready", 100, proportional(100, share(`${nodes} - ${sum(own(kubernetes.nodesReady))}`, nodes))),
    check("filesystem_full", 20, flagged(20, `${filesystems("+Inf")} - ${filesystems("0.95")} > bool 0`)),
  ];
}

/** GPUs by DCGM. */
export function gpuChecks({ own, declared, thresholds }: CheckArgs): readonly Check[] {
  const count = sum(own(gpus.count));
  const failed = sum(own(gpus.xid, { xid: matching(fatalXids.join("|")) }));
  return [
    gate("missing", proportional(100, `1 - ${count} / ${declared.gpus}`)),
    check("xid", 100, proportional(100, share(failed, count))),
    check("hot", 30, ramped(30, max(own(gpus.temperature)), thresholds.gpuTemperature)),
  ];
}

/** Slurm; its controller by its own endpoint, or by what an exporter beside it hears. */
export function schedulerChecks({ own, declared, thresholds }: CheckArgs): readonly Check[] {
  const nodes = max(own(slurm.nodes));
  const heard =
    declared.slurm === "exporter" ? nodes : sum(own(monitoring.targetsUp, { job: matching("slurm-.+") }));
  const down = max(own(slurm.nodesByState, { state: matching("down|fail|not_responding") }));
  const { waits, started, idle } = queueStuck(own);
  return [
    gate("controller_down", flagged(100, `${heard} == bool 0`)),
    check("nodes_down", 100, proportional(100, share(down, nodes))),
    check(
      "queue_stuck",
      40,
      flagged(40, `(${waits} > bool 0) * (${started} == bool 0) * (${idle} > bool 0)`),
    ),
    check("controller_busy", 20, ramped(20, max(own(slurm.controllerThreads)), thresholds.slurmThreads)),
  ];
}
