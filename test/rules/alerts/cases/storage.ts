import { beegfs as exporter, fedCluster } from "../../../../metrics/catalogue";
import type { Input } from "../../input";
import type { AlertCase } from "../case";
import { always } from "../case";
import { errorCases } from "./errors";

const { beegfs, minio } = fedCluster;

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

export const storageCases: readonly AlertCase[] = [...beegfsCases, ...minioCases];
