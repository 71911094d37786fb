import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join, relative } from "node:path";
import { promisify } from "node:util";
import { registerVersion } from "../../workloads/model-sync/registry/register";
import { makeBucket, mlflowAt, publish, rootBucket, sha256, worker } from "./support/registry";
import type { Server } from "./support/servers";
import { dispose, minioCredentials, mlflowPython, startMinio, startMlflow } from "./support/servers";
import { writeSharded } from "./support/models";
import { Site } from "./support/site";

jest.setTimeout(180_000);

let minio: Server;
let mlflow: Server;
let folder: string;
let here: Site;

beforeAll(async () => {
  [minio, mlflow] = await Promise.all([startMinio(), startMlflow()]);
  await makeBucket(minio.url);
  folder = mkdtempSync(join(tmpdir(), "download-"));
  here = new Site(minio.url, { mlflow: { url: mlflow.url, allowUnauthenticated: true } });
});

afterAll(async () => {
  here.remove();
  await dispose(minio, mlflow);
  rmSync(folder, { recursive: true, force: true });
});

const awsEnvironment = {
  PATH: process.env.PATH,
  AWS_ACCESS_KEY_ID: minioCredentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: minioCredentials.secretAccessKey,
  AWS_DEFAULT_REGION: "us-east-1",
};

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
      { env: { ...awsEnvironment, MLFLOW_TRACKING_URI: mlflow.url, MLFLOW_S3_ENDPOINT_URL: minio.url } },
    );
    const sums = manifest.files.map(({ path }) => sha256(readFileSync(join(target, path), "utf8")));
    expect(sums).toEqual(manifest.files.map((file) => file.sha256));
  },
);

/** Files below a folder with the SHA-256 of each. */
function filesIn(root: string): Record<string, string> {
  const paths = readdirSync(root, { recursive: true }).map((name) => join(root, String(name)));
  const files = paths.filter((path) => statSync(path).isFile()).sort();
  return Object.fromEntries(files.map((path) => [relative(root, path), sha256(readFileSync(path))]));
}

/** Runs the worker, and has KServe's own storage package download what the registry says is the model's source. */
async function downloadWithKServe(model: string): Promise<Record<string, string>> {
  const { results } = (await here.sync()).report;
  const { version } = results.find((result) => result.model === model) ?? {};
  const source = version && (await mlflowAt(mlflow.url).version(version.name, version.version))?.source;
  const target = mkdtempSync(join(folder, "model-"));
  const script = "import sys, kserve_storage; kserve_storage.Storage.download(sys.argv[1], sys.argv[2])";
  await promisify(execFile)(mlflowPython(), ["-c", script, source ?? "", target], {
    env: { ...awsEnvironment, AWS_ENDPOINT_URL: minio.url },
  });
  return filesIn(target);
}

describe("KServe's storage initializer", () => {
  it("finds the one file that its XGBoost server takes for a model, and no manifest beside it", async () => {
    here.write("boosted", "model.json", '{"learner": {"gradient_booster": {}}, "version": [2, 1, 0]}');
    const files = await downloadWithKServe("boosted");
    expect(files).toEqual(filesIn(here.path("boosted")));
    const models = Object.keys(files).filter((path) => [".bst", ".json", ".ubj"].includes(extname(path)));
    expect(models).toEqual(["model.json"]);
  });

  it("unpacks a model that is one archive", async () => {
    const packed = join(folder, "packed");
    mkdirSync(join(packed, "1"), { recursive: true });
    writeFileSync(join(packed, "1", "model.onnx"), "\x08\x07\x12\x04test");
    writeFileSync(join(packed, "config.pbtxt"), 'name: "archived"');
    const archive = execFileSync("tar", ["-C", packed, "-czf", "-", "1", "config.pbtxt"]);
    here.write("archived", "model.tar.gz", archive);
    expect(await downloadWithKServe("archived")).toEqual(filesIn(packed));
  });

  it("downloads sharded safetensors with their index, and leaves out only what the manifest says it does", async () => {
    writeSharded(here, "sharded", 3);
    here.write("sharded", "config.json", '{"model_type": "test"}');
    here.write("sharded", "tokenizer/sonder zeichen ü.txt", "a b c");
    here.write("sharded", "remote/__init__.py", "");
    const { "remote/__init__.py": empty, ...rest } = filesIn(here.path("sharded"));
    expect(empty).toBe(sha256(""));
    expect(await downloadWithKServe("sharded")).toEqual(rest);
    expect(Object.keys(rest)).toHaveLength(6);
  });

  it("gets nothing of a model whose name begins alike", async () => {
    here.write("llama", "config.json", '{"of": "llama"}');
    here.write("llama-2", "config.json", '{"of": "llama-2"}');
    expect(await downloadWithKServe("llama")).toEqual(filesIn(here.path("llama")));
  });
});
