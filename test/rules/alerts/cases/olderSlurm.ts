import { fedCluster, scrapes } from "../../../../metrics/catalogue";
import type { AlertCase } from "../case";
import { always } from "../case";

const { slurm } = fedCluster;
const exporter = { job: "slurm", instance: "10.0.0.10:8080", host: "ctl" };

const controllerDown: Omit<AlertCase, "bad"> = {
  alert: "SlurmControllerDown",
  severity: "critical",
  component: "scheduler",
  fires: (cluster) => [
    {
      summary: `The Slurm controller of ${cluster} does not answer.`,
      description: `The exporter of Slurm on ${cluster} has told of 0 nodes for 2 minutes: slurmctld, or the exporter itself, does not answer.`,
    },
  ],
  good: always((input) => [input(slurm.nodes, {}, 3)]),
};

/** Where an exporter beside an older Slurm is all that tells of it: what is judged otherwise there. */
export const olderSlurmCases: readonly AlertCase[] = [
  { ...controllerDown, bad: (input) => [input(scrapes.up, exporter, 0)] },
  { ...controllerDown, bad: (input) => [input(scrapes.up, exporter, 1), input(slurm.nodes, {}, 0)] },
  {
    alert: "TargetDown",
    severity: "warning",
    component: "monitoring",
    bad: (input) => [input(scrapes.up, { ...exporter, job: "beegfs" }, 0)],
    fires: (cluster) => [
      {
        labels: { ...exporter, job: "beegfs" },
        summary: `A target of job beegfs of ${cluster} does not answer.`,
        description:
          "10.0.0.10:8080 ctl (job beegfs) has not answered for 10 minutes: nothing is known of it.",
      },
    ],
    // it has the alert above
    good: always((input) => [input(scrapes.up, exporter, 0)]),
  },
];
