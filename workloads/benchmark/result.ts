/**
 * The result of a benchmark run, `schema: 1`: what was asked, and the evidence as it was measured. The driver writes it;
 * `analysis/` judges it and takes nothing from anywhere else, so that a result can be judged again later.
 *
 * Times are seconds, ratios 0 to 1, sizes bytes, energy joules, prices in the target's currency. A field that was not
 * measured is absent, never 0. Evidence that contradicts itself is refused when it is read.
 */
import * as z from "zod";
import { BUCKETS } from "./buckets";

const seconds = z.number().nonnegative();
const ratio = z.number().min(0).max(1);
const count = z.int().nonnegative();
const amount = z.number().nonnegative();
const moment = z.iso.datetime();
const name = z.string().min(1);

/** What serving has to meet. */
export const slosSchema = z.strictObject({
  /** To the first inference after deployment, below. */
  coldStartSeconds: z.number().positive().default(10),
  /** 95th percentile at the warm rate, below. */
  warmP95Seconds: z.number().positive().default(0.5),
  /** 99th percentile at the warm rate, below; absent: reported, not judged. */
  warmP99Seconds: z.number().positive().optional(),
  /** 95th percentile of the time to first token, below; absent: reported, not judged. */
  firstTokenP95Seconds: z.number().positive().optional(),
  /** At the knee, above. */
  requestsPerSecondPerGpu: z.number().positive().default(50),
  /** Mean over the GPUs under load, above. */
  gpuUtilisation: ratio.default(0.7),
  /** From the load step to the highest number of replicas in rotation, below. */
  autoscalingSeconds: z.number().positive().default(120),
  /** Share of requests without a good HTTP answer, at most. */
  errorRatio: ratio.default(0.01),
});

/** Settings that a recommendation may change. */
export const knobs = [
  "minReplicas",
  "maxReplicas",
  "gpuType",
  "gpusPerReplica",
  "cpuLimitCores",
  "serverWorkers",
  "maxBatchedSequences",
  "maxModelLength",
  "kvCacheType",
  "weightType",
  "prefixCaching",
  "autoscalerTarget",
  "autoscalerPollSeconds",
  "localModelCache",
  "imagePrePull",
  "compileCache",
  "readinessPeriodSeconds",
  "nodes",
  "modelVersion",
] as const;
export type Knob = (typeof knobs)[number];

/** What was measured, and on what. */
export const targetSchema = z.strictObject({
  /** Name of the target in settings. */
  name,
  model: name,
  /** Version of the registered model that answered. */
  version: name,
  /** Does this version hold the alias `champion`? */
  champion: z.boolean().default(false),
  cluster: name,
  namespace: name.optional(),
  /** InferenceService, for what a person has to look for. */
  service: name.optional(),
  protocol: z.enum(["kserve-v1", "kserve-v2", "openai"]),
  url: name,
  corpus: z.strictObject({
    name,
    /** Tokens, or values, of a request and of its answer, as they were asked for. */
    promptTokens: count.optional(),
    outputTokens: count.optional(),
    distinctRequests: z.int().positive(),
  }),
  /** Type of the GPUs as in `pricePerGpuHour`; absent for a model on CPUs. */
  gpuType: name.optional(),
  gpusPerReplica: count.default(0),
  /** GPUs or limits are scaled stand-ins: every page says so and no alias moves. */
  simulated: z.boolean(),
  /** Price of a GPU hour by type, for every type that serving could use. */
  pricePerGpuHour: z.record(name, z.number().nonnegative()).default({}),
  currency: name.default("USD"),
  slos: slosSchema.prefault({}),
  /** Autoscaling as it is set; the autoscaling scenario goes `minReplicas` -> `maxReplicas` -> `minReplicas`. */
  minReplicas: count.default(1),
  maxReplicas: z.int().positive().default(1),
  /**
   * Where each knob stands and what it is now, as far as the stack has it, else as the cluster shows it. Without a setting:
   * the field of KServe or the engine.
   */
  settings: z
    .partialRecord(
      z.enum(knobs),
      z.strictObject({
        setting: name.optional(),
        value: z.union([z.string(), z.number(), z.boolean()]).optional(),
      }),
    )
    .default({}),
});

/** Latencies of good answers, counted in log buckets (buckets.ts). */
export const latenciesSchema = z
  .strictObject({
    /** `[bucket, count]`, ascending, without empty ones. */
    counts: z.array(
      z.tuple([
        z
          .int()
          .min(0)
          .max(BUCKETS - 1),
        z.int().positive(),
      ]),
    ),
    /** Sum of the same latencies, for the mean. */
    sumSeconds: seconds,
  })
  .refine(({ counts }) => counts.every(([bucket], at) => at === 0 || bucket > (counts[at - 1]?.[0] ?? 0)), {
    path: ["counts"],
    message: "buckets must ascend, each once",
  });

/** Why a request had no good HTTP answer. `refused`: no listener; `unknown-host`: no such name; `reset`: cut while in use. */
export const failureKinds = [
  "unknown-host",
  "refused",
  "reset",
  "timeout",
  "tls",
  "http-401",
  "http-403",
  "http-404",
  "http-429",
  "http-4xx",
  "http-5xx",
  "other",
] as const;
export type FailureKind = (typeof failureKinds)[number];

/** Scrapes of one GPU within a load window. */
export const gpuSchema = z.strictObject({
  /** UUID, or node and index. */
  id: name,
  node: name.optional(),
  type: name,
  simulated: z.boolean(),
  /** Utilisation of each scrape within the window. */
  utilisation: z.array(ratio),
  /** Graphics engine activity of each scrape: the truer figure, where DCGM gives it. */
  engineActive: z.array(ratio).optional(),
  memoryUsedBytes: amount.optional(),
  /** Over the window, from DCGM's energy counter. */
  energyJoules: amount.optional(),
});

/** What the model server and its engine said about the window; means over its scrapes. */
export const serverSchema = z.strictObject({
  /** Increase of the latency histogram's sum and count. */
  latency: z
    .strictObject({
      metric: name,
      /** `request`: all that the server does for a request, its queue too. `inference`: only the model's own time. */
      covers: z.enum(["request", "inference"]),
      sumSeconds: seconds,
      count: amount,
    })
    .optional(),
  /** Requests that waited, mean and highest. */
  waiting: amount.optional(),
  waitingMax: amount.optional(),
  /** Requests in work, and how many the engine takes at most. */
  running: amount.optional(),
  runningLimit: amount.optional(),
  kvCacheUsed: ratio.optional(),
  preemptions: amount.optional(),
  prefixCacheHitRatio: ratio.optional(),
  /** Of all pods together. */
  cpuCores: amount.optional(),
  cpuLimitCores: amount.optional(),
  /** Share of the CPU periods that were throttled. */
  cpuThrottled: ratio.optional(),
  memoryBytes: amount.optional(),
});

/** One window of load at one rate, without its warm-up. */
export const loadSchema = z
  .strictObject({
    startedAt: moment,
    seconds: z.number().positive(),
    /** Asked, requests per second. */
    targetRate: z.number().positive(),
    /** Requests begun per second. */
    achievedRate: amount,
    /** Requests that ended in the window: good + wrong + failed. */
    requests: count,
    failures: z.partialRecord(z.enum(failureKinds), z.int().positive()).default({}),
    /** Answered in good form and with the wrong content. */
    wrongAnswers: count,
    /** Iterations that k6 did not begin for want of virtual users. */
    droppedIterations: count,
    latencies: latenciesSchema,
    /** Replicas in rotation, mean over the window. */
    replicas: z.number().positive(),
    client: z.strictObject({
      cpuCores: amount,
      limitCores: z.number().positive(),
      /** Share of the CPU periods that were throttled. */
      throttled: ratio.optional(),
      /**
       * By how much requests began late, 95th percentile, and what is allowed at most. Where iterations were dropped, by how
       * much the client's own clock was late: then nobody knows when a request should have begun.
       */
      late: z.strictObject({ seconds, limitSeconds: seconds }).optional(),
    }),
    server: serverSchema.optional(),
    /** Usage of each pod of the model, as metrics.k8s.io told it for the window. */
    pods: z.array(z.strictObject({ name, cpuCores: amount, memoryBytes: amount })).optional(),
    gpus: z.array(gpuSchema).optional(),
    tokens: z.strictObject({ prompt: count, output: count }).optional(),
  })
  .refine(
    ({ requests, failures, wrongAnswers, latencies }) =>
      requests ===
      wrongAnswers +
        Object.values(failures).reduce((sum, n) => sum + n, 0) +
        latencies.counts.reduce((sum, [, n]) => sum + n, 0),
    {
      path: ["requests"],
      message: "must be the sum of good answers (latencies), wrong answers and failures",
    },
  );

/** Time to first token as the streaming probe saw it: `sampled`, at a low rate beside the load. */
export const streamingSchema = z.strictObject({
  ratePerSecond: z.number().positive(),
  failures: count,
  /** Of each probe: seconds to the first token, to the last one, and tokens in between. */
  samples: z.array(z.strictObject({ firstToken: seconds, total: seconds, outputTokens: count })),
});

/** Phases of a start, in their order. A phase ends when the observer receives the event that names it. */
export const phases = [
  "metric-seen",
  "decision",
  "pod-created",
  "scheduled",
  "image",
  "model",
  "ready",
  "in-rotation",
  "first-answer",
] as const;
export type Phase = (typeof phases)[number];

/** Lengths of phases by the observer's monotonic clock; those that a start does not have are absent. */
const stopwatch = {
  phases: z.array(z.strictObject({ phase: z.enum(phases), seconds })),
  totalSeconds: seconds,
};
const TOLERANCE = 0.005;
interface Stopwatch {
  readonly phases: readonly { readonly phase: Phase; readonly seconds: number }[];
  readonly totalSeconds?: number | undefined;
}
const sums = ({ phases: timed, totalSeconds }: Stopwatch): boolean =>
  totalSeconds === undefined ||
  Math.abs(timed.reduce((sum, one) => sum + one.seconds, 0) - totalSeconds) <= TOLERANCE;
const ordered = ({ phases: timed }: Stopwatch): boolean =>
  timed.every(
    ({ phase }, at) => at === 0 || phases.indexOf(phase) > phases.indexOf(timed[at - 1]?.phase ?? phase),
  );
const SUMS = { path: ["totalSeconds"], message: "phases must sum to the total" };
const ORDERED = { path: ["phases"], message: "phases must stand in their order, each once" };

/** `deployment`: first request after deployment; the one that the target judges. */
export const coldStartKinds = ["deployment", "pod-restart", "scale-from-zero"] as const;

export const coldStartSchema = z
  .strictObject({
    kind: z.enum(coldStartKinds),
    startedAt: moment,
    ...stopwatch,
    /** Scaled by hand, as no autoscaler of this cluster starts from zero. */
    manual: z.boolean().default(false),
  })
  .refine(sums, SUMS)
  .refine(ordered, ORDERED);

export const autoscalingSchema = z
  .strictObject({
    startedAt: moment,
    /** Replicas in rotation before the step, and how many the step is to bring. */
    from: z.int().positive(),
    to: z.int().positive(),
    rateBefore: amount,
    rateAfter: z.number().positive(),
    /** Phases of the replica that came into rotation last; where it never came, those that ended. */
    phases: stopwatch.phases,
    /** From the load step to `to` replicas in rotation; absent: not reached while the load lasted. */
    totalSeconds: seconds.optional(),
    /** How long the step was held and watched. */
    watchedSeconds: z.number().positive(),
    /** From the end of the load to `from` replicas; absent: not reached while it was watched. */
    returnSeconds: seconds.optional(),
    /** Pods that no node had room for: a lack of capacity, no fault of the autoscaler. */
    unschedulablePods: count.default(0),
    /** Seconds since the step; the course of the run. */
    timeline: z.array(
      z.strictObject({
        seconds: z.number(),
        rate: amount,
        desired: count,
        inRotation: count,
        /** What the autoscaler looks at, relative to its target: above 1 it wants more. */
        signal: amount.optional(),
      }),
    ),
    load: loadSchema.optional(),
  })
  .refine(sums, SUMS)
  .refine(ordered, ORDERED);

export const scenarios = ["smoke", "coldStart", "warm", "saturation", "soak", "autoscaling"] as const;
export type Scenario = (typeof scenarios)[number];

const evidenceSchema = z.strictObject({
  smoke: z
    .strictObject({
      requests: count,
      failures: z.partialRecord(z.enum(failureKinds), z.int().positive()).default({}),
      wrongAnswers: count,
    })
    .optional(),
  coldStart: z.array(coldStartSchema).optional(),
  warm: z.strictObject({ load: loadSchema, streaming: streamingSchema.optional() }).optional(),
  saturation: z
    .strictObject({
      /** In the order in which they were run. */
      steps: z.array(z.strictObject({ purpose: z.enum(["climb", "bisect", "confirm"]), load: loadSchema })),
      stopped: z.enum(["knee-confirmed", "rate-limit", "time-limit", "errors"]),
    })
    .optional(),
  /** Windows of equal length, in order: a slow leak shows from one to the next. */
  soak: z.strictObject({ windows: z.array(loadSchema) }).optional(),
  autoscaling: autoscalingSchema.optional(),
});

/** A run in a few figures: what is kept of it, and what later runs are compared with. */
export const summarySchema = z.strictObject({
  run: name,
  startedAt: moment,
  model: name,
  version: name,
  /** Was this version the champion when it ran? */
  champion: z.boolean(),
  gpuType: name.optional(),
  /** Of that type when it ran: costs are told at the price of today. */
  pricePerGpuHour: amount.optional(),
  simulated: z.boolean(),
  /** Runs compare only under the same conditions: cluster, replicas, rate, requests. */
  conditions: name,
  /** What requests asked and how fast answers had to be: costs compare only of the same, whatever the hardware. */
  requests: name.optional(),
  figures: z.strictObject({
    warmP50Seconds: seconds.optional(),
    warmP95Seconds: seconds.optional(),
    warmP99Seconds: seconds.optional(),
    kneeRate: amount.optional(),
    kneeRatePerGpu: amount.optional(),
    coldStartSeconds: seconds.optional(),
    autoscalingSeconds: seconds.optional(),
    /** At the knee, else at the warm rate; and at the warm rate. */
    gpuUtilisation: ratio.optional(),
    warmGpuUtilisation: ratio.optional(),
    costPer1000Requests: amount.optional(),
    costPerMillionTokens: amount.optional(),
    usedCostPer1000Requests: amount.optional(),
    usedCostPerMillionTokens: amount.optional(),
    joulesPer1000Requests: amount.optional(),
    /** Shares of requests without a good HTTP answer, and of answers with the wrong content, below the knee. */
    errorRatio: ratio.optional(),
    wrongAnswerRatio: ratio.optional(),
  }),
});

export const resultSchema = z.strictObject({
  schema: z.literal(1),
  /** Unique for the run; `testid` of its series. */
  run: name,
  startedAt: moment,
  endedAt: moment,
  target: targetSchema,
  /** Scenarios that were asked for: each one has evidence or an error. */
  asked: z.array(z.enum(scenarios)).min(1),
  evidence: evidenceSchema,
  /** Why a scenario has no evidence, or not all of it. */
  errors: z
    .array(
      z.strictObject({
        scenario: z.enum(scenarios),
        kind: z.enum([...failureKinds, "not-allowed", "generator", "kubernetes", "prometheus"]),
        message: name,
      }),
    )
    .default([]),
  /** Earlier runs of the model, oldest first; the champion's and others. */
  history: z.array(summarySchema).default([]),
  /** Versions of what measured: k6, Node, this project. */
  tools: z.record(name, name).default({}),
});

export type Slos = z.output<typeof slosSchema>;
export type Target = z.output<typeof targetSchema>;
export type Latencies = z.output<typeof latenciesSchema>;
export type GpuSamples = z.output<typeof gpuSchema>;
export type ServerFigures = z.output<typeof serverSchema>;
export type Load = z.output<typeof loadSchema>;
export type Streaming = z.output<typeof streamingSchema>;
export type ColdStart = z.output<typeof coldStartSchema>;
export type Autoscaling = z.output<typeof autoscalingSchema>;
export type Summary = z.output<typeof summarySchema>;
export type Result = z.output<typeof resultSchema>;
/** What a driver has to write: everything with a default may be left out. */
export type ResultInput = z.input<typeof resultSchema>;

/** A result that cannot be judged; names each field with its fault. */
export class ResultError extends Error {
  override readonly name = "ResultError";
}

/** Checks a result; a ResultError names each field with its fault. */
export function parseResult(value: unknown): Result {
  const schema = (value as { schema?: unknown } | null)?.schema;
  if (schema !== 1) {
    throw new ResultError(
      `schema: ${JSON.stringify(schema)} is not known; this version reads results of schema 1`,
    );
  }
  const parsed = resultSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "result"}: ${message}`);
  throw new ResultError(faults.join("\n"));
}
