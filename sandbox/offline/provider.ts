import type { ResourceDiff, SettingsDiff } from "./changes";
import type { Engine } from "./engine";
import type { Tree } from "./properties";

/** A resource as the engine names it. */
export interface Subject {
  readonly urn: string;
  readonly id: string;
  /** Seconds from `customTimeouts`; 0: none. */
  readonly timeout: number;
}

/** Inputs completed, and what is wrong with them. */
export interface Checked {
  readonly inputs: Tree;
  readonly failures: readonly { readonly property: string; readonly reason: string }[];
}

/** What was created; a preview has no id. */
export interface Created {
  readonly id: string;
  readonly state: Tree;
}

/** What was read: undefined when the resource is gone. */
export type Reading = { readonly id: string; readonly state: Tree; readonly inputs: Tree } | undefined;

/**
 * A configured provider. States and inputs are as the engine sends them, with its marks of secret and unknown
 * values; `olds` are empty for a new resource.
 */
export interface Provider {
  check(urn: string, olds: Tree, news: Tree, seed: Uint8Array): Promise<Checked>;
  /** `ignored` are properties that the program told the engine to leave alone. */
  diff(urn: string, state: Tree, news: Tree, ignored: readonly string[]): Promise<ResourceDiff>;
  create(subject: Subject, news: Tree, preview: boolean): Promise<Created>;
  /** Reads a resource by its id: a refresh when inputs are there, else an import or a `get`. */
  read(subject: Subject, state: Tree, inputs: Tree): Promise<Reading>;
  update(
    subject: Subject,
    state: Tree,
    news: Tree,
    preview: boolean,
    ignored: readonly string[],
  ): Promise<Tree>;
  delete(subject: Subject, state: Tree): Promise<void>;
  /** Calls a function by its token; absent where the provider serves none. */
  invoke?(token: string, args: Tree): Promise<Tree>;
}

/** A provider before it is configured. */
export interface ProviderPackage {
  readonly name: string;
  /** The version of the official provider this one agrees with; the engine compares it with the SDK's. */
  readonly version: string;
  /** `variables` are the provider's, by names such as `kubernetes:config:context`; the signal tells that the engine stops. */
  configure(variables: ReadonlyMap<string, string>, engine: Engine, signal: AbortSignal): Provider;
  /** Compares two configurations, as the engine sends them. */
  diffConfig(olds: Tree, news: Tree): SettingsDiff;
}
