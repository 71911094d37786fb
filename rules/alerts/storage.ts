import { beegfs as exporter, fedCluster } from "../../metrics/catalogue";
import { beegfsUsed, minioErrorRatio, minioUsed } from "../health/symptoms";
import { by } from "../recording/expressions";
import type { Subject } from "./args";
import { atBothLimits } from "./limits";

const { beegfs, minio } = fedCluster;
const component = "storage" as const;
const TARGET = ["cluster", "node_id", "target_id"] as const;

/** BeeGFS, where the cluster has it. */
export const beegfsAlerts: Subject = ({ own }, { declared, thresholds }) => {
  if (!declared.beegfs) return [];
  const state = by("max", TARGET, own(exporter.targetConsistency));
  const silent = `${by("max", ["cluster", "service"], own(beegfs.services))} - ${by("max", ["cluster", "service"], own(beegfs.servicesResponding))}`;
  const used = `1 - ${by("max", TARGET, own(exporter.targetSpaceFree))} / ${by("max", TARGET, `${own(exporter.targetSpace)} > 0`)}`;
  return [
    {
      alert: "BeegfsServiceDown",
      severity: "critical",
      component,
      expr: `${silent} > 0`,
      for: "3m",
      summary: "BeeGFS services of {{ $labels.cluster }} do not respond.",
      description:
        "{{ $value }} BeeGFS {{ $labels.service }} services of {{ $labels.cluster }} have not responded for 3 minutes: what lies there can not be reached.",
    },
    {
      alert: "BeegfsTargetBad",
      severity: "critical",
      component,
      expr: `${state} == 2`,
      for: "1m",
      summary: "A BeeGFS target of {{ $labels.cluster }} is bad.",
      description:
        "Storage target {{ $labels.target_id }} of node {{ $labels.node_id }} is in consistency state {{ $value }} (bad): its data can not be trusted.",
    },
    {
      alert: "BeegfsTargetResyncing",
      severity: "warning",
      component,
      expr: `${state} == 1`,
      for: "30m",
      summary: "A BeeGFS target of {{ $labels.cluster }} needs a resync.",
      description:
        "Storage target {{ $labels.target_id }} of node {{ $labels.node_id }} has been in consistency state {{ $value }} (needs resync) for 30 minutes: its buddy has the only copy.",
    },
    ...atBothLimits(thresholds.beegfsUtilisation, {
      alert: "BeegfsFull",
      component,
      value: beegfsUsed(own),
      for: "10m",
      summary: "BeeGFS of {{ $labels.cluster }} fills up.",
      description: "BeeGFS of {{ $labels.cluster }} is {{ $value | humanizePercentage }} full.",
    }),
    {
      alert: "BeegfsTargetFull",
      severity: "warning",
      component,
      expr: `${used} > ${thresholds.beegfsUtilisation.critical}`,
      for: "10m",
      summary: "A BeeGFS target of {{ $labels.cluster }} is nearly full.",
      description:
        "Storage target {{ $labels.target_id }} of node {{ $labels.node_id }} is {{ $value | humanizePercentage }} full; files striped over it fail to grow when it is.",
    },
  ];
};

/** MinIO, where the cluster has it. */
export const minioAlerts: Subject = ({ own }, { declared, thresholds }) => {
  if (!declared.minio) return [];
  return [
    {
      alert: "MinioDown",
      severity: "critical",
      component,
      expr: `absent(${own(minio.healthy)})`,
      for: "2m",
      summary: "MinIO of {{ $labels.cluster }} does not answer.",
      description:
        "Nothing has been heard of MinIO of {{ $labels.cluster }} for 2 minutes: models can neither be sent nor loaded.",
    },
    {
      alert: "MinioUnwritable",
      severity: "critical",
      component,
      expr: `max by (cluster) (${own(minio.healthy)}) == 0`,
      for: "3m",
      summary: "MinIO of {{ $labels.cluster }} can not write.",
      description:
        "An erasure set of MinIO of {{ $labels.cluster }} has lost more drives than it can bear (health {{ $value }}).",
    },
    {
      alert: "MinioDrivesOffline",
      severity: "warning",
      component,
      expr: `max by (cluster) (${own(minio.drives, { state: "offline" })}) > 0`,
      for: "10m",
      summary: "Drives of MinIO of {{ $labels.cluster }} are offline.",
      description: "{{ $value }} drives of MinIO of {{ $labels.cluster }} have been offline for 10 minutes.",
    },
    ...atBothLimits(thresholds.storeErrors, {
      alert: "MinioErrors",
      component,
      value: minioErrorRatio(own),
      for: "10m",
      summary: "MinIO of {{ $labels.cluster }} fails requests.",
      description:
        "{{ $value | humanizePercentage }} of MinIO's requests on {{ $labels.cluster }} end with 5xx.",
    }),
    ...atBothLimits(thresholds.minioUtilisation, {
      alert: "MinioFull",
      component,
      value: minioUsed(own),
      for: "10m",
      summary: "MinIO of {{ $labels.cluster }} fills up.",
      description: "MinIO of {{ $labels.cluster }} is {{ $value | humanizePercentage }} full.",
    }),
  ];
};
