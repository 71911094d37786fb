import { readFileSync } from "node:fs";
import * as z from "zod";
import { SettingsError } from "./settingsError";

const seconds = (fallback: number) => z.number().nonnegative().default(fallback);
const count = (fallback: number, most: number) => z.int().min(1).max(most).default(fallback);
/** A name that becomes part of a key, between two slashes. */
const segment = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "letters, digits, dot, underscore and hyphen only");
const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "a time of day as HH:MM");
const file = z.string().startsWith("/", "an absolute path");

export const formats = [
  "safetensors",
  "gguf",
  "onnx",
  "numpy",
  "hdf5",
  "zip",
  "gzip",
  "json",
  "text",
  "pickle",
  "binary",
] as const;

const mlflow = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  caFile: file.optional(),
  /** Files that hold the user name and the password for basic authentication. */
  usernameFile: file.optional(),
  passwordFile: file.optional(),
  allowUnauthenticated: z.boolean().default(false),
  /** Experiment that receives one run for each transfer. */
  experiment: z.string().min(1).default("model-sync"),
});

const s3 = z.strictObject({
  endpoint: z.url({ protocol: /^https?$/ }),
  region: z.string().min(1).default("us-east-1"),
  bucket: z.string().min(3).default("models"),
  caFile: file.optional(),
  accessKeyIdFile: file,
  secretAccessKeyFile: file,
});

const rootGuard = z.discriminatedUnion("kind", [
  /** Name of the file-system type as /proc/self/mountinfo tells it, for example `beegfs`. */
  z.strictObject({ kind: z.literal("fsType"), fsType: z.string().min(1) }),
  /** A file relative to the root that exists only when the file system is mounted. */
  z.strictObject({ kind: z.literal("sentinel"), file: z.string().min(1) }),
]);

export const settingsSchema = z
  .strictObject({
    /** Name of this cluster; the first part of every key it writes. */
    member: segment,
    /** Folder whose direct children are the models. */
    root: file,
    rootGuard,
    models: z
      .strictObject({
        /** Globs on a model's name. */
        include: z.array(z.string()).min(1).default(["*"]),
        exclude: z.array(z.string()).default([]),
      })
      .prefault({}),
    files: z
      .strictObject({
        /** Globs on a file's path relative to its model. */
        include: z.array(z.string()).min(1).default(["**"]),
        exclude: z.array(z.string()).default(["**/*.tmp", "**/.nfs*", "**/.~*"]),
      })
      .prefault({}),
    quiescence: z
      .strictObject({
        /** Seconds during which nothing of a model may change before it is read; at least 2 for whole-second mtimes. */
        settleSeconds: z.number().min(0).default(60),
        /** Seconds after which a model that never settles is `stuck`. */
        maxWaitSeconds: seconds(24 * 3600),
        /** A file in the model, not empty and not older than any other, that says the save is done. */
        marker: z.string().min(1).optional(),
      })
      .prefault({}),
    /** What the content of files may be, told by their first bytes; absent allows everything but pickle. */
    allowedFormats: z
      .array(z.enum(formats))
      .min(1)
      .default(formats.filter((name) => name !== "pickle")),
    /** Template of the registered model's name. */
    registeredName: z.string().includes("{model}").default("{member}-{model}"),
    /** Registered models without an owner, or of another one, that this member may take over. */
    adopt: z.array(z.string()).default([]),
    s3,
    /** Absent: versions are published and verified, and registered nowhere. */
    mlflow: mlflow.optional(),
    /** A file in each model whose first word is the id of the Slurm job that wrote it. */
    slurmJobFile: z.string().min(1).optional(),
    parallel: z
      .strictObject({
        models: count(4, 64),
        /** Small files in flight. */
        files: count(32, 256),
        /** Parts of large files in flight, over all models. */
        parts: count(4, 16),
      })
      .prefault({}),
    bandwidth: z
      .strictObject({
        /** Bytes per second at most; absent means no cap. */
        bytesPerSecond: z.number().min(1024).optional(),
        /** The first window that holds now replaces the cap above. */
        timetable: z
          .array(
            z.strictObject({
              /** From this time of day, included, to that one, excluded; a window may span midnight. */
              from: clock,
              to: clock,
              days: z.array(z.enum(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])).optional(),
              bytesPerSecond: z.number().min(1024),
            }),
          )
          .default([]),
        /** IANA name. */
        timeZone: z.string().default("UTC"),
      })
      .prefault({}),
    verify: z
      .strictObject({
        /** How much of what was sent is read back and hashed before it is published. */
        readBack: z
          .union([z.enum(["all", "none"]), z.strictObject({ sample: z.number().gt(0).lte(1) })])
          .default({ sample: 0.05 }),
      })
      .prefault({}),
    limits: z
      .strictObject({
        /** Bytes above which an unchanged object is sent again instead of being copied on the server. */
        copyObjectMaxBytes: z
          .int()
          .positive()
          .default(5 * 1024 ** 3),
        /** Bytes of a part at least, and the size up to which a file is sent by one request. */
        partBytes: z
          .int()
          .min(5 * 1024 ** 2)
          .default(16 * 1024 ** 2),
        /** Bytes that part buffers may hold together. */
        bufferBytes: z
          .int()
          .positive()
          .default(84 * 1024 ** 2),
      })
      .prefault({}),
    timeouts: z.strictObject({ connectSeconds: seconds(10), idleSeconds: seconds(60) }).prefault({}),
    retry: z
      .strictObject({
        attempts: count(6, 50),
        baseMilliseconds: z.number().positive().default(250),
        capMilliseconds: z.number().positive().default(15_000),
      })
      .prefault({}),
    claim: z
      .strictObject({
        /** Seconds a claim on a registration stands. */
        holdSeconds: z.number().positive().default(120),
        /** Seconds another worker's claim is waited for. */
        waitSeconds: z.number().nonnegative().default(60),
      })
      .prefault({}),
  })
  .superRefine((value, context) => {
    const { usernameFile, passwordFile, allowUnauthenticated } = value.mlflow ?? {
      allowUnauthenticated: true,
    };
    if ((usernameFile === undefined) !== (passwordFile === undefined)) {
      context.addIssue({
        code: "custom",
        path: ["mlflow"],
        message: "usernameFile and passwordFile belong together",
      });
    }
    if (usernameFile === undefined && !allowUnauthenticated) {
      const message =
        "set usernameFile and passwordFile, or allowUnauthenticated: true for a registry anyone can write to";
      context.addIssue({ code: "custom", path: ["mlflow"], message });
    }
    if (value.limits.bufferBytes < value.limits.partBytes) {
      context.addIssue({
        code: "custom",
        path: ["limits", "bufferBytes"],
        message: "at least limits.partBytes",
      });
    }
  });

/** The worker's settings, complete; what each means stands at the schema. */
export type Settings = z.output<typeof settingsSchema>;
/** What a settings file may hold: everything with a default may be left out. */
export type SettingsInput = z.input<typeof settingsSchema>;

/** Checks settings; a SettingsError names each field with its fault. */
export function parseSettings(value: unknown): Settings {
  const result = settingsSchema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map(
    (issue) => `${issue.path.join(".") || "settings"}: ${issue.message}`,
  );
  throw new SettingsError(faults.join("\n"));
}

/** Reads and checks a settings file. */
export function readSettings(path: string): Settings {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new SettingsError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parseSettings(value);
}

/** Reads a credential or CA file; the newline that editors leave at the end of a credential is not part of it. */
export function readSecretFile(path: string): string {
  try {
    return readFileSync(path, "utf8").trimEnd();
  } catch (error) {
    throw new SettingsError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
