import type { S3Client } from "../s3/client";
import type { Settings } from "./settings";
import type { StateStore } from "./state/store";
import type { RetryDeps } from "../retry";
import type { TransferDeps } from "./transfer/types";
import type { Manifest } from "./types";
import type { TransferFigures } from "./registry/run";

export interface RegisteredVersion {
  readonly name: string;
  readonly version: string;
}

/** The registry as a run needs it. */
export interface Registrar {
  /** The version that holds this content when nothing is left to do for it; asks the registry once a run. */
  settled(manifest: Pick<Manifest, "model" | "digest">): Promise<RegisteredVersion | undefined>;
  /** Brings the registry to exactly one version of this content. */
  register(manifest: Manifest, figures?: TransferFigures): Promise<RegisteredVersion>;
}

/** What happens, for people and for machines; every name is a step of the pipeline or a result. */
export interface Events {
  /** One of the seven steps begins for a model, or for all. */
  step(step: Step, told: string): void;
  /** A model's transfer begins; `bytes` are those of all its files. */
  transfer(model: string, bytes: number, files: number): void;
  /** Bytes of a model are in place. */
  progress(model: string, bytes: number): void;
  retry(told: string): void;
  warn(told: string): void;
}

export const steps = [
  "list",
  "identify",
  "transfer",
  "publish",
  "validate",
  "register",
  "update-state",
] as const;
export type Step = (typeof steps)[number];

/** Everything a command works with. */
export interface Worker {
  readonly settings: Settings;
  readonly s3: S3Client;
  readonly store: StateStore;
  readonly transfer: TransferDeps;
  /** Absent where versions are only published. */
  readonly registrar: Registrar | undefined;
  readonly retry: RetryDeps;
  readonly events: Events;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly wait: (ms: number) => Promise<unknown>;
  /** Tries repeated so far, by reason. */
  readonly retries: Map<string, number>;
}
