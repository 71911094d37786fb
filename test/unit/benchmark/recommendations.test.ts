import * as fs from "node:fs";
import * as path from "node:path";
import { judge } from "../../../workloads/benchmark/analysis/judge";
import { gainHolds, rules } from "../../../workloads/benchmark/analysis/recommend";
import type { Run, Server } from "../../support/benchmark";
import { normal, runAgainst } from "../../support/benchmark";

const first = (run: Run) => judge(runAgainst(run)).recommendations[0]!;
const after = (run: Run) => judge(runAgainst({ ...run, seed: 99 })).summary;

/** What each setting does to a simulated server. */
const applied: readonly (readonly [
  id: string,
  before: Run & { readonly server: Partial<Server> },
  apply: (server: Partial<Server>, to: number) => Partial<Server>,
])[] = [
  [
    "batch-limit",
    { server: { slots: 2, server: { kvCacheUsed: 0.3 } }, warmRate: 20, start: 20 },
    (server, to) => ({ ...server, slots: to }),
  ],
  [
    "scale-out",
    {
      server: { slots: 2, server: { kvCacheUsed: 0.8 } },
      warmRate: 60,
      start: 10,
      target: { slos: { requestsPerSecondPerGpu: 20 } },
    },
    (server, to) => ({ ...server, replicas: to }),
  ],
  [
    "scale-in",
    {
      // a replica's GPU is busy in proportion to its own rate
      server: { replicas: 4, gpu: (rate) => Math.min(1, rate / 60) },
      warmRate: 60,
      target: { minReplicas: 4 },
      asked: ["warm"],
    },
    (server, to) => ({ ...server, replicas: to }),
  ],
  [
    "server-workers",
    {
      server: {
        slots: 1,
        gpu: () => 0.2,
        server: { runningLimit: undefined, cpuCores: 0.3, cpuLimitCores: 1 },
      },
      warmRate: 10,
      start: 10,
    },
    (server, to) => ({ ...server, slots: to }),
  ],
  [
    "rare-stalls",
    { server: { slots: 16, service: (next) => (next() < 0.02 ? 2 : 0.05 * Math.exp(0.1 * normal(next))) } },
    // half of those that met a stall are taken over by the second worker
    (server) => ({
      ...server,
      service: (next) => (next() < 0.008 ? 2 : 0.05 * Math.exp(0.1 * normal(next))),
    }),
  ],
];

describe("a CPU limit", () => {
  const advised = (server: Partial<Server["server"]>, run: Run = {}) =>
    judge(
      runAgainst({
        warmRate: 20,
        start: 20,
        ...run,
        server: { slots: 2, ...run.server, server: { runningLimit: undefined, waiting: 0, ...server } },
      }),
    ).recommendations.find(({ id }) => id === "cpu-limit");

  it("is named by the throttling that it causes, also where the mean of its use is low", () => {
    const advice = advised({ cpuCores: 0.15, cpuLimitCores: 0.3, cpuThrottled: 0.6 });
    expect(advice?.because).toMatchObject({
      scenario: "saturation",
      metric: "throttled CPU periods",
      text: expect.stringMatching(
        /: throttled in 60 % of its CPU periods, 10 % is the limit; 0\.15 of 0\.3 cores in use, 90 % is the limit$/,
      ) as string,
    });
    expect(advice?.change).toMatchObject({ knob: "cpuLimitCores", from: 0.3, to: 0.6 });
  });

  it("is named by its use where it throttles little, or where nothing tells of it", () => {
    for (const cpuThrottled of [0.1, undefined])
      expect(advised({ cpuCores: 0.29, cpuLimitCores: 0.3, cpuThrottled })?.because.metric).toBe(
        "CPU of the model server",
      );
    expect(advised({ cpuCores: 0.15, cpuLimitCores: 0.3, cpuThrottled: 0.1 })).toBeUndefined();
    expect(advised({ cpuThrottled: 0.6 })).toBeUndefined();
  });

  it("is not named by throttling at a rate that is served in time", () => {
    const idle: Run = {
      server: { replicas: 3, gpu: () => 0.25 },
      target: { minReplicas: 3 },
      asked: ["smoke", "warm"],
    };
    expect(advised({ cpuCores: 0.15, cpuLimitCores: 0.9, cpuThrottled: 0.6 }, idle)).toBeUndefined();
  });
});

describe("the first recommendation, applied", () => {
  it.each(applied)("(%s) gains what it foretold", (id, before, apply) => {
    const advice = first(before);
    expect(advice.id).toBe(id);
    const figures = after({ ...before, server: apply(before.server, Number(advice.change.to)) });
    const { gain } = advice;
    expect({ gain, value: figures.figures[gain.figure], holds: gainHolds(advice, figures) }).toMatchObject({
      holds: true,
    });
    // and it is a gain: the figure moved
    expect(gainHolds(advice, after(before))).toBe(false);
  });

  it("is undefined where the next run did not measure it", () => {
    const advice = first(applied[0]![1]);
    expect(gainHolds(advice, { ...after(applied[0]![1]), figures: {} })).toBeUndefined();
  });
});

describe("a recommendation", () => {
  it("names the stack's setting where the target has it, and its value there", () => {
    const { change } = first({
      server: { slots: 2 },
      warmRate: 20,
      start: 20,
      target: { settings: { maxBatchedSequences: { setting: "serving.models.chat.maxBatch", value: 2 } } },
    });
    expect(change).toEqual({
      knob: "maxBatchedSequences",
      setting: "serving.models.chat.maxBatch",
      from: 2,
      to: 4,
    });
  });

  it("doubles what an engine without a limit had in work while its cache had room", () => {
    const { because, change } = first({
      server: { slots: 2, server: { runningLimit: undefined, kvCacheUsed: 0.3 } },
      warmRate: 20,
      start: 20,
    });
    expect(change).toMatchObject({ knob: "maxBatchedSequences", from: 2, to: 4 });
    expect(because.text).toMatch(
      /requests waited while [\d.]+ were in work; 30 % of the KV cache was in use$/,
    );
  });

  it.each([
    ["kv-cache", { kvCacheUsed: 0.97 }, { kvCacheType: { value: "fp8_e5m2" } }],
    ["gpu-bound", { kvCacheUsed: 0.8 }, { weightType: { value: "awq" } }],
  ])("(%s) asks for nothing that has been done", (id, server, settings) => {
    const run: Run = { server: { slots: 2, gpu: () => 0.97, server }, warmRate: 20, start: 20 };
    const ids = (target: NonNullable<Run["target"]>) =>
      judge(runAgainst({ ...run, target })).recommendations.map((one) => one.id);
    expect(ids({})).toContain(id);
    expect(ids({ settings })).not.toContain(id);
  });

  it("names KServe's field where it has not", () => {
    expect(first({ server: { slots: 2 }, warmRate: 20, start: 20 }).change).toEqual({
      knob: "maxBatchedSequences",
      setting: "chat: spec.predictor.model.args: --max-num-seqs",
      from: 2,
      to: 4,
    });
  });

  it("says what triggered it", () => {
    const { because } = first({ server: { slots: 2, service: () => 0.05 }, warmRate: 20, start: 30 });
    expect(because.scenario).toBe("saturation");
    expect(because.metric).toBe("requests waiting");
    expect(because.text).toMatch(/^at [\d.]+ req\/s: [\d.]+ requests waited while 2 of 2 were in work$/);
  });

  it("for a target that failed stands before one that is only nice", () => {
    const { recommendations } = judge(
      runAgainst({
        server: {
          slots: 16,
          replicas: 3,
          gpu: () => 0.25,
          service: (next) => (next() < 0.02 ? 2 : 0.05 * Math.exp(0.1 * normal(next))),
        },
        target: { minReplicas: 3 },
        asked: ["warm"],
      }),
    );
    expect(recommendations.map(({ id }) => id)).toEqual(["scale-in", "rare-stalls"]);
  });

  it("is explained in docs/optimization.md, each under its name and nothing else there", () => {
    const text = fs.readFileSync(path.join(__dirname, "../../../docs/optimization.md"), "utf8");
    const headings = [...text.matchAll(/^### (\S+)$/gm)].map(([, heading]) => heading ?? "");
    expect(headings).toEqual(rules.map(({ id }) => id));
  });

  it("has a name of its own", () => {
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  });
});
