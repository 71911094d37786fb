import { isTree, listAt, stringAt, treeAt, valueAt, type Tree } from "../properties";

/** Managers whose fields become ours when we apply: kubectl, and this provider without server-side apply. */
const adoptable: readonly { readonly prefix: string; readonly operation: string }[] = [
  { prefix: "kubectl", operation: "Apply" },
  { prefix: "kubectl", operation: "Update" },
  { prefix: "before-first-apply", operation: "Update" },
  { prefix: "pulumi-kubernetes", operation: "Update" },
  { prefix: "pulumi-resource-kubernetes", operation: "Update" },
];

/**
 * The object's `managedFields` with what kubectl owns handed to `manager`, so that an apply does not conflict with
 * a person's own edit; undefined when there is nothing to hand over.
 */
export function adoptedFields(live: Tree, manager: string): readonly Tree[] | undefined {
  const entries = listAt(live, "metadata", "managedFields").filter(isTree);
  const taken = entries.filter((entry) => isAdoptable(entry));
  if (taken.length === 0) return undefined;
  const own = entries.find((entry) => entry.manager === manager && entry.operation === "Apply");
  const first = own ?? taken[0];
  const fields = [...(own === undefined ? [] : [own]), ...taken].reduce<Tree>(
    (merged, entry) => merge(merged, treeAt(entry, "fieldsV1")),
    {},
  );
  const rest = entries.filter((entry) => entry !== own && !taken.includes(entry));
  return [...rest, { ...first, manager, operation: "Apply", fieldsV1: fields }];
}

/** True when another manager owns the field at `path` and `manager` does not. */
export function ownedByOthers(live: Tree, manager: string, path: readonly string[]): boolean {
  const key = path.map((part) => `f:${part}`);
  const owners = listAt(live, "metadata", "managedFields").filter(
    (entry) => valueAt(entry, "fieldsV1", ...key) !== undefined,
  );
  return owners.length > 0 && !owners.some((entry) => stringAt(entry, "manager") === manager);
}

function isAdoptable(entry: Tree): boolean {
  return (
    stringAt(entry, "subresource") === "" &&
    adoptable.some(
      ({ prefix, operation }) =>
        stringAt(entry, "manager").startsWith(prefix) && entry.operation === operation,
    )
  );
}

function merge(one: Tree, other: Tree): Tree {
  const merged: Tree = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const present = merged[key];
    merged[key] = isTree(present) && isTree(value) ? merge(present, value) : value;
  }
  return merged;
}
