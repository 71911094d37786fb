import { dcgm, fedCluster, fedLocal, kubeState, olderSlurm, plausible, slurm } from "../../metrics/catalogue";
import { GPU_BUSY_BUCKETS, SLURM_OWNER } from "../../metrics/catalogue/recorded/gpus";
import { matching, not } from "../../metrics/select";
import type { RuleGroup } from "../types";
import { buckets, either, labelled, perValue, rate5m, renamed, to } from "./expressions";
import { runningPods } from "./kubernetes";
import type { Recorder } from "./site";

const recorded = fedCluster.gpus;
const local = fedLocal.gpus;

const id = "cluster, gpu_type, hostname, gpu, UUID, GPU_I_ID";
/** Once a GPU, whatever else its series carry: pods that share one have a series each. */
const perGpu = (expr: string): string => `max by (${id}) (${expr})`;
const MEBIBYTE = 1_048_576;

/** Profiling counters froze: kernels run at over 80 %, the engine has shown 0 all the while. */
const STUCK_FOR = "10m";
/** An allocated GPU with less true utilisation for this long is idle. */
const IDLE = { below: 0.05, over: "30m" };

/** One series a GPU: what it truly does, and who holds it. */
export function localGpuRules({ own, local: recordLocal }: Recorder): RuleGroup {
  const believed = `unless on (${id}) (${own(local.stuck)} == 1)`;
  const owner = either(
    renamed(own(dcgm.memoryUsed, { pod: not("") }), "owner", "namespace"),
    labelled(own(dcgm.memoryUsed, { pod: "", hpc_job: not("") }), "owner", SLURM_OWNER),
  );
  return {
    name: "local-gpus",
    rules: [
      recordLocal(
        local.stuck,
        `(${perGpu(`min_over_time(${own(dcgm.utilisation)}[${STUCK_FOR}])`)} > bool 80)` +
          ` * on (${id}) (${perGpu(`max_over_time(${own(dcgm.engineActive)}[${STUCK_FOR}])`)} == bool 0)` +
          ` and on (${id}) ${own(dcgm.engineActive)} offset ${STUCK_FOR}`,
      ),
      recordLocal(
        local.busy,
        [
          labelled(`${perGpu(`${own(dcgm.smActive)} <= 1`)} ${believed}`, "source", "sm_active"),
          labelled(`${perGpu(`${own(dcgm.engineActive)} <= 1`)} ${believed}`, "source", "gr_engine_active"),
          labelled(`${perGpu(`${own(dcgm.utilisation)} <= 100`)} / 100`, "source", "gpu_util"),
        ].join(` or on (${id}) `),
      ),
      recordLocal(local.allocated, to(local.allocated, "group", owner)),
    ],
  };
}

/** GPUs by type, and by who holds them. */
export function gpuRules({ own, record }: Recorder): RuleGroup {
  const sum = (metric: (typeof recorded)[keyof typeof recorded], expr: string): string =>
    to(metric, "sum", expr);
  const memory = (selector: string): string =>
    sum(recorded.memory, perGpu(`${selector} < ${plausible.mebibytes}`));
  const used = memory(own(dcgm.memoryUsed));
  const allocated = own(local.allocated);
  const hottest = (metric: typeof recorded.temperature, selector: string): string =>
    to(metric, "max", `(${selector} > 0) < ${plausible.celsius}`);
  return {
    name: "cluster-gpus",
    rules: [
      record(recorded.count, to(recorded.count, "count", perGpu(own(dcgm.memoryUsed)))),
      record(recorded.allocated, sum(recorded.allocated, allocated)),
      record(recorded.busy, sum(recorded.busy, own(local.busy))),
      record(
        recorded.busyAllocated,
        sum(recorded.busyAllocated, `${allocated} * on (${id}) group_left () ${perGpu(own(local.busy))}`),
      ),
      record(
        recorded.busyNominal,
        `${sum(recorded.busyNominal, perGpu(`${own(dcgm.utilisation)} <= 100`))} / 100`,
      ),
      record(
        recorded.busyGpus,
        `(${buckets(["cluster", "gpu_type"], own(local.busy), GPU_BUSY_BUCKETS)})` +
          ` and on (cluster, gpu_type) ${own(recorded.count)}`,
      ),
      record(recorded.busySource, to(recorded.busySource, "count", own(local.busy))),
      record(recorded.stuck, sum(recorded.stuck, own(local.stuck))),
      record(
        recorded.idleAllocated,
        sum(
          recorded.idleAllocated,
          either(
            `(${allocated} and ${allocated} offset ${IDLE.over}) * on (${id}) group_left ()` +
              ` (${perGpu(`avg_over_time(${own(local.busy)}[${IDLE.over}])`)} < bool ${IDLE.below})`,
            // held for less: not idle yet
            `0 * ${allocated}`,
          ),
        ),
      ),
      record(
        recorded.memory,
        `(${used} + ${memory(own(dcgm.memoryFree))} + (${memory(own(dcgm.memoryReserved))} or 0 * ${used}))` +
          ` * ${MEBIBYTE}`,
      ),
      record(recorded.memoryUsed, `${used} * ${MEBIBYTE}`),
      record(recorded.power, sum(recorded.power, perGpu(`${own(dcgm.power)} < ${plausible.watts}`))),
      record(recorded.energy, `${sum(recorded.energy, perGpu(rate5m(own(dcgm.energy))))} / 1000`),
      record(recorded.temperature, hottest(recorded.temperature, own(dcgm.temperature))),
      record(recorded.memoryTemperature, hottest(recorded.memoryTemperature, own(dcgm.memoryTemperature))),
      record(
        recorded.xid,
        `count_values by (cluster, gpu_type) ("xid", ${perGpu(`(${own(dcgm.xid)} > 0) < ${plausible.xid}`)})`,
      ),
      record(
        recorded.rowRemapFailed,
        sum(recorded.rowRemapFailed, perGpu(`${own(dcgm.rowRemapFailed)} == bool 1`)),
      ),
    ],
  };
}

/** GPUs as Kubernetes and Slurm count them. */
export function scheduledGpuRules({ own, record }: Recorder): RuleGroup {
  const sum = (expr: string): string => `sum by (cluster) (${expr})`;
  const resource = matching("nvidia_com_(gpu|mig_.+)");
  const allocatable = sum(own(kubeState.nodeAllocatable, { resource }));
  const requested = sum(
    `${own(kubeState.podRequests, { resource, node: not("") })} * on (cluster, namespace, pod) group_left () ${runningPods(own)}`,
  );
  return {
    name: "cluster-scheduled-gpus",
    rules: [
      record(
        recorded.schedulable,
        perValue("scheduler", {
          kubernetes: allocatable,
          slurm: either(sum(own(slurm.nodeGpus)), sum(own(olderSlurm.gpus))),
        }),
      ),
      record(
        recorded.requested,
        perValue("scheduler", {
          kubernetes: either(requested, `0 * ${allocatable}`),
          slurm: either(sum(own(slurm.nodeGpusAllocated)), sum(own(olderSlurm.gpusAllocated))),
        }),
      ),
    ],
  };
}
