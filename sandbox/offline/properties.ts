/** A JSON object, as states and Kubernetes objects are. */
export type Tree = Record<string, unknown>;

/** The engine's marks on values it sends: which kind of special value an object is, and what an unknown looks like. */
const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
/** A preview's placeholder for a string that is not known yet. */
export const unknownString = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const unknowns = new Set([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // boolean
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  unknownString,
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);

/** True for a JSON object: neither null nor an array. */
export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object at `path` below `value`, or an empty one where there is none. */
export function treeAt(value: unknown, ...path: readonly string[]): Tree {
  const found = valueAt(value, ...path);
  return isTree(found) ? found : {};
}

/** What stands at `path` below `value`, or undefined. */
export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (isTree(at) ? at[key] : undefined), value);
}

/** The list at `path` below `value`, or an empty one. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? (found as readonly unknown[]) : [];
}

/** The string at `path` below `value`, or an empty one. */
export function stringAt(value: unknown, ...path: readonly string[]): string {
  const found = valueAt(value, ...path);
  return typeof found === "string" ? found : "";
}

/** The number at `path` below `value`, or 0. */
export function numberAt(value: unknown, ...path: readonly string[]): number {
  const found = valueAt(value, ...path);
  return typeof found === "number" ? found : 0;
}

/** Marks a value as a secret of the stack. */
export function secret(value: unknown): Tree {
  return { [signature]: secretSignature, value };
}

/** True when the value itself is marked as a secret. */
export function isSecret(value: unknown): boolean {
  if (!isTree(value)) return false;
  return (
    value[signature] === secretSignature || (value[signature] === outputSignature && value.secret === true)
  );
}

/** True when the value is not known yet: a preview's placeholder. */
export function isUnknown(value: unknown): boolean {
  if (typeof value === "string") return unknowns.has(value);
  return isTree(value) && value[signature] === outputSignature && !("value" in value);
}

/** True when the value or anything below it is a secret. */
function containsSecret(value: unknown): boolean {
  return isSecret(value) || children(value).some(containsSecret);
}

/** True when the value or anything below it is not known yet. */
export function containsUnknown(value: unknown): boolean {
  return isUnknown(value) || children(value).some(containsUnknown);
}

/** The plain value: no secret marks. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isTree(value)) return value;
  if (isSecret(value) || (value[signature] === outputSignature && "value" in value))
    return plain(value.value);
  return mapTree(value, plain);
}

/** The plain object; an empty one when the value is no object. */
export function plainTree(value: unknown): Tree {
  return treeAt(plain(value));
}

/** Marks in `outs` what is secret in `ins`: objects are gone into, so that one secret does not hide a whole spec. */
export function markSecrets(outs: Tree, ins: Tree): Tree {
  return mapTree(outs, (value, key) => {
    const source = ins[key];
    if (isSecret(value)) return value;
    if (isTree(value) && isTree(source) && !isSecret(source)) return markSecrets(value, source);
    return containsSecret(source) ? secret(value) : value;
  });
}

/** The object with each of its values changed. */
export function mapTree(tree: Tree, change: (value: unknown, key: string) => unknown): Tree {
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, change(value, key)]));
}

function children(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  return isTree(value) ? Object.values(value) : [];
}
