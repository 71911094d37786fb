import { z } from "zod";
import * as fields from "./fields";
import { list, object } from "./fields";
import { durationMilliseconds, kubernetesBytes } from "./quantities";
import type { BandwidthWindow, ReadBack } from "./transferTypes";

/** Defaults that checks across values need too. */
export const TRANSFER_DEFAULTS = {
  transferNamespace: "federation-transfer",
  settle: "60s",
  maxWait: "1d",
  largestModel: "200Gi",
  expectedBytesPerSecond: "100Mi",
} as const;

const seconds = (fallback: string) =>
  fields.duration.default(fallback).transform((text) => (durationMilliseconds(text) ?? 0) / 1000);
const bytes = fields.storageSize.transform((text) => kubernetesBytes(text) ?? 0);
const flag = (fallback: boolean) => z.boolean({ error: "must be true or false" }).default(fallback);

const mlflowShape = {
  url: fields.httpsOrigin,
  /** A registry that anyone on the network can write to; else federation:mlflowCredentials is needed. */
  allowUnauthenticated: flag(false),
};

/** `hub.landingZone`: MinIO and MLflow run already; what the stack makes in them. */
export const landingZone = object({
  minio: object({
    url: fields.httpsOrigin,
    region: fields.word.default("us-east-1"),
    /** Relative to the project's folder; absent: the system's roots. */
    caFile: fields.certificatesFile.exactOptional(),
    metrics: object({
      auth: z
        .enum(["bearerToken", "public"], { error: "must be bearerToken or public" })
        .default("bearerToken"),
      /** Of a MinIO of many servers: each of them. */
      servers: list(fields.httpsOrigin, "https URLs of host and port", 1).exactOptional(),
    }).prefault({}),
  }),
  mlflow: object({
    ...mlflowShape,
    caFile: fields.certificatesFile.exactOptional(),
    /** Whether it runs with --expose-prometheus. */
    metrics: flag(true),
  }),
  buckets: object({
    models: fields.bucketName.default("models"),
    benchmarks: fields.bucketName.default("benchmarks"),
  })
    .refine(({ models, benchmarks }) => models !== benchmarks, {
      error: "must name two buckets",
    })
    .prefault({}),
  /** Buckets that exist already and are taken over as they are. */
  adoptBuckets: list(fields.bucketName, "bucket names").default([]),
  retention: object({
    schedule: fields.cron.default("30 3 * * *"),
    keepLast: fields.count(1, 1000).default(5),
    minAge: seconds("7d"),
    apply: flag(false),
    inferenceServices: z
      .enum(["kubernetes", "none"], { error: "must be kubernetes or none" })
      .default("kubernetes"),
  })
    .prefault({})
    .transform(({ minAge, ...rest }) => ({ ...rest, minAgeSeconds: minAge })),
});

const READ_BACK = "must be all, none or a share above 0 and up to 1";
const readBack = z
  .union([z.enum(["all", "none"]), z.number()], { error: READ_BACK })
  .refine((value) => typeof value === "string" || (value > 0 && value <= 1), { error: READ_BACK })
  .transform((value): ReadBack => (typeof value === "number" ? { sample: value } : value));

const window = object({
  from: fields.timeOfDay,
  to: fields.timeOfDay,
  days: list(z.enum(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), "mon to sun", 1).exactOptional(),
  bytesPerSecond: bytes,
}) satisfies z.ZodType<BandwidthWindow>;

const ONE_VOLUME = "must have exactly one of hostPath and claim";
const ONE_GUARD = "must have exactly one of fsType and sentinel";

const volume = object({
  /** The file system's mount point on every node that may run the transfer. */
  hostPath: fields.absolutePath.exactOptional(),
  /** A PersistentVolumeClaim in the transfer's namespace. */
  claim: fields.kubernetesName.exactOptional(),
})
  .refine(({ hostPath, claim }) => (hostPath === undefined) !== (claim === undefined), { error: ONE_VOLUME })
  .transform(({ hostPath, claim }) =>
    hostPath === undefined
      ? { kind: "claim" as const, name: claim ?? "" }
      : { kind: "hostPath" as const, path: hostPath },
  );

const guard = object({
  fsType: fields.word.exactOptional(),
  /** A file in the models' folder that is there only when the file system is mounted. */
  sentinel: fields.relativePath.exactOptional(),
})
  .refine(({ fsType, sentinel }) => (fsType === undefined) !== (sentinel === undefined), { error: ONE_GUARD })
  .transform(({ fsType, sentinel }) =>
    fsType === undefined
      ? { kind: "sentinel" as const, file: sentinel ?? "" }
      : { kind: "fsType" as const, fsType },
  );

const source = object({
  volume,
  root: fields.relativePath.default("models/trained"),
  guard: guard.prefault({ fsType: "beegfs" }),
  include: list(fields.word, "name patterns", 1).default(["*"]),
  exclude: list(fields.word, "name patterns").default([]),
  runAs: object({
    user: fields.id.default(65534),
    group: fields.id.default(65534),
    supplementalGroups: list(fields.id, "group ids").default([]),
  }).prefault({}),
});

const amounts = (defaults: { readonly cpu: string; readonly memory: string }) =>
  object({ cpu: fields.cpu.prefault(defaults.cpu), memory: fields.memory.default(defaults.memory) }).prefault(
    {},
  );

/** As pods have them. */
export const toleration = object({
  key: fields.labelName,
  operator: z.enum(["Exists", "Equal"], { error: "must be Exists or Equal" }).exactOptional(),
  value: z.string({ error: "must be text" }).exactOptional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).exactOptional(),
});

/** `member.modelSync`: how this member's models are brought to the hub. */
export const modelSync = object({
  minioUrl: fields.httpsOrigin,
  mlflow: object(mlflowShape),
  source,
  quiescence: object({
    settle: seconds(TRANSFER_DEFAULTS.settle).refine((value) => value >= 2, {
      error: "must be at least 2s: BeeGFS keeps whole seconds",
    }),
    maxWait: seconds(TRANSFER_DEFAULTS.maxWait),
    /** A file in each model that says the save is done. */
    marker: fields.relativePath.exactOptional(),
  })
    .refine(({ settle, maxWait }) => settle < maxWait, { error: "settle must be below maxWait" })
    .prefault({})
    .transform(({ settle, maxWait, ...rest }) => ({
      settleSeconds: settle,
      maxWaitSeconds: maxWait,
      ...rest,
    })),
  slurmJobFile: fields.relativePath.exactOptional(),
  allowedFormats: list(fields.word, "formats", 1).exactOptional(),
  registeredName: fields.word
    .refine((name) => name.includes("{model}"), { error: "must contain {model}" })
    .default("{member}-{model}"),
  /** Registered models of another owner, or none, that this member takes over. */
  adopt: list(fields.word, "registered models").default([]),
  schedule: fields.cron.default("*/15 * * * *"),
  timeZone: fields.timeZone.default("UTC"),
  largestModel: bytes.prefault(TRANSFER_DEFAULTS.largestModel),
  bandwidth: object({
    bytesPerSecond: bytes.exactOptional(),
    timetable: list(window, "windows").default([]),
    expectedBytesPerSecond: bytes.prefault(TRANSFER_DEFAULTS.expectedBytesPerSecond),
  }).prefault({}),
  readBack: readBack.prefault(0.05),
  verify: object({
    schedule: fields.cron.default("15 2 * * *"),
    readBack: readBack.prefault(0.05),
  }).prefault({}),
  resources: object({
    requests: amounts({ cpu: "250m", memory: "256Mi" }),
    limits: amounts({ cpu: "2", memory: "512Mi" }),
  }).prefault({}),
  nodeSelector: fields.labels.default({}),
  tolerations: list(toleration, "tolerations").default([]),
}).transform(({ largestModel, ...rest }) => ({ ...rest, largestModelBytes: largestModel }));

const hidden = "must be a secret key of 8 to 128 characters";

/** `federation:minioCredentials`: who may make buckets, users and policies. */
export const minioCredentialsSchema = object({
  accessKey: z.string({ error: "must be an access key" }).min(3, { error: "must be an access key" }),
  secretKey: z.string({ error: hidden }).min(8, { error: hidden }).max(128, { error: hidden }),
});

/** `federation:mlflowCredentials`: this stack's user at the registry. */
export const mlflowCredentialsSchema = object({
  username: z.string({ error: "must be a user name" }).min(1, { error: "must be a user name" }),
  password: z.string({ error: "must be a password" }).min(1, { error: "must be a password" }),
});
