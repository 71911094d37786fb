import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import http from "node:http";
import type { S3Client } from "../../workloads/s3/client";
import type { SettingsInput } from "../../workloads/model-sync/settings";
import { faultProxy } from "./support/faultProxy";
import { makeBucket, mlflowAt, rootBucket } from "./support/registry";
import { versionsOf } from "../../workloads/model-sync/registry/converge";
import type { Server } from "./support/servers";
import { dispose, startMinio, startMlflow } from "./support/servers";
import type { TlsServer } from "./support/tls";
import { tlsServer } from "./support/tls";
import { Site, eventsOf, startWorker } from "./support/site";

jest.setTimeout(180_000);

let minio: Server;
let mlflow: Server;
let bucket: S3Client;
const sites: Site[] = [];
const site = (overrides: Partial<SettingsInput> = {}): Site => {
  const registry = { url: mlflow.url, allowUnauthenticated: true };
  sites.push(
    new Site(minio.url, { mlflow: registry, claim: { holdSeconds: 30, waitSeconds: 20 }, ...overrides }),
  );
  return sites.at(-1)!;
};

beforeAll(async () => {
  [minio, mlflow] = await Promise.all([startMinio(), startMlflow()]);
  await makeBucket(minio.url);
  bucket = rootBucket(minio.url);
});

afterAll(async () => {
  for (const made of sites) made.remove();
  bucket.close();
  await dispose(minio, mlflow);
});

describe("the pipeline with a registry", () => {
  it("ends in one registered version, says so in the state, and does nothing the second time", async () => {
    const here = site();
    here.write("m", "w.bin", randomBytes(6 * 1024 * 1024));
    const name = `${here.member}-m`;
    expect(await here.syncOne()).toMatchObject({ outcome: "registered", version: { name, version: "1" } });
    expect(await here.syncOne()).toMatchObject({ outcome: "unchanged", version: { name, version: "1" } });
    here.write("m", "w.bin", "changed", here.clock);
    expect(await here.syncOne()).toMatchObject({ outcome: "registered", version: { name, version: "2" } });
    const worker = here.worker();
    const { published } = (await worker.store.read()).models.m!;
    worker.s3.close();
    expect(Object.keys(published!.stages).sort()).toEqual([
      "hashed",
      "quiescent",
      "registered",
      "trained",
      "uploaded",
      "verified",
    ]);
    expect(published!.version).toEqual({ name, version: "2" });
    expect((await mlflowAt(mlflow.url).model(name))?.aliases.candidate).toBe("2");
  });

  it("makes no new version of content that was only touched", async () => {
    const here = site();
    here.write("m", "w.bin", "weights");
    await here.syncOne();
    here.write("m", "w.bin", "weights", here.clock);
    expect(await here.syncOne()).toMatchObject({ outcome: "registered", version: { version: "1" } });
    expect(await versionsOf(mlflowAt(mlflow.url), `${here.member}-m`)).toHaveLength(1);
  });

  it("publishes while the registry is down, and registers when it is back", async () => {
    const here = site();
    here.write("m", "w.bin", "weights");
    await mlflow.stop();
    for (const round of ["sent", "known"]) {
      const { report } = await here.sync();
      expect([round, report.results]).toMatchObject([
        round,
        [{ outcome: "published", reason: "registry-unavailable" }],
      ]);
      expect(report.summary.ok).toBe(false);
    }
    const { code } = await startWorker(["run", "--config", here.configFile()]).ended;
    expect(code).toBe(1);
    await mlflow.start();
    expect(await here.syncOne()).toMatchObject({ outcome: "registered", version: { version: "1" } });
    expect(await here.syncOne()).toMatchObject({ outcome: "unchanged", version: { version: "1" } });
    expect(await versionsOf(mlflowAt(mlflow.url), `${here.member}-m`)).toHaveLength(1);
  });

  it("publishes, and fails at once by name, where the registry does not know the credentials", async () => {
    const here = site();
    here.write("m", "w.bin", "weights");
    const closed = await faultProxy(mlflow.url);
    closed.fault = () => ({ kind: "status", status: 401 });
    const { report } = await here.sync({ mlflow: { url: closed.url, allowUnauthenticated: true } });
    await closed.close();
    expect(report.results).toMatchObject([{ outcome: "published", reason: "denied" }]);
    expect(report.summary.ok).toBe(false);
    expect(closed.seen).toHaveLength(1);
  });

  it("keeps apart what two members have under one model name", async () => {
    const both = [site(), site()];
    for (const here of both) here.write("m", "w.bin", `weights of ${here.member}`);
    const results = await Promise.all(both.map((here) => here.syncOne()));
    expect(results.map(({ outcome, version }) => [outcome, version])).toEqual(
      both.map(({ member }) => ["registered", { name: `${member}-m`, version: "1" }]),
    );
    for (const { member } of both) {
      const [version, ...others] = await versionsOf(mlflowAt(mlflow.url), `${member}-m`);
      expect(others).toEqual([]);
      const key = `${version!.source.replace("s3://models/", "")}/w.bin`;
      expect(key).toContain(`models/${member}/m/`);
      expect((await bucket.get(key))?.body.toString()).toBe(`weights of ${member}`);
    }
  });

  it("refuses by name a registered model of another member, and publishes all the same", async () => {
    const [one, two] = [
      site({ registeredName: `shared-${process.pid}-{model}` }),
      site({ registeredName: `shared-${process.pid}-{model}` }),
    ];
    for (const here of [one, two]) here.write("m", "w.bin", here.member);
    expect(await one.syncOne()).toMatchObject({ outcome: "registered" });
    expect(await two.syncOne()).toMatchObject({ outcome: "rejected", reason: "name-taken" });
    expect(
      (await versionsOf(mlflowAt(mlflow.url), `shared-${process.pid}-m`)).map(({ version }) => version),
    ).toEqual(["1"]);
  });

  it("converges to one version when two workers run at once", async () => {
    const here = site();
    for (const model of ["a", "b", "c"]) here.write(model, "w.bin", model);
    await Promise.all([here.sync(), here.sync()]);
    await here.sync();
    for (const model of ["a", "b", "c"]) {
      expect((await versionsOf(mlflowAt(mlflow.url), `${here.member}-${model}`)).length).toBe(1);
    }
  });
});

describe("the connection", () => {
  /** TLS in front of the store, with a certificate of its own. */
  function tlsFront(): Promise<TlsServer> {
    const { hostname, port } = new URL(minio.url);
    return tlsServer((request, reply) => {
      const { method, url: path, headers } = request;
      const onward = http.request({ hostname, port, method, path, headers }, (answer) => {
        reply.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(reply);
      });
      request.pipe(onward);
    });
  }

  it("trusts the CA of the settings, and nothing without it", async () => {
    const here = new Site(minio.url);
    sites.push(here);
    const front = await tlsFront();
    here.write("m", "w.bin", randomBytes(6 * 1024 * 1024));
    const s3 = { ...here.settings().s3, endpoint: `https://127.0.0.1:${front.port}` };
    expect(await here.syncOne({ s3: { ...s3, caFile: front.caFile } })).toMatchObject({
      outcome: "published",
      retries: [],
    });
    await expect(here.syncOne({ s3 })).rejects.toMatchObject({ reason: "denied", transient: false });
    await front.close();
  });

  it("keeps to its bandwidth", async () => {
    const here = new Site(minio.url, {
      quiescence: { settleSeconds: 0 },
      bandwidth: { bytesPerSecond: 4 * 1024 * 1024 },
    });
    sites.push(here);
    here.write("m", "w.bin", randomBytes(8 * 1024 * 1024));
    writeFileSync(here.path("m", "small.txt"), "x".repeat(1024 * 1024));
    const begin = performance.now();
    const { code, out } = await startWorker(["run", "--config", here.configFile()]).ended;
    const seconds = (performance.now() - begin) / 1000;
    expect(code).toBe(0);
    expect(eventsOf(out, "model")).toMatchObject([{ outcome: "published", bytes: 9 * 1024 * 1024 }]);
    expect(seconds).toBeGreaterThan(9 / 4 - 0.15);
  });
});
