import { dcgm, fedCluster, fedLocal, plausible } from "../../metrics/catalogue";
import { fatalXids } from "../health/symptoms";
import { by } from "../recording/expressions";
import type { Subject } from "./args";
import { GPU } from "./args";
import { atBothLimits } from "./limits";

const NAME = "GPU {{ $labels.gpu }} ({{ $labels.gpu_type }}) of {{ $labels.hostname }}";
const id = GPU.join(", ");

/** GPUs by DCGM; none where none is declared. */
export const gpuAlerts: Subject = ({ own }, { declared, thresholds }) => {
  if (declared.gpus === 0) return [];
  const perGpu = (expr: string): string => by("max", GPU, expr);
  const xid = perGpu(own(dcgm.xid));
  const fatal = fatalXids.map((code) => `${xid} == ${code}`).join(" or ");
  const used = perGpu(own(dcgm.memoryUsed));
  const component = "gpus" as const;
  return [
    {
      alert: "GpuXid",
      severity: "critical",
      component,
      expr: fatal,
      for: "1m",
      summary: `${NAME} on {{ $labels.cluster }} has failed.`,
      description: `${NAME} reported XID {{ $value }}, after which it must be reset or replaced; jobs on it fail.`,
    },
    {
      alert: "GpuXid",
      severity: "info",
      component,
      expr: `(${xid} > 0) < ${plausible.xid} unless on (${id}) (${fatal})`,
      for: "1m",
      summary: `${NAME} on {{ $labels.cluster }} had an error.`,
      description: `${NAME} last reported XID {{ $value }}, mostly an application's fault.`,
    },
    ...atBothLimits(thresholds.gpuTemperature, {
      alert: "GpuHot",
      component,
      value: `(${perGpu(own(dcgm.temperature))} < ${plausible.celsius})`,
      for: "5m",
      summary: `${NAME} on {{ $labels.cluster }} is hot.`,
      description: `${NAME} has {{ $value }} degrees Celsius; it slows itself down to stay whole.`,
    }),
    {
      alert: "GpuMemoryFull",
      severity: "warning",
      component,
      expr: `${used} / (${used} + ${perGpu(own(dcgm.memoryFree))}) > ${thresholds.gpuMemoryUtilisation.critical}`,
      for: "15m",
      summary: `The memory of ${NAME} on {{ $labels.cluster }} is nearly used up.`,
      description: `{{ $value | humanizePercentage }} of the memory of ${NAME} has been in use for 15 minutes.`,
    },
    {
      alert: "GpuStuckAtZero",
      severity: "warning",
      component,
      expr: `${perGpu(own(fedLocal.gpus.stuck))} == 1`,
      for: "5m",
      summary: `${NAME} on {{ $labels.cluster }} is measured wrongly.`,
      description: `Kernels run on ${NAME} while its profiling counters stay at 0: what it truly does is not known.`,
    },
    {
      alert: "GpuIdleAllocated",
      severity: "warning",
      component,
      expr: `${own(fedCluster.gpus.idleAllocated)} > 0`,
      for: "1h",
      summary: "{{ $labels.owner }} holds GPUs of {{ $labels.cluster }} that do nothing.",
      description:
        "{{ $value }} GPUs of type {{ $labels.gpu_type }}, held by {{ $labels.owner }}, have done next to nothing for over an hour.",
    },
    {
      alert: "GpuRowRemapFailed",
      severity: "critical",
      component,
      expr: `${perGpu(own(dcgm.rowRemapFailed))} == 1`,
      for: "1m",
      summary: `${NAME} on {{ $labels.cluster }} has bad memory.`,
      description: `${NAME} could not replace a bad row of its memory ({{ $labels.UUID }}): results on it can be wrong.`,
    },
    {
      alert: "GpusMissing",
      severity: "critical",
      component,
      expr: `(sum by (cluster) (${own(fedCluster.gpus.count)}) or 0 * absent(${own(fedCluster.gpus.count)})) < ${declared.gpus}`,
      for: "10m",
      summary: "GPUs of {{ $labels.cluster }} are missing.",
      description: `DCGM sees {{ $value }} GPUs of the ${declared.gpus} that {{ $labels.cluster }} is declared to have.`,
    },
  ];
};
