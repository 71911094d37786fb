import { fedLocal, kubeState, node, scrapes } from "../../metrics/catalogue";
import { matching } from "../../metrics/select";
import { by } from "../recording/expressions";
import type { Subject } from "./args";
import { MACHINE } from "./args";
import { atBothLimits } from "./limits";

/** Jobs of node exporters: on Kubernetes nodes, and on other machines. */
export const NODE_JOBS = "node|node-exporter";

/** A machine by whichever name its target has. */
const NAME = "{{ $labels.node }}{{ $labels.host }}";

/** Machines, Kubernetes nodes and others. */
export const nodeAlerts: Subject = ({ own }, { thresholds }) => {
  const up = own(scrapes.up, { job: matching(NODE_JOBS) });
  const ready = own(kubeState.nodeCondition, { condition: "Ready", status: "true" });
  const offset = by("max", MACHINE, `abs(${own(node.clockOffset)})`);
  const component = "nodes" as const;
  return [
    {
      alert: "NodeDown",
      severity: "warning",
      component,
      expr: `${by("max", [...MACHINE, "job"], up)} == 0`,
      for: "5m",
      summary: `Machine ${NAME} of {{ $labels.cluster }} does not answer.`,
      description: `The node exporter of ${NAME} at {{ $labels.instance }} has not answered for 5 minutes.`,
    },
    {
      alert: "NodeOutage",
      severity: "critical",
      component,
      expr: `1 - avg by (cluster) (${up}) > ${thresholds.nodesDown.critical}`,
      for: "5m",
      summary: "Many machines of {{ $labels.cluster }} do not answer.",
      description:
        "{{ $value | humanizePercentage }} of the machines of {{ $labels.cluster }} have not answered for 5 minutes.",
    },
    {
      alert: "NodeNotReady",
      severity: "warning",
      component,
      expr: `${by("max", ["cluster", "node"], ready)} == 0`,
      for: "10m",
      summary: "Kubernetes node {{ $labels.node }} of {{ $labels.cluster }} is not ready.",
      description:
        "The kubelet of {{ $labels.node }} has not been ready for 10 minutes; its pods move elsewhere or wait.",
    },
    ...atBothLimits(thresholds.filesystemUtilisation, {
      alert: "NodeFilesystemFull",
      component,
      value: by("max", [...MACHINE, "device"], own(fedLocal.machines.filesystemUsed)),
      for: "10m",
      summary: `A file system of ${NAME} of {{ $labels.cluster }} fills up.`,
      description: `{{ $labels.device }} on ${NAME} is {{ $value | humanizePercentage }} full.`,
    }),
    {
      alert: "NodeMemoryFull",
      severity: "warning",
      component,
      expr: `${by("max", MACHINE, own(fedLocal.machines.memoryUsed))} > ${thresholds.memoryUtilisation.critical}`,
      for: "15m",
      summary: `The memory of ${NAME} of {{ $labels.cluster }} is nearly used up.`,
      description: `{{ $value | humanizePercentage }} of the memory of ${NAME} has been in use for 15 minutes.`,
    },
    ...atBothLimits(thresholds.clockOffset, {
      alert: "NodeClockOff",
      component,
      value: offset,
      for: "10m",
      summary: `The clock of ${NAME} of {{ $labels.cluster }} is off.`,
      description: `The clock of ${NAME} is {{ $value | humanizeDuration }} from its time source.`,
    }),
    {
      alert: "NodeClockUnsynchronised",
      severity: "info",
      component,
      expr: `${by("max", MACHINE, own(node.clockSynchronised))} == 0`,
      for: "15m",
      summary: `The clock of ${NAME} of {{ $labels.cluster }} follows no time source.`,
      description: `No time source has set the clock of ${NAME} at {{ $labels.instance }} for 15 minutes.`,
    },
  ];
};
