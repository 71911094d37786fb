import type * as pulumi from "@pulumi/pulumi";

/** A worker built into one file, as `npm run build` leaves it. */
export interface WorkerBundle {
  /** Content of the file. */
  readonly text: string;
  /** SHA-256 of the content, hex, as it was when it was built. */
  readonly sha256: string;
}

/** An S3 user with its secret. */
export interface AccessKey {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** A user of the registry. */
export interface RegistryUser {
  readonly username: string;
  readonly password: string;
}

/** The registry as a worker reaches it. */
export interface Registry {
  /** https URL. */
  readonly url: string;
  /** Whether a registry that anyone can write to is meant; without it a user is needed. */
  readonly allowUnauthenticated: boolean;
}

/** What the hub grants a member's transfer. */
export interface TransferGrant {
  readonly region: string;
  /** The bucket of models. */
  readonly bucket: string;
  /** PEM of the CA behind the store; absent: the image's own roots. */
  readonly minioCa?: string | undefined;
  /** PEM of the CA behind the registry; absent: the image's own roots. */
  readonly mlflowCa?: string | undefined;
  /** Brings models: reads and writes under the member's own prefixes, deletes nothing. */
  readonly writer: AccessKey;
  /** Reads the member's state and nothing else. */
  readonly reader: AccessKey;
}

/** Where the trees of models lie. */
export type ModelsVolume =
  /** A folder of every node that may run the transfer: the file system's mount point. */
  | { readonly kind: "hostPath"; readonly path: string }
  /** A PersistentVolumeClaim of the same namespace. */
  | { readonly kind: "claim"; readonly name: string };

/** How the worker knows that the file system is there: by its type, or by a file that only it holds. */
export type RootGuard =
  { readonly kind: "fsType"; readonly fsType: string } | { readonly kind: "sentinel"; readonly file: string };

/** How much is read back and hashed: everything, nothing, or a share above 0 and up to 1 of the bytes. */
export type ReadBack = "all" | "none" | { readonly sample: number };

/** A window of the day with a cap of its own; one may span midnight. */
export interface BandwidthWindow {
  /** Times of day as HH:MM; the first belongs to the window, the second does not. */
  readonly from: string;
  readonly to: string;
  /** Every day where absent. */
  readonly days?: readonly ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[] | undefined;
  readonly bytesPerSecond: number;
}

/** What the way to the store carries. */
export interface Bandwidth {
  /** Cap in bytes per second; absent: none. */
  readonly bytesPerSecond?: number | undefined;
  /** The first window that holds now replaces the cap. */
  readonly timetable: readonly BandwidthWindow[];
  /** Bytes per second that can be counted on where no cap holds: deadlines follow from it. */
  readonly expectedBytesPerSecond: number;
}

/** A taint of nodes that a pod puts up with. */
export interface Toleration {
  readonly key: string;
  readonly operator?: "Exists" | "Equal" | undefined;
  readonly value?: string | undefined;
  readonly effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute" | undefined;
}

/** What an S3 user of the landing zone may do. */
export type Grant =
  /** Bring a member's models. */
  | { readonly kind: "writer"; readonly member: string }
  /** Read a member's state, for metrics. */
  | { readonly kind: "reader"; readonly member: string }
  /** Remove what nothing reaches any more of any member. */
  | { readonly kind: "retention" }
  /** Read the report of that, for metrics. */
  | { readonly kind: "retentionReader" }
  /** Read the store's own metrics, and nothing that it holds. */
  | { readonly kind: "metrics" }
  /** Keep the results of benchmarks, and read those of earlier runs. */
  | { readonly kind: "benchmark" };

/** Names of the bucket of models, and of the one of benchmark results. */
export type Buckets = Readonly<Record<"models" | "benchmarks", string>>;

/** An S3 user that the landing zone makes. */
export interface LandingZoneUser {
  /** Its access key; a user of another generation has another. */
  readonly name: string;
  readonly secretKey: pulumi.Input<string>;
  readonly grant: Grant;
}
