import { isSecret, isTree, mapTree, markSecrets, plain, secret, treeAt, type Tree } from "../properties";

/** The Kubernetes object in what the engine sends: no secret marks, `x_kubernetes_*` keys (how the SDK spells them) with hyphens. */
export function objectOf(value: unknown): Tree {
  return treeAt(respell(plain(value), "x_kubernetes_", (key) => key.replaceAll("_", "-")));
}

/** The object as the SDK's types spell it: `x-kubernetes-*` keys with underscores. */
export function forSdk(object: Tree): Tree {
  return treeAt(respell(object, "x-kubernetes-", (key) => key.replaceAll("-", "_")));
}

/** Marks in an object what is secret in `ins`; `data` and `stringData` of a Secret are secret always. */
export function markObject(object: Tree, ins: Tree): Tree {
  if (object.kind !== "Secret") return markSecrets(object, ins);
  return mapTree(object, (value, key) =>
    (key === "data" || key === "stringData") && !isSecret(value) ? secret(value) : value,
  );
}

function respell(value: unknown, prefix: string, spell: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => respell(item, prefix, spell));
  if (!isTree(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [
      key.startsWith(prefix) ? spell(key) : key,
      respell(child, prefix, spell),
    ]),
  );
}
