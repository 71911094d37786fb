import { randomBytes } from "node:crypto";
import { hash } from "bcryptjs";
import type { User } from "../settings/credentials";

const PASSWORD_BYTES = 36;
/** 2^10 rounds: Prometheus checks the hash at every scrape (and then keeps the answer for a while). */
const BCRYPT_COST = 10;

/** A user of web endpoints with a new password; one of another generation has another name. */
export async function createUser(kind: string, generation: number): Promise<User> {
  const password = randomBytes(PASSWORD_BYTES).toString("base64url");
  return { username: `${kind}-${generation}`, password, hash: await hash(password, BCRYPT_COST) };
}
