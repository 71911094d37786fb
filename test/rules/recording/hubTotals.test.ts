import { fedCluster } from "../../../metrics/catalogue";
import { by, evaluateHub, plain } from "./evaluate";
import { cloud, hpc, site } from "./hubSite";

const { gpus, slurm, serving, monitoring } = fedCluster;

describe("costs", () => {
  const groups = ["hub-ratios", "hub-inference", "hub-cost"];

  it("are the price of what there is, what is held in vain, and what is used", () => {
    evaluateHub(groups, {
      input: site,
      gives: {
        ...by("fed_hub:gpu_cost:per_hour", "gpu_type", { "tesla-t4": 0.7, "rtx-a6000": 1.6 }, "", "cloud"),
        ...by("fed_hub:gpu_cost:per_hour", "gpu_type", { "rtx-a6000": 3.2 }),
        ...by(
          "fed_hub:gpu_cost_idle:per_hour",
          "gpu_type",
          { "tesla-t4": 1.5 * 0.35, "rtx-a6000": 1.5 * 0.8 },
          "",
          "cloud",
        ),
        ...by("fed_hub:gpu_cost_idle:per_hour", "gpu_type", { "rtx-a6000": 0.8 }),
        ...by(
          "fed_hub:gpu_cost_wasted:per_hour",
          "owner",
          { serving: 1.5 * 0.35 },
          'gpu_type="tesla-t4"',
          "cloud",
        ),
        ...by("fed_hub:gpu_cost_wasted:per_hour", "owner", { slurm: 0.8 }, 'gpu_type="rtx-a6000"'),
        ...by(
          "fed_hub:gpu_cost:per_used_gpu_hour",
          "gpu_type",
          { "tesla-t4": 1.4, "rtx-a6000": 3.2 },
          "",
          "cloud",
        ),
        ...by("fed_hub:gpu_cost:per_used_gpu_hour", "gpu_type", { "rtx-a6000": (4 / 3) * 0.8 }),
      },
    });
  });

  it("of requests and tokens are those of allocated GPUs", () => {
    evaluateHub(groups, {
      input: [
        // 3600 an hour: 1 a second
        cloud(gpus.allocated, { gpu_type: "rtx-a6000", owner: "serving" }, 4500),
        cloud(gpus.allocated, { gpu_type: "unpriced", owner: "serving" }, 10),
        cloud(serving.requests, { model: "llm", server: "vllm" }, 50),
        cloud(serving.tokens, { model: "llm", kind: "generation" }, 5000),
        cloud(serving.tokens, { model: "llm", kind: "prompt" }, 9999),
      ],
      gives: plain(
        { "fed_hub:inference_cost:per_1000_requests": 20, "fed_hub:inference_cost:per_million_tokens": 200 },
        "cloud",
      ),
    });
  });
});

describe("the comparison", () => {
  const groups = ["hub-ratios", "hub-cost", "hub-comparison"];

  it("puts clusters side by side, and each member against the hub", () => {
    evaluateHub(groups, {
      input: site,
      gives: {
        ...by(
          "fed_hub:comparison:share",
          "measure",
          { cpu: 0.25, memory: 0.25, gpu: 0.25, gpu_nominal: 0.25 },
          "",
          "cloud",
        ),
        ...by("fed_hub:comparison:share", "measure", {
          cpu: 0.75,
          memory: 0.75,
          filesystem: 0.25,
          gpu: 0.75,
          gpu_nominal: 1,
          gpu_memory: 0.25,
        }),
        ...by("fed_hub:comparison:difference", "measure", {
          cpu: 0.5,
          memory: 0.5,
          gpu: 0.5,
          gpu_nominal: 0.75,
        }),
        ...by("fed_hub:comparison:ratio", "measure", {
          machines: 4,
          cpu_cores: 4,
          memory_bytes: 4,
          gpus: 1,
          gpu_watts: 2,
          gpu_cost_per_hour: 3.2 / (0.7 + 1.6),
        }),
      },
    });
  });

  it("has nothing to say of a member that is not heard", () => {
    evaluateHub(groups, {
      input: site.filter(({ series }) => !series.includes('"hpc"')),
      none: ["fed_hub:comparison:difference", "fed_hub:comparison:ratio"],
    });
  });
});

describe("the federation's totals", () => {
  const groups = ["hub-members", "hub-ratios", "hub-inference", "hub-cost", "hub-totals"];
  const federation = (values: Readonly<Record<string, number>>) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        `fed_hub:federation_${name}{cluster="federation"}`,
        value,
      ]),
    );
  const beats = hpc(monitoring.heartbeat, {}, "0+60x500");

  it("add up all clusters, and say how many", () => {
    evaluateHub(groups, {
      input: [
        ...site,
        beats,
        cloud(serving.requests, { model: "llm", server: "vllm" }, 5),
        hpc(slurm.jobs, { state: "running" }, 3),
        hpc(slurm.jobs, { state: "pending" }, 2),
        hpc(monitoring.alertsFiring, { alertname: "A", severity: "warning", component: "nodes" }, 2),
        cloud(monitoring.alertsFiring, { alertname: "B", severity: "warning", component: "nodes" }, 1),
      ],
      gives: {
        ...federation({
          "clusters:count": 2,
          "machines:count": 10,
          "cpu:cores": 80,
          "cpu_busy:cores": 52,
          "memory:bytes": 500,
          "memory_used:bytes": 325,
          "gpu_power:watts": 150,
          "gpu_cost:per_hour": 5.5,
          "inference_requests:rate5m": 5,
          "slurm_jobs_running:count": 3,
          "slurm_jobs_pending:count": 2,
        }),
        ...by(
          "fed_hub:federation_gpus:count",
          "gpu_type",
          { "tesla-t4": 2, "rtx-a6000": 6 },
          "",
          "federation",
        ),
        ...by(
          "fed_hub:federation_gpus_allocated:count",
          "gpu_type",
          { "tesla-t4": 2, "rtx-a6000": 4 },
          "",
          "federation",
        ),
        ...by(
          "fed_hub:federation_gpu_busy:gpus",
          "gpu_type",
          { "tesla-t4": 0.5, "rtx-a6000": 3.5 },
          "",
          "federation",
        ),
        ...by("fed_hub:federation_alerts:firing", "severity", { warning: 3 }, "", "federation"),
      },
    });
  });

  it("count a member that is stale no more", () => {
    evaluateHub(groups, { input: site, gives: federation({ "clusters:count": 1, "machines:count": 10 }) });
  });
});
