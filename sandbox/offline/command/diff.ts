import { isDeepStrictEqual } from "node:util";
import type { Change, ResourceDiff } from "../changes";
import { containsUnknown, isTree, plain, type Tree } from "../properties";
import { inputNames } from "./inputs";

/**
 * Compares the recorded inputs of a command with the wanted ones; `ignored` inputs are left alone. As with the official
 * provider only `triggers` as a whole replaces: that single triggers do so too is an option which its SDK sets.
 */
export function diffCommand(state: Tree, news: Tree, ignored: readonly string[]): ResourceDiff {
  const changes = inputNames
    .filter((key) => !ignored.includes(key))
    .flatMap((key) => differences(key, plain(state[key]), plain(news[key])))
    .map(([path, kind]): [string, Change] => [path, { kind, replaces: path === "triggers" }]);
  return { changes: new Map(changes), deleteBeforeReplace: false, against: "inputs" };
}

/** Where two values differ, each by its path; lists of one length and objects are gone into. */
function differences(path: string, before: unknown, after: unknown): [string, Change["kind"]][] {
  if (isAbsent(before) && isAbsent(after)) return [];
  if (isAbsent(before)) return [[path, "add"]];
  if (isAbsent(after)) return [[path, "delete"]];
  if (containsUnknown(after) && !isTree(after) && !Array.isArray(after)) return [[path, "update"]];
  if (isTree(before) && isTree(after))
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      differences(`${path}.${key}`, before[key], after[key]),
    );
  if (Array.isArray(before) && Array.isArray(after)) {
    const [old, now] = [before as readonly unknown[], after as readonly unknown[]];
    return Array.from({ length: Math.max(old.length, now.length) }).flatMap((_, index) =>
      differences(`${path}[${index}]`, old[index], now[index]),
    );
  }
  return isDeepStrictEqual(before, after) ? [] : [[path, "update"]];
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}
