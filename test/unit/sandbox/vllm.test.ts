import * as fs from "node:fs";
import * as yaml from "yaml";
import { allowedLabels } from "../../../metrics/catalogue/kubeStateMetrics";
import { vllm } from "../../../metrics/catalogue/vllm";
import { DEFAULT_THRESHOLDS } from "../../../metrics/thresholds";
import type { Manifest } from "../../../sandbox/clusters/objects";
import { repository } from "../../../sandbox/paths";
import { stackFile, type StackFile } from "../../../sandbox/project/merge";
import { serving } from "../../../sandbox/project/overlay";
import { SimulatedEngine } from "../../../sandbox/vllm/engine";
import { exposition } from "../../../sandbox/vllm/exposition";
import { Histogram } from "../../../sandbox/vllm/histogram";
import { askedOf, nextArrival } from "../../../sandbox/vllm/load";
import { cache, port, simulatedLlm, slots } from "../../../sandbox/vllm/model";
import { simulatedLlmObjects } from "../../../sandbox/vllm/objects";
import { parsePrometheusText, type TextSample } from "../../support/prometheusText";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function engineAt(milliseconds: number): SimulatedEngine {
  const engine = new SimulatedEngine();
  engine.advance(milliseconds);
  return engine;
}

const samplesAt = (milliseconds: number): readonly TextSample[] =>
  parsePrometheusText(exposition(engineAt(milliseconds)));
const gauges = Object.values(vllm).filter(({ type }) => type === "gauge");
const keyOf = ({ name, labels }: TextSample): string => `${name} ${JSON.stringify(labels)}`;

describe("a histogram", () => {
  it("counts a value in every bucket whose bound it does not pass", () => {
    const histogram = new Histogram([0.1, 1]);
    for (const value of [0.05, 0.1, 0.5, 7]) histogram.observe(value);
    expect(histogram.buckets).toEqual([
      { le: 0.1, count: 2 },
      { le: 1, count: 3 },
      { le: Infinity, count: 4 },
    ]);
    expect([histogram.count, histogram.sum]).toEqual([4, expect.closeTo(7.65)]);
  });
});

describe("the simulated load", () => {
  it("asks for so many tokens, no two requests in a row alike, of which all but the first share the beginning", () => {
    const all = Array.from({ length: 500 }, (_, number) => askedOf(number));
    expect(Math.min(...all.map(({ prompt }) => prompt))).toBe(64);
    expect(Math.max(...all.map(({ prompt }) => prompt))).toBe(256);
    expect(Math.min(...all.map(({ output }) => output))).toBe(8);
    expect(Math.max(...all.map(({ output }) => output))).toBe(24);
    expect([...new Set(all.map(({ cached }) => cached))]).toEqual([0, 48]);
    expect(all.filter(({ prompt }, at) => prompt === all[at + 1]?.prompt)).toEqual([]);
    expect(all.filter(({ output, reason }) => (output === 24) !== (reason === "length"))).toEqual([]);
  });

  it("comes between two and six times a second, and of each hundred twenty at once", () => {
    const gaps = (from: number, at: number): number[] =>
      Array.from({ length: 100 }, (_, number) => nextArrival(from + number, at) - at);
    for (const [at, gap] of [
      [0, 250],
      [2.5 * MINUTE, 1_000 / 6],
      [7.5 * MINUTE, 500],
    ] as const) {
      expect(gaps(300, at).filter((one) => one === 0)).toHaveLength(19);
      expect(gaps(300, at)[99]).toBeCloseTo(gap);
    }
  });
});

describe("the simulated engine", () => {
  it("is the same at the same moment, however often it was looked at before", () => {
    const often = new SimulatedEngine();
    for (let at = 0; at <= HOUR; at += 977) often.advance(at);
    often.advance(HOUR);
    often.advance(MINUTE);
    expect(exposition(often)).toBe(exposition(engineAt(HOUR)));
    expect(exposition(engineAt(HOUR))).not.toBe(exposition(engineAt(HOUR + MINUTE)));
  });

  it("works on no more than it has room for, lets the others wait, and never fills its cache", () => {
    const engine = new SimulatedEngine();
    let [most, longest, used] = [0, 0, 0];
    for (let at = 0; at <= 20 * MINUTE; at += 10) {
      engine.advance(at);
      most = Math.max(most, engine.counts.running);
      longest = Math.max(longest, engine.counts.waiting);
      used = Math.max(used, engine.cacheUsed);
    }
    expect([most, longest]).toEqual([slots, 20 - slots]);
    expect(used).toBeGreaterThan(0.2);
    expect(used).toBeLessThan(DEFAULT_THRESHOLDS.kvCacheUtilisation.warning);
    // what slots requests of the longest kind need, so that none is ever put back
    expect(slots * Math.ceil((256 + 24) / cache.tokensPerBlock)).toBeLessThan(cache.blocks);
  });

  it("ends each request well, within what alerts wait for", () => {
    const { ended, duration, firstToken } = engineAt(HOUR);
    expect(ended).toEqual({
      stop: expect.any(Number) as number,
      length: expect.any(Number) as number,
      abort: 0,
      error: 0,
    });
    expect(ended.stop).toBeGreaterThan(ended.length);
    expect(ended.length).toBeGreaterThan(0);
    for (const [histogram, { warning }] of [
      [duration, DEFAULT_THRESHOLDS.inferenceP95],
      [firstToken, DEFAULT_THRESHOLDS.firstTokenP95],
    ] as const) {
      const within = histogram.buckets.find(({ le }) => le === warning)!;
      expect(within.count).toBe(histogram.count);
    }
  });

  it("counts what it was asked: tokens, requests and times belong together", () => {
    const engine = engineAt(HOUR);
    const { running, waiting } = engine.counts;
    const done = engine.duration.count;
    expect(engine.ended.stop + engine.ended.length).toBe(done);
    expect(engine.perOutputToken.count).toBe(done);
    expect(engine.firstToken.count - done).toBeLessThanOrEqual(running);
    // over an hour as many come as the mean of the wave says: four a second and the bursts
    expect(done / 3_600).toBeGreaterThan(4.5);
    expect(done / 3_600).toBeLessThan(5.5);
    const asked = Array.from({ length: done + running + waiting }, (_, number) => askedOf(number));
    const sum = (of: (one: (typeof asked)[number]) => number, count: number): number =>
      asked.slice(0, count).reduce((total, one) => total + of(one), 0);
    const begun = done + running;
    expect(engine.prefixQueries).toBe(sum(({ prompt }) => prompt, begun));
    expect(engine.prefixHits).toBe(48 * (begun - 1));
    expect(engine.generationTokens / done).toBeGreaterThan(15);
    expect(engine.generationTokens / done).toBeLessThan(17);
  });
});

describe("what the simulated vLLM tells", () => {
  it("is every metric of the contract under exactly its labels, marked as simulated", () => {
    const text = exposition(engineAt(HOUR));
    const samples = parsePrometheusText(text);
    const metrics = Object.values(vllm);
    const baseOf = (name: string): string =>
      metrics.find((metric) => name === metric.name || name.startsWith(`${metric.name}_`))!.name;
    expect([...new Set(samples.map(({ name }) => baseOf(name)))]).toEqual(metrics.map(({ name }) => name));
    const target = ["cluster", "job", "instance", "namespace", "pod", "node", "service"];
    for (const { name, labels } of samples) {
      const metric = metrics.find((one) => one.name === baseOf(name))!;
      const own = (metric.labels as readonly string[]).filter((label) => !target.includes(label));
      const { le, ...others } = labels;
      expect(Object.keys(others).sort()).toEqual([...own].sort());
      expect(le !== undefined).toBe(name.endsWith("_bucket"));
      expect(labels).toMatchObject({ model_name: simulatedLlm, engine: "0" });
    }
    expect(text.match(/^# HELP /gm)).toHaveLength(metrics.length);
    expect(text.match(/^# HELP \S+ Simulated: /gm)).toHaveLength(metrics.length);
    expect(simulatedLlm).toMatch(/^simulated-/);
  });

  it("only grows, but for what runs and waits now", () => {
    const isCounter = ({ name }: TextSample): boolean => !gauges.some((gauge) => gauge.name === name);
    for (let at = 0; at < 10 * MINUTE; at += 30_000) {
      const before = new Map(samplesAt(at).map((one) => [keyOf(one), one.value]));
      const after = samplesAt(at + 30_000).filter(isCounter);
      expect(after.filter((one) => one.value < before.get(keyOf(one))!)).toEqual([]);
      expect(after.some((one) => one.value > before.get(keyOf(one))!)).toBe(true);
    }
  });

  it("has bounds as vLLM writes them, up to the infinite one that counts all", () => {
    const of = samplesAt(HOUR).filter(({ name }) => name.startsWith("vllm:e2e_request_latency_seconds"));
    const bounds = of.flatMap(({ labels: { le } }) => (le === undefined ? [] : [le]));
    expect([bounds[0], bounds[3], bounds.at(-1)]).toEqual(["0.3", "1.0", "+Inf"]);
    const [count] = of.filter(({ name }) => name.endsWith("_count"));
    expect(of.find(({ labels }) => labels.le === "+Inf")?.value).toBe(count?.value);
  });
});

describe("the simulated vLLM's pod", () => {
  const image = `registry.sandbox/node@sha256:${"0".repeat(64)}`;
  const objects = simulatedLlmObjects("script", image);
  const [, deployment] = objects as readonly [Manifest, Manifest];
  const { template, selector } = deployment.spec as {
    selector: { matchLabels: Record<string, string> };
    template: {
      metadata: { labels: Record<string, string>; annotations: Record<string, string> };
      spec: {
        containers: {
          ports: { containerPort: number }[];
          resources: Record<"limits" | "requests", Record<string, string>>;
        }[];
      };
    };
  };

  it("is found as a predictor of KServe is, by the job of annotated pods, and is called simulated", () => {
    expect(objects.map(({ kind }) => kind)).toEqual(["ConfigMap", "Deployment"]);
    expect(deployment.metadata).toMatchObject({
      name: "simulated-llm-predictor",
      namespace: "models",
      labels: { [allowedLabels.deployments[0]]: simulatedLlm },
    });
    expect(template.metadata.labels).toEqual({
      ...selector.matchLabels,
      "sandbox.federation/simulated": "true",
    });
    expect(template.metadata.annotations).toMatchObject({
      "prometheus.io/scrape": "true",
      "prometheus.io/port": String(port),
      "prometheus.io/path": "/metrics",
    });
    expect(template.spec.containers[0]!.ports[0]!.containerPort).toBe(port);
  });

  it("holds no GPU and no version of the registry", () => {
    const { limits, requests } = template.spec.containers[0]!.resources;
    expect([Object.keys(limits), Object.keys(requests)]).toEqual([
      ["cpu", "memory"],
      ["cpu", "memory"],
    ]);
    const versions = Object.keys(template.metadata.labels).filter((label) => label.startsWith("model-"));
    expect(versions).toEqual([]);
  });

  it("is no model whose absence would be an alert, and none that the stack scales", () => {
    const { config } = yaml.parse(fs.readFileSync(stackFile(repository, "cloud"), "utf8")) as StackFile;
    const { servedModels = [] } = config["federation:hub"] as { servedModels?: string[] };
    expect([...servedModels, ...serving()!.map(({ model }) => model)]).not.toContain(simulatedLlm);
  });
});
