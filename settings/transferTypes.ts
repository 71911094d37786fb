import type * as pulumi from "@pulumi/pulumi";
import type { PodResources, UserPassword } from "./types";
import type { WorkerBundle } from "./workers";

/** An S3 user of MinIO. */
export interface AccessKey {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** An MLflow tracking server and registry. */
export interface MlflowSettings {
  /** https URL of host and port. */
  readonly url: string;
  /** A registry that anyone on the network can write to; warned about at every preview. */
  readonly allowUnauthenticated: boolean;
}

/** What becomes of versions that nothing reaches any more. */
export interface RetentionSettings {
  /** Cron schedule of `gc`, UTC. */
  readonly schedule: string;
  /** Versions of each model that are kept whatever else reaches them. */
  readonly keepLast: number;
  /** Age below which nothing is removed. */
  readonly minAgeSeconds: number;
  /** Removes what the plan names; otherwise the plan is only shown and counted. */
  readonly apply: boolean;
  /** Where services that load versions are found. */
  readonly inferenceServices: "kubernetes" | "none";
}

/** Where members' models arrive. MinIO and MLflow run already; what the stack makes in them is declared here. */
export interface LandingZoneSettings {
  readonly minio: {
    /** https URL of host and port. */
    readonly url: string;
    readonly region: string;
    /** File of the CA that signed MinIO's certificate, for the provider; absent: the system's roots. */
    readonly caFile?: string;
    /** Content of that file, for pods. */
    readonly ca?: string;
    readonly metrics: {
      /** How its metrics are read: with a token of a user made for that, or by whoever reaches it. */
      readonly auth: "bearerToken" | "public";
      /** URLs of its servers, each of which tells of its own requests; absent: the one at `url`. */
      readonly servers?: readonly string[];
    };
  };
  readonly mlflow: MlflowSettings & {
    /** PEM of the CA that signed MLflow's certificate; absent: the system's roots. */
    readonly ca?: string;
    /** Whether it serves metrics (`--expose-prometheus`). */
    readonly metrics: boolean;
  };
  readonly buckets: { readonly models: string; readonly benchmarks: string };
  /** Existing buckets that the stack takes over. */
  readonly adoptBuckets: readonly string[];
  readonly retention: RetentionSettings;
}

/** Everything of a hub's landing zone, its secrets among them. */
export interface LandingZone extends LandingZoneSettings {
  readonly worker: WorkerBundle;
  /** Who may make buckets, users and policies. */
  readonly admin: pulumi.Output<AccessKey>;
  /** Of this stack at the registry; absent where anyone may write there. */
  readonly mlflowCredentials?: pulumi.Output<UserPassword>;
  /** Every S3 user in force, by name; two generations while credentials rotate. */
  readonly users: readonly LandingZoneUser[];
  /** The newest of them that `gc` works as, and the one that reads its report for metrics. */
  readonly retentionCredentials: pulumi.Output<AccessKey>;
  readonly retentionReaderCredentials: pulumi.Output<AccessKey>;
  /** With which MinIO's metrics are read; absent where they are public. */
  readonly metricsToken?: pulumi.Output<string>;
}

/** An S3 user that the stack makes. */
export interface LandingZoneUser {
  /** Its access key. */
  readonly name: string;
  readonly secretKey: pulumi.Output<string>;
  /**
   * What it may do: bring a member's models, read a member's state, remove what nothing reaches, read its report, read
   * the store's own metrics, keep the results of benchmarks.
   */
  readonly grant:
    | { readonly kind: "writer"; readonly member: string }
    | { readonly kind: "reader"; readonly member: string }
    | { readonly kind: "retention" }
    | { readonly kind: "retentionReader" }
    | { readonly kind: "metrics" }
    | { readonly kind: "benchmark" };
}

/** What a member's stack reads of the hub's landing zone. */
export interface TransferGrant {
  readonly region: string;
  readonly bucket: string;
  /** PEM; absent: the system's roots. */
  readonly minioCa?: string;
  readonly mlflowCa?: string;
  readonly writer: AccessKey;
  readonly reader: AccessKey;
}

/** How a member's models are brought to the hub. */
export interface ModelSyncSettings {
  readonly worker: WorkerBundle;
  readonly minioUrl: string;
  readonly mlflow: MlflowSettings;
  readonly mlflowCredentials?: pulumi.Output<UserPassword>;
  readonly grant: pulumi.Output<TransferGrant>;
  readonly source: {
    readonly volume:
      | { readonly kind: "hostPath"; readonly path: string }
      | { readonly kind: "claim"; readonly name: string };
    /** Folder of the models in that volume, relative; empty for its root. */
    readonly root: string;
    readonly guard:
      | { readonly kind: "fsType"; readonly fsType: string }
      | { readonly kind: "sentinel"; readonly file: string };
    readonly include: readonly string[];
    readonly exclude: readonly string[];
    readonly runAs: {
      readonly user: number;
      readonly group: number;
      readonly supplementalGroups: readonly number[];
    };
  };
  readonly quiescence: {
    readonly settleSeconds: number;
    readonly maxWaitSeconds: number;
    readonly marker?: string;
  };
  readonly slurmJobFile?: string;
  readonly allowedFormats?: readonly string[];
  readonly registeredName: string;
  readonly adopt: readonly string[];
  /** Cron schedule of `run`. */
  readonly schedule: string;
  /** IANA name, of schedules and of the bandwidth's timetable. */
  readonly timeZone: string;
  /** Size of the largest model there will be, bytes: with the bandwidth it gives the deadlines. */
  readonly largestModelBytes: number;
  readonly bandwidth: {
    /** Cap; absent: none. */
    readonly bytesPerSecond?: number;
    readonly timetable: readonly BandwidthWindow[];
    /** What the link carries when nothing else does; deadlines follow from the least of it and the caps. */
    readonly expectedBytesPerSecond: number;
  };
  readonly readBack: ReadBack;
  readonly verify: { readonly schedule: string; readonly readBack: ReadBack };
  readonly resources: PodResources;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
}

/** How much is read back and hashed: everything, nothing, or a share of the bytes. */
export type ReadBack = "all" | "none" | { readonly sample: number };

export interface BandwidthWindow {
  readonly from: string;
  readonly to: string;
  readonly days?: readonly ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
  readonly bytesPerSecond: number;
}

export interface Toleration {
  readonly key: string;
  readonly operator?: "Exists" | "Equal";
  readonly value?: string;
  readonly effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}
