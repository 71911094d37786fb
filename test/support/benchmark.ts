import { judgeStep } from "../../workloads/benchmark/analysis/knee";
import { bucketOf } from "../../workloads/benchmark/buckets";
import { parseResult, targetSchema } from "../../workloads/benchmark/result";
import { seeded as random } from "./inferenceServer/distribution";
import type {
  Autoscaling,
  Latencies,
  Load,
  Result,
  ResultInput,
  Scenario,
  ServerFigures,
  Summary,
  Target,
} from "../../workloads/benchmark/result";

export { random };

/** A normal number, mean 0 and deviation 1. */
export const normal = (next: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

/** Latencies in seconds, counted in buckets. */
export function latenciesOf(values: readonly number[]): Latencies {
  const counts = new Map<number, number>();
  for (const value of values) {
    const bucket = bucketOf(value * 1e3);
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  }
  return {
    counts: [...counts].sort(([one], [other]) => one - other),
    sumSeconds: values.reduce((sum, value) => sum + value, 0),
  };
}

/** A model server with known behaviour. */
export interface Server {
  /** Requests in work at once, a replica. */
  readonly slots: number;
  readonly replicas: number;
  /** Seconds of one request, drawn from random numbers. */
  readonly service: (next: () => number) => number;
  readonly failRatio?: number;
  readonly wrongRatio?: number;
  /** What the engine and the system say beside what the simulation knows. */
  readonly server?: ServerFigures;
  /** GPU utilisation of a replica at a rate of its own. */
  readonly gpu?: (ratePerReplica: number) => number;
  readonly client?: Load["client"];
}

/** A queue in front of slots, arrivals in equal distances. Returns latencies and time spent waiting, seconds. */
export function queue(
  rate: number,
  seconds: number,
  { slots, service }: Pick<Server, "slots" | "service">,
  next: () => number,
): { readonly latencies: readonly number[]; readonly waited: number } {
  const free = Array<number>(slots).fill(0);
  let waited = 0;
  const latencies = Array.from({ length: Math.round(rate * seconds) }, (_, index) => {
    const arrival = index / rate;
    const slot = free.indexOf(Math.min(...free));
    const begin = Math.max(arrival, free[slot]!);
    free[slot] = begin + service(next);
    waited += begin - arrival;
    return free[slot] - arrival;
  });
  return { latencies, waited };
}

/** One window of load on a simulated server; every replica gets its share in turn. */
export function load(server: Server, rate: number, seconds: number, next: () => number): Load {
  const { replicas, slots, failRatio = 0, wrongRatio = 0 } = server;
  const runs = Array.from({ length: replicas }, () => queue(rate / replicas, seconds, server, next));
  const all = runs.flatMap(({ latencies }) => latencies);
  const failed = Math.round(all.length * failRatio);
  const wrong = Math.round(all.length * wrongRatio);
  const good = all.slice(0, all.length - failed - wrong);
  const busy = all.reduce((sum, value) => sum + value, 0) - runs.reduce((sum, one) => sum + one.waited, 0);
  const utilisation = server.gpu?.(rate / replicas) ?? 0.85;
  const latencies = latenciesOf(good);
  return {
    startedAt: "2026-01-31T12:00:00Z",
    seconds,
    targetRate: rate,
    achievedRate: all.length / seconds,
    requests: all.length,
    failures: failed > 0 ? { "http-5xx": failed } : {},
    wrongAnswers: wrong,
    droppedIterations: 0,
    latencies,
    replicas,
    client: server.client ?? {
      cpuCores: 0.2,
      limitCores: 1,
      throttled: 0,
      late: { seconds: 0.002, limitSeconds: 0.01 },
    },
    server: {
      latency: {
        metric: "request_duration_seconds",
        covers: "request",
        sumSeconds: latencies.sumSeconds * 0.98,
        count: good.length,
      },
      waiting: runs.reduce((sum, one) => sum + one.waited, 0) / seconds / replicas,
      running: Math.min(busy / seconds / replicas, slots),
      runningLimit: slots,
      ...server.server,
    },
    gpus: Array.from({ length: replicas }, (_, index) => ({
      id: `GPU-${index}`,
      type: "rtx-a6000",
      simulated: false,
      utilisation: Array<number>(6).fill(utilisation),
      energyJoules: 200 * seconds,
    })),
  };
}

/** Steps the load as a driver does: climbs by a quarter, halves the gap to 3 %, confirms twice. */
export function saturate(
  server: Server,
  target: Target,
  { start, seconds, next }: { readonly start: number; readonly seconds: number; readonly next: () => number },
): NonNullable<Result["evidence"]["saturation"]> {
  type Purpose = "climb" | "bisect" | "confirm";
  const steps: { purpose: Purpose; load: Load }[] = [];
  const met = (rate: number, purpose: Purpose): boolean => {
    const step = { purpose, load: load(server, rate, seconds, next) };
    steps.push(step);
    return judgeStep(step, target).state === "met";
  };
  let [low, high] = [0, start];
  while (met(high, "climb")) [low, high] = [high, high * 1.25];
  if (low === 0) return { steps, stopped: "errors" };
  for (;;) {
    while (high / low > 1.03) {
      const middle = Math.sqrt(low * high);
      if (met(middle, "bisect")) low = middle;
      else high = middle;
    }
    if (met(low, "confirm") && met(low, "confirm")) return { steps, stopped: "knee-confirmed" };
    [low, high] = [low / 1.03, low];
  }
}

export const targetInput: ResultInput["target"] = {
  name: "chat",
  model: "hpc-chat",
  version: "7",
  cluster: "cloud",
  service: "chat",
  protocol: "kserve-v2",
  url: "http://chat.models.svc/v2/models/chat/infer",
  corpus: { name: "short", promptTokens: 64, outputTokens: 32, distinctRequests: 500 },
  gpuType: "rtx-a6000",
  gpusPerReplica: 1,
  simulated: false,
  pricePerGpuHour: { "rtx-a6000": 0.8, "tesla-t4": 0.35 },
  minReplicas: 1,
  maxReplicas: 3,
};

const autoscaling: Autoscaling = {
  startedAt: "2026-01-31T12:20:00Z",
  from: 1,
  to: 3,
  rateBefore: 20,
  rateAfter: 200,
  phases: [
    { phase: "metric-seen", seconds: 18 },
    { phase: "decision", seconds: 12 },
    { phase: "pod-created", seconds: 1 },
    { phase: "scheduled", seconds: 1 },
    { phase: "image", seconds: 2 },
    { phase: "model", seconds: 14 },
    { phase: "ready", seconds: 26 },
    { phase: "in-rotation", seconds: 4 },
  ],
  totalSeconds: 78,
  watchedSeconds: 300,
  returnSeconds: 340,
  unschedulablePods: 0,
  timeline: [
    { seconds: -20, rate: 20, desired: 1, inRotation: 1 },
    { seconds: 0, rate: 200, desired: 1, inRotation: 1 },
    { seconds: 30, rate: 200, desired: 3, inRotation: 1 },
    { seconds: 71, rate: 200, desired: 3, inRotation: 2 },
    { seconds: 78, rate: 200, desired: 3, inRotation: 3 },
    { seconds: 300, rate: 20, desired: 3, inRotation: 3 },
    { seconds: 620, rate: 20, desired: 1, inRotation: 2 },
    { seconds: 640, rate: 20, desired: 1, inRotation: 1 },
    { seconds: 660, rate: 20, desired: 1, inRotation: 1 },
  ],
};

export interface Run {
  readonly server?: Partial<Server>;
  readonly target?: Partial<ResultInput["target"]>;
  readonly asked?: readonly Scenario[];
  readonly warmRate?: number;
  /** First rate of the stepped load. */
  readonly start?: number;
  readonly seed?: number;
  readonly coldStart?: ResultInput["evidence"]["coldStart"];
  readonly autoscaling?: Partial<Autoscaling>;
  readonly history?: readonly Summary[];
  readonly run?: string;
}

export const GOOD: Server = {
  slots: 8,
  replicas: 1,
  service: (next) => 0.05 * Math.exp(0.2 * normal(next)),
};

/** The result of a whole run against a simulated server; the default one is good at everything. */
export function runAgainst(run: Run = {}): Result {
  const server: Server = { ...GOOD, ...run.server };
  const input = { ...targetInput, ...run.target };
  const target = targetSchema.parse(input);
  const next = random(run.seed ?? 1);
  const { warmRate = 60, start = 50 } = run;
  const asked = run.asked ?? ["smoke", "coldStart", "warm", "saturation", "autoscaling"];
  const only = <T>(scenario: Scenario, make: () => T): Partial<Record<Scenario, T>> =>
    asked.includes(scenario) ? { [scenario]: make() } : {};
  const warm = load(server, warmRate, Math.ceil(3_600 / warmRate), next);
  const smokeWrong = server.wrongRatio === undefined ? 0 : 2;
  return parseResult({
    schema: 1,
    run: run.run ?? "run-1",
    startedAt: "2026-01-31T12:00:00Z",
    endedAt: "2026-01-31T12:40:00Z",
    target: input,
    asked,
    evidence: {
      ...only("smoke", () => ({ requests: 10, failures: {}, wrongAnswers: smokeWrong })),
      ...only(
        "coldStart",
        () =>
          run.coldStart ?? [
            {
              kind: "deployment",
              startedAt: "2026-01-31T12:01:00Z",
              phases: [
                { phase: "pod-created", seconds: 0.4 },
                { phase: "scheduled", seconds: 0.1 },
                { phase: "image", seconds: 0.9 },
                { phase: "model", seconds: 2.1 },
                { phase: "ready", seconds: 2.5 },
                { phase: "in-rotation", seconds: 0.6 },
                { phase: "first-answer", seconds: 0.2 },
              ],
              totalSeconds: 6.8,
            },
          ],
      ),
      ...only("warm", () => ({ load: warm })),
      ...only("saturation", () =>
        saturate(server, target, { start, seconds: Math.max(30, 700 / start), next }),
      ),
      ...only("autoscaling", () => ({ ...autoscaling, ...run.autoscaling })),
    },
    history: run.history ?? [],
    tools: { k6: "1.8.1" },
  });
}

/** The same result with its warm window changed. */
export function withWarm(result: Result, change: (load: Load) => Partial<Load>): Result {
  const { warm } = result.evidence;
  return parseResult({
    ...result,
    evidence: { ...result.evidence, warm: { ...warm!, load: { ...warm!.load, ...change(warm!.load) } } },
  });
}
