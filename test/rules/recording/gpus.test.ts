import { dcgm, kubeState, olderSlurm, slurm } from "../../../metrics/catalogue";
import { inputOf, growing } from "../input";
import { by, evaluateCluster } from "./evaluate";

const groups = ["local-gpus", "cluster-gpus"];
const hpc = inputOf("hpc");
/** What a field shows that the GPU does not have. */
const SENTINEL = 9_223_372_036_854_775_000;

type Labels = Readonly<Record<string, string>>;
const gpu = (number: number, gpu_type: string, more: Labels = {}) => ({
  gpu_type,
  hostname: "gpu-01",
  gpu: String(number),
  UUID: `GPU-${number}`,
  ...more,
});
/** The recorded labels of that GPU, beside those given. */
const id = (number: number, gpu_type: string, more: string): string =>
  `{cluster="hpc",gpu_type="${gpu_type}",hostname="gpu-01",gpu="${number}",UUID="GPU-${number}"${more}}`;

describe("true utilisation", () => {
  const best = gpu(0, "a100");
  const middle = gpu(1, "a100");
  const last = gpu(2, "t4");
  const input = [
    hpc(dcgm.smActive, best, 0.25),
    hpc(dcgm.engineActive, best, 0.75),
    hpc(dcgm.utilisation, best, 100),
    hpc(dcgm.engineActive, middle, 0.75),
    hpc(dcgm.utilisation, middle, 100),
    hpc(dcgm.smActive, middle, SENTINEL),
    hpc(dcgm.utilisation, last, 50),
    hpc(dcgm.engineActive, last, SENTINEL),
  ];

  it("comes from the best source each GPU has, and says from which; sentinels are no source", () => {
    evaluateCluster("hpc", groups, {
      input,
      gives: {
        [`fed_local:gpu_busy:ratio${id(0, "a100", ',source="sm_active"')}`]: 0.25,
        [`fed_local:gpu_busy:ratio${id(1, "a100", ',source="gr_engine_active"')}`]: 0.75,
        [`fed_local:gpu_busy:ratio${id(2, "t4", ',source="gpu_util"')}`]: 0.5,
        ...by("fed_cluster:gpu_busy:gpus", "gpu_type", { a100: 1, t4: 0.5 }),
        ...by("fed_cluster:gpu_busy_nominal:gpus", "gpu_type", { a100: 2, t4: 0.5 }),
        ...by(
          "fed_cluster:gpu_busy_source:gpus",
          "source",
          { sm_active: 1, gr_engine_active: 1 },
          'gpu_type="a100"',
        ),
        ...by("fed_cluster:gpu_busy_source:gpus", "source", { gpu_util: 1 }, 'gpu_type="t4"'),
      },
    });
  });

  it("is told for buckets by type", () => {
    evaluateCluster("hpc", groups, {
      input: [...input, ...[best, middle, last].map((of) => hpc(dcgm.memoryUsed, of, 1))],
      gives: {
        ...by(
          "fed_cluster:gpu_busy:gpus_bucket",
          "le",
          { "0.05": 0, "0.25": 1, "0.5": 1, "0.7": 1, "0.9": 2, "+Inf": 2 },
          'gpu_type="a100"',
        ),
        ...by(
          "fed_cluster:gpu_busy:gpus_bucket",
          "le",
          { "0.05": 0, "0.25": 0, "0.5": 1, "0.7": 1, "0.9": 1, "+Inf": 1 },
          'gpu_type="t4"',
        ),
      },
    });
  });

  it("does not believe profiling counters that stay at 0 while kernels run, and counts such GPUs", () => {
    const frozen = gpu(0, "a100");
    const idle = gpu(1, "a100");
    const of = {
      input: [
        hpc(dcgm.engineActive, frozen, 0),
        hpc(dcgm.utilisation, frozen, 90),
        hpc(dcgm.engineActive, idle, 0),
        hpc(dcgm.utilisation, idle, 10),
      ],
    };
    evaluateCluster("hpc", groups, {
      ...of,
      at: "9m",
      gives: {
        [`fed_local:gpu_busy:ratio${id(0, "a100", ',source="gr_engine_active"')}`]: 0,
        [`fed_local:gpu_busy:ratio${id(1, "a100", ',source="gr_engine_active"')}`]: 0,
      },
      none: ["fed_cluster:gpus_stuck:count"],
    });
    evaluateCluster("hpc", groups, {
      ...of,
      at: "11m",
      gives: {
        ...by("fed_cluster:gpus_stuck:count", "gpu_type", { a100: 1 }),
        [`fed_local:gpu_busy:ratio${id(0, "a100", ',source="gpu_util"')}`]: 0.9,
        [`fed_local:gpu_busy:ratio${id(1, "a100", ',source="gr_engine_active"')}`]: 0,
      },
    });
  });
});

describe("who holds GPUs", () => {
  const served = gpu(0, "a100", { namespace: "serving", pod: "llm-0" });
  const research = gpu(1, "a100", { namespace: "research", pod: "notebook" });
  const trained = gpu(2, "a100", { hpc_job: "77" });
  const free = gpu(3, "a100");
  const input = [served, research, trained, free].flatMap((of, index) => [
    hpc(dcgm.memoryUsed, of, 1),
    hpc(dcgm.smActive, of, [0.5, 0, 0.75, 0][index] ?? 0),
  ]);
  const owned = (name: string, values: Readonly<Record<string, number>>) =>
    by(name, "owner", values, 'gpu_type="a100"');

  it("is the pod's namespace, or slurm; what they hold and do not use is waste", () => {
    evaluateCluster("hpc", groups, {
      input,
      gives: {
        ...by("fed_cluster:gpus:count", "gpu_type", { a100: 4 }),
        ...owned("fed_cluster:gpus_allocated:count", { serving: 1, research: 1, slurm: 1 }),
        ...owned("fed_cluster:gpu_busy_allocated:gpus", { serving: 0.5, research: 0, slurm: 0.75 }),
      },
    });
  });

  it("counts an allocated GPU as idle after 30 minutes, and a free one never", () => {
    evaluateCluster("hpc", groups, {
      input,
      at: "29m",
      gives: owned("fed_cluster:gpus_idle_allocated:count", { serving: 0, research: 0, slurm: 0 }),
    });
    evaluateCluster("hpc", groups, {
      input,
      at: "31m",
      gives: owned("fed_cluster:gpus_idle_allocated:count", { serving: 0, research: 1, slurm: 0 }),
    });
  });

  it("counts a GPU once that two pods share", () => {
    const shared = ["one", "two"].map((pod) => gpu(0, "t4", { namespace: "research", pod }));
    evaluateCluster("hpc", groups, {
      input: shared.flatMap((of) => [hpc(dcgm.memoryUsed, of, 8), hpc(dcgm.smActive, of, 0.5)]),
      gives: {
        ...by("fed_cluster:gpus:count", "gpu_type", { t4: 1 }),
        ...by("fed_cluster:gpus_allocated:count", "owner", { research: 1 }, 'gpu_type="t4"'),
        ...by("fed_cluster:gpu_busy:gpus", "gpu_type", { t4: 0.5 }),
        ...by("fed_cluster:gpu_memory_used:bytes", "gpu_type", { t4: 8 * 1_048_576 }),
      },
    });
  });
});

describe("what GPUs measure", () => {
  it("adds up memory, power and energy, and takes the hottest; sentinels count for nothing", () => {
    const [one, two] = [gpu(0, "a100"), gpu(1, "a100")];
    evaluateCluster("hpc", groups, {
      input: [
        hpc(dcgm.memoryUsed, one, 10),
        hpc(dcgm.memoryFree, one, 20),
        hpc(dcgm.memoryReserved, one, 2),
        hpc(dcgm.memoryUsed, two, 30),
        hpc(dcgm.memoryFree, two, 2),
        hpc(dcgm.power, one, 250),
        hpc(dcgm.power, two, SENTINEL),
        hpc(dcgm.energy, one, growing(15_000_000)),
        hpc(dcgm.temperature, one, 61),
        hpc(dcgm.temperature, two, SENTINEL),
        hpc(dcgm.memoryTemperature, one, 0),
        hpc(dcgm.memoryTemperature, two, 71),
        hpc(dcgm.rowRemapFailed, one, 1),
        hpc(dcgm.rowRemapFailed, two, 0),
      ],
      gives: {
        ...by("fed_cluster:gpu_memory:bytes", "gpu_type", { a100: 64 * 1_048_576 }),
        ...by("fed_cluster:gpu_memory_used:bytes", "gpu_type", { a100: 40 * 1_048_576 }),
        ...by("fed_cluster:gpu_power:watts", "gpu_type", { a100: 250 }),
        ...by("fed_cluster:gpu_energy:joules_rate5m", "gpu_type", { a100: 250 }),
        ...by("fed_cluster:gpu_temperature:max_celsius", "gpu_type", { a100: 61 }),
        ...by("fed_cluster:gpu_memory_temperature:max_celsius", "gpu_type", { a100: 71 }),
        ...by("fed_cluster:gpus_row_remap_failed:count", "gpu_type", { a100: 1 }),
      },
    });
  });

  it("adds up memory where the driver's part is not told", () => {
    evaluateCluster("hpc", groups, {
      input: [hpc(dcgm.memoryUsed, gpu(0, "t4"), 4), hpc(dcgm.memoryFree, gpu(0, "t4"), 12)],
      gives: by("fed_cluster:gpu_memory:bytes", "gpu_type", { t4: 16 * 1_048_576 }),
    });
  });

  it("counts GPUs by their last XID, none for 0", () => {
    evaluateCluster("hpc", groups, {
      input: [79, 79, 0, 31, SENTINEL].map((code, number) => hpc(dcgm.xid, gpu(number, "a100"), code)),
      gives: by("fed_cluster:gpu_xid:gpus", "xid", { "79": 2, "31": 1 }, 'gpu_type="a100"'),
    });
  });

  it("records nothing of another cluster's GPUs, nor without any", () => {
    const cloud = inputOf("cloud");
    evaluateCluster("cloud", groups, {
      input: [hpc(dcgm.memoryUsed, gpu(0, "a100"), 1), cloud(dcgm.memoryUsed, gpu(0, "t4"), 1)],
      gives: by("fed_cluster:gpus:count", "gpu_type", { t4: 1 }, "", "cloud"),
      none: ["fed_cluster:gpu_busy:gpus", "fed_cluster:gpu_busy:gpus_bucket"],
    });
  });
});

describe("GPUs as schedulers count them", () => {
  const scheduled = ["cluster-scheduled-gpus"];
  const gpus = { resource: "nvidia_com_gpu", unit: "integer" };
  const pod = (name: string, node = "n") => ({
    namespace: "serving",
    pod: name,
    container: "c",
    node,
    ...gpus,
  });

  it("are those of nodes, and those that pods on nodes hold until they end", () => {
    evaluateCluster("hpc", scheduled, {
      input: [
        hpc(kubeState.nodeAllocatable, { node: "n", ...gpus }, 8),
        hpc(kubeState.podRequests, pod("runs"), 2),
        hpc(kubeState.podPhase, { namespace: "serving", pod: "runs", phase: "Running" }, 1),
        hpc(kubeState.podRequests, pod("ended"), 4),
        hpc(kubeState.podPhase, { namespace: "serving", pod: "ended", phase: "Succeeded" }, 1),
        hpc(kubeState.podPhase, { namespace: "serving", pod: "ended", phase: "Running" }, 0),
        hpc(kubeState.podRequests, pod("waits", ""), 1),
        hpc(kubeState.podPhase, { namespace: "serving", pod: "waits", phase: "Pending" }, 1),
      ],
      gives: {
        ...by("fed_cluster:gpus_schedulable:count", "scheduler", { kubernetes: 8 }),
        ...by("fed_cluster:gpus_requested:count", "scheduler", { kubernetes: 2 }),
      },
    });
  });

  it("are 0 where no pod asks for any", () => {
    evaluateCluster("hpc", scheduled, {
      input: [hpc(kubeState.nodeAllocatable, { node: "n", ...gpus }, 8)],
      gives: by("fed_cluster:gpus_requested:count", "scheduler", { kubernetes: 0 }),
    });
  });

  it.each([
    [
      "Slurm itself",
      ["1", "2"].flatMap((node) => [
        hpc(slurm.nodeGpus, { node }, 4),
        hpc(slurm.nodeGpusAllocated, { node }, 1),
      ]),
    ],
    ["the older exporter", [hpc(olderSlurm.gpus, {}, 8), hpc(olderSlurm.gpusAllocated, {}, 2)]],
  ])("are the same by %s", (_, input) => {
    evaluateCluster("hpc", scheduled, {
      input,
      gives: {
        ...by("fed_cluster:gpus_schedulable:count", "scheduler", { slurm: 8 }),
        ...by("fed_cluster:gpus_requested:count", "scheduler", { slurm: 2 }),
      },
    });
  });
});
