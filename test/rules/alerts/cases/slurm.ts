import { fedCluster, scrapes } from "../../../../metrics/catalogue";
import type { Input } from "../../input";
import type { AlertCase } from "../case";
import { always } from "../case";

const { slurm } = fedCluster;

export const slurmCases: readonly AlertCase[] = [
  {
    alert: "SlurmControllerDown",
    severity: "critical",
    component: "scheduler",
    bad: (input) => ["slurm-jobs", "slurm-nodes"].map((job) => input(scrapes.up, { job }, 0)),
    fires: (cluster) => [
      {
        summary: `The Slurm controller of ${cluster} does not answer.`,
        description: `slurmctld of ${cluster} has not answered for 2 minutes: jobs that run go on, none is started or accepted.`,
      },
    ],
    good: always((input) => [
      input(scrapes.up, { job: "slurm-jobs" }, 0),
      input(scrapes.up, { job: "slurm-nodes" }, 1),
    ]),
  },
  ...(["warning", "critical"] as const).map((severity): AlertCase => {
    const [down, notYet, percent] = severity === "warning" ? [1, 0, "10%"] : [4, 2, "40%"];
    const nodes = (input: Input, count: number) => [
      input(slurm.nodes, {}, 10),
      input(slurm.nodesByState, { state: "down" }, count),
      input(slurm.nodesByState, { state: "not_responding" }, 0),
      input(slurm.nodesByState, { state: "drain" }, 9),
    ];
    return {
      alert: "SlurmNodesDown",
      severity,
      component: "scheduler",
      bad: (input) => nodes(input, down),
      fires: (cluster) => [
        {
          summary: `Slurm nodes of ${cluster} are down.`,
          description: `${percent} of the Slurm nodes of ${cluster} are down, failing or silent.`,
        },
      ],
      good: always((input) => nodes(input, notYet)),
    };
  }),
  ...queueCases(),
  {
    alert: "SlurmControllerBusy",
    severity: "warning",
    component: "scheduler",
    bad: (input) => [input(slurm.controllerThreads, {}, 230)],
    fires: (cluster) => [
      {
        summary: `The Slurm controller of ${cluster} is near its limit.`,
        description: `slurmctld of ${cluster} has 230 threads at work; at 256 it refuses requests.`,
      },
    ],
    good: always((input) => [input(slurm.controllerThreads, {}, 200)]),
  },
];

/** A queue, by Slurm's own metrics or by the older exporter's, which counts neither starts nor held jobs. */
function queueCases(): readonly AlertCase[] {
  interface Queue {
    readonly pending?: number;
    readonly held?: number;
    readonly started?: number;
    readonly idle?: number;
  }
  const queue = (input: Input, { pending = 5, held = 2, started = 0, idle = 1 }: Queue = {}) => [
    input(slurm.jobs, { state: "pending" }, pending),
    input(slurm.jobs, { state: "held" }, held),
    input(slurm.jobsStarted, {}, started),
    input(slurm.nodesByState, { state: "idle" }, idle),
  ];
  const older = (input: Input, running: number | string) => [
    input(slurm.jobs, { state: "pending" }, 5),
    input(slurm.jobs, { state: "running" }, running),
    input(slurm.nodesByState, { state: "idle" }, 1),
  ];
  const fires =
    (jobs: number): AlertCase["fires"] =>
    (cluster) => [
      {
        summary: `The Slurm queue of ${cluster} is stuck.`,
        description: `${jobs} jobs of ${cluster} wait, nodes idle, and none was started for over an hour.`,
      },
    ];
  const queueStuck = { alert: "SlurmQueueStuck", severity: "warning", component: "scheduler" } as const;
  return [
    {
      ...queueStuck,
      bad: (input) => queue(input),
      fires: fires(3),
      good: [{ held: 5 }, { pending: 0, held: 0 }, { started: 0.01 }, { idle: 0 }].map((one) => ({
        shows: (input: Input) => queue(input, one),
      })),
    },
    {
      ...queueStuck,
      bad: (input) => older(input, 3),
      fires: fires(5),
      good: always((input) => older(input, "3 4".padEnd(1_000, " 3 4"))),
    },
  ];
}
