import * as z from "zod";
import { coldStartKinds, scenarios, targetSchema, type Target } from "../result";
import { readNamedFile } from "./files";
import {
  authority,
  file,
  kubernetesSchema,
  prometheusSchema,
  registrySchema,
  remoteWriteSchema,
  storeSchema,
} from "./services";
import { SettingsError } from "./settingsError";

const seconds = (fallback: number) => z.number().positive().default(fallback);

const values = z.array(z.number());

/** Types of numbers that a request of protocol v2 can name. */
export const datatypes = ["FP64", "FP32", "INT64", "INT32", "INT16", "INT8", "UINT8"] as const;

/** The input of a model that is asked by protocol v2, which knows inputs by their names. */
const inputSchema = z.strictObject({
  name: z.string().min(1).default("input-0"),
  datatype: z.enum(datatypes).default("FP64"),
});

/** Where requests come from. `{{id}}` in a prompt becomes the request's mark, unlike any other's. */
const corpusSchema = z.discriminatedUnion("kind", [
  /** Instances of random values, the same for the same seed; only the answer's form is checked. */
  z.strictObject({
    kind: z.literal("rows"),
    columns: z.int().positive(),
    rows: z.int().positive().default(1),
    low: z.number().default(0),
    high: z.number().default(1),
    distinct: z.int().min(1).max(10_000).default(256),
    seed: z.int().default(1),
    input: inputSchema.optional(),
  }),
  /** Prompts of random words, each begun with the request's mark; only the answer's form is checked. */
  z.strictObject({
    kind: z.literal("words"),
    promptTokens: z.int().positive(),
    outputTokens: z.int().positive(),
    distinct: z.int().min(1).max(10_000).default(256),
    seed: z.int().default(1),
  }),
  /** Requests whose answers are known; a wrong answer is no good one, however fast. */
  z.strictObject({
    kind: z.literal("examples"),
    input: inputSchema.optional(),
    examples: z
      .array(
        z.union([
          z.strictObject({ instances: z.array(values).min(1), expect: z.array(z.unknown()).optional() }),
          z.strictObject({
            prompt: z.string().min(1),
            outputTokens: z.int().positive(),
            expect: z.string().optional(),
          }),
        ]),
      )
      .min(1),
  }),
]);

const saturationSchema = z
  .strictObject({
    startRate: z.number().positive(),
    /** No step goes above. */
    maxRate: z.number().positive(),
    /** No new step begins after. */
    limitSeconds: seconds(1800),
    /** Seconds of a step at least; it is longer where too few requests would be counted for a P95. */
    stepSeconds: seconds(20),
    warmUpSeconds: z.number().nonnegative().default(3),
  })
  .refine(({ startRate, maxRate }) => startRate <= maxRate, {
    path: ["maxRate"],
    message: "at least startRate",
  });

const RUN = "letters, digits, dot, underscore and hyphen only";
const runName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, RUN);

export const settingsSchema = z
  .strictObject({
    /** Unique for the run; `testid` of its series. Absent: the environment variable BENCHMARK_RUN. */
    run: runName.optional(),
    /** Without a version: the one that the registry's alias names when the run begins. */
    target: targetSchema.extend({ version: targetSchema.shape.version.optional() }),
    corpus: corpusSchema,
    asked: z.array(z.enum(scenarios)).min(1),
    /** Scenarios that make or delete pods, or make an autoscaler do so, run only where this is set. */
    disruptive: z.boolean().default(false),
    timeoutSeconds: z.number().min(0.1).max(100).default(10),
    /** Seconds by which requests may begin late (P95), or a tenth of the latency's P95: later ones are no evidence. */
    lateSeconds: seconds(0.01),
    /** Largest relative difference between a number of an answer and the one expected. */
    tolerance: z.number().nonnegative().default(1e-3),
    /** Headers of every request, by name. */
    headers: z.record(z.string(), z.string()).default({}),
    /** File whose content is sent as a bearer token. */
    bearerFile: file.optional(),
    ...authority,
    /** Most requests under way at the same time: what the client's memory allows. */
    maxVirtualUsers: z.int().positive().default(500),
    smoke: z.strictObject({ rate: z.number().positive().default(2), seconds: seconds(5) }).prefault({}),
    warm: z
      .strictObject({
        rate: z.number().positive().default(50),
        warmUpSeconds: z.number().nonnegative().default(10),
        seconds: seconds(60),
        /** Streams opened per second beside the load; 0: none. Only the OpenAI protocol streams. */
        streamsPerSecond: z.number().nonnegative().default(0),
      })
      .prefault({}),
    saturation: saturationSchema.optional(),
    soak: z
      .strictObject({
        rate: z.number().positive(),
        windows: z.int().min(2).default(6),
        windowSeconds: seconds(600),
        warmUpSeconds: z.number().nonnegative().default(10),
      })
      .optional(),
    autoscaling: z
      .strictObject({
        rateBefore: z.number().positive(),
        rateAfter: z.number().positive(),
        beforeSeconds: seconds(30),
        holdSeconds: seconds(180),
        /** Seconds in which the replicas are to be back at their lowest number after the load. */
        returnSeconds: seconds(600),
      })
      .optional(),
    coldStart: z
      .strictObject({
        /** Kinds beside `deployment`, which makes the copy that the others are timed on. */
        kinds: z.array(z.enum(coldStartKinds)).default(["deployment"]),
        /** Times the live model, which then serves nothing, instead of a copy: for a site without room for one. */
        live: z.boolean().default(false),
        limitSeconds: seconds(600),
      })
      .optional(),
    kubernetes: kubernetesSchema.optional(),
    prometheus: prometheusSchema.optional(),
    remoteWrite: remoteWriteSchema.optional(),
    store: storeSchema.optional(),
    registry: registrySchema.optional(),
    /** File that the result is written to. */
    resultFile: file,
    /** Folder for what a step needs; made when it is not there. */
    workFolder: file,
    k6: z.string().min(1).default("k6"),
  })
  .superRefine((settings, context) => {
    if (settings.target.version === undefined && settings.registry === undefined)
      context.addIssue({
        code: "custom",
        path: ["target", "version"],
        message: "not set, and there is no registry that names one: give the version, or the registry",
      });
    for (const scenario of ["saturation", "soak", "autoscaling", "coldStart"] as const)
      if (settings.asked.includes(scenario) && settings[scenario] === undefined)
        context.addIssue({
          code: "custom",
          path: [scenario],
          message: `is asked for and has no settings; give ${scenario}, or leave it out of asked`,
        });
    if (settings.coldStart?.live && settings.coldStart.kinds.every((kind) => kind === "deployment"))
      context.addIssue({
        code: "custom",
        path: ["coldStart", "kinds"],
        message: "of a live model only pod-restart and scale-from-zero can be timed; name one of them",
      });
    for (const scenario of ["autoscaling", "coldStart"] as const)
      if (settings.asked.includes(scenario) && settings.kubernetes === undefined)
        context.addIssue({ code: "custom", path: ["kubernetes"], message: `is needed for ${scenario}` });
    if (
      settings.asked.includes("autoscaling") &&
      !(settings.target.maxReplicas > settings.target.minReplicas)
    )
      context.addIssue({
        code: "custom",
        path: ["target", "maxReplicas"],
        message: `${settings.target.maxReplicas}: autoscaling needs more than minReplicas (${settings.target.minReplicas})`,
      });
    if (settings.asked.includes("autoscaling") && settings.target.minReplicas < 1)
      context.addIssue({
        code: "custom",
        path: ["target", "minReplicas"],
        message:
          "0: the autoscaling scenario starts from a replica that serves; the cold start times the first one",
      });
    const openai = settings.target.protocol === "openai";
    const texts =
      settings.corpus.kind === "words" ||
      (settings.corpus.kind === "examples" && settings.corpus.examples.every((one) => "prompt" in one));
    const rows =
      settings.corpus.kind === "rows" ||
      (settings.corpus.kind === "examples" && settings.corpus.examples.every((one) => "instances" in one));
    if (openai ? !texts : !rows)
      context.addIssue({
        code: "custom",
        path: ["corpus"],
        message: `the protocol ${settings.target.protocol} takes ${openai ? "prompts" : "instances"}`,
      });
    if (settings.warm.streamsPerSecond > 0 && !openai)
      context.addIssue({
        code: "custom",
        path: ["warm", "streamsPerSecond"],
        message: "only the protocol openai streams; leave it at 0",
      });
  });

/** Settings as a file declares them, with their defaults; what each means stands at the schema. */
export type Declared = z.output<typeof settingsSchema>;
/** What a settings file may hold: everything with a default may be left out. */
export type SettingsInput = z.input<typeof settingsSchema>;
export type Corpus = Declared["corpus"];

/** Settings of a run whose name and version are known: what scenarios work with. */
export interface Settings extends Omit<Declared, "run" | "target"> {
  readonly run: string;
  readonly target: Target;
}

/** What is known only when the run begins. */
export interface Known {
  /** BENCHMARK_RUN, for settings without a name of the run. */
  readonly run?: string | undefined;
  readonly target?: Partial<Target>;
}

/**
 * Completes settings by what is known when the run begins.
 *
 * @throws SettingsError where the run has no name or the target no version
 */
export function settle(declared: Declared, known: Known = {}): Settings {
  const run = runName.safeParse(declared.run ?? known.run);
  if (!run.success)
    throw new SettingsError(
      known.run === undefined
        ? "run: not set, and the environment has no BENCHMARK_RUN: give the run a name by one of them"
        : `BENCHMARK_RUN: ${JSON.stringify(known.run)}: ${RUN}`,
    );
  const { version = declared.target.version, ...target } = known.target ?? {};
  if (version === undefined) throw new SettingsError("target.version: not known");
  return { ...declared, run: run.data, target: { ...declared.target, ...target, version } };
}

/** Checks settings; a SettingsError names each field with its fault. */
export function parseSettings(value: unknown): Declared {
  const result = settingsSchema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map(
    (issue) => `${issue.path.join(".") || "settings"}: ${issue.message}`,
  );
  throw new SettingsError(faults.join("\n"));
}

/** Reads and checks a settings file. */
export function readSettings(path: string): Declared {
  const text = readNamedFile(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SettingsError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parseSettings(value);
}
