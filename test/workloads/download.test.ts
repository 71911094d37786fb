import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { makeBucket, publish, rootBucket, sha256, worker } from "./support/registry";
import type { Server } from "./support/servers";
import { dispose, minioCredentials, startMinio, startMlflow } from "./support/servers";
import { registerVersion } from "../../workloads/model-sync/registry/register";

jest.setTimeout(180_000);

let minio: Server;
let mlflow: Server;
let folder: string;

beforeAll(async () => {
  [minio, mlflow] = await Promise.all([startMinio(), startMlflow()]);
  await makeBucket(minio.url);
  folder = mkdtempSync(join(tmpdir(), "download-"));
});

afterAll(async () => {
  await dispose(minio, mlflow);
  rmSync(folder, { recursive: true, force: true });
});

it.each(["plain", "weather net", "气象 model (v2)+100%"])(
  "MLflow's own client downloads the candidate of %j with equal SHA-256",
  async (model) => {
    const bucket = rootBucket(minio.url);
    const manifest = await publish(bucket, "hpc", model, `weights of ${model}`, "2026-03-01T10:00:00.000Z");
    const { name } = await registerVersion(worker(mlflow.url, bucket), manifest);
    bucket.close();
    const target = mkdtempSync(join(folder, "model-"));
    await promisify(execFile)(
      "mlflow",
      ["artifacts", "download", "-u", `models:/${name}@candidate`, "-d", target],
      {
        env: {
          PATH: process.env.PATH,
          MLFLOW_TRACKING_URI: mlflow.url,
          MLFLOW_S3_ENDPOINT_URL: minio.url,
          AWS_ACCESS_KEY_ID: minioCredentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: minioCredentials.secretAccessKey,
          AWS_DEFAULT_REGION: "us-east-1",
        },
      },
    );
    const sums = manifest.files.map(({ path }) => sha256(readFileSync(join(target, path), "utf8")));
    expect(sums).toEqual(manifest.files.map((file) => file.sha256));
  },
);
