import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fedHub, k6 } from "../../metrics/catalogue";
import type { Metric } from "../../metrics/types";
import { benchmarkRules } from "../../rules/recording/hub/benchmarks";
import { buildWorker, bundleFile } from "../../scripts/build";
import { runStep } from "../../workloads/benchmark/driver/k6";
import { startInferenceServer, type RunningServer } from "../support/inferenceServer";
import { dispose, serve, type Server } from "./support/servers";

jest.setTimeout(120_000);

const tags = { testid: "series-1", cluster: "cloud", model: "sums", version: "7" };
const SERVICE_MS = 40;

let prometheus: Server;
let target: RunningServer;
let folder: string;

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

async function query(text: string): Promise<readonly Sample[]> {
  const answer = await fetch(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(text)}`);
  const { data } = (await answer.json()) as { data: { result: Sample[] } };
  return data.result;
}

beforeAll(async () => {
  buildWorker("benchmark-load");
  folder = mkdtempSync(join(tmpdir(), "series-"));
  prometheus = await serve("prometheus", "/-/ready", (own, at) => {
    const file = join(at, "prometheus.yml");
    writeFileSync(file, "{}");
    const flags = ["--web.enable-remote-write-receiver", `--web.listen-address=127.0.0.1:${own}`];
    const args = [`--config.file=${file}`, `--storage.tsdb.path=${join(at, "data")}`, ...flags];
    return { name: "prometheus", args, env: {} };
  });
  const service = { kind: "constant", ms: SERVICE_MS } as const;
  target = await startInferenceServer({ model: tags.model, service, failureShare: 0.25 });
  const { code, messages } = await runStep(
    {
      k6: "k6",
      script: bundleFile("benchmark-load"),
      folder,
      environment: { PATH: process.env.PATH, K6_PROMETHEUS_RW_PUSH_INTERVAL: "1s" },
      remoteWriteUrl: `${prometheus.url}/api/v1/write`,
    },
    {
      id: "series-1-warm",
      protocol: "kserve-v1",
      model: tags.model,
      requestUrl: `${target.url}/v1/models/${tags.model}:predict`,
      headers: {},
      rate: 40,
      warmUpSeconds: 0,
      seconds: 5,
      timeoutSeconds: 10,
      virtualUsers: 20,
      maxVirtualUsers: 40,
      tolerance: 1e-6,
      tags,
    },
    [{ body: JSON.stringify({ instances: [[1, 2]] }), answers: 1, expect: [3] }],
  );
  expect([code, messages]).toEqual([0, []]);
});

afterAll(async () => {
  await target.close();
  await dispose(prometheus);
  rmSync(folder, { recursive: true, force: true });
});

it.each(
  Object.values<Metric>(k6)
    .filter(({ name }) => name !== k6.dropped.name)
    .map((metric) => [metric.name, metric] as const),
)("k6 writes %s with the run's tags, and no label that the contract does not know", async (name, metric) => {
  const series = await query(`last_over_time(${name}[5m])`);
  expect(series.length).toBeGreaterThan(0);
  for (const { metric: labels } of series) {
    expect(labels).toMatchObject(tags);
    const known = ["__name__", ...metric.labels];
    expect(Object.keys(labels).filter((label) => !known.includes(label))).toEqual([]);
  }
});

it("is recorded as one series a run by every rule of the hub", async () => {
  const values = new Map<string, number>();
  for (const rule of benchmarkRules().rules) {
    if (!("record" in rule)) throw new Error("an alert among recordings");
    const found = await query(rule.expr);
    // nothing was dropped
    if (rule.record === fedHub.benchmark.dropped.name) {
      expect(found).toEqual([]);
      continue;
    }
    expect([rule.record, found.map(({ metric }) => metric)]).toEqual([rule.record, [tags]]);
    values.set(rule.record, Number(found[0]?.value[1]));
  }
  const { requests, failures, durationP95, durationP99, durationMean, durationMax } = fedHub.benchmark;
  expect(values.get(requests.name)).toBeGreaterThan(0);
  expect(values.get(failures.name)).toBeGreaterThan(0);
  expect(values.get(failures.name)).toBeLessThan(0.6);
  // seconds, and in the order that statistics have
  const [mean, p95, p99, most] = [durationMean, durationP95, durationP99, durationMax].map(
    ({ name }) => values.get(name) ?? NaN,
  );
  expect(mean).toBeGreaterThanOrEqual((SERVICE_MS - 5) / 1000);
  expect(p95).toBeGreaterThanOrEqual(mean!);
  expect(p99).toBeGreaterThanOrEqual(p95!);
  expect(most).toBeGreaterThanOrEqual(p99!);
  expect(most).toBeLessThan(10);
});
