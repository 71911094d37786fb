import { partsOfUrn } from "../names";
import { isTree, isUnknown, stringAt, treeAt, valueAt, type Tree } from "../properties";

/** A Kubernetes kind with its API group and version (`v1` for the core group, else `group/version`). */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** The annotations by which a program steers the provider. */
export const annotations = {
  autonamed: "pulumi.com/autonamed",
  skipAwait: "pulumi.com/skipAwait",
  timeoutSeconds: "pulumi.com/timeoutSeconds",
  replaceUnready: "pulumi.com/replaceUnready",
  patchForce: "pulumi.com/patchForce",
  fieldManager: "pulumi.com/patchFieldManager",
  deletionPropagation: "pulumi.com/deletionPropagationPolicy",
} as const;

/** The kind a resource's type token names: `kubernetes:core/v1:ConfigMap` is ConfigMap of `v1`. */
export function kindOfType(type: string): Kind {
  const [, module = "", kind = ""] = type.split(":");
  const [group = "", version = ""] = module.split("/");
  if (version === "" || kind === "") throw new Error(`"${type}" is not the type of a Kubernetes resource`);
  return { apiVersion: group === "core" || group === "" ? version : `${group}/${version}`, kind };
}

/** The kind an object says it is of, or where it says nothing, the one its type token names. */
export function kindOf(object: Tree, urn: string): Kind {
  const { apiVersion, kind } = object;
  if (typeof apiVersion === "string" && typeof kind === "string") return { apiVersion, kind };
  return kindOfType(partsOfUrn(urn).type);
}

/** True for a resource that patches an object of another owner: `kubernetes:apps/v1:DeploymentPatch` of a Deployment. */
export function isPatch(urn: string, { kind }: Kind): boolean {
  return partsOfUrn(urn).type.endsWith(`:${kind}Patch`);
}

/** The group of an API version: empty for the core group. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}

/** `metadata.name`, empty when it is missing or not known yet. */
export function nameOf(object: Tree): string {
  const name = valueAt(object, "metadata", "name");
  return typeof name === "string" && !isUnknown(name) ? name : "";
}

/** `metadata.namespace`, empty when it is missing. */
export function namespaceOf(object: Tree): string {
  return stringAt(object, "metadata", "namespace");
}

/** The resource's id: `namespace/name`, or `name` where there is no namespace. */
export function idOf(object: Tree): string {
  const namespace = namespaceOf(object);
  return namespace === "" ? nameOf(object) : `${namespace}/${nameOf(object)}`;
}

/** Takes an id apart; without a namespace in it, that is empty. */
export function parseId(id: string): { namespace: string; name: string } {
  const at = id.lastIndexOf("/");
  return { namespace: at < 0 ? "" : id.slice(0, at), name: id.slice(at + 1) };
}

/** The value of one annotation, empty when the object does not carry it. */
export function annotationOf(object: Tree, name: string): string {
  return stringAt(object, "metadata", "annotations", name);
}

/** True when an annotation says "true". */
export function isAnnotated(object: Tree, name: string): boolean {
  return annotationOf(object, name) === "true";
}

/** The object with some of its metadata replaced. */
export function withMetadata(object: Tree, metadata: Tree): Tree {
  return { ...object, metadata: { ...treeAt(object, "metadata"), ...metadata } };
}

/** True when the program gave the object a name, though it may not be known yet. */
export function isNamed(object: Tree): boolean {
  const metadata = object.metadata;
  if (isUnknown(metadata)) return true;
  const name = isTree(metadata) ? metadata.name : undefined;
  return name !== undefined && name !== null && name !== "";
}

/** The object under a name the provider chose, annotated as such. */
export function autonamed(object: Tree, name: string): Tree {
  const given = valueAt(object, "metadata", "annotations");
  if (isUnknown(given)) return withMetadata(object, { name });
  return withMetadata(object, {
    name,
    annotations: { ...(isTree(given) ? given : {}), [annotations.autonamed]: "true" },
  });
}

/** A name for people: `Kind namespace/name`. */
export function describe(object: Tree): string {
  return `${stringAt(object, "kind")} ${idOf(object)}`;
}
