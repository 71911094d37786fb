import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { foldersOf } from "../clusters/folders";

/** An S3 key pair. */
export interface AccessKey {
  readonly accessKey: string;
  readonly secretKey: string;
}

const file = join(foldersOf("services").state, "minio-root.json");

/** Makes MinIO's root credentials, readable for root alone. */
export function writeMinioRootCredentials(): void {
  const made: AccessKey = { accessKey: "sandbox", secretKey: randomBytes(24).toString("base64url") };
  writeFileSync(file, JSON.stringify(made), { mode: 0o600 });
}

/** MinIO's root credentials, which live as long as its data. */
export function minioRootCredentials(): AccessKey {
  if (!existsSync(file))
    throw new Error("the sandbox's MinIO was not started yet: run `npm run sandbox` first");
  return JSON.parse(readFileSync(file, "utf8")) as AccessKey;
}
