import { isTree, treeAt, type Tree } from "../properties";

/** Fields of live objects that nobody gives as an input. */
const serverMetadata = [
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "selfLink",
  "uid",
];

/**
 * The live values of what the inputs speak of, in the inputs' shape: a difference is drift of a field we manage.
 * What others added is left out; a value the server merely spells otherwise or leaves out as empty stays as given.
 */
export function liveInputs(live: Tree, inputs: Tree): Tree {
  return pruneTree(inputs.kind === "Secret" ? withStringData(live, inputs) : live, inputs);
}

/** The inputs from which a live object could have been made, for one that is imported. */
export function importedInputs(live: Tree): Tree {
  const metadata = Object.fromEntries(
    Object.entries(treeAt(live, "metadata")).filter(([key]) => !serverMetadata.includes(key)),
  );
  const rest = Object.entries(live).filter(([key]) => key !== "status" && !key.startsWith("__"));
  return { ...Object.fromEntries(rest), metadata };
}

function pruneTree(live: Tree, inputs: Tree): Tree {
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([key, given]) => {
      const found = pruneValue(live[key], given, key);
      return found === undefined ? [] : [[key, found]];
    }),
  );
}

function pruneValue(live: unknown, given: unknown, key: string): unknown {
  if (live === undefined || live === null) return isEmpty(given) ? given : undefined;
  if (isTree(live) && isTree(given))
    return Object.fromEntries(
      Object.entries(given).flatMap(([child, value]) => {
        const found = pruneValue(live[child], value, isQuantityHolder(key) ? quantity : child);
        return found === undefined ? [] : [[child, found]];
      }),
    );
  if (Array.isArray(live) && Array.isArray(given)) return pruneList(live, given);
  if (isQuantityKey(key) && sameQuantity(live, given)) return given;
  return live;
}

/** Lists of named items hold what others added too; any other list is one value. */
function pruneList(live: readonly unknown[], given: readonly unknown[]): unknown[] {
  if (given.length > 0 && given.every((item) => itemName(item) !== undefined)) return byName(live, given);
  return live.map((item, index) => (index < given.length ? pruneValue(item, given[index], "") : item));
}

function byName(live: readonly unknown[], given: readonly unknown[]): unknown[] {
  return given.flatMap((item) => {
    const found = live.find((candidate) => itemName(candidate) === itemName(item));
    return found === undefined ? [] : [pruneValue(found, item, "")];
  });
}

function itemName(item: unknown): string | undefined {
  return isTree(item) && typeof item.name === "string" ? item.name : undefined;
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isTree(value)) return Object.values(value).every(isEmpty);
  return value === null || value === undefined || value === false || value === 0 || value === "";
}

/** The server keeps only `data`: what it holds of the keys that were given as `stringData`. */
function withStringData(live: Tree, inputs: Tree): Tree {
  const data = treeAt(live, "data");
  const stringData = Object.fromEntries(
    Object.keys(treeAt(inputs, "stringData")).flatMap((key) => {
      const value = data[key];
      return typeof value === "string" ? [[key, Buffer.from(value, "base64").toString("utf8")]] : [];
    }),
  );
  return { ...live, stringData };
}

const quantity = "quantity";
const quantityHolders = ["requests", "limits", "capacity", "hard", "default", "defaultRequest", "min", "max"];
const quantityKeys = [quantity, "storage", "sizeLimit", "divisor", "averageValue"];
const isQuantityHolder = (key: string): boolean => quantityHolders.includes(key);
const isQuantityKey = (key: string): boolean => quantityKeys.includes(key);

const suffixes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** True when both are Kubernetes quantities of the same amount: `1000m` and `1`, `1024Mi` and `1Gi`. */
export function sameQuantity(one: unknown, other: unknown): boolean {
  const [a, b] = [amount(one), amount(other)];
  return a !== undefined && b !== undefined && Math.abs(a - b) <= Math.abs(a) * 1e-12;
}

function amount(value: unknown): number | undefined {
  const [, digits, suffix = ""] = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([A-Za-z]*)$/.exec(String(value)) ?? [];
  const factor = suffixes[suffix];
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}
