import { posix } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { parseSettings } from "../../workloads/model-sync/settings";
import { SettingsError } from "../../workloads/model-sync/settingsError";
import type { PodResources } from "../kubernetes/pods";
import { bundleProblems } from "./bundle";
import { isTimeZone, scheduleProblem } from "./schedule";
import type {
  Bandwidth,
  ModelsVolume,
  ReadBack,
  Registry,
  RegistryUser,
  RootGuard,
  Toleration,
  TransferGrant,
  WorkerBundle,
} from "./types";
import { addressProblems, mlflowSettings, s3Settings } from "./workerFiles";
import type { Trust } from "./workerFiles";

/** Where a claim is mounted; a folder of the node keeps its own path. */
const CLAIM_PATH = "/mnt/models";

export interface ModelSyncArgs {
  /** Name of the namespace; it enforces what {@link modelSyncPodSecurity} says of the volume. */
  readonly namespace: pulumi.Input<string>;
  /** Reference of a stock Node.js 24 image with tag and digest. */
  readonly image: string;
  readonly bundle: WorkerBundle;
  /** Name of this cluster: the first part of every key it writes. */
  readonly member: string;
  /** https URL of the store. */
  readonly minioUrl: string;
  readonly mlflow: Registry;
  /** User at the registry; may be absent only where anyone may write there. */
  readonly mlflowCredentials?: pulumi.Input<RegistryUser> | undefined;
  /** What the hub grants. */
  readonly grant: pulumi.Input<TransferGrant>;
  readonly source: {
    readonly volume: ModelsVolume;
    /** Folder of the models in the volume, relative; empty for its root. */
    readonly root: string;
    readonly guard: RootGuard;
    /** Globs on a model's name. */
    readonly include: readonly string[];
    readonly exclude: readonly string[];
    /** Who reads the models; never root. */
    readonly runAs: {
      readonly user: number;
      readonly group: number;
      readonly supplementalGroups: readonly number[];
    };
  };
  readonly quiescence: {
    /** Seconds during which nothing of a model may change before it is read. */
    readonly settleSeconds: number;
    /** Seconds after which a model that never settles is `stuck`. */
    readonly maxWaitSeconds: number;
    /** A file in each model that says the save is done. */
    readonly marker?: string | undefined;
  };
  /** A file in each model whose first word is the id of the Slurm job that wrote it. */
  readonly slurmJobFile?: string | undefined;
  /** Default: everything but pickle. */
  readonly allowedFormats?: readonly string[] | undefined;
  /** Template of the registered model's name; contains {model}. */
  readonly registeredName: string;
  /** Registered models of another owner, or of none, that this member takes over. */
  readonly adopt: readonly string[];
  /** Cron schedule of `run`. */
  readonly schedule: string;
  /** IANA name, of both schedules and of the bandwidth's timetable. */
  readonly timeZone: string;
  /** Bytes of the largest model there will be: one run must be able to bring it. */
  readonly largestModelBytes: number;
  readonly bandwidth: Bandwidth;
  /** How much of what was sent is read back before it is published. */
  readonly readBack: ReadBack;
  readonly verify: {
    /** Cron schedule of `verify`. */
    readonly schedule: string;
    /** How much of everything published is read back and hashed each time. */
    readonly readBack: ReadBack;
  };
  /** Of `run` and `verify`; default: 250m and 256Mi, at most 2 and 512Mi. */
  readonly resources?: PodResources | undefined;
  /** Labels of the nodes that have the file system; for `run` alone. */
  readonly nodeSelector?: Readonly<Record<string, string>> | undefined;
  /** Of `run` alone. */
  readonly tolerations?: readonly Toleration[] | undefined;
}

/** Where the volume is mounted in the pod. */
export const mountPath = (volume: ModelsVolume): string =>
  volume.kind === "hostPath" ? volume.path : CLAIM_PATH;

/** What the hub grants of which nothing is secret. */
export type Place = Pick<TransferGrant, "region" | "bucket" | "minioCa" | "mlflowCa">;

/** The authorities among it. */
export const trustOf = ({ minioCa, mlflowCa }: Place): Trust => ({ minio: minioCa, mlflow: mlflowCa });

/** The worker's settings file, as the worker's own schema has it. */
export function modelSyncSettings(args: ModelSyncArgs, place: Place): Readonly<Record<string, unknown>> {
  const { source, quiescence, bandwidth } = args;
  const { expectedBytesPerSecond: _reckonedWith, ...caps } = bandwidth;
  const trust = trustOf(place);
  return {
    member: args.member,
    root: posix.join(mountPath(source.volume), source.root),
    rootGuard: source.guard,
    models: { include: source.include, exclude: source.exclude },
    quiescence,
    allowedFormats: args.allowedFormats,
    registeredName: args.registeredName,
    adopt: args.adopt,
    slurmJobFile: args.slurmJobFile,
    s3: s3Settings({ endpoint: args.minioUrl, region: place.region, bucket: place.bucket }, trust),
    mlflow: mlflowSettings(args.mlflow, args.mlflowCredentials !== undefined, trust),
    bandwidth: { ...caps, timeZone: args.timeZone },
    verify: { readBack: args.readBack },
  };
}

/** What the worker itself would refuse of its settings. */
function settingsProblems(args: ModelSyncArgs): readonly string[] {
  try {
    parseSettings(modelSyncSettings(args, { region: "us-east-1", bucket: "models" }));
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.message.split("\n").map((line) => `worker's settings, ${line}`);
  }
}

/** Whether a path names one folder below the root, in the one way there is to write it. */
const isFolder = (path: string): boolean =>
  posix.isAbsolute(path) && posix.normalize(path) === path && !path.endsWith("/");

/** Everything wrong with the arguments: field, value, what is allowed. */
export function modelSyncProblems(args: ModelSyncArgs): readonly string[] {
  const { source, verify, bandwidth } = args;
  const problems = [
    ...bundleProblems(args.bundle),
    ...addressProblems(
      { minioUrl: args.minioUrl, "mlflow.url": args.mlflow.url },
      args.mlflow,
      args.mlflowCredentials !== undefined,
    ),
  ];
  for (const [field, schedule] of Object.entries({
    schedule: args.schedule,
    "verify.schedule": verify.schedule,
  })) {
    const problem = scheduleProblem(schedule);
    if (problem !== undefined) problems.push(`${field}: ${problem}`);
  }
  if (!isTimeZone(args.timeZone))
    problems.push(`timeZone: "${args.timeZone}" is no time zone; write one such as Europe/Berlin`);
  const { volume } = source;
  if (volume.kind === "hostPath" && !isFolder(volume.path))
    problems.push(
      `source.volume.path: "${volume.path}" is no mount point; write an absolute path such as /mnt/beegfs`,
    );
  if (posix.isAbsolute(source.root) || source.root.split("/").includes(".."))
    problems.push(
      `source.root: "${source.root}" leaves the volume; write a relative path such as models/trained`,
    );
  for (const [field, id] of [
    ["user", source.runAs.user],
    ["group", source.runAs.group],
  ] as const) {
    if (!Number.isInteger(id) || id < 1)
      problems.push(
        `source.runAs.${field}: ${id} is root's or none; write the id of someone who may read the models`,
      );
  }
  for (const [field, value] of [
    ["largestModelBytes", args.largestModelBytes],
    ["bandwidth.expectedBytesPerSecond", bandwidth.expectedBytesPerSecond],
  ] as const) {
    if (!(value > 0)) problems.push(`${field}: ${value} is not above 0; deadlines follow from it`);
  }
  const { settleSeconds, maxWaitSeconds } = args.quiescence;
  if (settleSeconds >= maxWaitSeconds)
    problems.push(
      `quiescence: settleSeconds is ${settleSeconds}, maxWaitSeconds ${maxWaitSeconds}; models would be stuck before they could settle`,
    );
  // the worker would only say the same again
  return problems.length > 0 ? problems : settingsProblems(args);
}
