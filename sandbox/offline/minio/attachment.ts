import { stringAt, type Tree } from "../properties";
import { alias, type Mc } from "./mc";
import { policyNameProblem } from "./policy";
import type { Made, ResourceType } from "./resourceType";
import { findUser, userNameProblem } from "./user";

/** A policy that a user has. Its id is `user/policy`, which is also what an import gives. */
export const attachment: ResourceType = {
  noun: "policy of a user",
  inputs: {
    userName: { type: "string", required: true, replaces: true, problem: userNameProblem },
    policyName: { type: "string", required: true, replaces: true, problem: policyNameProblem },
  },
  outputs: [],
  identity: ["userName", "policyName"],

  async make(mc, wanted): Promise<Made> {
    const [userName, policyName] = [stringAt(wanted, "userName"), stringAt(wanted, "policyName")];
    await change(mc, "attach", userName, policyName);
    return { id: `${userName}/${policyName}`, chosen: {} };
  },

  async find(mc, id, state): Promise<Tree | undefined> {
    const { userName, policyName } = parts(id, state);
    const policies = stringAt(await findUser(mc, userName), "policyName").split(",");
    return policies.includes(policyName) ? { userName, policyName } : undefined;
  },

  async remove(mc, id, state): Promise<void> {
    const { userName, policyName } = parts(id, state);
    await change(mc, "detach", userName, policyName);
  },
};

async function change(
  mc: Mc,
  verb: "attach" | "detach",
  userName: string,
  policyName: string,
): Promise<void> {
  await mc.run(["admin", "policy", verb, alias, policyName, "--user", userName]);
}

/** User and policy as recorded, else as the id names them. */
function parts(id: string, state: Tree): { userName: string; policyName: string } {
  const [userName, policyName] = [stringAt(state, "userName"), stringAt(state, "policyName")];
  if (userName !== "" && policyName !== "") return { userName, policyName };
  const at = id.indexOf("/");
  if (at < 1 || at === id.length - 1)
    throw new Error(`"${id}" is no id of a policy of a user; it is to be <user name>/<policy name>`);
  return { userName: id.slice(0, at), policyName: id.slice(at + 1) };
}
