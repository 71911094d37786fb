import { benchmarkPlans } from "../../../commands/benchmarkPlan";
import type { RenderedObject } from "../../../commands/render";
import { benchmarkConfig, type Extent } from "../../../components/performance/benchmarkConfig";
import { benchmarkCronJobSpec, benchmarkJobSpec } from "../../../components/performance/benchmarkPod";
import { benchmarkArgs } from "../components/performance/samples";

const args = benchmarkArgs();
const places = { prometheusUrl: "https://prometheus.federation.svc:9090", bucket: "benchmarks" };
const pods = {
  files: { driver: "driver", load: "load", credentials: "credentials" },
  serviceAccountName: "bench",
};
const run = (extent: Extent, config: string) => ({ config, inputs: "hash", extent });

const object = (kind: string, name: string, more: object): RenderedObject => ({
  apiVersion: "v1",
  kind,
  metadata: { name },
  ...more,
});
const file = (name: string, extent: Extent): RenderedObject =>
  object("ConfigMap", name, {
    data: { "config.json": JSON.stringify(benchmarkConfig(args, places, extent)) },
  });
const cronJob = object("CronJob", "benchmark-llama", {
  spec: benchmarkCronJobSpec("0 2 * * 6", args, pods, run("all", "bench-config")),
});
const job = object("Job", "bench-job", {
  spec: benchmarkJobSpec(args, pods, run("awaited", "bench-job-config")),
});

it("tells what each Job and CronJob that a stack declares would do, as the driver's own dry run", () => {
  const lines = benchmarkPlans([
    file("bench-config", "all"),
    file("bench-job-config", "awaited"),
    object("ConfigMap", "driver", { data: { "benchmark.cjs": "" } }),
    cronJob,
    job,
  ]);
  expect(lines.filter((line) => !line.startsWith("  "))).toEqual([
    "CronJob benchmark-llama, at 0 2 * * 6",
    "Job bench-job, begun by up",
  ]);
  const scenarios = lines.map((line) => /^ {2}(\w+): /.exec(line)?.[1] ?? "").filter((name) => name !== "");
  expect(scenarios).toEqual([
    "smoke",
    "coldStart",
    "warm",
    "saturation",
    "soak",
    "autoscaling",
    "smoke",
    "warm",
  ]);
  expect(lines).toContain("  objects touched: none");
  expect(lines.filter((line) => / {2}takes .* at most/.test(line))).toHaveLength(2);
});

it("has nothing to tell of other workloads, or of none", () => {
  expect(benchmarkPlans([object("Job", "other", { spec: { template: { spec: {} } } }), job])).toEqual([]);
  expect(benchmarkPlans([])).toEqual([]);
});
