import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { grantPolicy, policyName } from "../../../components/transfer/landingZonePolicies";
import type { Grant } from "../../../components/transfer/types";
import { buckets } from "./registry";
import type { S3Credentials } from "../../../workloads/s3/http";
import { minioCredentials } from "./servers";

let users = 0;

/**
 * Makes a user of MinIO with a grant as the landing zone makes it. The member of a grant may be a pattern (`m7-*`): the
 * user stands for all of them.
 *
 * @param members whose prefixes the grant `retention` may clean up
 */
export function addUser(minioUrl: string, grant: Grant, members: readonly string[] = []): S3Credentials {
  const user = { accessKeyId: `user-${++users}`, secretAccessKey: `secret-of-user-${users}` };
  const { accessKeyId, secretAccessKey } = minioCredentials;
  const folder = mkdtempSync(join(tmpdir(), "mc-"));
  const admin = (...args: readonly string[]): void => {
    execFileSync("mc", ["--config-dir", folder, "--quiet", "admin", ...args], {
      stdio: "pipe",
      env: {
        PATH: process.env.PATH,
        MC_HOST_store: minioUrl.replace("://", `://${accessKeyId}:${secretAccessKey}@`),
      },
    });
  };
  const name = policyName(buckets, grant).replace("*", "any");
  try {
    const document = join(folder, "policy.json");
    writeFileSync(document, JSON.stringify(grantPolicy(buckets, grant, members)));
    admin("policy", "create", "store", name, document);
    admin("user", "add", "store", user.accessKeyId, user.secretAccessKey);
    admin("policy", "attach", "store", name, "--user", user.accessKeyId);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return user;
}
