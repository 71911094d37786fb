import { writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import type { FaultProxy } from "./support/faultProxy";
import { faultProxy, gate } from "./support/faultProxy";
import { makeBucket, manifestOf, mlflowAt, once, rootBucket, worker } from "./support/registry";
import type { Server } from "./support/servers";
import { dispose, startMinio, startMlflow } from "./support/servers";
import { tlsServer } from "./support/tls";
import { acquire } from "../../workloads/model-sync/registry/claims";
import { isSettled, registryView, versionsOf } from "../../workloads/model-sync/registry/converge";
import type { Mlflow, ModelVersion } from "../../workloads/registry/mlflow";
import { registerVersion } from "../../workloads/model-sync/registry/register";
import { connectMlflow } from "../../workloads/model-sync/registry/registrar";
import type { S3Client } from "../../workloads/s3/client";

jest.setTimeout(180_000);

let minio: Server;
let mlflow: Server;
let bucket: S3Client;
let registry: Mlflow;
let proxy: FaultProxy;

beforeAll(async () => {
  [minio, mlflow] = await Promise.all([startMinio(), startMlflow()]);
  await makeBucket(minio.url);
  bucket = rootBucket(minio.url);
  registry = mlflowAt(mlflow.url);
  proxy = await faultProxy(mlflow.url);
});

afterEach(() => proxy.reset());

afterAll(async () => {
  bucket.close();
  await proxy.close();
  await dispose(minio, mlflow);
});

const versions = (name: string): Promise<ModelVersion[]> => versionsOf(registry, name);
const numbers = async (name: string): Promise<string[]> =>
  (await versions(name)).map(({ version }) => version);
const candidate = async (name: string): Promise<string | undefined> =>
  (await registry.model(name))?.aliases.candidate;

describe("registerVersion", () => {
  it("writes one version with source, tags, run and alias, and nothing more when repeated", async () => {
    const manifest = manifestOf("hpc", "plain", "weights");
    const figures = { sentBytes: 7, sentFiles: 1, copiedFiles: 0, retries: 2 };
    expect(await registerVersion(worker(mlflow.url, bucket), manifest, figures)).toEqual({
      name: "hpc-plain",
      version: "1",
    });
    expect(await registerVersion(worker(mlflow.url, bucket), manifest)).toEqual({
      name: "hpc-plain",
      version: "1",
    });

    const [version, ...others] = await versions("hpc-plain");
    expect(others).toEqual([]);
    expect(version?.source).toBe(`s3://models/models/hpc/plain/${manifest.snapshot}`);
    const { registered, ...tags } = version?.tags ?? {};
    expect(tags).toEqual({
      digest: manifest.digest,
      snapshot: manifest.snapshot,
      bytes: "7",
      files: "1",
      source_cluster: "hpc",
      path: "/mnt/beegfs/models/trained/plain",
      slurm_job: "4711",
      trained: "2026-03-01T10:00:00.000Z",
      quiescent: "2026-03-01T10:01:00.000Z",
      uploaded: "2026-03-01T10:01:30.000Z",
      verified: "2026-03-01T10:01:40.000Z",
    });
    expect(Math.abs(Date.now() - Date.parse(registered ?? ""))).toBeLessThan(120_000);
    expect(await registry.model("hpc-plain")).toEqual({
      name: "hpc-plain",
      tags: { owner: "hpc" },
      aliases: { candidate: "1" },
    });

    const experiment = await registry.experiment("model-sync");
    const runs = await registry.runs(experiment, `tags.transfer_of = 'hpc-plain@${manifest.digest}'`);
    expect(runs.map(({ status }) => status)).toEqual(["FINISHED"]);
    const answer = await fetch(`${mlflow.url}/api/2.0/mlflow/runs/get?run_id=${runs[0]?.runId ?? ""}`);
    const { run } = (await answer.json()) as { run: { data: { metrics: { key: string; value: number }[] } } };
    expect(Object.fromEntries(run.data.metrics.map(({ key, value }) => [key, value]))).toEqual({
      bytes: 7,
      files: 1,
      settle_seconds: 60,
      upload_seconds: 30,
      verify_seconds: 10,
      upload_bytes_per_second: 7 / 30,
      sent_bytes: 7,
      sent_files: 1,
      copied_files: 0,
      retries: 2,
    });
  });

  it("makes no new version for the same content under another snapshot", async () => {
    const first = manifestOf("hpc", "touched", "same");
    const later = manifestOf("hpc", "touched", "same", "2026-04-01T00:00:00.000Z");
    expect(later.snapshot).not.toBe(first.snapshot);
    await registerVersion(worker(mlflow.url, bucket), first);
    expect((await registerVersion(worker(mlflow.url, bucket), later)).version).toBe("1");
    expect((await versions("hpc-touched")).map(({ tags }) => tags.snapshot)).toEqual([first.snapshot]);
  });

  it("moves candidate only forward by trained time", async () => {
    const at = (day: number): string => `2026-05-0${day}T00:00:00.000Z`;
    const register = (content: string, day: number): Promise<unknown> =>
      registerVersion(worker(mlflow.url, bucket), manifestOf("hpc", "forward", content, at(day)));
    await register("monday", 2);
    expect(await candidate("hpc-forward")).toBe("1");
    await register("sunday", 1);
    expect(await candidate("hpc-forward")).toBe("1");
    await register("tuesday", 3);
    expect(await candidate("hpc-forward")).toBe("3");
    await register("monday", 2);
    expect(await candidate("hpc-forward")).toBe("3");
  });

  it("takes names with spaces, quotes and other scripts, and refuses by name what MLflow cannot hold", async () => {
    for (const model of ["weather net", "o'brien", "气象-модель"]) {
      const done = await registerVersion(worker(mlflow.url, bucket), manifestOf("hpc", model, model));
      expect(done).toEqual({ name: `hpc-${model}`, version: "1" });
      expect(await numbers(`hpc-${model}`)).toEqual(["1"]);
    }
    for (const model of ["a:b", "what?", "part#2", `'"`])
      await expect(
        registerVersion(worker(mlflow.url, bucket), manifestOf("hpc", model, model)),
      ).rejects.toMatchObject({
        reason: "refused",
        transient: false,
      });
  });

  it("refuses by name a registered model that belongs to another member, and adopts an unowned one by setting only", async () => {
    const template = "{model}";
    await registerVersion(worker(mlflow.url, bucket, { template }), manifestOf("hpc", "shared", "one"));
    await expect(
      registerVersion(worker(mlflow.url, bucket, { template }), manifestOf("east", "shared", "two")),
    ).rejects.toMatchObject({
      reason: "name-taken",
      transient: false,
      message: expect.stringContaining("belongs to hpc") as string,
    });
    expect(await numbers("shared")).toEqual(["1"]);

    await registry.createModel("by-hand", {}, "made by hand");
    const manifest = manifestOf("hpc", "by-hand", "three");
    await expect(registerVersion(worker(mlflow.url, bucket, { template }), manifest)).rejects.toMatchObject({
      reason: "name-taken",
    });
    await registerVersion(worker(mlflow.url, bucket, { template, adopt: ["by-hand"] }), manifest);
    expect((await registry.model("by-hand"))?.tags.owner).toBe("hpc");
  });
});

describe("two workers at once", () => {
  /** How many versions of this name were ever made: numbers are never used twice. */
  const everMade = async (model: string): Promise<number> => {
    const probe = await registerVersion(worker(mlflow.url, bucket), manifestOf("hpc", model, "probe"));
    return Number(probe.version) - 1;
  };
  const race = async (model: string, round: number, options: { claimMs: number }): Promise<void> => {
    const trained = new Date(Date.UTC(2026, 5, 1, 0, round)).toISOString();
    const manifest = manifestOf("hpc", model, `round ${round}`, trained);
    const start = gate();
    const both = [1, 2].map(async () => {
      const deps = worker(proxy.url, bucket, options);
      await start.opened;
      return registerVersion(deps, manifest);
    });
    start.open();
    const [one, two] = await Promise.all(both);
    expect(one).toEqual(two);
    const rows = await versions(`hpc-${model}`);
    expect(rows).toHaveLength(round);
    expect(rows.filter(({ tags }) => tags.digest === manifest.digest).map(({ version }) => version)).toEqual([
      one?.version,
    ]);
    expect(await candidate(`hpc-${model}`)).toBe(one?.version);
  };

  it("make one version per digest with claims, 50 rounds on a barrier", async () => {
    for (let round = 1; round <= 50; round++) await race("claimed", round, { claimMs: 20_000 });
    expect(await everMade("claimed")).toBe(50);
  });

  it("keep the lowest number when claims do not hold and both create, 50 rounds on a barrier", async () => {
    const dropped: string[] = [];
    for (let round = 1; round <= 50; round++) {
      let arrived = 0;
      const bothAtCreate = gate();
      proxy.fault = ({ path }) => {
        if (!path.endsWith("/model-versions/create")) return undefined;
        arrived += 1;
        if (arrived === 2) bothAtCreate.open();
        return { kind: "hold-request", until: bothAtCreate.opened };
      };
      await race("unclaimed", round, { claimMs: 0 });
      dropped.push(String(2 * round));
      expect(arrived).toBe(2);
    }
    const kept = await numbers("hpc-unclaimed");
    expect(kept).toEqual(dropped.map((number) => String(Number(number) - 1)));
    expect(await everMade("unclaimed")).toBe(100);
  });
});

describe("faults between worker and registry", () => {
  it("finds a version whose creation answered only after the client gave up", async () => {
    const release = gate();
    let creations = 0;
    proxy.fault = ({ path }) =>
      path.endsWith("/model-versions/create") && ++creations === 1
        ? { kind: "hold-reply", until: release.opened }
        : undefined;
    const manifest = manifestOf("hpc", "late-reply", "weights");
    const done = await registerVersion(worker(proxy.url, bucket, { totalMs: 1_500 }), manifest);
    release.open();
    await proxy.idle();
    expect(creations).toBe(1);
    expect(done.version).toBe("1");
    expect(await numbers("hpc-late-reply")).toEqual(["1"]);
  });

  it("removes in the next run a version that the server made only after the client gave up and made another", async () => {
    const release = gate();
    let creations = 0;
    proxy.fault = ({ path }) =>
      path.endsWith("/model-versions/create") && ++creations === 1
        ? { kind: "hold-request", until: release.opened }
        : undefined;
    const manifest = manifestOf("hpc", "late-request", "weights");
    const settled = async (): Promise<string | undefined> =>
      isSettled(await registryView(registry, "hpc"), "hpc-late-request", manifest.digest)?.version;
    await registerVersion(worker(proxy.url, bucket, { totalMs: 1_500 }), manifest);
    expect(await settled()).toBe("1");
    release.open();
    await proxy.idle();
    expect(await numbers("hpc-late-request")).toEqual(["1", "2"]);
    expect(await settled()).toBeUndefined();
    await registerVersion(worker(proxy.url, bucket), manifest);
    expect(await numbers("hpc-late-request")).toEqual(["1"]);
    expect(await settled()).toBe("1");
  });

  it("moves the aliases of a duplicate to the version that stays", async () => {
    const manifest = manifestOf("hpc", "aliased", "weights");
    const { name } = await registerVersion(worker(mlflow.url, bucket), manifest);
    const [kept] = await versions(name);
    await registry.createVersion(name, kept?.source ?? "", kept?.tags ?? {}, "", "a duplicate");
    await registry.setAlias(name, "champion", "2");
    await registerVersion(worker(mlflow.url, bucket), manifest);
    expect(await numbers(name)).toEqual(["1"]);
    expect((await registry.model(name))?.aliases).toEqual({ candidate: "1", champion: "1" });
  });

  it("ends in the same state whichever single request is lost, before or after the server did it", async () => {
    const manifest = (model: string): ReturnType<typeof manifestOf> => manifestOf("hpc", model, model);
    await registerVersion(worker(proxy.url, bucket), manifest("undisturbed"));
    const points = proxy.seen.length;
    expect(points).toBeGreaterThanOrEqual(14);
    let cases = 0;
    for (const kind of ["lose-request", "lose-reply"] as const)
      for (let point = 1; point <= points; point++) {
        const model = `${kind}-${point}`;
        proxy.reset();
        proxy.fault = ({ number }) => (number === point ? { kind } : undefined);
        const first = registerVersion(
          worker(proxy.url, bucket, { retry: once, claimMs: 0 }),
          manifest(model),
        );
        await expect(first).rejects.toMatchObject({ reason: "registry-unavailable", transient: true });
        proxy.reset();
        expect((await registerVersion(worker(proxy.url, bucket), manifest(model))).version).toBe("1");
        expect(await numbers(`hpc-${model}`)).toEqual(["1"]);
        expect(await candidate(`hpc-${model}`)).toBe("1");
        const runs = await registry.runs(
          await registry.experiment("model-sync"),
          `tags.digest = '${manifest(model).digest}'`,
        );
        expect(runs.map(({ status }) => status)).toEqual(["FINISHED"]);
        cases += 1;
      }
    expect(cases).toBe(2 * points);
  });

  it("tries 429 and 5xx again, but not 403", async () => {
    for (const status of [429, 500, 503]) {
      proxy.reset();
      proxy.fault = ({ number }) => (number === 2 ? { kind: "status", status } : undefined);
      const done = await registerVersion(
        worker(proxy.url, bucket),
        manifestOf("hpc", `status-${status}`, "x"),
      );
      expect(done.version).toBe("1");
    }
    proxy.reset();
    proxy.fault = () => ({ kind: "status", status: 403 });
    await expect(
      registerVersion(worker(proxy.url, bucket), manifestOf("hpc", "denied", "x")),
    ).rejects.toMatchObject({
      reason: "denied",
      transient: false,
    });
    expect(proxy.seen).toHaveLength(1);
  });

  it("says registry-unavailable while MLflow is down and converges when it is back", async () => {
    const manifest = manifestOf("hpc", "downtime", "weights");
    await mlflow.stop();
    await expect(registerVersion(worker(mlflow.url, bucket), manifest)).rejects.toMatchObject({
      reason: "registry-unavailable",
      transient: true,
    });
    await mlflow.start();
    expect(await registerVersion(worker(mlflow.url, bucket), manifest)).toEqual({
      name: "hpc-downtime",
      version: "1",
    });
  });
});

describe("trust", () => {
  it("speaks TLS to the authority given only, and reads rotated credentials without a restart", async () => {
    const accepted = `Basic ${Buffer.from("worker:new").toString("base64")}`;
    const { port, hostname } = new URL(mlflow.url);
    const front = await tlsServer((request, reply) => {
      if (request.headers.authorization !== accepted) return void reply.writeHead(401).end("{}");
      const { method, url: path, headers } = request;
      const forwarded = http.request({ hostname, port, method, path, headers }, (answer) => {
        reply.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(reply);
      });
      request.pipe(forwarded);
    });
    const file = (name: string, text: string): string => {
      writeFileSync(join(front.folder, name), text);
      return join(front.folder, name);
    };
    const settings = (caFile?: string): Parameters<typeof connectMlflow>[0] => ({
      url: `https://127.0.0.1:${front.port}`,
      allowUnauthenticated: false,
      experiment: "model-sync",
      usernameFile: file("username", "worker\n"),
      passwordFile: file("password", "old\n"),
      ...(caFile !== undefined && { caFile }),
    });
    const timeouts = { connectSeconds: 2, idleSeconds: 10 };
    const untrusting = connectMlflow(settings(), timeouts, { policy: once });
    await expect(untrusting.models()).rejects.toMatchObject({ reason: "denied", transient: false });
    const trusting = connectMlflow(settings(front.caFile), timeouts, { policy: once });
    await expect(trusting.models()).rejects.toMatchObject({ reason: "denied", transient: false });
    file("password", "new\n");
    expect((await trusting.model("hpc-plain"))?.tags).toEqual({ owner: "hpc" });
    await front.close();
  });
});

describe("claims", () => {
  const deps = (holder: string, now: () => number = Date.now): Parameters<typeof acquire>[0] => ({
    bucket,
    holder,
    claimMs: 60_000,
    waitMs: 0,
    now,
    wait: () => Promise.resolve(),
  });

  it("are held by one, are known again by their holder, and can be taken once released", async () => {
    const key = "claims/hpc/m/released.json";
    const claim = await acquire(deps("a"), key);
    await expect(acquire(deps("b"), key)).rejects.toMatchObject({
      reason: "claimed-elsewhere",
      transient: true,
    });
    await acquire(deps("a"), key);
    await claim.release();
    await acquire(deps("b"), key);
    await expect(acquire(deps("a"), key)).rejects.toMatchObject({ reason: "claimed-elsewhere" });
  });

  it("are taken over by exactly one of many when they ran out, by If-Match, and the late holder's release changes nothing", async () => {
    const key = "claims/hpc/m/expired.json";
    const late = await acquire(deps("late"), key);
    const minuteLater = (): number => Date.now() + 61_000;
    const attempts = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) => acquire(deps(`taker-${index}`, minuteLater), key)),
    );
    expect(attempts.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const taken = (await bucket.get(key))?.body.toString("utf8");
    await late.release();
    expect((await bucket.get(key))?.body.toString("utf8")).toBe(taken);
    const kinds: boolean[] = [];
    for await (const version of bucket.listVersions(key)) kinds.push(version.deleteMarker);
    expect(kinds).not.toContain(true);
  });

  it("can be taken over when their content is damaged", async () => {
    const key = "claims/hpc/m/damaged.json";
    await bucket.put(key, Buffer.from("{"));
    await acquire(deps("a"), key);
    await expect(bucket.put(key, Buffer.from("{}"), { ifNoneMatch: "*" })).rejects.toMatchObject({
      status: 412,
    });
  });
});
