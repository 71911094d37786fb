import { beegfs as exporter, fedCluster, scrapes } from "../../../../metrics/catalogue";
import type { Input } from "../../input";
import type { AlertCase } from "../case";
import { always } from "../case";

const { slurm, beegfs, minio, mlflow, transfer, retention } = fedCluster;

const slurmCases: readonly AlertCase[] = [
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

const target = { node_id: "7", target_id: "701" };
const beegfsCases: readonly AlertCase[] = [
  {
    alert: "BeegfsServiceDown",
    severity: "critical",
    component: "storage",
    bad: (input) => services(input, 2),
    fires: (cluster) => [
      {
        labels: { service: "meta" },
        summary: `BeeGFS services of ${cluster} do not respond.`,
        description: `1 BeeGFS meta services of ${cluster} have not responded for 3 minutes: what lies there can not be reached.`,
      },
    ],
    good: always((input) => services(input, 3)),
  },
  ...(
    [
      ["BeegfsTargetBad", "critical", 2, "is in consistency state 2 (bad): its data can not be trusted."],
      [
        "BeegfsTargetResyncing",
        "warning",
        1,
        "has been in consistency state 1 (needs resync) for 30 minutes: its buddy has the only copy.",
      ],
    ] as const
  ).map(([alert, severity, state, told]): AlertCase => ({
    alert,
    severity,
    component: "storage",
    bad: (input) => [
      input(exporter.targetConsistency, { ...target, host: "a" }, state),
      input(exporter.targetConsistency, { node_id: "8", target_id: "801" }, 0),
    ],
    fires: (cluster) => [
      {
        labels: target,
        summary: `A BeeGFS target of ${cluster} ${state === 2 ? "is bad" : "needs a resync"}.`,
        description: `Storage target 701 of node 7 ${told}`,
      },
    ],
    good: always((input) => [
      input(exporter.targetConsistency, target, 0),
      input(exporter.targetConsistency, { node_id: "8", target_id: "801" }, 3 - state),
    ]),
  })),
  ...fullCases(
    "BeegfsFull",
    [0.9, 0.85, "90%"],
    [0.97, 0.95, "97%"],
    (input, used) => [input(beegfs.space, {}, 1_000), input(beegfs.spaceFree, {}, 1_000 - used * 1_000)],
    "BeeGFS",
  ),
  {
    alert: "BeegfsTargetFull",
    severity: "warning",
    component: "storage",
    bad: (input) => [input(exporter.targetSpace, target, 100), input(exporter.targetSpaceFree, target, 3)],
    fires: (cluster) => [
      {
        labels: target,
        summary: `A BeeGFS target of ${cluster} is nearly full.`,
        description:
          "Storage target 701 of node 7 is 97% full; files striped over it fail to grow when it is.",
      },
    ],
    good: always((input) => [
      input(exporter.targetSpace, target, 100),
      input(exporter.targetSpaceFree, target, 6),
      input(exporter.targetSpace, { node_id: "8", target_id: "801" }, 0),
      input(exporter.targetSpaceFree, { node_id: "8", target_id: "801" }, 0),
    ]),
  },
];

function services(input: Input, meta: number) {
  return (["meta", "storage"] as const).flatMap((service) => [
    input(beegfs.services, { service }, 3),
    input(beegfs.servicesResponding, { service }, service === "meta" ? meta : 3),
  ]);
}

type Shares = readonly [bad: number, good: number, percent: string];

/** A store that fills up, at both limits. */
function fullCases(
  alert: string,
  warning: Shares,
  critical: Shares,
  shows: (input: Input, used: number) => ReturnType<AlertCase["bad"]>,
  name: string,
): readonly AlertCase[] {
  return (["warning", "critical"] as const).map((severity) => {
    const [bad, good, percent] = severity === "warning" ? warning : critical;
    return {
      alert,
      severity,
      component: "storage",
      bad: (input) => shows(input, bad),
      fires: (cluster) => [
        {
          summary: `${name} of ${cluster} fills up.`,
          description: `${name} of ${cluster} is ${percent} full.`,
        },
      ],
      good: always((input) => shows(input, good)),
    };
  });
}

/** A server that answers with 5xx, at both limits. */
function errorCases(
  alert: string,
  component: string,
  shows: (input: Input, percent: number) => ReturnType<AlertCase["bad"]>,
  name: string,
): readonly AlertCase[] {
  return (["warning", "critical"] as const).map((severity) => {
    const [bad, good] = severity === "warning" ? [2, 1] : [10, 5];
    return {
      alert,
      severity,
      component,
      bad: (input) => shows(input, bad),
      fires: (cluster) => [
        {
          summary: `${name} of ${cluster} fails requests.`,
          description: `${bad}% of ${name}'s requests on ${cluster} end with 5xx.`,
        },
      ],
      good: always((input) => shows(input, good)),
    };
  });
}

const minioCases: readonly AlertCase[] = [
  {
    alert: "MinioDown",
    severity: "critical",
    component: "storage",
    bad: () => [],
    fires: (cluster) => [
      {
        summary: `MinIO of ${cluster} does not answer.`,
        description: `Nothing has been heard of MinIO of ${cluster} for 2 minutes: models can neither be sent nor loaded.`,
      },
    ],
    good: always((input) => [input(minio.healthy, {}, 0)]),
  },
  {
    alert: "MinioUnwritable",
    severity: "critical",
    component: "storage",
    bad: (input) => [input(minio.healthy, {}, 0)],
    fires: (cluster) => [
      {
        summary: `MinIO of ${cluster} can not write.`,
        description: `An erasure set of MinIO of ${cluster} has lost more drives than it can bear (health 0).`,
      },
    ],
    good: always((input) => [input(minio.healthy, {}, 1)]),
  },
  {
    alert: "MinioDrivesOffline",
    severity: "warning",
    component: "storage",
    bad: (input) => [
      input(minio.drives, { state: "offline" }, 1),
      input(minio.drives, { state: "online" }, 3),
    ],
    fires: (cluster) => [
      {
        summary: `Drives of MinIO of ${cluster} are offline.`,
        description: `1 drives of MinIO of ${cluster} have been offline for 10 minutes.`,
      },
    ],
    good: always((input) => [
      input(minio.drives, { state: "offline" }, 0),
      input(minio.drives, { state: "online" }, 4),
    ]),
  },
  ...errorCases(
    "MinioErrors",
    "storage",
    (input, percent) => [
      input(minio.requests, {}, 100),
      input(minio.requestErrors, { code_class: "5xx" }, percent),
      input(minio.requestErrors, { code_class: "4xx" }, 50),
    ],
    "MinIO",
  ),
  ...fullCases(
    "MinioFull",
    [0.85, 0.8, "85%"],
    [0.95, 0.9, "95%"],
    (input, used) => [input(minio.capacity, {}, 1_000), input(minio.capacityFree, {}, 1_000 - used * 1_000)],
    "MinIO",
  ),
];

const state = { model: "llama", version: "3", digest: "d" };
const workerCases: readonly AlertCase[] = [
  {
    alert: "TransferLate",
    severity: "warning",
    component: "transfer",
    bad: (input) => [input(transfer.lag, { model: "llama" }, 3_600)],
    fires: (cluster) => [
      {
        labels: { model: "llama" },
        summary: `Model llama of ${cluster} is late.`,
        description: "Content of llama that was trained 1h 0m 0s ago is not yet registered.",
      },
    ],
    good: always((input) => [input(transfer.lag, { model: "llama" }, 1_800)]),
  },
  {
    alert: "TransferFailing",
    severity: "warning",
    component: "transfer",
    bad: (input) => [input(transfer.run, {}, 8_000), input(transfer.runSuccess, {}, 4_400)],
    fires: (cluster) => [
      {
        summary: `Transfers of models from ${cluster} fail.`,
        description: `The last run that brought every model of ${cluster} to a good end was 1h 0m 0s before the last run.`,
      },
    ],
    good: always((input) => [input(transfer.run, {}, 8_000), input(transfer.runSuccess, {}, 8_000)]),
  },
  {
    alert: "TransferFailing",
    severity: "warning",
    component: "transfer",
    bad: (input) => [input(transfer.run, {}, 60)],
    fires: (cluster) => [
      {
        summary: `Transfers of models from ${cluster} fail.`,
        description: `The last run that brought every model of ${cluster} to a good end was 1m 0s before the last run.`,
      },
    ],
    good: always(() => []),
  },
  {
    alert: "TransferStopped",
    severity: "critical",
    component: "transfer",
    bad: (input) => [input(transfer.run, {}, 0)],
    since: 121,
    fires: (cluster) => [
      {
        summary: `Transfers of models from ${cluster} have stopped.`,
        description: `No run has ended on ${cluster} for 2h 6m 0s.`,
      },
    ],
    good: always((input) => [input(transfer.run, {}, "0+60x400")]),
  },
  {
    alert: "TransferMismatch",
    severity: "critical",
    component: "transfer",
    bad: (input) => [input(transfer.mismatches, { model: "llama" }, 2)],
    fires: (cluster) => [
      {
        labels: { model: "llama" },
        summary: `Bytes of model llama of ${cluster} changed on their way.`,
        description:
          "2 checksums of llama differed between source and bucket within an hour; nothing of it was registered.",
      },
    ],
    good: always((input) => [input(transfer.mismatches, { model: "llama" }, 0)]),
  },
  {
    alert: "TransferQuarantined",
    severity: "warning",
    component: "transfer",
    bad: (input) => [
      input(transfer.state, { ...state, outcome: "quarantined", reason: "checksum-mismatch" }, 1),
    ],
    fires: (cluster) => [
      {
        labels: { model: "llama", reason: "checksum-mismatch" },
        summary: `Model llama of ${cluster} is quarantined.`,
        description:
          "llama was refused: checksum-mismatch. It is not sent again before somebody looks at it.",
      },
    ],
    good: always((input) => [
      input(transfer.state, { ...state, outcome: "unchanged" }, 1),
      input(transfer.state, { ...state, outcome: "quarantined" }, 0),
    ]),
  },
  {
    alert: "TransferStuck",
    severity: "warning",
    component: "transfer",
    bad: (input) => [input(transfer.state, { ...state, outcome: "stuck", reason: "not-quiescent" }, 1)],
    fires: (cluster) => [
      {
        labels: { model: "llama", reason: "not-quiescent" },
        summary: `Model llama of ${cluster} never comes to rest.`,
        description: "llama has been written to for longer than is waited (not-quiescent): it is not sent.",
      },
    ],
    good: always((input) => [
      input(transfer.state, { ...state, outcome: "waiting", reason: "not-quiescent" }, 1),
      input(transfer.state, { ...state, outcome: "stuck" }, 0),
    ]),
  },
  {
    alert: "TransferVerificationFailed",
    severity: "critical",
    component: "transfer",
    bad: (input) => [input(transfer.verifyFaults, {}, 2)],
    fires: (cluster) => [
      {
        summary: `Published models of ${cluster} have changed.`,
        description: `The last verification found 2 objects of ${cluster}'s published models gone or different.`,
      },
    ],
    good: always((input) => [input(transfer.verifyFaults, {}, 0)]),
  },
  {
    alert: "TransferVerificationLate",
    severity: "warning",
    component: "transfer",
    interval: "5m",
    bad: (input) => [input(transfer.verify, {}, "0x700")],
    since: 2_885,
    fires: (cluster) => [
      {
        summary: `Published models of ${cluster} are not verified.`,
        description: `What ${cluster} published was last verified 2d 0h 20m 0s ago.`,
      },
    ],
    good: always((input) => [input(transfer.verify, {}, "0+300x700")]),
  },
  ...[0, undefined].map((value): AlertCase => ({
    alert: "TransferStateUnreadable",
    severity: "warning",
    component: "transfer",
    bad: (input) => (value === undefined ? [] : [input(transfer.stateRead, {}, value)]),
    fires: (cluster) => [
      {
        summary: `How transfers from ${cluster} stand is not known.`,
        description: `The exporter on ${cluster} could not read the worker's state for 15 minutes (success 0).`,
      },
    ],
    good: always((input) => [input(transfer.stateRead, {}, 1)]),
  })),
];

const registryCases: readonly AlertCase[] = [
  ...[0, undefined].map((value): AlertCase => ({
    alert: "MlflowDown",
    severity: "critical",
    component: "transfer",
    bad: (input) => (value === undefined ? [] : [input(mlflow.servers, {}, value)]),
    fires: (cluster) => [
      {
        summary: `MLflow of ${cluster} does not answer.`,
        description: `0 MLflow servers of ${cluster} have answered for 3 minutes: no version can be registered or looked up.`,
      },
    ],
    good: always((input) => [input(mlflow.servers, {}, 1)]),
  })),
  ...errorCases(
    "MlflowErrors",
    "transfer",
    (input, percent) => [
      input(mlflow.requests, { code_class: "2xx" }, 100 - percent),
      input(mlflow.requests, { code_class: "5xx" }, percent),
    ],
    "MLflow",
  ),
  {
    alert: "RetentionFailing",
    severity: "warning",
    component: "transfer",
    bad: (input) => [input(retention.failures, {}, 4)],
    fires: (cluster) => [
      {
        summary: `Old models of ${cluster} can not be removed.`,
        description: `4 removals of the last retention run on ${cluster} failed.`,
      },
    ],
    good: always((input) => [input(retention.failures, {}, 0)]),
  },
  {
    alert: "RetentionStopped",
    severity: "warning",
    component: "transfer",
    interval: "5m",
    bad: (input) => [input(retention.run, {}, "0x700")],
    since: 2_885,
    fires: (cluster) => [
      {
        summary: `Retention of models on ${cluster} has stopped.`,
        description: `The last retention run on ${cluster} ended 2d 0h 20m 0s ago.`,
      },
    ],
    good: always((input) => [input(retention.run, {}, "0+300x700")]),
  },
];

export const serviceCases: readonly AlertCase[] = [
  ...slurmCases,
  ...beegfsCases,
  ...minioCases,
  ...workerCases,
  ...registryCases,
];
