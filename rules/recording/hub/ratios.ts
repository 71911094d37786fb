import { fedCluster, fedHub } from "../../../metrics/catalogue";
import { select } from "../../../metrics/select";
import type { Selectable } from "../../../metrics/types";
import type { RecordingRule, RuleGroup } from "../../types";
import { by } from "../expressions";

const { machines, gpus, slurm, beegfs, minio, mlflow, kubernetes } = fedCluster;
const recorded = fedHub.ratios;

const sum = (selector: string): string => `sum by (cluster) (${selector})`;
const rule = (metric: Selectable, expr: string): RecordingRule => ({ record: metric.name, expr });

/** Share in use of what has a size and what is left of it; nothing where the size is 0. */
const used = (free: Selectable, size: Selectable): string => `1 - ${free.name} / (${size.name} > 0)`;
/** Share of a part in a whole, by the labels they have in common; nothing where the whole is 0. */
const share = (part: string, whole: string): string => `${part} / (${whole} > 0)`;
const quantile = (q: number, buckets: Selectable): string =>
  `histogram_quantile(${q}, ${by("sum", ["cluster", "le"], buckets.name)})`;

/** Shares and quantiles of every cluster. */
export function ratioRules(): RuleGroup {
  const { apiRequests } = kubernetes;
  const serverErrors = { code_class: "5xx" } as const;
  return {
    name: "hub-ratios",
    rules: [
      rule(recorded.cpu, share(sum(machines.cpuBusy.name), machines.cpu.name)),
      rule(recorded.memory, used(machines.memoryAvailable, machines.memory)),
      rule(recorded.filesystem, used(machines.filesystemAvailable, machines.filesystem)),
      rule(recorded.gpu, share(gpus.busy.name, gpus.count.name)),
      rule(recorded.gpuNominal, share(gpus.busyNominal.name, gpus.count.name)),
      rule(recorded.gpuMemory, share(gpus.memoryUsed.name, gpus.memory.name)),
      rule(recorded.gpuWasted, `clamp_min(${gpus.allocated.name} - ${gpus.busyAllocated.name}, 0)`),
      rule(recorded.gpuRequested, share(gpus.requested.name, gpus.schedulable.name)),
      rule(recorded.slurmCpus, share(slurm.cpusAllocated.name, slurm.cpus.name)),
      rule(
        recorded.slurmWait,
        `(${slurm.jobsPending.name} > 0) / ${slurm.jobsStarted.name} or ${slurm.jobsPending.name} == 0`,
      ),
      rule(recorded.beegfs, used(beegfs.spaceFree, beegfs.space)),
      rule(recorded.minio, used(minio.capacityFree, minio.capacity)),
      rule(recorded.minioErrors, share(sum(select(minio.requestErrors, serverErrors)), minio.requests.name)),
      rule(recorded.mlflowErrors, errorShare(mlflow.requests)),
      rule(recorded.mlflowDuration, quantile(0.95, mlflow.requestDuration)),
      rule(recorded.apiErrors, errorShare(apiRequests)),
      rule(recorded.apiDuration, quantile(0.99, kubernetes.apiDuration)),
    ],
  };
}

/** Share of 5xx in requests by class of status code; 0 where none of that class ever came. */
function errorShare(requests: typeof mlflow.requests): string {
  const all = sum(requests.name);
  return share(`(${sum(select(requests, { code_class: "5xx" }))} or 0 * ${all})`, all);
}
