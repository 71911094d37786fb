import { servedBy } from "../../../../workloads/benchmark/driver/served";
import type { Window } from "../../../../workloads/benchmark/driver/steps";
import { KubernetesError } from "../../../../workloads/benchmark/driver/stopwatch/kubernetes";
import { liveKnobs, podsOf, withLive } from "../../../../workloads/benchmark/driver/stopwatch/live";
import type { Deployment } from "../../../../workloads/benchmark/driver/stopwatch/shadow";
import type { Site } from "../../../../workloads/benchmark/driver/stopwatch/site";
import {
  goSeconds,
  usageIn,
  watchUsage,
  type PodMetrics,
} from "../../../../workloads/benchmark/driver/usage";
import { targetSchema, type Target } from "../../../../workloads/benchmark/result";
import { targetInput } from "../../../support/benchmark";

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const told = (
  name: string,
  second: number,
  cpu: string,
  memory: string,
  more: object[] = [],
): PodMetrics => ({
  metadata: { name },
  timestamp: at(second),
  window: "10s",
  containers: [{ usage: { cpu, memory } }, ...(more as PodMetrics["containers"])],
});

describe("usage of pods", () => {
  it("is the mean of the samples whose middle lies in the window, each counted once", () => {
    const samples = [
      told("b", 20, "100m", "10Mi"),
      told("a", 9, "9", "9Mi"), // its middle is at 4 s
      told("a", 15, "200m", "20Mi", [{ usage: { cpu: "50000000n", memory: "1024Ki" } }]),
      told("a", 15, "200m", "20Mi", [{ usage: { cpu: "50000000n", memory: "1024Ki" } }]),
      told("a", 25, "350m", "41Mi"),
      told("a", 36, "9", "9Mi"), // at 31 s
    ];
    expect(usageIn(samples, Date.parse(at(5)), Date.parse(at(30)))).toEqual([
      { name: "a", cpuCores: expect.closeTo(0.3, 9) as number, memoryBytes: 31 * 1024 ** 2 },
      { name: "b", cpuCores: 0.1, memoryBytes: 10 * 1024 ** 2 },
    ]);
    expect(usageIn([], 0, 1)).toEqual([]);
  });

  it.each([
    ["15.5s", 15.5],
    ["1m0s", 60],
    ["1h2m3s", 3723],
    ["250ms", 0.25],
  ])("knows durations: %s", (text, seconds) => expect(goSeconds(text)).toBe(seconds));
  it("takes nothing else for a duration", () =>
    expect(["", "x", "5"].map(goSeconds)).toEqual([NaN, NaN, NaN]));

  it("is asked for by the model's labels; where nothing answers, that is said once", async () => {
    const asked: string[] = [];
    const lines: string[] = [];
    const answers = [
      () => Promise.resolve({ items: [told("a", 1, "1", "1Mi")] }),
      () => Promise.reject(new KubernetesError("GET answered 503")),
    ];
    const get = (path: string): Promise<unknown> => {
      asked.push(path);
      return answers.shift()!();
    };
    const watch = watchUsage({ get }, "models", "app=iris,tier=gpu", (line) => lines.push(line));
    expect(await watch.end()).toHaveLength(1);
    expect(asked).toEqual(
      Array(2).fill(
        "/apis/metrics.k8s.io/v1beta1/namespaces/models/pods?labelSelector=app%3Diris%2Ctier%3Dgpu",
      ),
    );
    expect(lines).toEqual(["  no usage of pods: GET answered 503"]);
  });
});

describe("what served a window", () => {
  const pods = [
    { name: "a", cpuCores: 0.25, memoryBytes: 100 },
    { name: "b", cpuCores: 0.5, memoryBytes: 200 },
  ];
  const window = { replicas: 2, pods } as unknown as Window;
  const target = (settings: Target["settings"] = {}): Target =>
    targetSchema.parse({ ...targetInput, settings });

  it("is told by Prometheus first, and by the pods' usage where it has nothing", () => {
    expect(servedBy(window, target(), undefined)).toEqual({ cpuCores: 0.75, memoryBytes: 300 });
    expect(servedBy(window, target(), { cpuCores: 3, waiting: 1 })).toEqual({
      cpuCores: 3,
      waiting: 1,
      memoryBytes: 300,
    });
    expect(servedBy({ replicas: 2 } as unknown as Window, target(), undefined)).toBeUndefined();
  });

  it("has the limits of all replicas, as far as their knobs are known", () => {
    const known = target({ cpuLimitCores: { value: 0.5 }, maxBatchedSequences: { value: 8 } });
    expect(servedBy(window, known, { running: 3 })).toEqual({
      cpuCores: 0.75,
      cpuLimitCores: 1,
      memoryBytes: 300,
      running: 3,
      runningLimit: 16,
    });
  });
});

describe("knobs of a live model", () => {
  const deployment = {
    metadata: { name: "iris-predictor" },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "iris", tier: "gpu" } },
      template: {
        spec: {
          containers: [
            { name: "proxy", resources: { limits: { cpu: "9" } } },
            {
              name: "kserve-container",
              resources: { limits: { cpu: "1500m" } },
              readinessProbe: { periodSeconds: 3 },
            },
          ],
        },
      },
    },
  } satisfies Deployment;
  const autoscaler = {
    spec: { minReplicas: 1, maxReplicas: 3, metrics: [{ resource: { target: { averageUtilization: 50 } } }] },
  };
  const asked: string[] = [];
  const site = (name?: string): Site => ({
    kubernetes: {
      get: (path: string) => {
        asked.push(path);
        return Promise.resolve(autoscaler);
      },
    } as unknown as Site["kubernetes"],
    settings: {
      caFile: "/ca",
      tokenFile: "/token",
      namespace: "models",
      deployment: "iris-predictor",
      service: "iris-predictor",
      autoscaler: name,
    },
    urlOf: () => "",
  });

  it("are read from the Deployment's serving container and the autoscaler", async () => {
    expect(await liveKnobs(site("iris"), deployment, "kserve-container")).toEqual({
      cpuLimitCores: 1.5,
      readinessPeriodSeconds: 3,
      minReplicas: 1,
      maxReplicas: 3,
      autoscalerTarget: 50,
    });
    expect(asked).toEqual(["/apis/autoscaling/v2/namespaces/models/horizontalpodautoscalers/iris"]);
    expect(podsOf(deployment)).toBe("app=iris,tier=gpu");
  });

  it("are those of the Deployment without an autoscaler, and absent where nothing says them", async () => {
    const bare: Deployment = {
      ...deployment,
      spec: {
        ...deployment.spec,
        template: { spec: { containers: [{ name: "server", readinessProbe: {} }] } },
      },
    };
    expect(await liveKnobs(site(), bare, "kserve-container")).toEqual({
      readinessPeriodSeconds: 10,
      minReplicas: 2,
      maxReplicas: 2,
    });
  });

  it.each<[string, readonly string[], readonly string[], object]>([
    [
      "two words",
      [],
      ["--max-num-seqs", "64", "--quantization", "awq", "--workers", "2"],
      { maxBatchedSequences: 64, weightType: "awq", serverWorkers: 2 },
    ],
    [
      "one word",
      [],
      ["--max-num-seqs=64", "--kv-cache-dtype=fp8"],
      { maxBatchedSequences: 64, kvCacheType: "fp8" },
    ],
    [
      "a shell's script, the last of two",
      ["sh", "-c"],
      ["exec vllm serve /mnt/models --max-model-len 4096\n  --max-model-len 8192"],
      { maxModelLength: 8192 },
    ],
    ["nothing", ["server"], ["--max-num-seqs-of-others", "3", "--workers"], {}],
  ])("are read from the command line: %s", async (_, command, args, knobs) => {
    const { spec } = deployment;
    const template = { spec: { containers: [{ name: "kserve-container", command, args }] } };
    const flagged: Deployment = { ...deployment, spec: { ...spec, template } };
    expect(await liveKnobs(site(), flagged, "kserve-container")).toEqual({
      minReplicas: 2,
      maxReplicas: 2,
      ...knobs,
    });
  });

  it("stand below what the settings say", () => {
    const declared: Target["settings"] = {
      cpuLimitCores: { setting: "serving[0].cpu" },
      minReplicas: { setting: "serving[0].min", value: 2 },
      weightType: { value: "fp8" },
    };
    expect(withLive(declared, { cpuLimitCores: 1.5, minReplicas: 1, maxReplicas: 3 })).toEqual({
      cpuLimitCores: { setting: "serving[0].cpu", value: 1.5 },
      minReplicas: { setting: "serving[0].min", value: 2 },
      maxReplicas: { value: 3 },
      weightType: { value: "fp8" },
    });
  });
});
