import { fedCluster } from "../../../../metrics/catalogue";
import type { AlertCase } from "../case";
import { always } from "../case";
import { errorCases } from "./errors";

const { mlflow, transfer, retention } = fedCluster;

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

export const transferCases: readonly AlertCase[] = [...workerCases, ...registryCases];
