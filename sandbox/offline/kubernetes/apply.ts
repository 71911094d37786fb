import { isTree, listAt, stringAt, treeAt, valueAt, type Tree } from "../properties";
import { ApiError, type Cluster } from "./cluster";
import type { Discovery } from "./discovery";
import { adoptedFields, ownedByOthers } from "./fields";
import { annotations, describe, isAnnotated, nameOf, namespaceOf, type Kind } from "./objects";
import type { ProviderSettings } from "./settings";

/** Everything a write needs to know. */
export interface Target {
  readonly cluster: Cluster;
  readonly discovery: Discovery;
  readonly settings: ProviderSettings;
  readonly kind: Kind;
  readonly fieldManager: string;
  /** Fields of an object that is another's; nothing else of it is touched. */
  readonly patch: boolean;
  /** The server computes the result and keeps nothing. */
  readonly dryRun: boolean;
}

const applyPatch = "application/apply-patch+yaml";

/** Creates an object; one that exists already is an error unless the provider is told to take such objects over. */
export async function createObject(target: Target, inputs: Tree): Promise<Tree> {
  const { cluster, discovery, settings, kind, dryRun } = target;
  if (!settings.serverSideApply)
    return cluster.json({
      method: "POST",
      path: await discovery.path(kind, namespaceOf(inputs)),
      query: writeQuery(target),
      body: inputs,
    });
  if (target.patch) return applyObject(target, inputs, isForced(settings, inputs));
  if (!settings.upsertExistingObjects && !dryRun && (await getObject(target, inputs)) !== undefined)
    throw new Error(
      `${describe(inputs)} already exists in the cluster. Import it (pulumi import), give an alias when the ` +
        "resource was only renamed, or set upsertExistingObjects on the provider.",
    );
  return applyObject(target, inputs, dryRun || isForced(settings, inputs));
}

/**
 * Brings a live object to new inputs. Fields kubectl edited are taken back; fields another manager owns are a
 * conflict unless the object or the provider forces the patch. `ignored` are property paths left as they are.
 */
export async function updateObject(
  target: Target,
  olds: Tree,
  inputs: Tree,
  ignored: readonly string[],
): Promise<Tree> {
  const { cluster, discovery, settings, kind, fieldManager, dryRun } = target;
  const live = await getObject(target, inputs);
  if (live === undefined)
    throw new Error(`${describe(inputs)} is not in the cluster any more; run pulumi refresh`);
  const path = await discovery.path(kind, namespaceOf(inputs), nameOf(inputs));
  const wanted = ignored.reduce((object, dotted) => keepIgnored(object, live, fieldManager, dotted), inputs);
  if (!settings.serverSideApply)
    return cluster.json({
      method: "PATCH",
      path,
      query: writeQuery(target),
      contentType: "application/merge-patch+json",
      body: mergePatch(olds, wanted),
    });
  if (target.patch) return applyObject(target, wanted, isForced(settings, inputs));
  const adopted = adoptedFields(live, fieldManager);
  if (adopted !== undefined && !dryRun)
    await cluster.json({
      method: "PATCH",
      path,
      contentType: "application/json-patch+json",
      body: [
        { op: "replace", path: "/metadata/managedFields", value: adopted },
        {
          op: "replace",
          path: "/metadata/resourceVersion",
          value: valueAt(live, "metadata", "resourceVersion"),
        },
      ],
    });
  const unmanaged = listAt(live, "metadata", "managedFields").length === 0;
  const force = isForced(settings, inputs) || unmanaged || (dryRun && adopted !== undefined);
  return applyObject(target, wanted, force);
}

/**
 * Gives back every field that the target's manager has of an object: those that nobody else has return to their
 * defaults. A field that the kind can not be without is an error, as is an object that is gone.
 */
export async function relinquish(target: Target, { apiVersion, kind, metadata }: Tree): Promise<void> {
  const identity = { name: valueAt(metadata, "name"), namespace: valueAt(metadata, "namespace") };
  try {
    await applyObject(target, { apiVersion, kind, metadata: identity }, false);
  } catch (error) {
    const required = error instanceof ApiError ? requiredField(error) : undefined;
    if (required === undefined) throw error;
    throw new Error(
      "this Patch resource is currently managing a required field, so it can't be deleted directly. Either set the " +
        "`retainOnDelete` resource option, or transfer ownership of the field before deleting: " +
        required,
      { cause: error },
    );
  }
}

/** The field that an object may not be without, of an answer that refuses it for that. */
function requiredField({ body }: ApiError): string | undefined {
  const cause = listAt(body, "details", "causes").find(
    (one) => stringAt(one, "reason") === "FieldValueRequired",
  );
  return cause === undefined ? undefined : stringAt(cause, "field");
}

/** The live object, or undefined when there is none. */
export async function getObject(
  { cluster, discovery, kind }: Pick<Target, "cluster" | "discovery" | "kind">,
  object: Tree,
): Promise<Tree | undefined> {
  try {
    return await cluster.json({
      method: "GET",
      path: await discovery.path(kind, namespaceOf(object), nameOf(object)),
    });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

async function applyObject(target: Target, object: Tree, force: boolean): Promise<Tree> {
  const { cluster, discovery, kind, fieldManager } = target;
  try {
    return await cluster.json({
      method: "PATCH",
      path: await discovery.path(kind, namespaceOf(object), nameOf(object)),
      query: { ...writeQuery(target), force: String(force) },
      contentType: applyPatch,
      body: withoutStringData(object),
    });
  } catch (error) {
    if (error instanceof ApiError && error.reason === "Conflict")
      throw new Error(
        `server-side apply field conflict: the resource managed by field manager "${fieldManager}" had an apply ` +
          `conflict: ${error.message}. Set the annotation ${annotations.patchForce}: "true" to take the fields.`,
        { cause: error },
      );
    throw error;
  }
}

/**
 * A Secret's `stringData` as `data`: the server would merge it in without owning the keys, and a key taken out of it
 * would stay for ever.
 */
function withoutStringData(object: Tree): Tree {
  if (object.kind !== "Secret" || !isTree(object.stringData)) return object;
  const { stringData, ...secret } = object;
  const encoded = Object.entries(stringData).map(([key, value]) => [
    key,
    Buffer.from(String(value)).toString("base64"),
  ]);
  return { ...secret, data: { ...treeAt(secret, "data"), ...Object.fromEntries(encoded) } };
}

function writeQuery({ fieldManager, dryRun }: Target): Record<string, string> {
  return { fieldManager, fieldValidation: "Strict", ...(dryRun ? { dryRun: "All" } : {}) };
}

function isForced(settings: ProviderSettings, inputs: Tree): boolean {
  return settings.patchForce || isAnnotated(inputs, annotations.patchForce);
}

/** An ignored field: left out when only others own it, else sent as it is in the cluster. */
function keepIgnored(object: Tree, live: Tree, fieldManager: string, dotted: string): Tree {
  const path = dotted.split(".");
  const value = ownedByOthers(live, fieldManager, path) ? undefined : valueAt(live, ...path);
  if (value === undefined && !ownedByOthers(live, fieldManager, path)) return object;
  return replaceAt(object, path, value);
}

function replaceAt(tree: Tree, [first = "", ...rest]: readonly string[], value: unknown): Tree {
  if (!(first in tree) && value === undefined) return tree;
  const child = rest.length === 0 ? value : replaceAt(treeAt(tree[first]), rest, value);
  return Object.fromEntries([
    ...Object.entries(tree).filter(([key]) => key !== first),
    ...(child === undefined ? [] : [[first, child] as const]),
  ]);
}

/** The JSON merge patch that leads from one object to another. */
export function mergePatch(before: Tree, after: Tree): Tree {
  const patch: Tree = {};
  for (const key of Object.keys(before)) if (!(key in after)) patch[key] = null;
  for (const [key, value] of Object.entries(after)) {
    const old = before[key];
    if (isTree(old) && isTree(value)) {
      const inner = mergePatch(old, value);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (JSON.stringify(old) !== JSON.stringify(value)) patch[key] = value;
  }
  return patch;
}
