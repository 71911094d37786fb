import { fedCluster, kubelet, scrapes } from "../../metrics/catalogue";
import { apiErrorRatio, apiP99 } from "../health/symptoms";
import { by } from "../recording/expressions";
import type { Subject } from "./args";
import { atBothLimits } from "./limits";

/** Kubernetes: its API server, and what it can not place or store. */
export const apiAlerts: Subject = ({ own }, { thresholds }) => {
  const volume = (selector: string): string =>
    by("max", ["cluster", "namespace", "persistentvolumeclaim"], selector);
  const component = "api" as const;
  return [
    {
      alert: "KubeApiDown",
      severity: "critical",
      component,
      expr: `max by (cluster) (${own(scrapes.up, { job: "apiserver" })}) == 0`,
      for: "3m",
      summary: "The API server of {{ $labels.cluster }} does not answer.",
      description:
        "No API server of {{ $labels.cluster }} has answered for 3 minutes: nothing there can be changed, and pods that fail stay away.",
    },
    ...atBothLimits(thresholds.apiErrors, {
      alert: "KubeApiErrors",
      component,
      value: apiErrorRatio(own),
      for: "10m",
      summary: "The API server of {{ $labels.cluster }} fails requests.",
      description:
        "{{ $value | humanizePercentage }} of the API requests of {{ $labels.cluster }} end with 5xx.",
    }),
    ...atBothLimits(thresholds.apiP99, {
      alert: "KubeApiSlow",
      component,
      value: apiP99(own),
      for: "15m",
      summary: "The API server of {{ $labels.cluster }} is slow.",
      description:
        "One of a hundred API requests of {{ $labels.cluster }} takes {{ $value | humanizeDuration }} or longer.",
    }),
    {
      alert: "KubePodsUnschedulable",
      severity: "warning",
      component,
      expr: `${own(fedCluster.kubernetes.podsUnschedulable)} > 0`,
      for: "30m",
      summary: "Pods of {{ $labels.cluster }} find no node.",
      description: "{{ $value }} pods of {{ $labels.cluster }} have waited for a node for 30 minutes.",
    },
    ...atBothLimits(thresholds.volumeUtilisation, {
      alert: "KubeVolumeFull",
      component: "storage",
      value: `1 - ${volume(own(kubelet.volumeAvailable))} / ${volume(`${own(kubelet.volumeCapacity)} > 0`)}`,
      for: "10m",
      summary: "A volume of {{ $labels.cluster }} fills up.",
      description:
        "The claim {{ $labels.persistentvolumeclaim }} of namespace {{ $labels.namespace }} is {{ $value | humanizePercentage }} full.",
    }),
  ];
};
