import { fedCluster, scrapes } from "../../metrics/catalogue";
import { matching } from "../../metrics/select";
import type { SlurmSource } from "../health";
import { queueStuck } from "../health/symptoms";
import type { AlertDefinition, AlertScope } from "./alert";
import type { Subject } from "./args";
import { atBothLimits } from "./limits";

const { slurm } = fedCluster;

/** Jobs of what slurmctld tells of itself, and of an exporter beside it. */
export const SLURM_JOBS: Readonly<Record<SlurmSource, string>> = { slurmctld: "slurm-.+", exporter: "slurm" };

/** The controller by its own endpoint, or by what an exporter hears from it: nothing, or no node at all. */
function controllerDown(
  source: SlurmSource,
  { own }: Pick<AlertScope, "own">,
): Pick<AlertDefinition, "description" | "expr"> {
  return source === "slurmctld"
    ? {
        expr: `max by (cluster) (${own(scrapes.up, { job: matching(SLURM_JOBS.slurmctld) })}) == 0`,
        description:
          "slurmctld of {{ $labels.cluster }} has not answered for 2 minutes: jobs that run go on, none is started or accepted.",
      }
    : {
        expr: `(max by (cluster) (${own(slurm.nodes)}) or 0 * absent(${own(slurm.nodes)})) == 0`,
        description:
          "The exporter of Slurm on {{ $labels.cluster }} has told of {{ $value }} nodes for 2 minutes: slurmctld, or the exporter itself, does not answer.",
      };
}

/** Slurm, where the cluster has it. */
export const slurmAlerts: Subject = ({ own }, { declared, thresholds }) => {
  if (declared.slurm === undefined) return [];
  const down = `max by (cluster) (${own(slurm.nodesByState, { state: matching("down|fail|not_responding") })})`;
  const { waits, started, idle } = queueStuck(own);
  const component = "scheduler" as const;
  return [
    {
      alert: "SlurmControllerDown",
      severity: "critical",
      component,
      for: "2m",
      summary: "The Slurm controller of {{ $labels.cluster }} does not answer.",
      ...controllerDown(declared.slurm, { own }),
    },
    ...atBothLimits(thresholds.nodesDown, {
      alert: "SlurmNodesDown",
      component,
      value: `${down} / max by (cluster) (${own(slurm.nodes)} > 0)`,
      for: "10m",
      summary: "Slurm nodes of {{ $labels.cluster }} are down.",
      description:
        "{{ $value | humanizePercentage }} of the Slurm nodes of {{ $labels.cluster }} are down, failing or silent.",
    }),
    {
      alert: "SlurmQueueStuck",
      severity: "warning",
      component,
      expr: `${waits} > 0 and on (cluster) ${started} == 0 and on (cluster) ${idle} > 0`,
      for: "30m",
      summary: "The Slurm queue of {{ $labels.cluster }} is stuck.",
      description:
        "{{ $value }} jobs of {{ $labels.cluster }} wait, nodes idle, and none was started for over an hour.",
    },
    {
      alert: "SlurmControllerBusy",
      severity: "warning",
      component,
      expr: `max by (cluster) (${own(slurm.controllerThreads)}) > ${thresholds.slurmThreads.warning}`,
      for: "10m",
      summary: "The Slurm controller of {{ $labels.cluster }} is near its limit.",
      description:
        "slurmctld of {{ $labels.cluster }} has {{ $value }} threads at work; at 256 it refuses requests.",
    },
  ];
};
