import { type HubSecrets, partsOf } from "./credentials";
import type { AccessKey } from "./transferTypes";

/*
 * S3 users come in the generations of all other credentials. While two are in force MinIO knows the users of both, and
 * each side works as the newest: the hub's `up` makes the new users before it publishes them, a member's `up` then uses
 * them, and the hub's last `up` removes the old ones.
 */

/** What an S3 user of the landing zone is for; the key of its secret among a cluster's credentials. */
export type S3Role = "writer" | "reader" | "retention" | "retentionReader" | "metrics" | "benchmark";

/** An S3 user with its secret key. */
export interface S3User extends AccessKey {
  readonly role: S3Role;
  /** The member whose objects it reaches; the hub's own cluster for all others. */
  readonly cluster: string;
}

const PREFIXES: Readonly<Record<S3Role, string>> = {
  writer: "model-sync-run",
  reader: "model-sync-status",
  retention: "model-retention-run",
  retentionReader: "model-retention-status",
  metrics: "minio-metrics",
  benchmark: "benchmark",
};

/** Name of a user: `model-sync-run-hpc-1`; of the hub's own: `model-retention-run-1`. */
function s3UserName(role: S3Role, cluster: string, generation: number): string {
  const ofMember = s3RolesOf(true).includes(role);
  return [PREFIXES[role], ...(ofMember ? [cluster] : []), generation].join("-");
}

/** The roles that a cluster's credentials hold users for. */
export function s3RolesOf(member: boolean): readonly S3Role[] {
  return member ? ["writer", "reader"] : ["retention", "retentionReader", "metrics", "benchmark"];
}

/** One user of every generation, oldest first; throws where a generation lacks it. */
export function s3Users(secrets: HubSecrets, cluster: string, role: S3Role): readonly S3User[] {
  return partsOf(secrets, cluster).map(({ generation, own }) => {
    const secretKey = own.s3?.[role];
    if (secretKey === undefined)
      throw new Error(`generation ${generation.id} holds no S3 user (${role}) of cluster ${cluster}`);
    return { role, cluster, accessKey: s3UserName(role, cluster, generation.id), secretKey };
  });
}

/** The user that works: the newest generation's. */
export function newestS3User(secrets: HubSecrets, cluster: string, role: S3Role): AccessKey {
  const newest = s3Users(secrets, cluster, role).at(-1);
  if (newest === undefined) throw new Error(`no S3 user (${role}) of cluster ${cluster}`);
  return { accessKey: newest.accessKey, secretKey: newest.secretKey };
}
