import { randomBytes } from "node:crypto";
import { stringAt, type Tree } from "../properties";
import { alias, McError, type Mc } from "./mc";
import { existsAlready, type Made, type ResourceType } from "./resourceType";

/** A user with a secret of its own. */
export const user: ResourceType = {
  noun: "user",
  inputs: {
    name: { type: "string", autonamed: true, replaces: true, problem: userNameProblem },
    secret: { type: "string", computed: true, secret: true, problem: secretProblem },
    disableUser: { type: "boolean", default: false },
    updateSecret: { type: "boolean", default: false },
    forceDestroy: { type: "boolean", default: false },
  },
  outputs: ["status"],
  identity: ["name"],

  async make(mc, wanted): Promise<Made> {
    const name = stringAt(wanted, "name");
    if ((await findUser(mc, name)) !== undefined) throw existsAlready("user", name);
    const secret = stringAt(wanted, "secret") || newSecret();
    await setSecret(mc, name, secret);
    return { id: name, chosen: { secret } };
  },

  async find(mc, id): Promise<Tree | undefined> {
    const found = await findUser(mc, id);
    if (found === undefined) return undefined;
    const status = stringAt(found, "userStatus");
    return { name: id, status, disableUser: status === "disabled" };
  },

  updateProblem(wanted): string | undefined {
    return wanted.forceDestroy === true
      ? "it has forceDestroy, and the official provider deletes such a user instead of updating it; take forceDestroy out"
      : undefined;
  },

  async settle(mc, wanted, found, state): Promise<Tree> {
    const name = stringAt(wanted, "name");
    const secret = state === undefined ? undefined : changedSecret(wanted, state);
    if (secret !== undefined) await setSecret(mc, name, secret);
    const isDisabled = secret === undefined && found.disableUser === true;
    if (isDisabled !== wanted.disableUser)
      await mc.run(["admin", "user", wanted.disableUser === true ? "disable" : "enable", alias, name]);
    return secret === undefined ? {} : { secret };
  },

  async remove(mc, id): Promise<void> {
    await mc.run(["admin", "user", "remove", alias, id]);
  },
};

/** What the server says of a user; undefined when there is none of that name. */
export async function findUser(mc: Mc, name: string): Promise<Tree | undefined> {
  try {
    return await mc.run(["admin", "user", "info", alias, name]);
  } catch (error) {
    if (error instanceof McError && error.code === "XMinioAdminNoSuchUser") return undefined;
    throw error;
  }
}

/** What is wrong with a user's name; undefined when nothing. */
export function userNameProblem(value: unknown): string | undefined {
  return /^[0-9A-Za-z=,.@_+][0-9A-Za-z=,.@_+-]*$/.test(String(value))
    ? undefined
    : "is no name of a user: letters, digits and =,.@_+- with no hyphen first";
}

function secretProblem(value: unknown): string | undefined {
  if (String(value).length < 8) return "is shorter than 8 characters";
  return /[\r\n]/.test(String(value)) ? "holds a line break" : undefined;
}

/** The secret an update has to set: a new one where it is to rotate, the program's where that is another. */
function changedSecret(wanted: Tree, state: Tree): string | undefined {
  if (wanted.updateSecret === true) return newSecret();
  const secret = stringAt(wanted, "secret");
  return secret === "" || secret === state.secret ? undefined : secret;
}

/** Makes the user where it is not there; in any case it is enabled then. */
async function setSecret(mc: Mc, name: string, secret: string): Promise<void> {
  await mc.run(["admin", "user", "add", alias, name], { input: `${secret}\n` });
}

function newSecret(): string {
  return randomBytes(30).toString("base64url");
}
