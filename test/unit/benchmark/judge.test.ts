import { judgeStep } from "../../../workloads/benchmark/analysis/knee";
import { judge } from "../../../workloads/benchmark/analysis/judge";
import type { Judgement } from "../../../workloads/benchmark/analysis/judge";
import type { Load, Phase, Result } from "../../../workloads/benchmark/result";
import { parseResult, targetSchema } from "../../../workloads/benchmark/result";
import {
  GOOD,
  latenciesOf,
  load,
  normal,
  random,
  runAgainst,
  targetInput,
  withWarm,
} from "../../support/benchmark";
import type { Run } from "../../support/benchmark";

const states = ({ verdicts }: Judgement): Readonly<Record<string, string>> =>
  Object.fromEntries(verdicts.map(({ slo, state }) => [slo, state]));
const kinds = ({ verdicts }: Judgement, slo: string): readonly string[] =>
  verdicts.find((one) => one.slo === slo)?.reasons.map(({ kind }) => kind) ?? ["no verdict"];

const ALL_PASS = {
  smoke: "pass",
  answers: "pass",
  errors: "pass",
  "cold-start": "pass",
  "warm-p95": "pass",
  throughput: "pass",
  "gpu-utilisation": "pass",
  autoscaling: "pass",
};

/** An autoscaling run of these phases. */
const scaling = (
  phases: readonly (readonly [Phase, number])[],
  reached = true,
): NonNullable<Run["autoscaling"]> => ({
  phases: phases.map(([phase, seconds]) => ({ phase, seconds })),
  totalSeconds: reached ? phases.reduce((sum, [, seconds]) => sum + seconds, 0) : undefined,
});

const SLOW_DECISION = [
  ["metric-seen", 15],
  ["decision", 95],
  ["pod-created", 1],
  ["scheduled", 1],
  ["image", 2],
  ["model", 10],
  ["ready", 22],
  ["in-rotation", 4],
] as const;

/** Servers with one fault each: what is judged, and what is advised first. */
type Case = readonly [name: string, run: Run, differs: Readonly<Record<string, string>>, first?: string];
const cases: readonly Case[] = [
  ["is good at everything", {}, {}],
  [
    "is too slow",
    { server: { slots: 64, service: (next) => 0.6 * Math.exp(0.1 * normal(next)) } },
    { "warm-p95": "fail", throughput: "fail", "gpu-utilisation": "invalid" },
    "service-time",
  ],
  [
    "fails 2 % of requests",
    { server: { failRatio: 0.02 } },
    { errors: "fail", "warm-p95": "invalid", throughput: "fail", "gpu-utilisation": "invalid" },
    "requests-fail",
  ],
  [
    "saturates early, for want of a larger batch",
    { server: { slots: 2, server: { kvCacheUsed: 0.3 } }, warmRate: 20, start: 20 },
    { throughput: "fail" },
    "batch-limit",
  ],
  [
    "saturates early, its KV cache full",
    { server: { slots: 2, server: { kvCacheUsed: 0.97, preemptions: 40 } }, warmRate: 20, start: 20 },
    { throughput: "fail" },
    "kv-cache",
  ],
  [
    "saturates early, throttled",
    {
      server: {
        slots: 2,
        server: { runningLimit: undefined, cpuCores: 0.29, cpuLimitCores: 0.3, cpuThrottled: 0.6 },
      },
      warmRate: 20,
      start: 20,
    },
    { throughput: "fail" },
    "cpu-limit",
  ],
  [
    "saturates early, its GPU busy",
    { server: { slots: 2, gpu: () => 0.97, server: { runningLimit: undefined } }, warmRate: 20, start: 20 },
    { throughput: "fail" },
    "gpu-bound",
  ],
  [
    "saturates early, one request after the other with everything idle",
    {
      server: {
        slots: 2,
        gpu: () => 0.2,
        server: { runningLimit: undefined, cpuCores: 0.3, cpuLimitCores: 1 },
      },
      warmRate: 20,
      start: 20,
    },
    { throughput: "fail", "gpu-utilisation": "fail" },
    "server-workers",
  ],
  [
    "scales late, as the autoscaler decides late",
    { autoscaling: scaling(SLOW_DECISION) },
    { autoscaling: "fail" },
    "autoscaler-target",
  ],
  [
    "scales late, as the metric comes late",
    {
      autoscaling: scaling([
        ["metric-seen", 90],
        ["decision", 15],
        ["model", 20],
        ["ready", 20],
      ]),
    },
    { autoscaling: "fail" },
    "autoscaler-metric",
  ],
  [
    "scales late, as the model is fetched each time",
    {
      autoscaling: scaling([
        ["metric-seen", 15],
        ["decision", 15],
        ["model", 120],
        ["ready", 20],
      ]),
    },
    { autoscaling: "fail" },
    "model-load",
  ],
  [
    "never scales, as its engine does not start",
    {
      autoscaling: scaling(
        [
          ["metric-seen", 15],
          ["decision", 15],
          ["model", 20],
        ],
        false,
      ),
    },
    { autoscaling: "fail" },
    "engine-start",
  ],
  [
    "stalls at P99 only, where P99 has a limit",
    {
      server: { slots: 16, service: (next) => (next() < 0.02 ? 2 : 0.05 * Math.exp(0.1 * normal(next))) },
      target: { slos: { warmP99Seconds: 1 } },
    },
    { "warm-p99": "fail" },
    "rare-stalls",
  ],
  [
    "stalls at P99 only, where P99 is only reported",
    { server: { slots: 16, service: (next) => (next() < 0.02 ? 2 : 0.05 * Math.exp(0.1 * normal(next))) } },
    {},
    "rare-stalls",
  ],
  [
    "answers fast but wrongly",
    { server: { service: () => 0.002, wrongRatio: 0.3 } },
    {
      smoke: "fail",
      answers: "fail",
      "warm-p95": "invalid",
      throughput: "fail",
      "gpu-utilisation": "invalid",
    },
    "return-to-good-version",
  ],
  [
    "starts slowly, as its image is pulled",
    {
      coldStart: [
        {
          kind: "deployment",
          startedAt: "2026-01-31T12:01:00Z",
          phases: [
            { phase: "image", seconds: 22 },
            { phase: "model", seconds: 3 },
            { phase: "first-answer", seconds: 1 },
          ],
          totalSeconds: 26,
        },
      ],
    },
    { "cold-start": "fail" },
    "image-pull",
  ],
  [
    "leaves its GPU idle over too many replicas",
    {
      server: { replicas: 3, gpu: () => 0.25 },
      target: { minReplicas: 3 },
      asked: ["smoke", "warm"],
    },
    { "gpu-utilisation": "fail" },
    "scale-in",
  ],
];

describe("a server that", () => {
  it.each(cases.map(([name, run, differs, first]) => ({ name, run, differs, first })))(
    "$name is judged right",
    ({ run, differs, first }) => {
      const result = runAgainst(run);
      const judgement = judge(result);
      const asked = Object.entries(ALL_PASS).filter(([slo]) =>
        judgement.verdicts.some((one) => one.slo === slo),
      );
      const wanted = { ...Object.fromEntries(asked), ...differs };
      expect(states(judgement)).toEqual(wanted);
      expect(judgement.verdict).toBe(Object.values(differs).includes("fail") ? "fail" : "pass");
      expect(judgement.recommendations[0]?.id).toBe(first);
      for (const { gain, change } of judgement.recommendations) {
        expect(gain.low).toBeLessThanOrEqual(gain.high);
        expect(change.setting).not.toBe("");
        expect(change.to).not.toBe(change.from);
      }
    },
  );
});

describe("the knee", () => {
  it.each([
    [8, 1],
    [2, 2],
    [4, 3],
  ])("of a server with %d slots is its capacity (seed %d)", (slots, seed) => {
    // constant service: the queue grows as soon as the rate is above slots / service time
    const { knee } = judge(
      runAgainst({ server: { slots, service: () => 0.05 }, seed, start: 20, asked: ["saturation"] }),
    );
    const capacity = slots / 0.05;
    expect(knee?.problems).toEqual([]);
    expect(Math.abs((knee?.low ?? 0) / capacity - 1)).toBeLessThan(0.05);
    expect(knee?.confirmed).toBe(2);
  });

  it("is told per GPU", () => {
    const result = runAgainst({ server: { replicas: 2, service: () => 0.05 }, start: 50 });
    const { summary, knee } = judge(result);
    expect(summary.figures.kneeRatePerGpu).toBe((knee?.low ?? 0) / 2);
  });

  it("that no step confirmed is no pass", () => {
    const result = runAgainst();
    const saturation = result.evidence.saturation!;
    const steps = saturation.steps.filter(({ purpose }) => purpose !== "confirm");
    const judgement = judge({
      ...result,
      evidence: { ...result.evidence, saturation: { ...saturation, steps } },
    });
    expect(states(judgement).throughput).toBe("invalid");
    expect(judgement.verdict).toBe("invalid");
    expect(judgement.knee?.problems[0]?.text).toContain("was confirmed 0 times of 2");
  });

  it.each([
    ["whole interval of P95 is below the limit", 975, "met"],
    ["P95 is below the limit and its interval is not", 952, "missed"],
    ["P95 is above the limit", 900, "missed"],
  ])("meets a step whose %s: %d of 1000 fast enough, %s", (_, fast, state) => {
    const values = Array.from({ length: 1000 }, (__, index) => (index < fast ? 0.4 : 0.6));
    const { server: ___, ...rest } = load(GOOD, 100, 10, random(1));
    const step = { purpose: "climb" as const, load: { ...rest, latencies: latenciesOf(values) } };
    const { p95, state: judged } = judgeStep(step, targetSchema.parse(targetInput));
    expect(judged).toBe(state);
    expect(p95!.value < 0.5).toBe(fast > 950);
  });

  it("below which a rate missed is not believed", () => {
    const result = runAgainst();
    const saturation = result.evidence.saturation!;
    const slow = load({ ...GOOD, service: () => 0.9, slots: 99 }, 62.5, 30, random(3));
    const steps = [...saturation.steps, { purpose: "confirm" as const, load: slow }];
    const { knee } = judge({
      ...result,
      evidence: { ...result.evidence, saturation: { ...saturation, steps } },
    });
    expect({ low: knee?.low, high: knee?.high }).toEqual({ low: 50, high: 62.5 });
  });
});

const pick = (result: Result, asked: Result["asked"]): Result => ({ ...result, asked: [...asked] });

describe("evidence that cannot carry a verdict is invalid, never a pass:", () => {
  const good = runAgainst();
  const warmOnly = pick(good, ["warm"]);

  it.each<[string, (result: Result) => Result, string]>([
    ["dropped iterations", (r) => withWarm(r, () => ({ droppedIterations: 1 })), "dropped"],
    ["a rate that did not arrive", (r) => withWarm(r, () => ({ achievedRate: 50 })), "rate"],
    [
      "a client short of CPU",
      (r) => withWarm(r, () => ({ client: { cpuCores: 0.95, limitCores: 1 } })),
      "client-cpu",
    ],
    [
      "a throttled client",
      (r) => withWarm(r, () => ({ client: { cpuCores: 0.3, limitCores: 1, throttled: 0.2 } })),
      "client-cpu",
    ],
    [
      "a client that was late",
      (r) =>
        withWarm(r, ({ client }) => ({
          client: { ...client, late: { seconds: 0.011, limitSeconds: 0.01 } },
        })),
      "client-late",
    ],
    [
      "a run too short",
      (r) => withWarm(r, () => ({ requests: 599, latencies: latenciesOf(Array<number>(599).fill(0.05)) })),
      "samples",
    ],
    [
      "a client that is faster than its server",
      (r) =>
        withWarm(r, ({ server }) => ({
          server: { ...server, latency: { metric: "m", covers: "inference", sumSeconds: 360, count: 3600 } },
        })),
      "disagreement",
    ],
    [
      "a client much slower than its server",
      (r) =>
        withWarm(r, ({ server }) => ({
          server: { ...server, latency: { metric: "m", covers: "request", sumSeconds: 100, count: 3600 } },
        })),
      "disagreement",
    ],
    [
      "answers from the prefix cache",
      (r) => withWarm(r, ({ server }) => ({ server: { ...server, prefixCacheHitRatio: 0.8 } })),
      "prefix-cache",
    ],
    [
      "wrong answers",
      (r) => withWarm(r, ({ requests }) => ({ requests: requests + 1, wrongAnswers: 1 })),
      "wrong-answers",
    ],
    [
      "an interval that holds the limit",
      (r) =>
        withWarm(r, () => ({
          requests: 1000,
          // a twentieth of them above the limit
          latencies: latenciesOf(Array.from({ length: 1000 }, (_, index) => (index < 950 ? 0.4 : 0.6))),
          server: {},
        })),
      "undecided",
    ],
  ])("%s", (_, change, kind) => {
    const judgement = judge(change(warmOnly));
    expect(states(judgement)["warm-p95"]).toBe("invalid");
    expect(kinds(judgement, "warm-p95")).toContain(kind);
    expect(judgement.verdict).not.toBe("pass");
    expect(judgement.hold).not.toEqual([]);
  });

  it("too few scrapes of a GPU", () => {
    const judgement = judge(
      withWarm(warmOnly, ({ gpus }) => ({
        gpus: gpus!.map((gpu) => ({ ...gpu, utilisation: [0.9, 0.9, 0.9] })),
      })),
    );
    expect(states(judgement)["gpu-utilisation"]).toBe("invalid");
    expect(kinds(judgement, "gpu-utilisation")).toEqual(["gpu-window"]);
  });

  it("idle GPUs below a knee that was not found: a higher rate could have filled them", () => {
    const result = runAgainst({ server: { gpu: () => 0.4 } });
    expect(states(judge(result))["gpu-utilisation"]).toBe("fail");
    const steps = result.evidence.saturation!.steps.slice(0, 1);
    const short = judge({
      ...result,
      evidence: { ...result.evidence, saturation: { steps, stopped: "rate-limit" } },
    });
    expect(states(short)["gpu-utilisation"]).toBe("invalid");
    expect(kinds(short, "gpu-utilisation")).toContain("knee");
  });

  it("a GPU that tells nothing", () => {
    const result = runAgainst({ server: { replicas: 3 }, asked: ["warm"] });
    const judgement = judge(withWarm(result, ({ gpus }) => ({ gpus: gpus!.slice(1) })));
    expect(states(judgement)["gpu-utilisation"]).toBe("invalid");
    expect(judgement.verdicts.find(({ slo }) => slo === "gpu-utilisation")?.reasons[0]?.text).toBe(
      "figures of 2 GPUs for 3 replicas with 3 together",
    );
  });

  it.each([
    ["refused", "nothing listens at"],
    ["unknown-host", "no such host"],
    ["tls", "no TLS connection to"],
    ["http-404", "does not know the model hpc-chat by kserve-v2"],
    ["http-401", "wants credentials"],
  ] as const)("a target where everything ends with %s", (kind, says) => {
    const nothing = {
      failures: { [kind]: 3600 },
      requests: 3600,
      wrongAnswers: 0,
      latencies: { counts: [], sumSeconds: 0 },
    };
    const { server: _, ...rest } = warmOnly.evidence.warm!.load;
    const smoke = { requests: 10, failures: { [kind]: 10 }, wrongAnswers: 0 };
    const judgement = judge(
      parseResult({
        ...warmOnly,
        asked: ["smoke", "warm"],
        evidence: { smoke, warm: { load: { ...rest, ...nothing } } },
      }),
    );
    expect(states(judgement)).toEqual({
      smoke: "invalid",
      answers: "invalid",
      errors: "invalid",
      "warm-p95": "invalid",
      "gpu-utilisation": "invalid",
    });
    expect(judgement.verdict).toBe("invalid");
    for (const slo of ["smoke", "errors", "warm-p95"])
      expect(judgement.verdicts.find((one) => one.slo === slo)?.reasons[0]?.text).toContain(says);
    expect(judgement.recommendations).toEqual([]);
  });

  it("a starved client at every step", () => {
    const judgement = judge(runAgainst({ server: { client: { cpuCores: 0.99, limitCores: 1 } } }));
    expect(states(judgement)).toMatchObject({
      "warm-p95": "invalid",
      throughput: "invalid",
      "gpu-utilisation": "invalid",
    });
    expect(judgement.verdict).toBe("invalid");
    expect(judgement.recommendations).toEqual([]);
  });

  it("a scenario that was asked and has no evidence", () => {
    const judgement = judge({
      ...good,
      evidence: {},
      errors: [{ scenario: "warm", kind: "kubernetes", message: "pods is forbidden" }],
    });
    expect(new Set(Object.values(states(judgement)))).toEqual(new Set(["invalid"]));
    expect(judgement.verdicts.find(({ slo }) => slo === "warm-p95")?.reasons[0]?.text).toBe(
      "kubernetes: pods is forbidden",
    );
  });

  it("a scenario that ended with an error", () => {
    const judgement = judge({
      ...good,
      errors: [{ scenario: "warm", kind: "generator", message: "k6 ended with 107" }],
    });
    expect(states(judgement)["warm-p95"]).toBe("invalid");
  });

  it("a client that erred, even where its times look bad", () => {
    const [name, run] = cases[1]!;
    expect(name).toBe("is too slow");
    const slow = pick(runAgainst(run), ["warm"]);
    expect(states(judge(slow))["warm-p95"]).toBe("fail");
    const judgement = judge({
      ...slow,
      errors: [{ scenario: "warm", kind: "generator", message: "requests began up to 90 ms late" }],
    });
    expect(states(judgement)).toMatchObject({ answers: "invalid", errors: "invalid", "warm-p95": "invalid" });
    expect(judgement.verdicts.find(({ slo }) => slo === "warm-p95")?.reasons[0]?.text).toBe(
      "generator: requests began up to 90 ms late",
    );
    expect(judgement.recommendations).toEqual([]);
    // later runs are not compared with it
    expect(judgement.summary.figures).not.toHaveProperty("warmP95Seconds");
    // who cannot be asked about the server's own figures does not make its times better
    const blind = judge({
      ...slow,
      errors: [{ scenario: "warm", kind: "prometheus", message: "answered 503" }],
    });
    expect(states(blind)["warm-p95"]).toBe("fail");
  });

  it("steps of load at a target that is not there", () => {
    const result = pick(good, ["saturation"]);
    const { load: one } = result.evidence.saturation!.steps[0]!;
    const refused = {
      ...one,
      failures: { refused: one.requests },
      latencies: { counts: [], sumSeconds: 0 },
    };
    const judgement = judge(
      parseResult({
        ...result,
        evidence: {
          saturation: { steps: [{ purpose: "climb", load: refused }], stopped: "errors" },
        },
      }),
    );
    expect(states(judgement)).toEqual({ throughput: "invalid", "gpu-utilisation": "invalid" });
    expect(judgement.verdicts[0]?.reasons.map(({ text }) => text)).toContainEqual(
      expect.stringContaining("nothing listens at"),
    );
  });

  it("replicas that found no node", () => {
    const judgement = judge(
      runAgainst({ autoscaling: { ...scaling([["metric-seen", 15]], false), unschedulablePods: 2 } }),
    );
    expect(states(judgement).autoscaling).toBe("invalid");
    expect(kinds(judgement, "autoscaling")).toEqual(["unschedulable"]);
  });

  it("a scenario without a target of its own that failed", () => {
    const result = runAgainst({ target: { gpusPerReplica: 0 }, asked: ["warm", "saturation"] });
    expect(judge(result).verdict).toBe("pass");
    const judgement = judge({
      ...result,
      errors: [{ scenario: "saturation", kind: "generator", message: "k6 ended with 107" }],
    });
    expect(judgement.verdict).toBe("invalid");
    expect(judgement.verdicts.at(-1)).toMatchObject({
      slo: "measured",
      scenario: "saturation",
      reasons: [{ kind: "error", text: "generator: k6 ended with 107" }],
    });
  });

  it("nothing asked that can be judged", () => {
    expect(judge(pick(runAgainst({ target: { gpusPerReplica: 0 } }), ["saturation"])).verdict).toBe(
      "invalid",
    );
  });
});

describe("a server so slow that load is lost", () => {
  const RATE = 60;
  const ASKED = 3600;
  const warmOnly = runAgainst({ warmRate: RATE, asked: ["warm"] });
  const limitSeconds = warmOnly.target.slos.warmP95Seconds;
  /** So many requests were answered, each after so long; the others were dropped. */
  const lost = (answered: number, seconds: number, more: Partial<Load> = {}): Partial<Load> => ({
    requests: answered,
    achievedRate: answered / (ASKED / RATE),
    droppedIterations: ASKED - answered,
    latencies: latenciesOf(Array<number>(answered).fill(seconds)),
    server: {},
    ...more,
  });
  const judged = (more: Partial<Load>): Judgement => judge(withWarm(warmOnly, () => more));

  it("has missed its limit: what was answered is a lower bound", () => {
    const judgement = judged(lost(900, 5 * limitSeconds));
    const verdict = judgement.verdicts.find(({ slo }) => slo === "warm-p95");
    expect(verdict).toMatchObject({
      state: "fail",
      measured: expect.stringMatching(/^at least 2\.5/) as string,
    });
    expect(verdict?.reasons).toEqual([
      {
        kind: "dropped",
        text: "2700 iterations were dropped, as every virtual user was waiting for an answer: P95 is that of the 900 requests that were answered and a lower bound; it is above the limit even if those dropped had been answered at once",
      },
    ]);
    expect(judgement.verdict).toBe("fail");
    expect(judgement.notes).toContain(
      "2700 iterations were dropped at the warm rate: the latencies are those of the requests that were answered.",
    );
    const [first] = judgement.recommendations;
    expect(first).toMatchObject({ id: "service-time", gain: { figure: "warmP95Seconds" } });
    expect(first!.gain.now).toBeCloseTo(5 * limitSeconds, 1);
    // later runs are not compared with a bound
    expect(judgement.summary.figures).not.toHaveProperty("warmP95Seconds");
  });

  it.each<[string, Partial<Load>, "fail" | "invalid"]>([
    ["a tenth of all requests is known to be slow", lost(ASKED / 10, 9), "fail"],
    ["fewer are known to be slow than P95 leaves out", lost(ASKED / 25, 9), "invalid"],
    ["what was answered came in time", lost(1200, limitSeconds / 2), "invalid"],
    ["only the warm-up lost any", lost(ASKED, 1, { droppedIterations: 5 }), "fail"],
    ["more is missing than was dropped", lost(900, 9, { droppedIterations: 2500 }), "invalid"],
    [
      "nobody knows whether its client was on time",
      lost(900, 9, { client: { cpuCores: 0.2, limitCores: 1 } }),
      "invalid",
    ],
    [
      "its client was late",
      lost(900, 9, { client: { cpuCores: 0.2, limitCores: 1, late: { seconds: 1, limitSeconds: 0.9 } } }),
      "invalid",
    ],
    [
      "its client was as late as it may be, and nothing more than that is above the limit",
      lost(900, limitSeconds + 0.3, {
        client: { cpuCores: 0.2, limitCores: 1, late: { seconds: 0.4, limitSeconds: 0.4 } },
      }),
      "invalid",
    ],
    [
      "its client was as late as it may be, and more than that is above the limit",
      lost(900, limitSeconds + 0.5, {
        client: { cpuCores: 0.2, limitCores: 1, late: { seconds: 0.4, limitSeconds: 0.4 } },
      }),
      "fail",
    ],
    [
      "its client had no CPU left",
      lost(900, 9, { client: { cpuCores: 0.95, limitCores: 1, late: { seconds: 0, limitSeconds: 0.9 } } }),
      "invalid",
    ],
    [
      "its client was throttled",
      lost(900, 9, {
        client: { cpuCores: 0.2, limitCores: 1, throttled: 0.2, late: { seconds: 0, limitSeconds: 0.9 } },
      }),
      "invalid",
    ],
    ["it fails as well", lost(900, 9, { requests: 920, failures: { timeout: 20 } }), "invalid"],
    [
      "the server itself says that it is fast",
      lost(900, 9, {
        server: { latency: { metric: "m", covers: "request", sumSeconds: 90, count: 900 } },
      }),
      "invalid",
    ],
  ])("where %s", (_, more, state) => {
    const judgement = judged(more);
    expect(states(judgement)["warm-p95"]).toBe(state);
    const advised = judgement.recommendations.some(({ solves }) => solves.includes("warm-p95"));
    expect(advised).toBe(state === "fail");
  });

  it("has missed P99 by its own count", () => {
    const strict = {
      ...warmOnly,
      target: { ...warmOnly.target, slos: { ...warmOnly.target.slos, warmP99Seconds: 1 } },
    };
    const judgement = judge(withWarm(strict, () => lost(ASKED / 25, 9)));
    expect(states(judgement)).toMatchObject({ "warm-p95": "invalid", "warm-p99": "fail" });
  });

  it("misses a step of load by the same count", () => {
    const { load: one } = runAgainst({ asked: ["saturation"] }).evidence.saturation!.steps[0]!;
    const step = {
      purpose: "climb" as const,
      load: { ...one, ...lost(400, 9), targetRate: RATE, seconds: 60 },
    };
    const target = targetSchema.parse(targetInput);
    expect(judgeStep(step, target)).toMatchObject({ state: "missed", reasons: [{ kind: "dropped" }] });
    const fast = { ...step, load: { ...step.load, ...lost(1200, 0.1) } };
    expect(judgeStep(fast, target)).toMatchObject({ state: "invalid" });
  });

  it("fails a soak by its later half", () => {
    const windows = [{}, {}, lost(900, 9), lost(800, 9)].map((more) => ({
      ...warmOnly.evidence.warm!.load,
      ...more,
    }));
    const soaked = (some: readonly Load[]): Judgement =>
      judge({ ...warmOnly, asked: ["soak"], evidence: { soak: { windows: [...some] } } });
    const judgement = soaked(windows);
    expect(judgement.verdicts.find(({ slo }) => slo === "soak")).toMatchObject({
      state: "fail",
      reasons: [{ kind: "dropped", text: expect.stringContaining("5500 iterations were dropped") as string }],
    });
    expect(states(soaked(windows.toReversed())).soak).toBe("invalid");
  });
});

describe("an autoscaler that did not come to all replicas, while load was lost,", () => {
  const late = { cpuCores: 0.95, limitCores: 1 };
  it.each<[string, Phase[], Partial<Load>, "fail" | "invalid"]>([
    ["has failed once it had asked for them", ["metric-seen", "decision"], {}, "fail"],
    ["may have seen too little of it", ["metric-seen"], {}, "invalid"],
    ["says nothing where the client was the limit", ["metric-seen", "decision"], { client: late }, "invalid"],
  ])("%s", (_, phases, more, state) => {
    const { load: one } = runAgainst({ asked: ["warm"] }).evidence.warm!;
    const timed = phases.map((phase) => [phase, 20] as const);
    const lossy = { ...one, droppedIterations: 900, ...more };
    const judgement = judge(runAgainst({ autoscaling: { ...scaling(timed, false), load: lossy } }));
    expect(states(judgement).autoscaling).toBe(state);
  });
});

describe("a knee", () => {
  it("does not rest on steps whose client was late", () => {
    const result = pick(runAgainst(), ["saturation"]);
    const { steps, stopped } = result.evidence.saturation!;
    const late = { seconds: 0.2, limitSeconds: 0.05 };
    const judgement = judge({
      ...result,
      evidence: {
        saturation: {
          stopped,
          steps: steps.map((step) =>
            step.purpose === "confirm"
              ? { ...step, load: { ...step.load, client: { ...step.load.client, late } } }
              : step,
          ),
        },
      },
    });
    expect(judgement.knee).toMatchObject({ confirmed: 0 });
    expect(judgement.knee!.problems.map(({ kind }) => kind)).toEqual(["knee", "client-late", "client-late"]);
    expect(states(judgement).throughput).toBe("invalid");
  });
});

describe("a P99", () => {
  it("of fewer than 3,000 answers is invalid while P95 passes", () => {
    const judgement = judge(
      withWarm(runAgainst({ target: { slos: { warmP99Seconds: 1 } }, asked: ["warm"] }), () => ({
        requests: 2999,
        latencies: latenciesOf(Array<number>(2999).fill(0.05)),
        server: {},
      })),
    );
    expect(states(judgement)).toMatchObject({ "warm-p95": "pass", "warm-p99": "invalid" });
  });
});

describe("a time to first token", () => {
  const streamed = (firstToken: number, samples: number): Judgement => {
    const result = runAgainst({ target: { slos: { firstTokenP95Seconds: 0.5 } }, asked: ["warm"] });
    const streaming = {
      ratePerSecond: 1,
      failures: 0,
      samples: Array.from({ length: samples }, () => ({ firstToken, total: 1, outputTokens: 32 })),
    };
    return judge({ ...result, evidence: { warm: { ...result.evidence.warm!, streaming } } });
  };

  it.each([
    [0.2, 600, "pass"],
    [0.7, 600, "fail"],
    [0.2, 599, "invalid"],
  ])("of %d s in %d samples: %s", (seconds, samples, state) => {
    const judgement = streamed(seconds, samples);
    expect(states(judgement)["first-token"]).toBe(state);
    if (state !== "invalid")
      expect(judgement.verdicts.find(({ slo }) => slo === "first-token")?.measured).toContain("sampled");
  });
});

describe("a soak", () => {
  const soaked = (slower: readonly number[]): Judgement => {
    const next = random(5);
    const result = runAgainst({ asked: ["warm"] });
    const windows = slower.map((times) =>
      load({ ...GOOD, service: (draw) => times * GOOD.service(draw) }, 60, 30, next),
    );
    return judge({ ...result, asked: ["soak"], evidence: { soak: { windows } } });
  };

  it("that stays as it was passes", () => expect(states(soaked([1, 1, 1, 1])).soak).toBe("pass"));
  it("that gets slower fails, far below the limit", () => {
    const judgement = soaked([1, 1.1, 1.3, 1.5]);
    expect(states(judgement).soak).toBe("fail");
    expect(judgement.recommendations[0]?.id).toBe("growth-over-time");
  });
});

describe("the alias champion", () => {
  it("may move for a pass on real hardware", () => expect(judge(runAgainst()).hold).toEqual([]));

  it("never moves for what is simulated", () => {
    const judgement = judge(runAgainst({ target: { simulated: true } }));
    expect(judgement.verdict).toBe("pass");
    expect(judgement.hold).toEqual(["what served is simulated"]);
  });

  it("never moves for a version of which only the smoke test is known", () => {
    const result = runAgainst();
    const { smoke } = result.evidence;
    const judgement = judge({ ...result, asked: ["smoke"], evidence: { smoke } });
    expect(judgement.verdict).toBe("pass");
    expect(judgement.hold).toEqual(["its latency under load was not measured"]);
  });

  it("never moves where a single GPU is simulated", () => {
    const result = withWarm(runAgainst({ asked: ["warm"] }), ({ gpus }) => ({
      gpus: gpus!.map((gpu) => ({ ...gpu, simulated: true })),
    }));
    expect(judge(result)).toMatchObject({ simulated: true, hold: ["what served is simulated"] });
  });
});

it("the same result gives the same judgement", () => {
  expect(judge(runAgainst())).toEqual(judge(runAgainst()));
});
