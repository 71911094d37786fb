import { isTree, mapTree, type Tree } from "../properties";

/** Statement keys whose value is one string or a list of them, in any order. */
const sets = new Set(["Action", "NotAction", "Resource", "NotResource"]);

/**
 * True when two policy documents say the same: the server writes a document anew, with other order, lists for single
 * strings and no empty fields. What is no JSON object is compared as text.
 */
export function sameDocument(one: string, other: string): boolean {
  if (one === other) return true;
  const [left, right] = [parse(one), parse(other)];
  return left !== undefined && right !== undefined && canonical(left) === canonical(right);
}

/** What is wrong with the text of a policy document; undefined when it can be sent. */
export function documentProblem(text: string): string | undefined {
  return parse(text) === undefined ? "is not a JSON object" : undefined;
}

function parse(text: string): Tree | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isTree(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function canonical({ Statement, ...rest }: Tree): string {
  const statements = (Array.isArray(Statement) ? (Statement as readonly unknown[]) : [Statement])
    .filter(isTree)
    .map((statement) => JSON.stringify(sorted(statement)));
  return JSON.stringify([sorted(rest), [...new Set(statements)].sort()]);
}

/** Entries by key, without empty ones; what may stand in any order is sorted. */
function sorted(tree: Tree): unknown {
  return Object.entries(tree)
    .filter(([, value]) => value !== "" && !(isTree(value) && Object.keys(value).length === 0))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, value]) => {
      if (key === "Condition" && isTree(value)) return [key, sorted(mapTree(value, limits))];
      return [key, sets.has(key) ? texts(value) : value];
    });
}

/** What one test of a condition is held against: lists of values by key. */
function limits(value: unknown): unknown {
  return isTree(value) ? sorted(mapTree(value, texts)) : value;
}

/** One scalar or a list of them as a sorted list of different strings. */
function texts(value: unknown): string[] {
  const items = (Array.isArray(value) ? (value as readonly unknown[]) : [value]).map(String);
  return [...new Set(items)].sort();
}
