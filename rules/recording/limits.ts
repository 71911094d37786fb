import {
  dcgm,
  fedCluster,
  fedLocal,
  kubeState,
  minio,
  modelTransfer,
  olderSlurm,
  slurm,
} from "../../metrics/catalogue";
import type { RuleGroup } from "../types";
import { either, labelled, perValue } from "./expressions";
import type { Recorder } from "./site";

const recorded = fedCluster.monitoring;

/** How many values each limited label has, and may have: what is above is missing from what the cluster records. */
export function limitRules({ own, record, cluster, inventory }: Recorder): RuleGroup {
  const distinct = (label: string, selector: string): string =>
    `count by (cluster) (count by (cluster, ${label}) (${selector}))`;
  const allowed = {
    buckets: inventory.buckets,
    gpu_types: inventory.gpuTypes,
    models_served: inventory.models,
    models_transferred: inventory.models,
    namespaces: inventory.namespaces,
    partitions: inventory.partitions,
  };
  return {
    name: "cluster-limits",
    rules: [
      record(
        recorded.limitsUsed,
        perValue("limit", {
          buckets: distinct("bucket", own(minio.bucketBytes)),
          gpu_types: distinct("gpu_type", own(dcgm.memoryUsed)),
          models_served: distinct("model", own(fedLocal.serving.models)),
          models_transferred: distinct("model", own(modelTransfer.state)),
          namespaces: distinct("namespace", own(kubeState.namespaceCreated)),
          partitions: either(
            distinct("partition", own(slurm.partitionCpus)),
            distinct("partition", own(olderSlurm.partitionCpus)),
          ),
        }),
      ),
      {
        record: recorded.limitsAllowed.name,
        expr: either(
          ...Object.entries(allowed).map(([limit, value]) => labelled(`vector(${value})`, "limit", limit)),
        ),
        labels: { cluster },
      },
    ],
  };
}
