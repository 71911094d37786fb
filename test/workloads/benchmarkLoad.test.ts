import { buildWorker } from "../../scripts/build";
import { samplesOf } from "../../workloads/benchmark/analysis/percentiles";
import { startInferenceServer, type Behaviour, type InferenceServer } from "../support/inferenceServer";
import { benchmark, counted, model, warmOf, type Said } from "./support/benchmark";

jest.setTimeout(60_000);

beforeAll(() => {
  buildWorker("benchmark");
  buildWorker("benchmark-load");
});

/** A server that answers at once, for as long as `use` lasts. */
async function serving<T>(
  behaviour: Partial<Behaviour>,
  use: (url: string, server: InferenceServer) => Promise<T>,
): Promise<T> {
  const running = await startInferenceServer({ model, service: { kind: "constant", ms: 5 }, ...behaviour });
  try {
    return await use(running.url, running.server);
  } finally {
    await running.close();
  }
}

const short: Said = { warm: { rate: 100, warmUpSeconds: 1, seconds: 2 } };

describe("what a load measures", () => {
  it("counts every request of the window as the server does, and none of the warm-up", () =>
    serving({ failureShare: 0.05, wrongShare: 0.05 }, async (url, server) => {
      const run = await benchmark(url, short);
      const load = warmOf(run);
      const log = counted(server.log);
      expect(log.length).toBeLessThan(server.log.length - 80);
      expect(load).toMatchObject({
        requests: log.length,
        failures: { "http-5xx": log.filter(({ status }) => status === 500).length },
        wrongAnswers: log.filter(({ wrong }) => wrong).length,
        droppedIterations: 0,
        targetRate: 100,
        seconds: 2,
        replicas: 1,
      });
      expect(load.wrongAnswers).toBeGreaterThan(0);
      expect(samplesOf(load.latencies)).toBe(
        log.filter(({ status, wrong }) => status === 200 && !wrong).length,
      );
      expect(run.result?.errors).toEqual([]);
      expect(run.result).toMatchObject({ asked: ["warm"], tools: { node: process.version } });
      expect(run.result?.tools.k6).toMatch(/^k6(\.exe)? v1\.8\.1/);
    }));

  it.each([
    ["kserve-v2", { kind: "rows", columns: 3, rows: 2 }],
    ["openai", { kind: "words", promptTokens: 20, outputTokens: 5 }],
  ] as const)("speaks %s", (protocol, corpus) =>
    serving({}, async (url) => {
      const load = warmOf(await benchmark(url, { ...short, corpus, target: { protocol } }));
      expect(load).toMatchObject({ failures: {}, wrongAnswers: 0, droppedIterations: 0 });
      expect(load.requests).toBeGreaterThan(150);
      expect(load.tokens).toEqual(
        protocol === "openai" ? { prompt: 20 * load.requests, output: 5 * load.requests } : undefined,
      );
    }),
  );

  it("samples streams beside the load: time to the first token, as the server knows it", () =>
    serving({ service: { kind: "constant", ms: 40 }, tokenMs: 10 }, async (url, server) => {
      const run = await benchmark(url, {
        corpus: { kind: "words", promptTokens: 20, outputTokens: 5 },
        target: { protocol: "openai" },
        warm: { rate: 20, warmUpSeconds: 1, seconds: 3, streamsPerSecond: 5 },
      });
      const streaming = run.result?.evidence.warm?.streaming;
      expect(streaming).toMatchObject({ ratePerSecond: 5, failures: 0 });
      const streams = server.log.filter(({ firstWordMs }) => firstWordMs !== undefined);
      expect(streaming?.samples.length).toBe(streams.length);
      expect(streams.length).toBeGreaterThanOrEqual(10);
      for (const { firstToken, total, outputTokens } of streaming?.samples ?? []) {
        expect(outputTokens).toBe(5);
        expect(firstToken).toBeGreaterThanOrEqual(0.039);
        expect(total).toBeGreaterThanOrEqual(0.075);
        expect(total).toBeGreaterThan(firstToken);
      }
    }));

  it("knows a smoke test, steps of a stepped load, and windows of a soak", () =>
    serving({}, async (url) => {
      const run = await benchmark(url, {
        target: { slos: { warmP95Seconds: 0.2 } },
        asked: ["smoke", "saturation", "soak"],
        smoke: { rate: 10, seconds: 1 },
        saturation: { startRate: 300, maxRate: 300, stepSeconds: 1, warmUpSeconds: 0.5 },
        soak: { rate: 50, windows: 2, windowSeconds: 1, warmUpSeconds: 0.5 },
      });
      const { result, output } = run;
      expect(run.result?.errors).toEqual([]);
      expect(result?.evidence.smoke).toEqual({ requests: 10, failures: {}, wrongAnswers: 0 });
      const { steps = [], stopped } = result?.evidence.saturation ?? {};
      expect([stopped, ...steps.map(({ purpose, load }) => [purpose, load.targetRate])]).toEqual([
        "rate-limit",
        ["climb", 300],
        ["confirm", 300],
        ["confirm", 300],
      ]);
      for (const { load } of steps) expect(samplesOf(load.latencies)).toBeGreaterThanOrEqual(600);
      expect(result?.evidence.soak?.windows.map(({ targetRate }) => targetRate)).toEqual([50, 50]);
      expect(output).toContain("  confirm 300: holds");
    }));
});

describe("what cannot be measured is told", () => {
  it("answers that come too late for the client", () =>
    serving({ service: { kind: "constant", ms: 1000 } }, async (url) => {
      const run = await benchmark(url, { ...short, timeoutSeconds: 0.3 });
      const load = warmOf(run);
      expect(load.failures).toEqual({ timeout: load.requests });
      expect(load.latencies).toEqual({ counts: [], sumSeconds: 0 });
    }));

  it("settings that are wrong, before a request is sent", () =>
    serving({}, async (url, server) => {
      const run = await benchmark(url, { asked: ["saturation", "autoscaling"], disruptive: true });
      expect(run).toMatchObject({ code: 3, result: undefined });
      expect(run.output).toContain("saturation: is asked for and has no settings; give saturation");
      expect(run.output).toContain("kubernetes: is needed for autoscaling");
      expect(server.log).toEqual([]);
    }));
});
