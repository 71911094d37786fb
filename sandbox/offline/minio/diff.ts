import { isDeepStrictEqual } from "node:util";
import type { Change, ResourceDiff } from "../changes";
import { containsUnknown, plain, type Tree } from "../properties";
import { wantedOf } from "./inputs";
import type { Property, ResourceType } from "./resourceType";

/**
 * Compares what is recorded of a resource with what is wanted; `ignored` properties are left alone. What the provider
 * or the server chose stays where the program does not say anything.
 */
export function diffResource(
  type: ResourceType,
  state: Tree,
  news: Tree,
  ignored: readonly string[],
): ResourceDiff {
  const [recorded, wanted] = [wantedOf(state), wantedOf(news)];
  const changes = Object.entries(type.inputs).flatMap(([key, rule]): [string, Change][] => {
    const [before, after] = [recorded[key], wanted[key]];
    if (ignored.includes(key) || isSame(rule, before, after)) return [];
    const kind = before === undefined ? "add" : after === undefined ? "delete" : "update";
    return [[key, { kind, replaces: rule.replaces === true }]];
  });
  const keepsName = type.identity.every((key) => wanted[key] !== undefined && wanted[key] === recorded[key]);
  return { changes: new Map(changes), deleteBeforeReplace: keepsName, against: "state" };
}

/** True when a value, wanted or chosen by the server, needs no change. */
export function isSame(rule: Property, before: unknown, after: unknown): boolean {
  if (after === undefined) return before === undefined || rule.computed === true;
  if (containsUnknown(after) || before === undefined) return false;
  return rule.same?.(before, after) ?? isDeepStrictEqual(plain(before), plain(after));
}
