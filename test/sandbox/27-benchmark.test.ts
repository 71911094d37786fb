import { until } from "../../sandbox/checks";
import { simulatedType } from "../../sandbox/gpus/inventory";
import { sandboxModel as model } from "../../sandbox/models";
import { sandboxBenchmark } from "../../sandbox/project/benchmark";
import { query, queryValue } from "../../sandbox/prometheus";
import { stackOutputs } from "../../sandbox/pulumi";
import { namespace, predictor } from "../../sandbox/serving/objects";
import { GPU_SCRAPES } from "../../workloads/benchmark/analysis/gpus";
import type { Judgement } from "../../workloads/benchmark/analysis/judge";
import { parseResult, scenarios, type Result } from "../../workloads/benchmark/result";
import { benchmarkEvidence, runBenchmarkJob, type BenchmarkRunEnd } from "../support/benchmarkJob";
import { mc, registered } from "../support/landingZone";
import { endpoints, evidence, kubectl } from "../support/live";

const at = endpoints();
const registeredName = `hpc-${model}`;
const cronJob = `benchmark-${sandboxBenchmark.name}`;

const championOf = async (): Promise<string | undefined> =>
  (await registered(registeredName, "champion"))?.version;

/** Everything that its run makes takes twelve minutes here; what it takes to begin and to be told of comes to it. */
const LIMIT_SECONDS = 1_080;

describe("the benchmark of the served model", () => {
  let championBefore: string | undefined;
  let version: string;
  let end: BenchmarkRunEnd;
  let result: Result;
  const stored = (file: string): string =>
    mc("cat", `sandbox/benchmarks/${model}/${version}/${end.run}/${file}`);

  beforeAll(
    async () => {
      championBefore = await championOf();
      version = (await registered(registeredName, "candidate"))!.version;
      end = await runBenchmarkJob(cronJob, LIMIT_SECONDS);
      // what it said is what a person reads first where anything below is not so
      console.log(end.log);
      result = parseResult(JSON.parse(stored("result.json")));
    },
    (LIMIT_SECONDS + 120) * 1000,
  );

  it("comes to a verdict by itself: its exit code is the judge's", () => {
    const { verdict } = JSON.parse(stored("judged.json")) as { verdict: "pass" | "fail" | "invalid" };
    expect(end.exitCode).toBe({ pass: 0, fail: 1, invalid: 2 }[verdict]);
  });

  it("has run every scenario, without an error", () => {
    expect(result.asked).toEqual(scenarios);
    expect(result.errors).toEqual([]);
    expect(Object.keys(result.evidence).sort()).toEqual([...scenarios].sort());
  });

  it("measured the registered candidate, by the name of its pod", () => {
    expect(result.run).toBe(end.run);
    expect(result.target).toMatchObject({ model, version, cluster: "cloud", simulated: true, namespace });
    expect(result.evidence.smoke).toMatchObject({ failures: {}, wrongAnswers: 0 });
    expect(result.evidence.warm?.load.targetRate).toBe(9);
    expect(result.evidence.soak?.windows).toHaveLength(2);
    expect(result.evidence.saturation?.steps.length).toBeGreaterThan(0);
  });

  it("watched the GPU of every replica over exactly its windows, and prices no knee that it did not find", () => {
    for (const load of [
      result.evidence.warm!.load,
      ...result.evidence.saturation!.steps.map((step) => step.load),
    ])
      for (const gpu of load.gpus ?? []) {
        expect(gpu).toMatchObject({ type: simulatedType("rtx-a6000"), simulated: true });
        expect(gpu.utilisation.length).toBeLessThanOrEqual(Math.ceil(load.seconds / 5) + 1);
      }
    // of a replica that the autoscaler adds meanwhile there are fewer
    const { gpus, replicas } = result.evidence.warm!.load;
    const scrapes = gpus?.map(({ utilisation }) => utilisation.length) ?? [];
    expect(Math.max(...scrapes)).toBeGreaterThanOrEqual(GPU_SCRAPES);
    const { summary, costs } = JSON.parse(stored("judged.json")) as Judgement;
    const { warmGpuUtilisation, kneeRatePerGpu, costPer1000Requests } = summary.figures;
    const all = scrapes.length >= Math.round(replicas) && scrapes.every((count) => count >= GPU_SCRAPES);
    expect(warmGpuUtilisation !== undefined).toBe(all);
    expect(costs.map(({ gpuType }) => gpuType)).toEqual(["rtx-a6000", "tesla-t4"].map(simulatedType));
    // its highest rate is one that the replicas carry: elsewhere, of a knee, what an hour costs over the requests of one
    const price = result.target.pricePerGpuHour[simulatedType("rtx-a6000")]!;
    expect(costPer1000Requests ?? Infinity).toBeCloseTo((1000 * price) / (3600 * (kneeRatePerGpu ?? 0)), 4);
  });

  it("tells how late its client was, and how much the model's CPU limit throttled it", () => {
    const { warm, autoscaling } = result.evidence;
    const some = expect.any(Number) as number;
    expect(warm?.load.client.late).toEqual({ seconds: some, limitSeconds: some });
    // the one window that always holds two of the kubelet's samples
    expect(autoscaling?.load?.server).toMatchObject({ cpuCores: some, cpuThrottled: some });
  });

  it("timed all three kinds of starts, on a copy that is gone", () => {
    const starts = result.evidence.coldStart ?? [];
    expect(starts.map(({ kind, manual }) => [kind, manual])).toEqual([
      ["deployment", false],
      ["pod-restart", false],
      ["scale-from-zero", true],
    ]);
    for (const { totalSeconds, phases } of starts) {
      expect(totalSeconds).toBeGreaterThan(1);
      expect(totalSeconds).toBeLessThan(180);
      expect(phases.map(({ phase }) => phase)).toEqual(
        expect.arrayContaining(["pod-created", "ready", "in-rotation", "first-answer"]),
      );
    }
    const copies = [
      "get",
      "deployments,services",
      "-n",
      namespace,
      "-l",
      "benchmark.federation/shadow",
      "-o",
      "name",
    ];
    expect(kubectl("cloud", copies)).toBe("");
  });

  it("made the autoscaler go from 1 to 3 replicas and back, as the cluster's own metrics have it", async () => {
    expect(result.evidence.autoscaling).toMatchObject({ from: 1, to: 3, unschedulablePods: 0 });
    expect(result.evidence.autoscaling?.totalSeconds).toBeGreaterThan(0);
    expect(result.evidence.autoscaling?.returnSeconds).toBeGreaterThan(0);
    const available = `kube_deployment_status_replicas_available{cluster="cloud",namespace="${namespace}",deployment="${predictor(model)}"}`;
    const autoscaling = Date.parse(result.evidence.autoscaling!.startedAt) / 1000;
    // windows end at the run's end, and begin with the step and with the run
    const since = (from: number): string => `[${Math.ceil(end.to - from) + 60}s] @ ${end.to + 45}`;
    await until(
      "kube-state-metrics tells of three replicas, and of one afterwards",
      120,
      async () => {
        const most = await queryValue(at.hub, `max_over_time(${available}${since(autoscaling)})`);
        const now = await queryValue(at.hub, available);
        return most === 3 && now === 1 ? [] : [`at most ${most ?? "unknown"}, now ${now ?? "unknown"}`];
      },
      () => Promise.resolve(evidence("cloud")),
    );
  });

  it("is reported, marked as simulated on every page", () => {
    expect(JSON.parse(stored("judged.json"))).toMatchObject({ run: end.run, simulated: true });
    for (const page of ["report.md", "report.html"])
      expect(stored(page).toLowerCase()).toContain("simulated");
    const summary = JSON.parse(mc("cat", `sandbox/benchmarks/${model}/summaries/${end.run}.json`)) as object;
    expect(summary).toMatchObject({ run: end.run, model, version, simulated: true, champion: false });
    expect(stackOutputs("cloud").benchmarkReports).toEqual({
      [sandboxBenchmark.name]: `s3://benchmarks/${model}/`,
    });
  });

  it("wrote k6's series to the hub, by cluster, model and version, and no series a bucket", async () => {
    const window = `[${Math.ceil(end.to - end.from) + 60}s] @ ${Math.ceil(end.to)}`;
    const sent = `sum by (cluster, model, version) (last_over_time(k6_http_reqs_total{testid="${end.run}"}${window}))`;
    await until(
      sent,
      60,
      async () => {
        const found = await query(at.hub, sent);
        const labels = found.map(({ metric }) => metric);
        return JSON.stringify(labels) === JSON.stringify([{ cluster: "cloud", model, version }])
          ? []
          : [`series of ${JSON.stringify(labels)}`];
      },
      () => Promise.resolve(benchmarkEvidence(cronJob)),
    );
    expect(await queryValue(at.hub, sent)).toBeGreaterThan(1_000);
    const names = await query(
      at.hub,
      `group by (__name__) (last_over_time({__name__=~"k6_.+",testid="${end.run}"}${window}))`,
    );
    // percentiles come from buckets, of which there are hundreds
    expect(names.length).toBeLessThan(60);
  });

  it("told the registry, and moved no alias", async () => {
    const tags = Object.fromEntries(
      ((await registered(registeredName, Number(version)))?.tags ?? []).map(({ key, value }) => [key, value]),
    );
    const { verdict } = JSON.parse(stored("judged.json")) as { verdict: string };
    expect(tags).toMatchObject({
      "benchmark.run": end.run,
      "benchmark.verdict": verdict,
      "benchmark.simulated": "true",
    });
    expect(tags["benchmark.report"]).toMatch(`s3://benchmarks/${model}/${version}/${end.run}/`);
    expect(Number(tags["benchmark.warm_p95_seconds"])).toBeGreaterThan(0);
    expect(await championOf()).toBe(championBefore);
  });

  it("left the model as it was: one replica, whose version has not changed", async () => {
    const { spec, metadata } = JSON.parse(
      kubectl("cloud", ["get", "deployment", predictor(model), "-n", namespace, "-o", "json"]),
    ) as { spec: { replicas: number }; metadata: { annotations?: Record<string, string> } };
    expect(spec.replicas).toBe(1);
    expect(Object.keys(metadata.annotations ?? {})).not.toContain("benchmark.federation/replicas");
    expect((await registered(registeredName, "candidate"))?.version).toBe(version);
  });
});
