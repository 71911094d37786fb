import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http, { type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildWorker } from "../../scripts/build";
import type { S3Client } from "../../workloads/s3/client";
import type { Mlflow } from "../../workloads/registry/mlflow";
import { judge } from "../../workloads/benchmark/analysis/judge";
import { deliver } from "../../workloads/benchmark/driver/deliver";
import { metricsOf, registryAt, type Registered } from "../../workloads/benchmark/driver/registry";
import { parseSettings, settle, type Settings } from "../../workloads/benchmark/driver/settings";
import { storeAt } from "../../workloads/benchmark/driver/store";
import { reportOf } from "../../workloads/benchmark/report";
import { parseResult, type Result, type Target } from "../../workloads/benchmark/result";
import { runAgainst } from "../support/benchmark";
import { startInferenceServer, type RunningServer } from "../support/inferenceServer";
import { benchmark, model, settingsFor, type Run, type Said } from "./support/benchmark";
import { makeBucket, mlflowAt, rootBucket } from "./support/registry";
import {
  dispose,
  freePort,
  minioCredentials,
  serve,
  startMinio,
  startMlflow,
  type Server,
} from "./support/servers";
import { tlsServer, type TlsServer } from "./support/tls";

jest.setTimeout(120_000);

const BUCKET = "benchmarks";
let [minio, mlflow, prometheus]: [Server, Server, Server] = [] as never;
let target: RunningServer;
let hub: TlsServer;
let bucket: S3Client;
let registry: Mlflow;
let folder: string;
let files: Readonly<Record<"key" | "secret" | "user" | "password", string>>;

/** Prometheus as a hub offers it: behind TLS, to those who know the password. */
const guarded: RequestListener = (request, response) => {
  const expected = `Basic ${Buffer.from("benchmark:right").toString("base64")}`;
  if (request.headers.authorization !== expected) return void response.writeHead(401).end("who are you?");
  const { method, url, headers } = request;
  const passed = http.request(`${prometheus.url}${url ?? ""}`, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502);
    answer.pipe(response);
  });
  request.pipe(passed);
};

beforeAll(async () => {
  buildWorker("benchmark");
  buildWorker("benchmark-load");
  [minio, mlflow, prometheus] = await Promise.all([
    startMinio(),
    startMlflow(),
    serve("prometheus", "/-/ready", (port, own) => {
      const config = join(own, "prometheus.yml");
      writeFileSync(config, "{}");
      const flags = ["--web.enable-remote-write-receiver", `--web.listen-address=127.0.0.1:${port}`];
      const args = [`--config.file=${config}`, `--storage.tsdb.path=${join(own, "data")}`, ...flags];
      return { name: "prometheus", args, env: {} };
    }),
  ]);
  hub = await tlsServer(guarded);
  target = await startInferenceServer({ model, service: { kind: "constant", ms: 5 } });
  await makeBucket(minio.url, BUCKET);
  bucket = rootBucket(minio.url, undefined, BUCKET);
  registry = mlflowAt(mlflow.url);
  folder = mkdtempSync(join(tmpdir(), "delivery-"));
  const secrets = {
    key: minioCredentials.accessKeyId,
    secret: minioCredentials.secretAccessKey,
    user: "benchmark",
    password: "right",
  };
  files = Object.fromEntries(
    Object.entries(secrets).map(([name, text]) => {
      writeFileSync(join(folder, name), `${text}\n`);
      return [name, join(folder, name)];
    }),
  ) as typeof files;
});

afterAll(async () => {
  bucket.close();
  await target.close();
  await hub.close();
  await dispose(minio, mlflow, prometheus);
  for (const one of [folder, hub.folder]) rmSync(one, { recursive: true, force: true });
});

/** Registers versions 1, 2, ... of a model; aliases by name. */
async function registered(
  name: string,
  versions: number,
  aliases: Readonly<Record<string, string>> = {},
): Promise<void> {
  await registry.createModel(name, {}, "");
  for (let version = 1; version <= versions; version++)
    await registry.createVersion(name, `s3://models/${name}/${version}`, {}, "", "");
  for (const [alias, version] of Object.entries(aliases)) await registry.setAlias(name, alias, version);
}

const store = (): NonNullable<Said["store"]> => ({
  url: minio.url,
  bucket: BUCKET,
  accessKeyFile: files.key,
  secretKeyFile: files.secret,
});
const remoteWrite = (): NonNullable<Said["remoteWrite"]> => ({
  url: `https://127.0.0.1:${hub.port}/api/v1/write`,
  caFile: hub.caFile,
  usernameFile: files.user,
  passwordFile: files.password,
});
/** Long enough for a P95. */
const warm = { rate: 150, warmUpSeconds: 1, seconds: 5 };

async function keysOf(prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of bucket.list(prefix)) keys.push(key);
  return keys;
}
const textOf = async (key: string): Promise<string> => (await bucket.get(key))?.body.toString("utf8") ?? "";

interface MlflowRun {
  readonly info: { readonly status: string; readonly run_name: string };
  readonly data: Readonly<
    Record<"metrics" | "tags", readonly { readonly key: string; readonly value: unknown }[]>
  >;
}
async function runsOf(run: string): Promise<readonly MlflowRun[]> {
  const experiment = await registry.experiment("benchmarks");
  const answer = await fetch(`${mlflow.url}/api/2.0/mlflow/runs/search`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ experiment_ids: [experiment], filter: `tags.benchmark_run = '${run}'` }),
  });
  return ((await answer.json()) as { runs?: readonly MlflowRun[] }).runs ?? [];
}
const pairs = (list: readonly { readonly key: string; readonly value: unknown }[] = []): object =>
  Object.fromEntries(
    list.filter(({ key }) => !key.startsWith("mlflow.")).map(({ key, value }) => [key, value]),
  );

async function query(text: string): Promise<readonly { readonly metric: object }[]> {
  const answer = await fetch(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(text)}`);
  return ((await answer.json()) as { data: { result: { metric: object }[] } }).data.result;
}

describe("a run that is written everywhere", () => {
  let run: Run;
  let result: Result;

  beforeAll(async () => {
    await registered("hpc-sums", 3, { candidate: "3", champion: "2" });
    run = await benchmark(
      target.url,
      {
        run: undefined,
        target: { version: undefined, simulated: false },
        asked: ["smoke", "warm"],
        smoke: { rate: 10, seconds: 1 },
        warm,
        store: store(),
        remoteWrite: remoteWrite(),
        registry: { url: mlflow.url, model: "hpc-sums", promote: true },
      },
      [],
      { BENCHMARK_RUN: "gate-1" },
    );
    if (run.result === undefined) throw new Error(run.output);
    result = run.result;
  });

  it("ends with the judge's verdict, its name from the environment and its version from the registry", () => {
    expect([run.code, run.output]).toEqual([
      0,
      expect.stringContaining("report: s3://benchmarks/sums/3/gate-1/report.html"),
    ]);
    expect(result).toMatchObject({ run: "gate-1", target: { version: "3", champion: false }, history: [] });
  });

  it("keeps result, judgement and report, which follow from the result anywhere, and its summary", async () => {
    expect(await keysOf("sums/")).toEqual([
      ...["judged.json", "report.html", "report.md", "result.json"].map((name) => `sums/3/gate-1/${name}`),
      "sums/summaries/gate-1.json",
    ]);
    const kept = parseResult(JSON.parse(await textOf("sums/3/gate-1/result.json")));
    expect(kept).toEqual(result);
    const { judgement, json, markdown, html } = reportOf(kept);
    expect(judgement.verdict).toBe("pass");
    expect(await textOf("sums/3/gate-1/judged.json")).toBe(json);
    expect(await textOf("sums/3/gate-1/report.md")).toBe(markdown);
    expect(await textOf("sums/3/gate-1/report.html")).toBe(html);
    expect(JSON.parse(await textOf("sums/summaries/gate-1.json"))).toEqual(judgement.summary);
    const page = await bucket.openStream("sums/3/gate-1/report.html");
    page.resume();
    expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
  });

  it("writes its figures to the registry: a run of its own, and tags of the version", async () => {
    const metrics = metricsOf(judge(result));
    expect(Object.keys(metrics).sort()).toEqual([
      "error_ratio",
      "warm_p50_seconds",
      "warm_p95_seconds",
      "wrong_answer_ratio",
    ]);
    const [found, ...others] = await runsOf("gate-1");
    expect(others).toEqual([]);
    expect(found?.info).toMatchObject({ status: "FINISHED", run_name: "gate-1" });
    expect(pairs(found?.data.metrics)).toEqual(metrics);
    const report = "s3://benchmarks/sums/3/gate-1/report.html";
    expect(pairs(found?.data.tags)).toEqual({
      benchmark_run: "gate-1",
      model: "hpc-sums",
      model_version: "3",
      cluster: "cloud",
      verdict: "pass",
      simulated: "false",
      conditions: judge(result).summary.conditions,
      report,
    });
    const tags = Object.entries(metrics).map(([name, value]) => [`benchmark.${name}`, String(value)]);
    expect((await registry.version("hpc-sums", "3"))?.tags).toEqual({
      ...Object.fromEntries(tags),
      "benchmark.run": "gate-1",
      "benchmark.verdict": "pass",
      "benchmark.simulated": "false",
      "benchmark.ended": result.endedAt,
      "benchmark.report": report,
    });
  });

  it("moves champion, as it passed", async () => {
    expect(run.output).toContain("champion of hpc-sums moved from 2 to 3");
    expect((await registry.model("hpc-sums"))?.aliases).toEqual({
      candidate: "3",
      champion: "3",
      "champion-previous": "2",
    });
  });

  it("sends k6's series to the hub with their labels, and no counter of a latency bucket", async () => {
    const labels = await query(
      'count by (cluster, model, version, testid) (last_over_time({__name__=~"k6_.*"}[5m]))',
    );
    expect(labels.map(({ metric }) => metric)).toEqual([
      { cluster: "cloud", model: "sums", version: "3", testid: "gate-1" },
    ]);
    expect(await query("last_over_time(k6_latency_total[5m])")).toEqual([]);
    const names = (await query('group by (__name__) (last_over_time({__name__=~"k6_.*"}[5m]))')).map(
      ({ metric }) => (metric as { __name__: string }).__name__,
    );
    expect(names).toEqual(
      expect.arrayContaining([
        "k6_http_reqs_total",
        "k6_http_req_duration_p95",
        "k6_latency_sum_total",
        "k6_vus",
      ]),
    );
  });

  it("is what a later run is compared with", async () => {
    await bucket.put("sums/summaries/foreign.json", Buffer.from("{}"));
    const later = await benchmark(target.url, {
      run: "gate-2",
      target: { version: "3" },
      asked: ["smoke"],
      smoke: { rate: 10, seconds: 1 },
      store: store(),
    });
    expect(later.code).toBe(0);
    expect(later.result?.history).toEqual([judge(result).summary]);
    expect(later.output).toContain("store: sums/summaries/foreign.json is no summary of a run: left out");
  });
});

describe("what cannot be written is an error, and the result stays", () => {
  const short: Said = { asked: ["smoke"], smoke: { rate: 10, seconds: 1 } };

  it("a store that refuses: nothing is written to the registry", async () => {
    await registered("refused", 1);
    const wrong = { ...store(), secretKeyFile: files.password };
    const run = await benchmark(target.url, {
      ...short,
      target: { version: "1" },
      store: wrong,
      registry: { url: mlflow.url, model: "refused" },
    });
    expect(run.code).toBe(3);
    expect(run.result?.evidence.smoke?.requests).toBe(10);
    expect(run.output).toContain(
      `error: store: ${minio.url}: ListObjectsV2 /${BUCKET}: HTTP 403 SignatureDoesNotMatch`,
    );
    expect(run.output).toContain("the result is pass, and lies in ");
    expect((await registry.version("refused", "1"))?.tags).toEqual({});
  });

  it("a receiver of series that does not know the user", async () => {
    const run = await benchmark(target.url, {
      ...short,
      remoteWrite: { ...remoteWrite(), passwordFile: files.user },
    });
    expect(run.code).toBe(3);
    expect(run.result?.evidence.smoke?.requests).toBe(10);
    expect(run.output).toMatch(
      /error: remoteWrite: https:\/\/127\.0\.0\.1:\d+\/api\/v1\/write: (\d+) of \1 pushes of k6's series are lost: answered 401: who are you\?/,
    );
  });

  it("a registry that does not answer, before a request is sent", async () => {
    const port = await freePort();
    const before = target.server.log.length;
    const run = await benchmark(target.url, {
      ...short,
      registry: { url: `http://127.0.0.1:${port}`, model: "x" },
    });
    expect(run).toMatchObject({ code: 3, result: undefined });
    expect(run.output).toContain(`127.0.0.1:${port}`);
    expect(target.server.log.length).toBe(before);
  });

  it.each<[string, Said["target"], string, string]>([
    ["a version", { version: "9" }, "target.version: ", "knows no version 9 of known (aliases: champion 1)"],
    [
      "an alias",
      { version: undefined },
      "registry.alias: ",
      "no version of known is called candidate (aliases: champion 1)",
    ],
  ])("%s that the registry does not know, before a request is sent", async (_, said, field, fault) => {
    await registered("known", 1, { champion: "1" });
    const run = await benchmark(target.url, {
      ...short,
      target: said ?? {},
      registry: { url: mlflow.url, model: "known" },
    });
    expect(run).toMatchObject({ code: 3, result: undefined });
    expect(run.output).toContain(field);
    expect(run.output).toContain(fault);
  });

  it("a model that the registry does not know", async () => {
    const run = await benchmark(target.url, { ...short, registry: { url: mlflow.url } });
    expect(run).toMatchObject({ code: 3, result: undefined });
    expect(run.output).toContain(
      `registry: ${mlflow.url} knows no model sums: register it, or set registry.model`,
    );
  });
});

describe("delivery of a measured result", () => {
  let lines: string[];
  beforeEach(() => (lines = []));
  const settings = (said: Said = {}): Settings =>
    settle(parseSettings(settingsFor("http://unused.invalid", folder, said)));
  /** A result of a server that meets its targets, as version 2 of a model with a name of its own. */
  const resultOf = (name: string, said: Partial<Target> = {}, asked: Result["asked"] = ["warm"]): Result => {
    const result = runAgainst({ asked });
    return {
      ...result,
      target: { ...result.target, gpusPerReplica: 0, simulated: false, ...said, model: name, version: "2" },
    };
  };
  const delivered = async (result: Result, before: Registered, promote = true): Promise<string> => {
    const registrySettings = { url: mlflow.url, promote };
    const at = registryAt(
      parseSettings(settingsFor("http://x.invalid", folder, { registry: registrySettings })).registry!,
      result.target.model,
    );
    return deliver(result, settings({ registry: registrySettings }), {
      registry: { at, before },
      say: (line) => lines.push(line),
    });
  };
  const championOf = async (name: string): Promise<string | undefined> =>
    (await registry.model(name))?.aliases.champion;
  const before: Registered = { version: "2", champion: "1" };

  it("moves champion for a pass where the setting says so, and only then", async () => {
    await registered("moves", 2, { champion: "1" });
    expect(await delivered(resultOf("moves"), before, false)).toBe("pass");
    expect(await championOf("moves")).toBe("1");
    expect(await delivered(resultOf("moves"), before)).toBe("pass");
    expect(await championOf("moves")).toBe("2");
    expect(await delivered(resultOf("moves"), before)).toBe("pass");
    expect(lines.at(-2)).toBe("champion of moves is 2 already");
  });

  it.each<[string, Partial<Target>, string, string]>([
    ["simulated", { simulated: true }, "pass", "what served is simulated"],
    [
      "fail",
      { slos: { ...resultOf("x").target.slos, warmP95Seconds: 0.000_1 } },
      "fail",
      "the verdict is fail",
    ],
  ])("leaves champion where it is: %s", async (name, said, verdict, why) => {
    await registered(name, 2, { champion: "1" });
    expect(await delivered(resultOf(name, said), before)).toBe(verdict);
    expect(await championOf(name)).toBe("1");
    expect(lines.at(-2)).toBe(`champion of ${name} stays 1: ${why}`);
  });

  it("leaves champion where it is: invalid", async () => {
    await registered("invalid", 2, { champion: "1" });
    expect(await delivered({ ...resultOf("invalid"), evidence: {} }, before)).toBe("invalid");
    expect(await championOf("invalid")).toBe("1");
    expect(lines.at(-2)).toContain("champion of invalid stays 1: the verdict is invalid");
  });

  it("leaves champion where someone else has moved it meanwhile", async () => {
    await registered("raced", 3, { champion: "3" });
    await delivered(resultOf("raced"), before);
    expect(await championOf("raced")).toBe("3");
    expect(lines.at(-2)).toBe(
      "champion of raced stays 3: it was 1 when this run began, so that the run compares with another",
    );
  });

  it("does not bring back what an operator has rolled back", async () => {
    await registered("rolled", 2, { champion: "1" });
    await registry.setVersionTag("rolled", "2", "rolled_back", "2026-01-01T00:00:00Z");
    await delivered(resultOf("rolled"), before);
    expect(await championOf("rolled")).toBe("1");
    expect(lines.at(-2)).toContain("an operator rolled back from 2 at 2026-01-01T00:00:00Z");
  });

  it("can be repeated, and leaves no figure of an earlier run beside its own", async () => {
    await registered("again", 2);
    await registry.setVersionTag("again", "2", "benchmark.knee_rate", "1");
    await registry.setVersionTag("again", "2", "digest", "kept");
    const result = { ...resultOf("again"), run: "again-1" };
    const at = storeAt(settings({ store: store() }).store!);
    for (let time = 0; time < 2; time++) {
      await delivered(result, before, false);
      await deliver(result, settings({ store: store() }), { store: at, say: () => undefined });
    }
    expect(await runsOf("again-1")).toHaveLength(1);
    expect(await keysOf("again/summaries/")).toEqual(["again/summaries/again-1.json"]);
    const { tags } = (await registry.version("again", "2"))!;
    expect(tags).toMatchObject({ digest: "kept", "benchmark.run": "again-1" });
    expect(tags).not.toHaveProperty(["benchmark.knee_rate"]);
    // what it had written itself is no history of its own
    expect((await at.history("again")).runs.map(({ run }) => run)).toEqual(["again-1"]);
  });
});
