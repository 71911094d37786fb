import { randomBytes } from "node:crypto";
import { stringAt, treeAt, type Tree } from "../properties";
import { annotationOf, annotations } from "./objects";
import { forSdk, markObject, objectOf } from "./spelling";

/** A resource's state taken apart: nothing in it is marked as secret any more. */
export interface Recorded {
  /** Inputs the object was made from. */
  readonly inputs: Tree;
  /** The object as it was last seen. */
  readonly live: Tree;
  /** Its field manager under server-side apply; empty when none was recorded. */
  readonly fieldManager: string;
  readonly initialApiVersion: string;
}

/** Takes a resource's state apart. */
export function parseState(state: Tree): Recorded {
  const { __inputs: inputs, __initialApiVersion, __fieldManager, ...live } = objectOf(state);
  return {
    inputs: treeAt(inputs),
    live,
    fieldManager: stringAt(__fieldManager),
    initialApiVersion: stringAt(__initialApiVersion),
  };
}

/**
 * The state of a resource: the live object, and what made it. `source` are inputs with their secret marks, which
 * the state takes over; what a Secret holds is always secret.
 */
export function makeState(
  live: Tree,
  inputs: Tree,
  source: Tree,
  fieldManager: string,
  initialApiVersion: string,
): Tree {
  return {
    ...markObject(forSdk(live), source),
    __inputs: markObject(forSdk(inputs), source),
    __initialApiVersion: initialApiVersion || stringAt(live, "apiVersion"),
    __fieldManager: fieldManager,
  };
}

/** The field manager of an object: annotated, else recorded, else a new one of its own. */
export function fieldManagerOf(inputs: Tree, recorded: string, serverSideApply: boolean): string {
  if (!serverSideApply) return "pulumi-kubernetes";
  return (
    annotationOf(inputs, annotations.fieldManager) ||
    recorded ||
    `pulumi-kubernetes-${randomBytes(4).toString("hex")}`
  );
}
