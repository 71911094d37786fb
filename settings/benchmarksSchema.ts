import { z } from "zod";
import * as fields from "./fields";
import { list, object } from "./fields";
import type { BenchmarkTargetSettings } from "./benchmarksTypes";

/** Namespace of what measures, where nothing else is said. */
export const BENCHMARKS_NAMESPACE = "benchmarks";

const positive = z
  .number({ error: "must be a number above 0" })
  .positive({ error: "must be a number above 0" });
const notNegative = z
  .number({ error: "must be a number, 0 or more" })
  .nonnegative({ error: "must be a number, 0 or more" });
const SHARE = "must be a share from 0 to 1";
const share = z.number({ error: SHARE }).min(0, { error: SHARE }).max(1, { error: SHARE });
const number = z.number({ error: "must be a number" });
const whole = fields.count(1, 1_000_000);
const flag = (fallback: boolean) => z.boolean({ error: "must be true or false" }).default(fallback);

const named = { name: fields.word };
const random = { distinct: fields.count(1, 10_000).default(256), seed: z.int().default(1) };

const DATATYPES = ["FP64", "FP32", "INT64", "INT32", "INT16", "INT8", "UINT8"] as const;
/** The input of a model that is asked by protocol v2, which knows inputs by their names. */
const input = object({
  name: fields.word.default("input-0"),
  datatype: z.enum(DATATYPES, { error: `must be one of ${DATATYPES.join(", ")}` }).default("FP64"),
}).exactOptional();

/** Requests, varied so that no cache is what is measured. */
const corpus = z.discriminatedUnion(
  "kind",
  [
    object({
      kind: z.literal("rows"),
      ...named,
      columns: whole,
      rows: whole.default(1),
      low: number.default(0),
      high: number.default(1),
      ...random,
      input,
    }),
    object({ kind: z.literal("words"), ...named, promptTokens: whole, outputTokens: whole, ...random }),
    object({
      kind: z.literal("examples"),
      ...named,
      input,
      examples: list(
        z.union(
          [
            object({
              instances: list(list(number, "numbers", 1), "rows of numbers", 1),
              expect: fields.anyList.exactOptional(),
            }),
            object({
              prompt: fields.word,
              outputTokens: whole,
              expect: z.string({ error: "must be text" }).exactOptional(),
            }),
          ],
          { error: "must have instances, or prompt and outputTokens" },
        ),
        "examples",
        1,
      ),
    }),
  ],
  { error: "must be rows, words or examples" },
);

/** Limits; those that are absent have the judge's own defaults. */
const slos = object({
  coldStartSeconds: positive.exactOptional(),
  warmP95Seconds: positive.exactOptional(),
  warmP99Seconds: positive.exactOptional(),
  firstTokenP95Seconds: positive.exactOptional(),
  requestsPerSecondPerGpu: positive.exactOptional(),
  gpuUtilisation: share.exactOptional(),
  autoscalingSeconds: positive.exactOptional(),
  errorRatio: share.exactOptional(),
});

const START_KINDS = "must be deployment, pod-restart or scale-from-zero";

const scenarios = object({
  smoke: object({ rate: positive.default(2), seconds: positive.default(5) }).prefault({}),
  warm: object({
    rate: positive.default(50),
    warmUpSeconds: notNegative.default(10),
    /** Four scrapes of a GPU at an interval of 30 s. */
    seconds: positive.default(120),
    streamsPerSecond: notNegative.default(0),
  }).prefault({}),
  saturation: object({
    startRate: positive,
    maxRate: positive,
    limitSeconds: positive.default(1800),
    stepSeconds: positive.default(20),
    warmUpSeconds: notNegative.default(3),
  }).exactOptional(),
  soak: object({
    rate: positive,
    windows: fields.count(2, 1000).default(6),
    windowSeconds: positive.default(600),
    warmUpSeconds: notNegative.default(10),
  }).exactOptional(),
  autoscaling: object({
    rateBefore: positive,
    rateAfter: positive,
    beforeSeconds: positive.default(30),
    holdSeconds: positive.default(180),
    returnSeconds: positive.default(600),
  }).exactOptional(),
  coldStart: object({
    kinds: list(
      z.enum(["deployment", "pod-restart", "scale-from-zero"], { error: START_KINDS }),
      "kinds of starts",
      1,
    ).default(["deployment"]),
    /** The served model itself, which then serves nothing; else a copy of it, for which there must be room. */
    live: z.boolean({ error: "must be true or false" }).exactOptional(),
    limitSeconds: positive.default(600),
  }).exactOptional(),
});

const amounts = (defaults: { readonly cpu: string; readonly memory: string }) =>
  object({ cpu: fields.cpu.prefault(defaults.cpu), memory: fields.memory.default(defaults.memory) }).prefault(
    {},
  );

/** Longest name that leaves room for what a CronJob appends to its own. */
const NAME = "must be at most 40 of a-z, 0-9 and inner hyphens";
/** A Deployment's, with room for what its copy and its pods append. */
const WORKLOAD = "must be a Kubernetes name of at most 40 characters";
const workloadName = fields.clusterName.refine((name) => name.length <= 40, { error: WORKLOAD });

/** One of `hub.benchmarks`: a served model, how it is loaded, and what it has to meet. */
export const benchmarkTarget = object({
  name: fields.clusterName.refine((name) => name.length <= 40, { error: NAME }),
  /** As its server calls it. */
  model: fields.word,
  /** As the registry calls it; default: as the server does. */
  registeredModel: fields.word.exactOptional(),
  /** Version of the registered model; absent: the alias `candidate` when a run begins. */
  version: fields.word.exactOptional(),
  /** From inside the cluster, without the protocol's path. */
  url: fields.httpUrl,
  /** Relative to the project's folder; absent: the system's roots. */
  caFile: fields.certificatesFile.exactOptional(),
  protocol: z.enum(["kserve-v1", "kserve-v2", "openai"], {
    error: "must be kserve-v1, kserve-v2 or openai",
  }),
  namespace: fields.namespaceName,
  /** InferenceService. */
  service: fields.clusterName,
  /** Objects of the served model; default: as KServe names them, `<service>-predictor`. */
  workload: object({
    deployment: workloadName.exactOptional(),
    service: fields.clusterName.exactOptional(),
    autoscaler: fields.kubernetesName.exactOptional(),
    port: fields.port.default(8080),
    container: fields.clusterName.default("kserve-container"),
  }).prefault({}),
  corpus,
  /** As in `pricePerGpuHour`; absent for a model on CPUs. */
  gpuType: fields.clusterName.exactOptional(),
  gpusPerReplica: fields.count(1, 64).exactOptional(),
  replicas: object({ min: fields.count(1, 1000).default(1), max: fields.count(1, 1000).default(1) })
    .refine(({ min, max }) => min <= max, { error: "must have min at most max" })
    .prefault({}),
  slos: slos.prefault({}),
  /** Stand-ins for hardware: every page says so, and no alias moves. */
  simulated: flag(false),
  scenarios: scenarios.prefault({}),
  timeoutSeconds: z
    .number({ error: "must be seconds from 0.1 to 100" })
    .min(0.1, { error: "must be seconds from 0.1 to 100" })
    .max(100, { error: "must be seconds from 0.1 to 100" })
    .default(10),
  lateSeconds: positive.default(0.01),
  gate: z.enum(["off", "advice", "gate"], { error: "must be off, advice or gate" }).default("off"),
  schedule: fields.cron.exactOptional(),
  timeZone: fields.timeZone.default("UTC"),
  disruptive: flag(false),
  promote: flag(false),
  resources: object({
    requests: amounts({ cpu: "1", memory: "512Mi" }),
    limits: amounts({ cpu: "2", memory: "1Gi" }),
  }).prefault({}),
}).transform(({ registeredModel, workload, gpusPerReplica, service, ...rest }): BenchmarkTargetSettings => {
  const predictor = `${service}-predictor`;
  return {
    ...rest,
    service,
    registeredModel: registeredModel ?? rest.model,
    workload: {
      ...workload,
      deployment: workload.deployment ?? predictor,
      service: workload.service ?? predictor,
      autoscaler: workload.autoscaler ?? predictor,
    },
    gpusPerReplica: gpusPerReplica ?? (rest.gpuType === undefined ? 0 : 1),
  };
});
