import { fedCluster } from "../../metrics/catalogue";
import { mlflowErrorRatio } from "../health/symptoms";
import { by } from "../recording/expressions";
import type { Subject } from "./args";
import { atBothLimits } from "./limits";

const { transfer, retention, mlflow } = fedCluster;
const component = "transfer" as const;

/** The worker that sends models, where it runs. */
export const transferAlerts: Subject = ({ own }, { declared, thresholds }) => {
  if (declared.transfer === undefined) return [];
  const { runWithin, verifyWithin } = declared.transfer;
  const max = (selector: string): string => `max by (cluster) (${selector})`;
  const run = max(own(transfer.run));
  const success = max(own(transfer.runSuccess));
  const outcome = (value: string): string =>
    `${by("max", ["cluster", "model", "reason"], own(transfer.state, { outcome: value }))} > 0`;
  return [
    {
      alert: "TransferLate",
      severity: "warning",
      component,
      expr: `${by("max", ["cluster", "model"], own(transfer.lag))} > ${thresholds.transferLag.warning}`,
      for: "10m",
      summary: "Model {{ $labels.model }} of {{ $labels.cluster }} is late.",
      description:
        "Content of {{ $labels.model }} that was trained {{ $value | humanizeDuration }} ago is not yet registered.",
    },
    {
      alert: "TransferFailing",
      severity: "warning",
      component,
      expr: `${run} - on (cluster) (${success} or on (cluster) 0 * ${run}) > 0`,
      for: "45m",
      summary: "Transfers of models from {{ $labels.cluster }} fail.",
      description:
        "The last run that brought every model of {{ $labels.cluster }} to a good end was {{ $value | humanizeDuration }} before the last run.",
    },
    {
      alert: "TransferStopped",
      severity: "critical",
      component,
      expr: `time() - ${run} > ${runWithin}`,
      for: "5m",
      summary: "Transfers of models from {{ $labels.cluster }} have stopped.",
      description: "No run has ended on {{ $labels.cluster }} for {{ $value | humanizeDuration }}.",
    },
    {
      alert: "TransferMismatch",
      severity: "critical",
      component,
      expr: `${by("max", ["cluster", "model"], own(transfer.mismatches))} > 0`,
      for: "1m",
      summary: "Bytes of model {{ $labels.model }} of {{ $labels.cluster }} changed on their way.",
      description:
        "{{ $value | humanize }} checksums of {{ $labels.model }} differed between source and bucket within an hour; nothing of it was registered.",
    },
    {
      alert: "TransferQuarantined",
      severity: "warning",
      component,
      expr: outcome("quarantined"),
      for: "1m",
      summary: "Model {{ $labels.model }} of {{ $labels.cluster }} is quarantined.",
      description:
        "{{ $labels.model }} was refused: {{ $labels.reason }}. It is not sent again before somebody looks at it.",
    },
    {
      alert: "TransferStuck",
      severity: "warning",
      component,
      expr: outcome("stuck"),
      for: "15m",
      summary: "Model {{ $labels.model }} of {{ $labels.cluster }} never comes to rest.",
      description:
        "{{ $labels.model }} has been written to for longer than is waited ({{ $labels.reason }}): it is not sent.",
    },
    {
      alert: "TransferVerificationFailed",
      severity: "critical",
      component,
      expr: `${max(own(transfer.verifyFaults))} > 0`,
      for: "1m",
      summary: "Published models of {{ $labels.cluster }} have changed.",
      description:
        "The last verification found {{ $value }} objects of {{ $labels.cluster }}'s published models gone or different.",
    },
    {
      alert: "TransferVerificationLate",
      severity: "warning",
      component,
      expr: `time() - ${max(own(transfer.verify))} > ${verifyWithin}`,
      for: "15m",
      summary: "Published models of {{ $labels.cluster }} are not verified.",
      description:
        "What {{ $labels.cluster }} published was last verified {{ $value | humanizeDuration }} ago.",
    },
    {
      alert: "TransferStateUnreadable",
      severity: "warning",
      component,
      expr: `min by (cluster) (${own(transfer.stateRead)}) == 0 or 0 * absent(${own(transfer.stateRead)})`,
      for: "15m",
      summary: "How transfers from {{ $labels.cluster }} stand is not known.",
      description:
        "The exporter on {{ $labels.cluster }} could not read the worker's state for 15 minutes (success {{ $value }}).",
    },
  ];
};

/** The registry, and what is kept of published models, where they are. */
export const registryAlerts: Subject = ({ own }, { declared, thresholds }) => [
  ...(declared.mlflow
    ? [
        {
          alert: "MlflowDown",
          severity: "critical" as const,
          component,
          expr: `max by (cluster) (${own(mlflow.servers)}) == 0 or 0 * absent(${own(mlflow.servers)})`,
          for: "3m",
          summary: "MLflow of {{ $labels.cluster }} does not answer.",
          description:
            "{{ $value }} MLflow servers of {{ $labels.cluster }} have answered for 3 minutes: no version can be registered or looked up.",
        },
        ...atBothLimits(thresholds.storeErrors, {
          alert: "MlflowErrors",
          component,
          value: mlflowErrorRatio(own),
          for: "10m",
          summary: "MLflow of {{ $labels.cluster }} fails requests.",
          description:
            "{{ $value | humanizePercentage }} of MLflow's requests on {{ $labels.cluster }} end with 5xx.",
        }),
      ]
    : []),
  ...(declared.retentionWithin === undefined
    ? []
    : [
        {
          alert: "RetentionFailing",
          severity: "warning" as const,
          component,
          expr: `max by (cluster) (${own(retention.failures)}) > 0`,
          for: "15m",
          summary: "Old models of {{ $labels.cluster }} can not be removed.",
          description: "{{ $value }} removals of the last retention run on {{ $labels.cluster }} failed.",
        },
        {
          alert: "RetentionStopped",
          severity: "warning" as const,
          component,
          expr: `time() - max by (cluster) (${own(retention.run)}) > ${declared.retentionWithin}`,
          for: "15m",
          summary: "Retention of models on {{ $labels.cluster }} has stopped.",
          description:
            "The last retention run on {{ $labels.cluster }} ended {{ $value | humanizeDuration }} ago.",
        },
      ]),
];
