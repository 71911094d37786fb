import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kserve } from "../../metrics/catalogue/serving";
import { writeModel } from "../../sandbox/models";
import { repository } from "../../sandbox/paths";
import { promptOf, requestOf } from "../../sandbox/serving/prompts";
import { kserveFolders, kserveInPlace } from "../../sandbox/setup/kserve";
import { parsePrometheusText } from "../support/prometheusText";
import { dispose, serve, type Server } from "./support/servers";

jest.setTimeout(120_000);

const model = "tiny";
let root: string;
let server: Server | undefined;

beforeAll(async () => {
  if (!kserveInPlace())
    throw new Error("KServe's model server is not installed: `npm run test:workloads` installs it");
  root = mkdtempSync(join(tmpdir(), "served-"));
  const folder = await writeModel(root, model);
  const { python, packages } = kserveFolders();
  server = await serve("kserve", "/v2/health/ready", (port) => ({
    name: python,
    args: [
      join(repository, "sandbox/serving/model/server.py"),
      ...[`--model_name=${model}`, `--model_dir=${folder}`],
      ...[`--http_port=${port}`, "--enable_grpc=false"],
    ],
    env: { PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: "1" },
  }));
});

afterAll(async () => {
  await dispose(server);
  rmSync(root, { recursive: true, force: true });
});

async function post(path: string, body: string): Promise<{ status: number; answer: unknown }> {
  const response = await fetch(`${server!.url}${path}`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json" },
  });
  return { status: response.status, answer: await response.json() };
}

/** Requests so far that reached a stage of the server, by its own count. */
async function counted(stage: string): Promise<number> {
  const text = await (await fetch(`${server!.url}/metrics`)).text();
  const found = parsePrometheusText(text).find(
    ({ name, labels }) => name === `${stage}_count` && labels.model_name === model,
  );
  return found?.value ?? 0;
}

const predict = async (instances: unknown): Promise<{ status: number; answer: unknown }> =>
  post(`/v1/models/${model}:predict`, JSON.stringify({ instances }));

async function predictions(...prompts: readonly (readonly number[])[]): Promise<number[][]> {
  const { status, answer } = await predict(prompts);
  expect(status).toBe(200);
  return (answer as { predictions: number[][] }).predictions;
}

describe("the served model", () => {
  it("answers both of KServe's protocols with the same next tokens", async () => {
    const prompt = promptOf(3);
    const [tokens] = await predictions(prompt);
    expect(tokens).toHaveLength(8);
    expect(tokens!.filter((token) => !Number.isInteger(token) || token < 0 || token > 255)).toEqual([]);
    const newer = requestOf(model, 3);
    const { status, answer } = await post(newer.path, newer.body);
    expect(status).toBe(200);
    expect(answer).toMatchObject({
      model_name: model,
      outputs: [{ datatype: "INT64", shape: [1, 8], data: tokens }],
    });
  });

  it("continues what it said: its first token appended gives the rest, and a prompt alone or in a batch the same", async () => {
    const [first, second] = [
      [1, 2, 3, 4, 5],
      [200, 100, 50, 25, 12],
    ];
    const [alone] = await predictions(first);
    expect((await predictions(first, second))[0]).toEqual(alone);
    const [continued] = await predictions([...first, alone![0]!]);
    expect(continued!.slice(0, 7)).toEqual(alone!.slice(1));
  });

  it("says different things of different prompts", async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, number) => predictions(promptOf(number))),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBeGreaterThan(6);
  });

  it.each<[string, unknown, RegExp]>([
    ["rows of different lengths", [[1, 2], [3]], /no prompts|prompts must be rows/],
    ["no row", [], /prompts must be rows/],
    ["words", [["one", "two"]], /prompts must be rows/],
    ["fractions", [[0.5, 1]], /prompts must be rows/],
    ["a token beyond its vocabulary", [[256]], /token ids must be 0 to 255/],
    ["a negative token", [[-1]], /token ids must be 0 to 255/],
    ["a prompt beyond its context", [Array(129).fill(1)], /at most 128 tokens/],
  ])("refuses %s as the client's error, which counts as no prediction", async (_, instances, message) => {
    const before = await counted(kserve.predict.name);
    const { status, answer } = await predict(instances);
    expect([status, JSON.stringify(answer)]).toEqual([400, expect.stringMatching(message)]);
    expect(await counted(kserve.predict.name)).toBe(before);
  });

  it("counts predictions and what follows them under the contract's names, and tells when the first was", async () => {
    const before = await Promise.all([counted(kserve.predict.name), counted(kserve.postprocess.name)]);
    await predictions(promptOf(1));
    await predictions(promptOf(2));
    const after = await Promise.all([counted(kserve.predict.name), counted(kserve.postprocess.name)]);
    expect(after).toEqual(before.map((count) => count + 2));
    const samples = parsePrometheusText(await (await fetch(`${server!.url}/metrics`)).text());
    const created = samples.find(({ name }) => name === kserve.predictCreated.name)!;
    expect(created.labels).toEqual({ model_name: model });
    expect(Math.abs(created.value - Date.now() / 1000)).toBeLessThan(120);
  });

  it("knows no other model", async () => {
    const { status } = await post("/v1/models/other:predict", JSON.stringify({ instances: [[1]] }));
    expect(status).toBe(404);
  });
});
