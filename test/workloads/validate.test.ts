import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canaryFiles } from "../../commands/validate/canary/model";
import { judgeCanary, sendCanary } from "../../commands/validate/canary/send";
import type { CanaryWay } from "../../commands/validate/canary/send";
import type { KubeApi } from "../../commands/validate/kube";
import { gatherBytes, judgeBytes } from "../../commands/validate/lines/bytes";
import { gatherLandingZone, judgeLandingZone } from "../../commands/validate/lines/landingZone";
import { gatherRegistry, gatherStore, judgeAnswers } from "../../commands/validate/lines/reach";
import { uniqueName } from "../../commands/validate/pods";
import type { CronJob } from "../../commands/validate/pods";
import type { Prometheus } from "../../commands/preview/prometheus";
import { bucketAt, registryAt } from "../../commands/validate/stores";
import type { Bucket, Registry } from "../../commands/validate/stores";
import type { Verdict } from "../../commands/validate/verdict";
import { transferStages } from "../../metrics/catalogue/recorded/transfer";
import { manifestKey } from "../../workloads/model-sync/publish/keys";
import { readState } from "../../workloads/model-sync/state/store";
import { bucketName, makeBucket } from "./support/registry";
import type { Server } from "./support/servers";
import { dispose, minioCredentials, rot, startMinio, startMlflow } from "./support/servers";
import { Site } from "./support/site";
import { addUser } from "./support/users";

let minio: Server;
let mlflow: Server;
let models: Bucket;
let benchmarks: Bucket;
let registry: Registry;
let site: Site;
const buckets: Bucket[] = [];

function bucket(name: string, accessKey: string, secretKey: string): Bucket {
  buckets.push(bucketAt(minio.url, "us-east-1", name, { accessKey, secretKey }, undefined));
  return buckets.at(-1)!;
}

beforeAll(async () => {
  [minio, mlflow] = await Promise.all([startMinio(), startMlflow()]);
  await makeBucket(minio.url);
  await makeBucket(minio.url, "benchmarks");
  const { accessKeyId, secretAccessKey } = minioCredentials;
  models = bucket(bucketName, accessKeyId, secretAccessKey);
  benchmarks = bucket("benchmarks", accessKeyId, secretAccessKey);
  registry = registryAt(mlflow.url, undefined, undefined);
  site = new Site(minio.url, { mlflow: { url: mlflow.url, allowUnauthenticated: true } });
  // over what MinIO keeps beside an object's metadata, so that a bit of it can rot
  site.write("m", "w.bin", randomBytes(512 * 1024));
  site.write("m", "config.json", "{}");
  await site.sync();
});

afterAll(async () => {
  site.remove();
  for (const one of buckets) one.close();
  await dispose(minio, mlflow);
});

const causes = ({ problems }: Verdict): readonly string[] => problems.map(({ cause }) => cause);

/** Everything in the bucket, with every version. */
async function everything(): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { key, versionId } of models.client.listVersions("")) found.push(`${key} ${versionId}`);
  return found.sort();
}

/** MinIO's administration, as root. */
function admin(...args: readonly string[]): void {
  const folder = mkdtempSync(join(tmpdir(), "mc-"));
  const { accessKeyId, secretAccessKey } = minioCredentials;
  try {
    execFileSync("mc", ["--config-dir", folder, "--quiet", "admin", ...args], {
      stdio: "pipe",
      env: {
        PATH: process.env.PATH,
        MC_HOST_store: minio.url.replace("://", `://${accessKeyId}:${secretAccessKey}@`),
      },
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("store and registry answer, and tell how much they hold", async () => {
  expect(judgeAnswers(await gatherStore(models), "MinIO", "").evidence).toEqual([
    "2 buckets as administrator",
  ]);
  const { evidence } = judgeAnswers(await gatherRegistry([{ name: "cloud", registry }]), "MLflow", "");
  expect(evidence).toEqual([expect.stringMatching(/^MLflow \d[\w.]*, 1 registered model as cloud$/)]);
  const wrong = bucket(bucketName, "nobody", "not-a-secret");
  expect(causes(judgeAnswers(await gatherStore(wrong), "MinIO", ""))[0]).toMatch(
    /^MinIO does not answer administrator: .*InvalidAccessKeyId/,
  );
  const nowhere = registryAt("http://127.0.0.1:1", undefined, undefined);
  expect(
    causes(judgeAnswers(await gatherRegistry([{ name: "hpc", registry: nowhere }]), "MLflow", ""))[0],
  ).toMatch(/^MLflow does not answer hpc: .*ECONNREFUSED/);
});

describe("the landing zone", () => {
  it("is as declared, which writes and deletes nothing; each change of it is told by its cause", async () => {
    const { accessKeyId, secretAccessKey } = addUser(minio.url, { kind: "writer", member: site.member });
    const user = { accessKey: accessKeyId, secretKey: secretAccessKey };
    const writer = bucket(bucketName, accessKeyId, secretAccessKey);
    const grant = { region: "us-east-1", bucket: bucketName, writer: user, reader: user };
    const look = async (): Promise<Verdict> =>
      judgeLandingZone(await gatherLandingZone({ models, benchmarks, writer }, grant, site.member));
    const before = await everything();
    const evidence = await gatherLandingZone({ models, benchmarks, writer }, grant, site.member);
    const policy = `${bucketName}-writer-${site.member}`;
    expect(evidence).toEqual({
      versioning: { [bucketName]: "Enabled", benchmarks: "Enabled" },
      user: accessKeyId,
      policies: [policy],
      declaredPolicy: policy,
      asDeclared: true,
      tried: { read: "allowed", write: "allowed", delete: "denied", readOther: "denied" },
    });
    expect(judgeLandingZone(evidence).status).toBe("ok");
    expect(await everything()).toEqual(before);

    admin("policy", "detach", "store", policy, "--user", accessKeyId);
    expect(causes(await look())).toEqual([`user ${accessKeyId} has no policy, declared is ${policy} alone`]);
    admin("policy", "attach", "store", policy, "--user", accessKeyId);
    admin("policy", "attach", "store", "readwrite", "--user", accessKeyId);
    expect(causes(await look())).toEqual([
      `user ${accessKeyId} has policy ${policy}, readwrite, declared is ${policy} alone`,
    ]);
    admin("policy", "detach", "store", "readwrite", "--user", accessKeyId);
    const document = join(site.folder, "policy.json");
    const everywhere = {
      Effect: "Allow",
      Action: ["s3:GetObject"],
      Resource: [`arn:aws:s3:::${bucketName}/*`],
    };
    writeFileSync(document, JSON.stringify({ Version: "2012-10-17", Statement: [everywhere] }));
    admin("policy", "create", "store", policy, document);
    expect(causes(await look())).toEqual([`policy ${policy} is not as declared`]);
    admin("user", "disable", "store", accessKeyId);
    expect((await look()).status).toBe("failed");
    expect(await everything()).toEqual(before);
  });
});

describe("registry and bytes", () => {
  const look = async (readBytes = 2 ** 20): Promise<Verdict> =>
    judgeBytes(await gatherBytes(models, registry, [site.member], { newest: 3, readBytes }));
  const version = async () => (await registry.mlflow.version(`${site.member}-m`, "1"))!;

  it("agree after a run, and say how much was read", async () => {
    const verdict = await look();
    expect(verdict).toMatchObject({ status: "ok", problems: [] });
    expect(verdict.evidence).toEqual([
      "1 model, 1 version, of which 1 looked at: manifest, sizes, ETags",
      "2 files read back, 0.5 MiB of 0.5 MiB: SHA-256 as published",
    ]);
    expect((await look(0)).evidence[1]).toBe("1 file read back, 0.0 MiB of 0.5 MiB: SHA-256 as published");
  });

  it("do not when a tag, an object or the manifest differs", async () => {
    const name = `${site.member}-m`;
    const { source, tags } = await version();
    const prefix = `${source.slice(`s3://${bucketName}/`.length)}/`;
    await registry.mlflow.setVersionTag(name, "1", "digest", "0".repeat(64));
    expect(causes(await look())).toEqual([
      `${name} 1: the registry says digest ${"0".repeat(64)}, the bucket ${tags.digest ?? ""}`,
    ]);
    await registry.mlflow.setVersionTag(name, "1", "digest", tags.digest ?? "");

    const { versionId } = await models.client.put(`${prefix}config.json`, Buffer.from("[]"));
    expect(causes(await look())).toEqual([`${name} 1: another size or ETag than published: config.json`]);
    await models.client.delete(`${prefix}config.json`, versionId);

    const { versionId: extra } = await models.client.put(`${prefix}new.txt`, Buffer.from("new"));
    expect(causes(await look())).toEqual([`${name} 1: in its prefix, and in no manifest: new.txt`]);
    await models.client.delete(`${prefix}new.txt`, extra);

    const key = manifestKey(site.member, "m", tags.snapshot ?? "");
    const manifest = (await models.client.get(key))!;
    await models.client.delete(key, manifest.info.versionId);
    expect(causes(await look())[0]).toContain(`${name} 1 is registered and has no manifest in the bucket`);
    await models.client.put(key, manifest.body);
    expect((await look()).status).toBe("ok");
  });
});

describe("a canary", () => {
  /** A cluster that runs pods on this machine, and the worker's Job as a run of the site. */
  function cluster(
    run: () => Promise<unknown> = () => site.sync(),
    scheduled: () => readonly string[] = () => [],
  ) {
    const logs = new Map<string, { phase: string; log: string }>();
    const ended = new Set<string>();
    const left = new Set<string>();
    const last = (path: string): string => path.split("/").at(-1)!.split("?")[0]!;
    interface Created {
      readonly kind: string;
      readonly metadata: { readonly name: string };
      readonly spec: { readonly containers: readonly { readonly command: readonly string[] }[] };
    }
    const kube = {
      create: async (path: string, { kind, metadata: { name }, spec }: Created) => {
        left.add(`${kind} ${name}`);
        if (kind === "Pod") {
          const [, ...args] = spec.containers[0]!.command;
          const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
          logs.set(name, { phase: status === 0 ? "Succeeded" : "Failed", log: stdout + stderr });
        } else {
          expect(path).toBe("/apis/batch/v1/namespaces/transfer/jobs");
          await run();
          ended.add(name);
        }
      },
      get: (path: string) => {
        if (path.includes("/pods/"))
          return Promise.resolve({ status: { phase: logs.get(last(path))?.phase } });
        if (path.includes("/pods?")) return Promise.resolve({ items: [] });
        if (path.endsWith("/jobs")) {
          const ownerReferences = [{ kind: "CronJob", name: "model-sync" }];
          const items = scheduled().map((name) => ({
            metadata: { name, ownerReferences },
            status: { active: 1 },
          }));
          return Promise.resolve({ items });
        }
        const conditions = ended.has(last(path)) ? [{ type: "Complete", status: "True" }] : [];
        return Promise.resolve({ status: { conditions } });
      },
      text: (path: string) => Promise.resolve(logs.get(path.split("/").at(-2)!)?.log ?? ""),
      delete: (path: string) => {
        for (const one of left) if (one.endsWith(` ${last(path)}`)) left.delete(one);
        return Promise.resolve();
      },
    };
    return { kube: kube as unknown as KubeApi, left };
  }

  const template = {
    containers: [
      { name: "model-sync", image: "node", volumeMounts: [{ name: "models", mountPath: "/mnt" }] },
    ],
    volumes: [{ name: "models", hostPath: { path: "/mnt" } }],
  };
  const cronJob: CronJob = {
    metadata: { name: "model-sync", uid: "u" },
    spec: { schedule: "* * * * *", jobTemplate: { spec: { template: { spec: template } } } },
  };
  /** A hub that shows every stage at once. */
  const hub = {
    instant: () =>
      Promise.resolve(transferStages.map((stage, index) => ({ labels: { stage }, samples: [[0, index]] }))),
  } as unknown as Prometheus;

  function way(kube: KubeApi): CanaryWay {
    const name = uniqueName("validate-canary");
    const { uid, gid } = statSync(site.root);
    const volume = { kube, namespace: "transfer", template, root: site.root, owner: { uid, gid } };
    const registeredName = (model: string): string => `${site.member}-${model}`;
    return {
      traces: { member: site.member, volume, bucket: models, registry, registeredName },
      cronJob,
      hub,
      name,
      files: canaryFiles(name, undefined, undefined)!,
    };
  }

  /** Everything that a canary could leave its traces in, but for runs of the registry, which it keeps as deleted. */
  const traces = async (name: string) => ({
    folder: existsSync(site.path(name)),
    objects: (await everything()).filter((one) => one.includes(name)),
    model: await registry.mlflow.model(`${site.member}-${name}`),
    state: (await readState(models.client, site.member)).models[name],
    others: [existsSync(site.path("m")), (await registry.mlflow.model(`${site.member}-m`))?.name],
  });
  const gone = () => ({
    folder: false,
    objects: [],
    model: undefined,
    state: undefined,
    others: [true, `${site.member}-m`],
  });

  it("goes its whole way, is timed, and leaves no trace", async () => {
    const { kube, left } = cluster();
    const sent = way(kube);
    site.clock = Date.now();
    const evidence = await sendCanary(sent, new AbortController().signal);
    expect(evidence).toMatchObject({ version: "1", removed: { left: [], abandoned: [] } });
    expect(evidence.stopped).toBeUndefined();
    expect(evidence.removed.objects).toBeGreaterThanOrEqual(3);
    expect(evidence.reached.map(({ stage }) => stage)).toEqual([
      ...["dropped", "registered", "seen on the hub", "removed"],
    ]);
    expect(judgeCanary(evidence).status).toBe("ok");
    expect(await traces(sent.name)).toEqual(gone());
    expect([...left]).toEqual([]);
  });

  it("is removed as well where it is interrupted after it was published", async () => {
    const controller = new AbortController();
    const { kube, left } = cluster(async () => {
      await site.sync();
      controller.abort(new Error("interrupted"));
    });
    const sent = way(kube);
    site.clock = Date.now();
    const evidence = await sendCanary(sent, controller.signal);
    expect(evidence.stopped?.stage).toBe("registered");
    expect(await traces(sent.name)).toEqual(gone());
    expect([...left]).toEqual([]);
  });

  it("is removed only when a run that could have seen it has ended, and not held up by one that could not", async () => {
    let looks = 0;
    // a run that has been going on for hours, and one that began after the canary was there and ends a little later
    const { kube } = cluster(undefined, () => {
      looks++;
      if (looks === 1) return ["long-1"];
      return looks < 4 ? ["long-1", "late-2"] : ["long-1"];
    });
    const sent = way(kube);
    site.clock = Date.now();
    const evidence = await sendCanary(sent, new AbortController().signal);
    expect(evidence.removed.left).toEqual([]);
    expect(looks).toBeGreaterThanOrEqual(4);
    expect(await traces(sent.name)).toEqual(gone());
  });

  it("says what the worker says where that brings none", async () => {
    const { kube } = cluster(() => Promise.resolve());
    const sent = way(kube);
    const evidence = await sendCanary(sent, new AbortController().signal);
    expect(causes(judgeCanary(evidence))).toEqual([
      `${sent.name} was not registered: the worker's run ended (Complete) without a registered version: it made no pod`,
    ]);
    expect(await traces(sent.name)).toEqual(gone());
  });

  it("says who may not write where its folder can not be made, and touches nothing else", async () => {
    const { kube } = cluster();
    const sent = way(kube);
    const volume = { ...sent.traces.volume, root: join(site.root, "absent") };
    const evidence = await sendCanary(
      { ...sent, traces: { ...sent.traces, volume } },
      new AbortController().signal,
    );
    expect(evidence.stopped?.cause).toMatch(
      /^no model can be written to .*absent as its owner \d+:\d+: ENOENT/,
    );
    expect(await traces(sent.name)).toEqual(gone());
  });
});

test("bytes that rotted where they lie are found by their hash", async () => {
  const { source } = (await registry.mlflow.version(`${site.member}-m`, "1"))!;
  rot(minio, bucketName, `${source.slice(`s3://${bucketName}/`.length)}/w.bin`);
  const evidence = await gatherBytes(models, registry, [site.member], { newest: 1, readBytes: 2 ** 20 });
  expect(causes(judgeBytes(evidence))).toEqual([
    `${site.member}-m 1: bytes that are not those published, by their SHA-256: w.bin`,
  ]);
});
