import { fedCluster, scrapes } from "../../../metrics/catalogue";
import type { InputSeries } from "../promtool";
import { by, evaluateHub, plain } from "./evaluate";
import { cloud, hpc, site } from "./hubSite";

const { gpus, slurm, beegfs, minio, mlflow, kubernetes } = fedCluster;
const both = (name: string, values: { readonly cloud: number; readonly hpc: number }, labels = "") =>
  Object.fromEntries(
    Object.entries(values).map(([cluster, value]) => [
      `${name}{cluster="${cluster}"${labels === "" ? "" : `,${labels}`}}`,
      value,
    ]),
  );

describe("shares", () => {
  it("are taken of every cluster's sums", () => {
    evaluateHub(["hub-ratios"], {
      input: site,
      gives: {
        ...both("fed_hub:cpu:utilisation", { cloud: 0.25, hpc: 0.75 }),
        ...both("fed_hub:memory:utilisation", { cloud: 0.25, hpc: 0.75 }),
        ...plain({ "fed_hub:filesystem:utilisation": 0.25 }),
        ...by("fed_hub:gpu:utilisation", "gpu_type", { "tesla-t4": 0.25, "rtx-a6000": 0.25 }, "", "cloud"),
        ...by("fed_hub:gpu:utilisation", "gpu_type", { "rtx-a6000": 0.75 }),
        ...by("fed_hub:gpu:nominal_utilisation", "gpu_type", { "tesla-t4": 0.5 }, "", "cloud"),
        ...by("fed_hub:gpu:nominal_utilisation", "gpu_type", { "rtx-a6000": 1 }),
        ...by("fed_hub:gpu_memory:utilisation", "gpu_type", { "rtx-a6000": 0.25 }),
        ...by("fed_hub:gpu_wasted:gpus", "owner", { serving: 1.5 }, 'gpu_type="tesla-t4"', "cloud"),
        ...by("fed_hub:gpu_wasted:gpus", "owner", { slurm: 1 }, 'gpu_type="rtx-a6000"'),
        ...by("fed_hub:gpus_requested:ratio", "scheduler", { slurm: 0.75 }),
      },
    });
  });

  it("are taken of nothing that has no size", () => {
    evaluateHub(["hub-ratios"], {
      input: [
        hpc(gpus.schedulable, { scheduler: "slurm" }, 0),
        hpc(gpus.requested, { scheduler: "slurm" }, 0),
        hpc(beegfs.space, {}, 0),
        hpc(beegfs.spaceFree, {}, 0),
      ],
      none: ["fed_hub:gpus_requested:ratio", "fed_hub:beegfs:utilisation"],
    });
  });

  it("tell of storage, registries and the API server", () => {
    evaluateHub(["hub-ratios"], {
      input: [
        hpc(slurm.cpus, {}, 64),
        hpc(slurm.cpusAllocated, {}, 48),
        hpc(beegfs.space, {}, 100),
        hpc(beegfs.spaceFree, {}, 25),
        cloud(minio.capacity, {}, 100),
        cloud(minio.capacityFree, {}, 75),
        cloud(minio.requests, {}, 4),
        cloud(minio.requestErrors, { code_class: "4xx" }, 2),
        cloud(minio.requestErrors, { code_class: "5xx" }, 1),
        cloud(mlflow.requests, { code_class: "2xx" }, 5),
        cloud(mlflow.requestDuration, { le: "0.5" }, 50),
        cloud(mlflow.requestDuration, { le: "1.0" }, 100),
        cloud(mlflow.requestDuration, { le: "+Inf" }, 100),
        cloud(kubernetes.apiRequests, { code_class: "2xx" }, 3),
        cloud(kubernetes.apiRequests, { code_class: "5xx" }, 1),
        hpc(kubernetes.apiDuration, { le: "1.0" }, 100),
        hpc(kubernetes.apiDuration, { le: "+Inf" }, 100),
      ],
      gives: {
        ...plain({
          "fed_hub:slurm_cpus_allocated:ratio": 0.75,
          "fed_hub:beegfs:utilisation": 0.75,
          "fed_hub:apiserver_request_duration:p99_seconds": 0.99,
        }),
        ...plain(
          {
            "fed_hub:minio:utilisation": 0.25,
            "fed_hub:minio_errors:ratio": 0.25,
            "fed_hub:mlflow_errors:ratio": 0,
            "fed_hub:mlflow_request_duration:p95_seconds": 0.95,
            "fed_hub:apiserver_errors:ratio": 0.25,
          },
          "cloud",
        ),
      },
    });
  });

  it.each([
    ["what waited by what started", 6, 0.5, 12],
    ["nothing while nothing waited, whatever started", 0, 0, 0],
    ["endless while jobs wait and none starts", 6, 0, Infinity],
  ])("give Slurm's wait: %s", (_, pending, started, wait) => {
    evaluateHub(["hub-ratios"], {
      input: [hpc(slurm.jobsPending, {}, pending), hpc(slurm.jobsStarted, {}, started)],
      gives: plain({ "fed_hub:slurm_wait:seconds": wait }),
    });
  });
});

describe("the way to a member", () => {
  const link = (metric: typeof scrapes.up, job: string, value: number): InputSeries => ({
    series: `${metric.name}{member="hpc",job="${job}",instance="hpc:30990"}`,
    values: `${value}x500`,
  });

  it("is told by cluster and job", () => {
    evaluateHub(["hub-members"], {
      input: [
        link(scrapes.up, "federate-health", 1),
        link(scrapes.up, "federate-detail", 0),
        link(scrapes.duration, "federate-detail", 1.5),
        link(scrapes.samples, "federate-detail", 1200),
        link(scrapes.samplesKept, "federate-detail", 1000),
        cloud(scrapes.up, { job: "node" }, 1),
        cloud(scrapes.samples, { job: "node" }, 5),
        cloud(scrapes.samplesKept, { job: "node" }, 5),
      ],
      gives: {
        ...by("fed_hub:federate:up", "job", { "federate-health": 1, "federate-detail": 0 }),
        ...by("fed_hub:federate:scrape_seconds", "job", { "federate-detail": 1.5 }),
        ...by("fed_hub:federate:samples", "job", { "federate-detail": 1200 }),
        ...by("fed_hub:federate:samples_dropped", "job", { "federate-detail": 200 }),
        ...by("fed_hub:federate:sample_limit", "job", { "federate-health": 150, "federate-detail": 3000 }),
      },
    });
  });
});
