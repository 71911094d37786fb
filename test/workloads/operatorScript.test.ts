import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { buildWorker } from "../../scripts/build";
import type { S3Client } from "../../workloads/s3/client";
import { makeBucket, mlflowAt, rootBucket } from "./support/registry";
import type { Server } from "./support/servers";
import { dispose, startMinio, startMlflow } from "./support/servers";
import { Site } from "./support/site";

const program = join(__dirname, "../../scripts/sync-models-to-cloud.sh");

let minio: Server;
let mlflow: Server;
let bucket: S3Client;
let site: Site;

beforeAll(async () => {
  buildWorker("model-sync");
  [minio, mlflow] = await Promise.all([startMinio(), startMlflow()]);
  await makeBucket(minio.url);
  bucket = rootBucket(minio.url);
  site = new Site(minio.url, { mlflow: { url: mlflow.url, allowUnauthenticated: true } });
  site.write("net", "config.json", "{}");
  site.write("net", "weights.bin", "x".repeat(2048));
});

afterAll(async () => {
  site.remove();
  bucket.close();
  await dispose(minio, mlflow);
});

/** Runs the script on a terminal, as an operator does: what it shows, without what only moves the cursor. */
function shown(...args: readonly string[]): { readonly status: number | null; readonly lines: string[] } {
  const config = site.configFile({ quiescence: { settleSeconds: 0 } });
  const command = [program, "--config", config, ...args].join(" ");
  const { status, stdout } = spawnSync("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    encoding: "utf8",
  });

  return { status, lines: stdout.replace(/\x1b\[[0-9]*[A-Za-z]|\r/g, "").split("\n") };
}

const steps = (lines: readonly string[]): string[] =>
  lines.filter((line) => /^[1-7] (list|identify|transfer|publish|validate|register|update) ?/.test(line));

it("names the seven steps of a plan, and changes nothing", async () => {
  const { status, lines } = shown("--dry-run");
  expect({ status, steps: steps(lines) }).toEqual({
    status: 0,
    steps: [
      `1 list models: ${site.root}`,
      "2 identify new and changed: 1 models",
      "3 transfer: 1 model: 2 files to send, 2.0 KiB; 0 files to copy on the server, 0 B",
      "4 publish: 1 model",
      "5 validate checksums: 1 model; 0 published ones to read again",
      "6 register: 1 model",
      "7 update state: 1 model",
    ],
  });
  expect(lines).toContain("nothing was changed");
  for await (const { key } of bucket.list("")) throw new Error(`${key} was written`);
});

it("names them as they happen, and ends with a table", async () => {
  const { status, lines } = shown();
  expect({ status, steps: steps(lines) }).toEqual({
    status: 0,
    steps: [
      `1 list models: ${site.root}`,
      "2 identify new and changed: 1 models",
      "3 transfer: net",
      "5 validate checksums: net",
      "4 publish: net",
      "6 register: net",
      "7 update state: 1 models",
    ],
  });
  expect(lines.filter((line) => /^net +registered /.test(line))).toHaveLength(1);
  expect((await mlflowAt(mlflow.url).model(`${site.member}-net`))?.aliases).toEqual({ candidate: "1" });
});

it("finds nothing left to do afterwards", () => {
  const { status, lines } = shown();
  expect(status).toBe(0);
  expect(lines.at(-2)).toBe("1 models: 1 unchanged");
});
