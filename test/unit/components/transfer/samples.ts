import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { LandingZoneUser, TransferGrant, WorkerBundle } from "../../../../components/transfer/types";
import type { ModelLandingZoneArgs } from "../../../../components/transfer/modelLandingZone";
import type { ModelRetentionArgs } from "../../../../components/transfer/modelRetention";
import type { ModelSyncArgs } from "../../../../components/transfer/modelSync";
import { SECRET_MARK } from "../../../support/mocks";

export const NODE_IMAGE = `docker.io/library/node:24.20.0-bookworm-slim@sha256:${"0".repeat(64)}`;

export const bundleOf = (text: string): WorkerBundle => ({
  text,
  sha256: createHash("sha256").update(text).digest("hex"),
});

/** Stand-ins: nothing here is or looks like a key. */
export const grant: TransferGrant = {
  region: "eu-central-1",
  bucket: "models",
  minioCa: "authority of the store",
  mlflowCa: "authority of the registry",
  writer: { accessKey: "writer-hpc-1", secretKey: "secret of the writer" },
  reader: { accessKey: "reader-hpc-1", secretKey: "secret of the reader" },
};

/** A member with every optional part present. */
export const syncArgs = (): ModelSyncArgs => ({
  namespace: "federation-transfer",
  image: NODE_IMAGE,
  bundle: bundleOf("the worker"),
  member: "hpc",
  minioUrl: "https://198.18.11.10:9000",
  mlflow: { url: "https://198.18.11.11:5000", allowUnauthenticated: false },
  mlflowCredentials: pulumi.secret({ username: "hpc", password: "password of hpc" }),
  grant: pulumi.secret(grant),
  source: {
    volume: { kind: "hostPath", path: "/mnt/beegfs" },
    root: "models/trained",
    guard: { kind: "fsType", fsType: "beegfs" },
    include: ["*"],
    exclude: ["scratch-*"],
    runAs: { user: 2000, group: 3000, supplementalGroups: [3001, 3002] },
  },
  quiescence: { settleSeconds: 60, maxWaitSeconds: 86_400, marker: "DONE" },
  slurmJobFile: "slurm-job-id",
  allowedFormats: ["safetensors", "json", "text"],
  registeredName: "{member}-{model}",
  adopt: ["old-llama"],
  schedule: "*/15 * * * *",
  timeZone: "Europe/Berlin",
  largestModelBytes: 200 * 1024 ** 3,
  bandwidth: {
    bytesPerSecond: 200 * 1024 ** 2,
    timetable: [{ from: "08:00", to: "18:00", days: ["mon", "fri"], bytesPerSecond: 50 * 1024 ** 2 }],
    expectedBytesPerSecond: 100 * 1024 ** 2,
  },
  readBack: { sample: 0.05 },
  verify: { schedule: "15 2 * * *", readBack: { sample: 0.1 } },
  resources: { requests: { cpu: "500m", memory: "300Mi" }, limits: { cpu: "4", memory: "600Mi" } },
  nodeSelector: { beegfs: "client" },
  tolerations: [{ key: "storage", operator: "Equal", value: "only", effect: "NoSchedule" }],
});

export const retentionArgs = (): ModelRetentionArgs => ({
  namespace: "federation-transfer",
  image: NODE_IMAGE,
  bundle: bundleOf("the worker"),
  minio: { url: "https://198.18.11.10:9000", region: "eu-central-1", ca: "authority of the store" },
  mlflow: {
    url: "https://198.18.11.11:5000",
    allowUnauthenticated: false,
    ca: "authority of the registry",
  },
  bucket: pulumi.output("models"),
  members: ["hpc", "hpc2"],
  retention: {
    schedule: "30 3 * * *",
    keepLast: 5,
    minAgeSeconds: 604_800,
    apply: false,
    inferenceServices: "kubernetes",
  },
  credentials: pulumi.secret({ accessKey: "retention-1", secretKey: "secret of retention" }),
  exporterCredentials: pulumi.secret({ accessKey: "retention-reader-1", secretKey: "secret of its reader" }),
  mlflowCredentials: pulumi.secret({ username: "hub", password: "password of the hub" }),
});

const user = (name: string, userGrant: LandingZoneUser["grant"]): LandingZoneUser => ({
  name,
  secretKey: pulumi.secret(`secret of ${name}`),
  grant: userGrant,
});

/** Two members, the first of which rotates its credentials. */
export const landingZoneArgs = (): ModelLandingZoneArgs => ({
  buckets: { models: "models", benchmarks: "benchmarks" },
  adoptBuckets: [],
  users: [
    user("writer-hpc-1", { kind: "writer", member: "hpc" }),
    user("writer-hpc-2", { kind: "writer", member: "hpc" }),
    user("reader-hpc-1", { kind: "reader", member: "hpc" }),
    user("reader-hpc-2", { kind: "reader", member: "hpc" }),
    user("writer-hpc2-1", { kind: "writer", member: "hpc2" }),
    user("reader-hpc2-1", { kind: "reader", member: "hpc2" }),
    user("retention-1", { kind: "retention" }),
    user("retention-reader-1", { kind: "retentionReader" }),
    user("metrics-1", { kind: "metrics" }),
    user("benchmark-1", { kind: "benchmark" }),
  ],
  protect: true,
});

/** The mark by which the engine knows a secret. */
export const secret = (value: unknown): object => ({ ...SECRET_MARK, value });

/** Files as the API takes those of a Secret. */
export const encoded = (texts: Readonly<Record<string, string>>): object =>
  Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString("base64")]),
  );

/** Options of children, by name, filled as they are declared: mocks do not show these. */
export function watchOptions(): {
  readonly options: Map<string, pulumi.CustomResourceOptions>;
  readonly transformations: pulumi.ResourceTransformation[];
} {
  const options = new Map<string, pulumi.CustomResourceOptions>();
  const note: pulumi.ResourceTransformation = ({ name, opts }) => {
    options.set(name, opts);
    return undefined;
  };
  return { options, transformations: [note] };
}
