import { createHmac } from "node:crypto";
import type { AccessKey } from "./transferTypes";

/** 2100-01-01, seconds since 1970: a token ends with its user, whose key is made anew at each rotation. */
const EXPIRES = 4_102_444_800;

const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");

/**
 * The token by which MinIO lets a user read its metrics, as `mc admin prometheus generate` makes it: a JWT signed with
 * the user's secret key. The same user has the same token.
 */
export function metricsToken({ accessKey, secretKey }: AccessKey): string {
  const content = [
    encoded({ alg: "HS512", typ: "JWT" }),
    encoded({ exp: EXPIRES, iss: "prometheus", sub: accessKey }),
  ].join(".");
  return `${content}.${createHmac("sha512", secretKey).update(content).digest("base64url")}`;
}
