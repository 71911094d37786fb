import { join } from "node:path";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { buildWorker } from "../../scripts/build";
import { startInferenceServer, type RunningServer } from "../support/inferenceServer";
import { benchmark, model } from "./support/benchmark";
import { query, startPrometheus } from "./support/prometheus";
import { dispose, type Server } from "./support/servers";

jest.setTimeout(60_000);

let exporter: http.Server;
let prometheus: Server;
let target: RunningServer;

/**
 * GPUs of the model, of another pod, and of a pod so called in another namespace; a counter of energy that gives 100 W; a
 * quarter of CPU periods throttled.
 */
function metrics(): string {
  const seconds = performance.now() / 1000;
  const gpu = (uuid: string, pod: string, namespace = "models"): string =>
    `{UUID="${uuid}",namespace="${namespace}",pod="${pod}",gpu_type="t4",hostname="gpu-1"}`;
  const periods = (kind: string, container: string, each: number): string =>
    `container_cpu_cfs_${kind}_total{namespace="models",pod="sums-predictor-abc",container="${container}"} ${Math.round(seconds * each)}`;
  return [
    `DCGM_FI_DEV_GPU_UTIL${gpu("GPU-1", "sums-predictor-abc")} 80`,
    `DCGM_FI_DEV_GPU_UTIL${gpu("GPU-2", "other")} 5`,
    `DCGM_FI_DEV_GPU_UTIL${gpu("GPU-3", "sums-predictor-abc", "staging")} 1`,
    `DCGM_FI_DEV_FB_USED${gpu("GPU-1", "sums-predictor-abc")} 2048`,
    `DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION${gpu("GPU-1", "sums-predictor-abc")} ${Math.round(seconds * 100_000)}`,
    `request_predict_seconds_sum{namespace="models",pod="sums-predictor-abc",model_name="sums"} ${(seconds * 0.5).toFixed(3)}`,
    `request_predict_seconds_count{namespace="models",pod="sums-predictor-abc",model_name="sums"} ${Math.round(seconds * 100)}`,
    periods("periods", "kserve-container", 1000),
    periods("throttled_periods", "kserve-container", 250),
    // of the pod as a whole, and of another container in it
    ...["", "proxy"].flatMap((name) => [
      periods("periods", name, 1000),
      periods("throttled_periods", name, 900),
    ]),
    "",
  ].join("\n");
}

beforeAll(async () => {
  buildWorker("benchmark");
  buildWorker("benchmark-load");
  exporter = http.createServer((_, response) =>
    response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(metrics()),
  );
  await new Promise<void>((resolve) => exporter.listen(0, "127.0.0.1", resolve));
  const { port } = exporter.address() as AddressInfo;
  prometheus = await startPrometheus(`http://127.0.0.1:${port}`);
  target = await startInferenceServer({ model, service: { kind: "constant", ms: 5 } });
});

afterAll(async () => {
  await target.close();
  await dispose(prometheus);
  exporter.closeAllConnections();
  exporter.close();
});

it("adds what Prometheus scraped in exactly the window, and sends k6's own series there with their labels", async () => {
  const run = await benchmark(target.url, {
    run: "evidence-1",
    warm: { rate: 50, warmUpSeconds: 2, seconds: 4 },
    remoteWrite: { url: `${prometheus.url}/api/v1/write` },
    prometheus: { url: prometheus.url, settleSeconds: 1, pods: "sums-predictor-.*" },
    target: { namespace: "models", gpuType: "a6000", gpusPerReplica: 1 },
  });
  expect(run.result?.errors).toEqual([]);
  const load = run.result?.evidence.warm?.load;
  expect(load?.gpus).toHaveLength(1);
  const [gpu] = load?.gpus ?? [];
  expect(gpu).toMatchObject({ id: "GPU-1", node: "gpu-1", type: "t4", memoryUsedBytes: 2048 * 1024 ** 2 });
  // 4 s at two scrapes a second, give or take the one at an edge
  expect([7, 8, 9]).toContain(gpu?.utilisation.length);
  expect(new Set(gpu?.utilisation)).toEqual(new Set([0.8]));
  // a scrape of a busy machine is answered late
  expect(Math.abs((gpu?.energyJoules ?? 0) - 100 * 4)).toBeLessThan(100);
  const { latency, cpuThrottled } = load?.server ?? {};
  expect(cpuThrottled).toBeCloseTo(0.25, 2);
  expect(latency).toMatchObject({ metric: "request_predict_seconds", covers: "inference" });
  expect((latency?.sumSeconds ?? 0) / (latency?.count ?? NaN)).toBeCloseTo(0.005, 3);

  const sent = await query(
    prometheus,
    "sum by (cluster, model, version, testid) (last_over_time(k6_http_reqs_total[5m]))",
  );
  expect(sent.map(({ metric }) => metric)).toEqual([
    { cluster: "cloud", model: "sums", version: "7", testid: "evidence-1" },
  ]);
  // with those of the warm-up
  expect(Number(sent[0]?.value[1])).toBeGreaterThanOrEqual(299);
});

it("keeps the load and names the cause when Prometheus does not answer", async () => {
  const run = await benchmark(target.url, {
    warm: { rate: 50, warmUpSeconds: 0, seconds: 1 },
    prometheus: { url: `${prometheus.url}/nowhere`, settleSeconds: 0, pods: "sums-.*" },
  });
  expect(run.result?.evidence.warm?.load.requests).toBe(50);
  expect(run.result?.errors).toMatchObject([
    {
      scenario: "warm",
      kind: "prometheus",
      message: expect.stringContaining("answered 404") as string,
    },
  ]);
});

it("adds the usage of the model's pods, and what the cluster shows of knobs that the settings leave open", async () => {
  const pod = (name: string, cpu: string) => ({
    metadata: { name },
    timestamp: new Date().toISOString().replace(/\.\d+/, ""),
    window: "1s",
    containers: [{ usage: { cpu, memory: "64Mi" } }],
  });
  const labels = { app: "sums" };
  const container = { name: "kserve-container", resources: { limits: { cpu: "500m" } } };
  const cpu = { resource: { target: { averageUtilization: 60 } } };
  const ready = ["a", "b"].map((name) => ({ conditions: { ready: true }, targetRef: { name } }));
  const answers: Readonly<Record<string, () => object>> = {
    "/apis/apps/v1/namespaces/models/deployments/sums": () => ({
      metadata: { name: "sums" },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { spec: { containers: [container] } },
      },
    }),
    "/apis/autoscaling/v2/namespaces/models/horizontalpodautoscalers/sums": () => ({
      spec: { minReplicas: 2, maxReplicas: 4, metrics: [cpu] },
    }),
    "/apis/discovery.k8s.io/v1/namespaces/models/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dsums":
      () => ({ items: [{ metadata: { name: "slice" }, endpoints: ready }] }),
    "/apis/metrics.k8s.io/v1beta1/namespaces/models/pods?labelSelector=app%3Dsums": () => ({
      items: [pod("b", "400m"), pod("a", "200m")],
    }),
  };
  const api = http.createServer(({ url = "" }, response) => {
    const found = answers[url];
    response.writeHead(found === undefined ? 404 : 200).end(JSON.stringify(found?.() ?? {}));
  });
  await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
    const file = join(prometheus.folder, "prometheus.yml");
    const site = { namespace: "models", deployment: "sums", service: "sums", autoscaler: "sums" };
    const run = await benchmark(target.url, {
      // longer than the time from one question to the next
      warm: { rate: 50, warmUpSeconds: 0, seconds: 8 },
      kubernetes: { url, caFile: file, tokenFile: file, ...site },
      target: { settings: { maxReplicas: { setting: "serving[0].scaling.max", value: 3 } } },
    });
    const [load, MiB] = [run.result?.evidence.warm?.load, 1024 ** 2];
    expect(run.output).not.toContain("no usage of pods");
    expect(load?.replicas).toBe(2);
    const close = (value: number): number => expect.closeTo(value, 9) as number;
    expect(load?.pods).toEqual([
      { name: "a", cpuCores: close(0.2), memoryBytes: 64 * MiB },
      { name: "b", cpuCores: close(0.4), memoryBytes: 64 * MiB },
    ]);
    expect(load?.server).toEqual({ cpuCores: close(0.6), cpuLimitCores: 1, memoryBytes: 128 * MiB });
    expect(run.result?.target.settings).toEqual({
      cpuLimitCores: { value: 0.5 },
      minReplicas: { value: 2 },
      maxReplicas: { setting: "serving[0].scaling.max", value: 3 },
      autoscalerTarget: { value: 60 },
    });
  } finally {
    api.closeAllConnections();
    api.close();
  }
});
