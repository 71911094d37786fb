import { stringAt, type Tree } from "../properties";
import { documentProblem, sameDocument } from "./document";
import { alias, documentFile, McError, type Mc } from "./mc";
import { existsAlready, type Made, type ResourceType } from "./resourceType";

/** A policy that users can be given. */
export const policy: ResourceType = {
  noun: "policy",
  inputs: {
    name: { type: "string", autonamed: true, replaces: true, problem: policyNameProblem },
    policy: {
      type: "string",
      required: true,
      problem: (value) => documentProblem(String(value)),
      same: (before, after) => sameDocument(String(before), String(after)),
    },
  },
  outputs: [],
  identity: ["name"],

  async make(mc, wanted): Promise<Made> {
    const name = stringAt(wanted, "name");
    if ((await findPolicy(mc, name)) !== undefined) throw existsAlready("policy", name);
    await setPolicy(mc, name, stringAt(wanted, "policy"));
    return { id: name, chosen: {} };
  },

  async find(mc, id): Promise<Tree | undefined> {
    const document = await findPolicy(mc, id);
    return document === undefined ? undefined : { name: id, policy: document };
  },

  async settle(mc, wanted, found): Promise<Tree> {
    const document = stringAt(wanted, "policy");
    if (!sameDocument(stringAt(found, "policy"), document))
      await setPolicy(mc, stringAt(wanted, "name"), document);
    return {};
  },

  async remove(mc, id): Promise<void> {
    await mc.run(["admin", "policy", "remove", alias, id]);
  },
};

/** What is wrong with a policy's name; undefined when nothing. */
export function policyNameProblem(value: unknown): string | undefined {
  return /^[\w+=.@:][\w+=.@:-]{0,95}$/.test(String(value))
    ? undefined
    : "is no name of a policy: at most 96 letters, digits and +=.@:_- with no hyphen first";
}

async function findPolicy(mc: Mc, name: string): Promise<string | undefined> {
  try {
    const { policyInfo } = await mc.run(["admin", "policy", "info", alias, name]);
    return JSON.stringify((policyInfo as Tree).Policy);
  } catch (error) {
    if (error instanceof McError && error.code === "XMinioAdminNoSuchPolicy") return undefined;
    throw error;
  }
}

async function setPolicy(mc: Mc, name: string, document: string): Promise<void> {
  await mc.run(["admin", "policy", "create", alias, name, documentFile], { document });
}
