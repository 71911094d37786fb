import { plainTree, stringAt, type Tree } from "../properties";
import { findVersioning, nameProblem } from "./bucket";
import { alias } from "./mc";
import type { Made, ResourceType } from "./resourceType";

const commands: Readonly<Record<string, string>> = { Enabled: "enable", Suspended: "suspend" };

/** The versioning of a bucket, which is there as soon as the bucket is. */
export const versioning: ResourceType = {
  noun: "versioning of bucket",
  inputs: {
    bucket: { type: "string", required: true, replaces: true, problem: nameProblem },
    versioningConfiguration: { type: "object", required: true, problem: configurationProblem },
  },
  outputs: [],
  identity: ["bucket"],

  async make(mc, wanted): Promise<Made> {
    const name = stringAt(wanted, "bucket");
    if ((await findVersioning(mc, name)) === undefined) throw new Error(`bucket "${name}" does not exist`);
    return { id: name, chosen: {} };
  },

  async find(mc, id, state): Promise<Tree | undefined> {
    const status = await findVersioning(mc, id);
    const isImport = Object.keys(state).length === 0;
    if (status === undefined || (status === "" && isImport)) return undefined;
    return { bucket: id, versioningConfiguration: { status } };
  },

  async settle(mc, wanted, found): Promise<Tree> {
    const status = stringAt(wanted, "versioningConfiguration", "status");
    if (status !== stringAt(found, "versioningConfiguration", "status"))
      await mc.run(["version", commands[status] ?? "", `${alias}/${stringAt(wanted, "bucket")}`]);
    return {};
  },

  /** A bucket never becomes unversioned again. */
  async remove(mc, id, state): Promise<void> {
    if (stringAt(state, "versioningConfiguration", "status") === "Suspended") return;
    await mc.run(["version", "suspend", `${alias}/${id}`]);
  },
};

function configurationProblem(value: unknown): string | undefined {
  const { status, ...others } = plainTree(value);
  const unknown = Object.keys(others);
  if (unknown.length > 0) return `holds ${unknown.join(", ")}, which the offline stand-in does not serve`;
  return typeof status === "string" && status in commands
    ? undefined
    : `.status is ${JSON.stringify(status)}; it is to be one of ${Object.keys(commands).join(", ")}`;
}
