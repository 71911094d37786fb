import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildWorker } from "../../scripts/build";
import type { SloId, State } from "../../workloads/benchmark/analysis/judged";
import type { Recommendation } from "../../workloads/benchmark/analysis/recommend/types";
import { exitCodes } from "../../workloads/benchmark/driver/verdict";
import { startInferenceServer, type Behaviour } from "../support/inferenceServer";
import { serveKubernetes } from "../support/kubernetesApi";
import { ScalingCluster, type Autoscaling } from "../support/scalingCluster";
import type { StartDelays } from "../support/simulatedCluster";
import { model, type Said } from "./support/benchmark";
import { expecting, judgedRun, retried, statesOf, type JudgedRun } from "./support/judged";
import { startPrometheus } from "./support/prometheus";
import { dispose, freePort } from "./support/servers";

beforeAll(() => {
  buildWorker("benchmark");
  buildWorker("benchmark-load");
});

const steady = { kind: "constant", ms: 40 } as const;
const smoke = { rate: 10, seconds: 1 };
/** As long as it takes for 600 good answers. */
const warm = { rate: 100, warmUpSeconds: 1, seconds: 7 };
const slos = { warmP95Seconds: 0.2 };

/** Some requests, then the warm rate. */
const calm: Said = { asked: ["smoke", "warm"], smoke, warm, target: { slos } };

/** A server on its own: nothing is known of it but what the client sees. */
async function alone(behaviour: Partial<Behaviour>, said: Said = calm): Promise<JudgedRun> {
  const running = await startInferenceServer({ model, service: steady, ...behaviour });
  try {
    return await judgedRun(running.url, said);
  } finally {
    await running.close();
  }
}

/** The rate of the warm window is the first one of the stepped load. */
const stepped = (rate: number, maxRate: number, more: Said["target"]): Said => ({
  asked: ["smoke", "warm", "saturation"],
  smoke,
  warm: { rate, warmUpSeconds: 1, seconds: Math.ceil(700 / rate) },
  saturation: { startRate: rate, maxRate, limitSeconds: 60, stepSeconds: 1, warmUpSeconds: 1 },
  target: { gpuType: "t4", gpusPerReplica: 1, ...more },
});

/** A server with a simulated GPU that takes `capacity` requests at once, and a Prometheus that scrapes both. */
async function onGpu(capacity: number, gpuSlots: number, said: Said): Promise<JudgedRun> {
  const pod = "sums-predictor-abc";
  const exported = { pod, gpuType: "t4", gpuSlots };
  const running = await startInferenceServer({ model, service: steady, capacity, exported });
  const prometheus = await startPrometheus(running.url);
  try {
    const asked = { url: prometheus.url, settleSeconds: 1, pods: "sums-predictor-.*" };
    return await judgedRun(running.url, { ...said, prometheus: asked });
  } finally {
    await dispose(prometheus);
    await running.close();
  }
}

/** A step of the load from a tenth of what a replica takes to three times as much, before an autoscaler. */
async function scaling(
  autoscaler: Partial<Autoscaling>,
  slow: Partial<StartDelays> = {},
): Promise<JudgedRun> {
  const each = 50;
  const delays = { created: each, scheduled: each, image: each, model: each, ready: each, inRotation: each };
  const follows = { maxReplicas: 3, ratePerReplica: 40, metricMs: 0, decisionMs: 100, ...autoscaler };
  const port = await freePort();
  const cluster = new ScalingCluster(follows, { ...delays, ...slow }, { model, service: steady }, port);
  const api = await serveKubernetes(cluster);
  const folder = mkdtempSync(join(tmpdir(), "benchmark-api-"));
  const [caFile, tokenFile] = [join(folder, "ca.crt"), join(folder, "token")];
  try {
    await cluster.serving;
    for (const file of [caFile, tokenFile]) writeFileSync(file, "not asked for over HTTP\n");
    return await judgedRun(`http://127.0.0.1:${port}`, {
      asked: ["smoke", "autoscaling"],
      disruptive: true,
      smoke,
      autoscaling: { rateBefore: 4, rateAfter: 120, beforeSeconds: 2, holdSeconds: 13, returnSeconds: 20 },
      kubernetes: {
        url: api.url,
        caFile,
        tokenFile,
        namespace: "models",
        deployment: "model",
        service: "model",
        autoscaler: "model",
      },
      target: { minReplicas: 1, maxReplicas: 3, slos: { autoscalingSeconds: 8 } },
    });
  } finally {
    await api.close();
    await cluster.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is advised first, without the figures of the run. */
type Advice = Pick<Recommendation, "id" | "change" | "solves"> & {
  readonly because: Pick<Recommendation["because"], "scenario" | "metric">;
};

interface Case {
  readonly server: string;
  readonly run: () => Promise<JudgedRun>;
  readonly states: Partial<Record<SloId, State>>;
  /** The first reason of a verdict. */
  readonly because?: Partial<Record<SloId, RegExp>>;
  readonly advice?: Advice;
}

const fine = { smoke: "pass", answers: "pass", errors: "pass", "warm-p95": "pass" } as const;
const field = (name: string): string => `${model}: ${name}`;

const slow: Advice = {
  id: "service-time",
  because: { scenario: "warm", metric: "P50 without a queue" },
  change: {
    knob: "cpuLimitCores",
    setting: field("spec.predictor.model.resources.limits.cpu"),
    from: 1,
    to: 2,
  },
  solves: ["warm-p95"],
};
const lowerBound =
  /^\d+ iterations were dropped, as every virtual user was waiting for an answer: P95 is .* a lower bound/;

const cases: readonly Case[] = [
  {
    server: "is good at everything, its GPU busy",
    // 7 workers of 40 ms carry 175 requests per second
    run: () => onGpu(7, 7, stepped(150, 150, { slos: { ...slos, requestsPerSecondPerGpu: 100 } })),
    states: { ...fine, throughput: "pass", "gpu-utilisation": "pass" },
  },
  {
    server: "is too slow",
    run: () => alone({ service: { kind: "uniform", lowMs: 250, highMs: 300 } }),
    states: { ...fine, "warm-p95": "fail" },
    advice: slow,
  },
  {
    server: "takes five times as long as it may, so that it can not be given the whole load",
    // its virtual users, 90, bring 86 requests per second
    run: () =>
      alone(
        { service: { kind: "uniform", lowMs: 1000, highMs: 1100 } },
        { ...calm, warm: { ...warm, seconds: 10 } },
      ),
    states: { ...fine, "warm-p95": "fail" },
    because: { "warm-p95": lowerBound },
    advice: slow,
  },
  {
    server: "takes twenty times as long as it may, so that few requests are answered at all",
    run: () => alone({ service: { kind: "uniform", lowMs: 4000, highMs: 4400 } }),
    // of the failed ones too little is known
    states: { ...fine, errors: "invalid", "warm-p95": "fail" },
    because: { "warm-p95": lowerBound },
    advice: slow,
  },
  {
    server: "fails 2 % of requests",
    run: () =>
      alone({ failureShare: 0.02 }, { ...calm, asked: ["warm"], warm: { ...warm, rate: 200, seconds: 10 } }),
    // the latency of those that did not fail does not speak for them
    states: { answers: "pass", errors: "fail", "warm-p95": "invalid" },
    advice: {
      id: "requests-fail",
      because: { scenario: "warm", metric: "failed requests" },
      change: {
        knob: "modelVersion",
        setting: field("spec.predictor.model.storageUri"),
        from: "7",
        to: "the last good version",
      },
      solves: ["errors", "smoke"],
    },
  },
  {
    server: "saturates early, as it takes few requests at once",
    // 8 workers of 40 ms carry 200 requests per second
    run: () =>
      onGpu(
        8,
        32,
        stepped(160, 400, {
          slos: { warmP95Seconds: 0.25, requestsPerSecondPerGpu: 300 },
          settings: { maxBatchedSequences: { setting: "serving.sums.maxBatchedSequences", value: 8 } },
        }),
      ),
    states: { ...fine, throughput: "fail", "gpu-utilisation": "fail" },
    advice: {
      id: "batch-limit",
      because: { scenario: "saturation", metric: "requests waiting" },
      change: { knob: "maxBatchedSequences", setting: "serving.sums.maxBatchedSequences", from: 8, to: 16 },
      solves: ["throughput", "gpu-utilisation"],
    },
  },
  {
    server: "scales in time",
    run: () => scaling({}),
    states: { smoke: "pass", autoscaling: "pass" },
  },
  {
    server: "scales late, as its autoscaler sees the load late",
    run: () => scaling({ metricMs: 9000 }),
    states: { smoke: "pass", autoscaling: "fail" },
    advice: {
      id: "autoscaler-metric",
      because: { scenario: "autoscaling", metric: "phase metric-seen" },
      change: {
        knob: "autoscalerPollSeconds",
        setting: field("the interval in which the autoscaler's metric is scraped"),
        from: 30,
        to: 15,
      },
      solves: ["autoscaling"],
    },
  },
  {
    server: "scales late, as each replica fetches the model first",
    run: () => scaling({}, { model: 9000 }),
    states: { smoke: "pass", autoscaling: "fail" },
    advice: {
      id: "model-load",
      because: { scenario: "autoscaling", metric: "phase model" },
      change: {
        knob: "localModelCache",
        setting: field("a LocalModelCache of the model"),
        from: false,
        to: true,
      },
      solves: ["autoscaling"],
    },
  },
  {
    server: "stalls at P99 only",
    run: () =>
      alone(
        { service: { kind: "constant", ms: 60 }, stall: { share: 0.025, ms: 1000 } },
        {
          ...calm,
          // P99 takes 3,000 good answers
          warm: { rate: 200, warmUpSeconds: 1, seconds: 16 },
          target: { slos: { warmP95Seconds: 0.3, warmP99Seconds: 0.5 } },
        },
      ),
    states: { ...fine, "warm-p99": "fail" },
    advice: {
      id: "rare-stalls",
      because: { scenario: "warm", metric: "P99 against P95" },
      change: {
        knob: "serverWorkers",
        setting: field("spec.predictor.model.args: --workers"),
        from: 1,
        to: 2,
      },
      solves: ["warm-p99"],
    },
  },
  {
    server: "answers fast but wrongly, one time in twenty",
    run: () =>
      alone({ service: { kind: "constant", ms: 5 }, wrongShare: 0.05 }, { ...calm, asked: ["warm"] }),
    states: { answers: "fail", errors: "pass", "warm-p95": "invalid" },
    advice: {
      id: "return-to-good-version",
      because: { scenario: "warm", metric: "wrong answers" },
      change: {
        knob: "modelVersion",
        setting: field("spec.predictor.model.storageUri"),
        from: "7",
        to: "the last good version",
      },
      solves: ["answers", "smoke"],
    },
  },
];

const first = ({ judgement }: JudgedRun): Advice | undefined => {
  const [recommendation] = judgement.recommendations;
  if (recommendation === undefined) return undefined;
  const { id, because, change, solves } = recommendation;
  return { id, because: { scenario: because.scenario, metric: because.metric }, change, solves };
};

it.each(cases)(
  "a server that $server is judged right",
  async ({ run: attempt, states, because = {}, advice }) => {
    const run = await retried(attempt);
    expecting(run, () => {
      expect(statesOf(run.judgement)).toEqual(states);
      expect(run.judgement.verdict).toBe(Object.values(states).includes("fail") ? "fail" : "pass");
      for (const [of, text] of Object.entries(because)) {
        const verdict = run.judgement.verdicts.find(({ slo }) => slo === of);
        expect(verdict?.reasons[0]?.text).toMatch(text);
        expect(verdict?.measured).toMatch(/^at least /);
      }
      expect(first(run)).toEqual(advice);
      expect(run.code).toBe(exitCodes[run.judgement.verdict]);
    });
  },
);
