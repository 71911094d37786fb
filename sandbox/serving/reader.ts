import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { foldersOf } from "../clusters/folders";
import { paths } from "../paths";
import { minioRootCredentials, type AccessKey } from "../services/credentials";
import { serviceEnvironment } from "../services/environment";
import { run } from "../system/commands";

const file = join(foldersOf("services").state, "minio-model-reader.json");

/** May read the models of a bucket, and nothing else. */
export function readerPolicy(bucket: string): object {
  const arn = `arn:aws:s3:::${bucket}`;
  return {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: ["s3:ListBucket"], Resource: [arn] },
      { Effect: "Allow", Action: ["s3:GetObject"], Resource: [`${arn}/models/*`] },
    ],
  };
}

/** Name of the bucket that an `s3://BUCKET/PREFIX/` names. */
export function bucketOf(source: string): string {
  const [, bucket] = /^s3:\/\/([^/]+)\/./.exec(source) ?? [];
  if (bucket === undefined) throw new Error(`a model's source must be s3://BUCKET/PREFIX/, not ${source}`);
  return bucket;
}

/**
 * The key pair with which served models are downloaded, made once: an access key of MinIO's root with a policy of its
 * own, which is no user of the landing zone.
 */
export async function modelReader(bucket: string): Promise<AccessKey> {
  if (!existsSync(file)) {
    const folder = mkdtempSync(join(tmpdir(), "model-reader-"));
    try {
      const policy = join(folder, "policy.json");
      writeFileSync(policy, JSON.stringify(readerPolicy(bucket)));
      const made = await run(
        [
          join(paths.bin, "mc"),
          ...["admin", "user", "svcacct", "add", "--json", "--policy", policy],
          ...["sandbox", minioRootCredentials().accessKey],
        ],
        { env: serviceEnvironment() },
      );
      const { accessKey, secretKey } = JSON.parse(made) as AccessKey;
      writeFileSync(file, JSON.stringify({ accessKey, secretKey }), { mode: 0o600 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  return JSON.parse(readFileSync(file, "utf8")) as AccessKey;
}
