import { isDeepStrictEqual } from "node:util";
import type { Tree } from "./properties";

/** How one property changes. */
export interface Change {
  readonly kind: "add" | "delete" | "update";
  /** True when it makes the resource be replaced. */
  readonly replaces: boolean;
}

/** How a resource differs from what the program wants. */
export interface ResourceDiff {
  /** Changes by property path, as the engine spells paths. */
  readonly changes: ReadonlyMap<string, Change>;
  /** The resource has to go before its successor comes: both would have one name. */
  readonly deleteBeforeReplace: boolean;
  /** What the new inputs were compared with: the old inputs, or the recorded state. */
  readonly against: "inputs" | "state";
}

/** How a provider's own configuration differs from the recorded one. */
export interface SettingsDiff {
  readonly changed: readonly string[];
  /** Keys that force every resource of the provider to be replaced. */
  readonly replaces: readonly string[];
}

/** Keys, sorted, at which two configurations of a provider differ; both without secret marks. */
export function changedKeys(before: Tree, after: Tree): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.filter((key) => key !== "version" && !isDeepStrictEqual(before[key], after[key]));
}
