import { isDeepStrictEqual } from "node:util";
import type { Change, ResourceDiff } from "../changes";
import { isTree, type Tree } from "../properties";
import { annotations, isAnnotated, isNamed, namespaceOf, nameOf, type Kind } from "./objects";
import { replacingPaths, touches, type Mutability, type Path } from "./replacement";

/**
 * Compares old inputs with new ones; neither may hold secret marks, the new ones may hold unknowns. `others` are
 * changes that were found elsewhere.
 */
export function diffObjects(
  kind: Kind,
  olds: Tree,
  news: Tree,
  mutability: Mutability,
  others: ReadonlyMap<string, Change> = new Map(),
): ResourceDiff {
  const rules = replacingPaths(kind, news, mutability);
  const changes = new Map(others);
  compare([], olds, news, (path, before, after) => {
    if (isDefaultNamespace(path, before, after)) return;
    const changed = before === undefined ? "add" : after === undefined ? "delete" : "update";
    const replaces = touches(path, after, rules) || touches(path, before, rules);
    changes.set(spell(path), { kind: changed, replaces });
  });
  const replaced = [...changes.values()].some(({ replaces }) => replaces);
  return {
    changes,
    deleteBeforeReplace: replaced && keepsName(olds, news),
    against: "inputs",
  };
}

function keepsName(olds: Tree, news: Tree): boolean {
  return (
    isNamed(news) &&
    !isAnnotated(news, annotations.autonamed) &&
    nameOf(news) === nameOf(olds) &&
    (namespaceOf(news) || "default") === (namespaceOf(olds) || "default")
  );
}

type Report = (path: Path, before: unknown, after: unknown) => void;

function compare(path: Path, before: unknown, after: unknown, report: Report): void {
  const [old, now] = [before ?? undefined, after ?? undefined];
  if (isDeepStrictEqual(old, now)) return;
  if (isTree(old) && isTree(now)) {
    const keys = new Set([...Object.keys(old), ...Object.keys(now)]);
    for (const key of keys) compare([...path, key], old[key], now[key], report);
  } else if (Array.isArray(old) && Array.isArray(now)) {
    const length = Math.max(old.length, now.length);
    for (let index = 0; index < length; index++) compare([...path, index], old[index], now[index], report);
  } else report(path, old, now);
}

function isDefaultNamespace(path: Path, before: unknown, after: unknown): boolean {
  const isNamespace = path.length === 2 && path[0] === "metadata" && path[1] === "namespace";
  return isNamespace && (before ?? "default") === (after ?? "default");
}

/** The engine's spelling of a path: `spec.containers[0].env["a.b"]`. */
function spell(path: Path): string {
  return path.reduce<string>((spelled, part) => {
    if (typeof part === "number") return `${spelled}[${part}]`;
    if (/[."[\]]/.test(part)) return `${spelled}["${part.replaceAll('"', '\\"')}"]`;
    return spelled === "" ? part : `${spelled}.${part}`;
  }, "");
}
