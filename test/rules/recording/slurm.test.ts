import {
  olderSlurm,
  olderSlurmJobs,
  olderSlurmNodes,
  slurm,
  slurmJobs,
  slurmNodes,
} from "../../../metrics/catalogue";
import type { Selectable } from "../../../metrics/types";
import { growing, inputOf } from "../input";
import type { InputSeries } from "../promtool";
import { by, evaluateCluster, plain } from "./evaluate";

const groups = ["cluster-slurm", "cluster-slurm-partitions"];
const hpc = inputOf("hpc");
const counts = (metrics: Readonly<Record<string, Selectable>>, values: Readonly<Record<string, number>>) =>
  Object.entries(values).map(([state, value]) => hpc(metrics[state]!, {}, value));

/** The same site as Slurm itself and as the older exporter tell it. */
const jobs = { running: 3, pending: 5, failed: 1, completed: 7, node_failed: 2 };
const sites: Readonly<Record<string, readonly InputSeries[]>> = {
  "Slurm itself": [
    ...counts(slurmJobs, jobs),
    ...counts(slurmNodes, { allocated: 1, idle: 2, mixed: 3, down: 1, completing: 1, planned: 1 }),
    hpc(slurm.nodes, {}, 9),
    ...["1", "2"].flatMap((node) => [
      hpc(slurm.nodeCpus, { node }, 64),
      hpc(slurm.nodeCpusAllocated, { node }, 32),
      hpc(slurm.nodeMemory, { node }, 512 * 1_048_576),
      hpc(slurm.nodeMemoryAllocated, { node }, 128 * 1_048_576),
    ]),
    hpc(slurm.meanCycle, {}, 500_000),
    hpc(slurm.threads, {}, 4),
    hpc(slurm.databaseQueue, {}, 6),
    hpc(slurm.partitionPending, { partition: "gpu" }, 5),
    hpc(slurm.partitionCpus, { partition: "gpu" }, 128),
    hpc(slurm.partitionCpusAllocated, { partition: "gpu" }, 64),
  ],
  "the older exporter": [
    ...counts(olderSlurmJobs, jobs),
    ...counts(slurmNodes, { allocated: 1, idle: 2, down: 1 }),
    ...counts(olderSlurmNodes, { mixed: 3, completing: 1, planned: 1 }),
    hpc(olderSlurm.cpus, {}, 128),
    hpc(olderSlurm.cpusAllocated, {}, 64),
    ...["1", "2"].flatMap((node) => [
      hpc(olderSlurm.nodeMemory, { node, status: "mix" }, 512),
      hpc(olderSlurm.nodeMemoryAllocated, { node, status: "mix" }, 128),
    ]),
    hpc(olderSlurm.meanCycle, {}, 500_000),
    hpc(olderSlurm.threads, {}, 4),
    hpc(olderSlurm.databaseQueue, {}, 6),
    hpc(slurm.partitionPending, { partition: "gpu" }, 5),
    hpc(olderSlurm.partitionCpus, { partition: "gpu" }, 128),
    hpc(olderSlurm.partitionCpusAllocated, { partition: "gpu" }, 64),
  ],
};

describe.each(Object.entries(sites))("Slurm by %s", (exporter, input) => {
  it("is recorded under the same names", () => {
    evaluateCluster("hpc", groups, {
      input,
      gives: {
        ...by("fed_cluster:slurm_jobs:count", "state", jobs),
        ...by("fed_cluster:slurm_nodes_by_state:count", "state", {
          allocated: 1,
          idle: 2,
          mixed: 3,
          down: 1,
          completing: 1,
          planned: 1,
        }),
        ...plain({
          "fed_cluster:slurm_nodes:count": 9,
          "fed_cluster:slurm_cpus:count": 128,
          "fed_cluster:slurm_cpus_allocated:count": 64,
          "fed_cluster:slurm_memory:bytes": 1024 * 1_048_576,
          "fed_cluster:slurm_memory_allocated:bytes": 256 * 1_048_576,
          "fed_cluster:slurm_scheduler_cycle:mean_seconds": 0.5,
          "fed_cluster:slurm_controller_threads:count": 4,
          "fed_cluster:slurm_database_queue:count": 6,
        }),
        ...by("fed_cluster:slurm_partition_jobs:count", "state", { pending: 5 }, 'partition="gpu"'),
        ...by("fed_cluster:slurm_partition_cpus:count", "partition", { gpu: 128 }),
        ...by("fed_cluster:slurm_partition_cpus_allocated:count", "partition", { gpu: 64 }),
      },
    });
  });

  it("is not recorded by another cluster", () => {
    const names = [
      "fed_cluster:slurm_jobs:count",
      "fed_cluster:slurm_nodes:count",
      "fed_cluster:slurm_cpus:count",
    ];
    evaluateCluster("cloud", groups, { input, none: names });
    expect(exporter).not.toBe("");
  });
});

describe("the queue", () => {
  it("is told as its mean over an hour, and jobs as rates through the daily reset of Slurm's statistics", () => {
    evaluateCluster("hpc", groups, {
      at: "120m",
      input: [
        hpc(slurmJobs.pending, {}, "0x89 8x100"),
        hpc(slurm.submitted, {}, growing(120)),
        // from 5400 back to 0 at 90 minutes
        hpc(slurm.started, {}, "0+60x89 0+60x100"),
        hpc(slurm.completed, {}, growing(0)),
        hpc(slurm.failed, {}, growing(60)),
      ],
      gives: plain({
        // the last 31 of 60 samples
        "fed_cluster:slurm_jobs_pending:avg1h": (8 * 31) / 60,
        "fed_cluster:slurm_jobs_submitted:rate1h": 2,
        // 58 steps of 60 in 59 minutes: the one at the reset is lost
        "fed_cluster:slurm_jobs_started:rate1h": 0.9830508474576272,
        "fed_cluster:slurm_jobs_completed:rate1h": 0,
        "fed_cluster:slurm_jobs_failed:rate1h": 1,
      }),
    });
  });

  it("is empty in a partition of which the older exporter says nothing", () => {
    evaluateCluster("hpc", groups, {
      input: [hpc(olderSlurm.partitionCpus, { partition: "idle" }, 64)],
      gives: {
        ...by("fed_cluster:slurm_partition_jobs:count", "state", { pending: 0 }, 'partition="idle"'),
        ...by("fed_cluster:slurm_partition_cpus_allocated:count", "partition", { idle: 0 }),
      },
    });
  });

  it("has no start rate by the older exporter, which does not tell it", () => {
    evaluateCluster("hpc", groups, {
      input: sites["the older exporter"]!,
      none: ["fed_cluster:slurm_jobs_started:rate1h", "fed_cluster:slurm_partition_gpus:count"],
    });
  });
});
