import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type {
  BenchmarkScenarios,
  BenchmarkTarget,
  InferenceBenchmarkArgs,
} from "../../../../components/performance/types";
import type { WorkerBundle } from "../../../../components/transfer/types";

export const NODE_IMAGE = `docker.io/library/node:24.20.0-bookworm-slim@sha256:${"0".repeat(64)}`;
export const K6_IMAGE = `docker.io/grafana/k6:1.8.1@sha256:${"0".repeat(64)}`;

const bundleOf = (text: string): WorkerBundle => ({
  text,
  sha256: createHash("sha256").update(text).digest("hex"),
});

/** Every scenario there is. */
export const everything: BenchmarkScenarios = {
  smoke: { rate: 2, seconds: 5 },
  warm: { rate: 50, warmUpSeconds: 10, seconds: 120, streamsPerSecond: 1 },
  saturation: { startRate: 10, maxRate: 200, limitSeconds: 1800, stepSeconds: 120, warmUpSeconds: 3 },
  soak: { rate: 30, windows: 6, windowSeconds: 600, warmUpSeconds: 10 },
  autoscaling: { rateBefore: 5, rateAfter: 120, beforeSeconds: 30, holdSeconds: 180, returnSeconds: 600 },
  coldStart: { kinds: ["deployment", "scale-from-zero"], limitSeconds: 300 },
};

/** Smoke and warm alone. */
export const calm: BenchmarkScenarios = { smoke: everything.smoke, warm: everything.warm };

/** A target with every optional part present. */
export const target: BenchmarkTarget = {
  name: "llama-a6000",
  model: "llama-3-8b",
  registeredModel: "hpc-llama-3-8b",
  version: "3",
  url: "https://llama-3-8b-predictor.models.svc",
  ca: "authority of the model",
  protocol: "openai",
  namespace: "models",
  service: "llama-3-8b",
  workload: {
    deployment: "llama-3-8b-predictor",
    service: "llama-3-8b-predictor",
    autoscaler: "keda-hpa-llama",
    port: 8080,
    container: "kserve-container",
  },
  corpus: { kind: "words", name: "chat", promptTokens: 256, outputTokens: 64, distinct: 512, seed: 7 },
  gpuType: "rtx-a6000",
  gpusPerReplica: 1,
  replicas: { min: 1, max: 3 },
  slos: { warmP95Seconds: 2, requestsPerSecondPerGpu: 40 },
  simulated: false,
  scenarios: everything,
  timeoutSeconds: 10,
  lateSeconds: 0.01,
  gate: "gate",
  schedule: "0 4 * * 0",
  timeZone: "Europe/Berlin",
  disruptive: true,
  promote: true,
  resources: { requests: { cpu: "1", memory: "512Mi" }, limits: { cpu: "2", memory: "1Gi" } },
};

/** Stand-ins: nothing here is or looks like a key. */
export const benchmarkArgs = (change: Partial<BenchmarkTarget> = {}): InferenceBenchmarkArgs => ({
  namespace: "benchmarks",
  images: { k6: K6_IMAGE, node: NODE_IMAGE },
  scripts: { driver: bundleOf("the driver"), load: bundleOf("the load") },
  cluster: "cloud",
  target: { ...target, ...change },
  pricePerGpuHour: { "rtx-a6000": 0.8, "tesla-t4": 0.35 },
  currency: "EUR",
  knobs: { minReplicas: { setting: "federation:hub.serving[0].scaling.minReplicas", value: 1 } },
  prometheus: {
    url: "https://prometheus.federation.svc:9090",
    scrapeSeconds: 30,
    credentials: pulumi.secret({
      username: "benchmark-1",
      password: "password of benchmark",
      ca: "authority of prometheus",
    }),
  },
  store: {
    url: "https://192.168.200.10:30900",
    region: "us-east-1",
    ca: "authority of the store",
    bucket: "benchmarks",
    credentials: pulumi.secret({ accessKey: "benchmark-1", secretKey: "secret of benchmark" }),
  },
  registry: {
    url: "https://192.168.200.10:30500",
    ca: "authority of the registry",
    credentials: pulumi.secret({ username: "hub", password: "password of hub" }),
  },
});

/** Files of a Secret by their content; `data` as it was registered. */
export function decoded(data: unknown): Readonly<Record<string, string>> {
  const { value } = data as { value: Readonly<Record<string, string>> };
  return Object.fromEntries(
    Object.entries(value).map(([file, text]) => [file, Buffer.from(text, "base64").toString()]),
  );
}
