import { createHmac } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { rotate } from "../../../commands/credentials";
import type { HubSecrets } from "../../../settings/credentials";
import { ownGrant } from "../../../settings";
import { metricsToken } from "../../../settings/metricsToken";
import { parseSettings } from "../../../settings/parse";
import { SettingsError } from "../../../settings/problems";
import type { RawConfig } from "../../../settings/reader";
import {
  landingZoneSettings,
  modelSyncSettings,
  transferGrant,
  unauthenticatedWarning,
} from "../../../settings/transfer";
import { workerBundle } from "../../../settings/workers";
import { valueOf } from "../../support/mocks";
import {
  CLUSTERS,
  edited,
  hubConfig,
  HUB_OBJECT,
  memberConfig,
  MEMBER_OBJECT,
  sampleSecrets,
  SECRET_KEYS,
} from "./samples";

const MINIO = { accessKey: "admin", secretKey: "admin-secret" };
const MLFLOW = { username: "federation", password: "mlflow-password" };
const ZONE = {
  minio: { url: "https://192.168.200.10:30900" },
  mlflow: { url: "https://192.168.200.10:30500" },
};
const SYNC = {
  minioUrl: "https://192.168.200.10:30900",
  mlflow: { url: "https://192.168.200.10:30500" },
  source: { volume: { hostPath: "/mnt/beegfs" } },
};
const SECRETS_OF_PEOPLE = ["federation:minioCredentials", "federation:mlflowCredentials"];
const secretKeys = new Set([...SECRET_KEYS, ...SECRETS_OF_PEOPLE]);

const worker = { text: "worker", sha256: "0".repeat(64) };

let secrets: HubSecrets;
beforeAll(async () => {
  secrets = await sampleSecrets();
});

function hub(zone: unknown = ZONE, more: RawConfig = {}): RawConfig {
  return {
    ...hubConfig(secrets, { ...HUB_OBJECT, landingZone: zone }),
    "federation:minioCredentials": JSON.stringify(MINIO),
    "federation:mlflowCredentials": JSON.stringify(MLFLOW),
    ...more,
  };
}

function member(sync: unknown = SYNC): RawConfig {
  return {
    ...memberConfig({ ...MEMBER_OBJECT, modelSync: sync }),
    "federation:mlflowCredentials": JSON.stringify(MLFLOW),
  };
}

function without(raw: RawConfig, key: string): RawConfig {
  return Object.fromEntries(Object.entries(raw).filter(([name]) => name !== key));
}

function problems(raw: RawConfig, stack: string): readonly string[] {
  try {
    parseSettings(raw, stack, secretKeys);
  } catch (error) {
    if (error instanceof SettingsError) return error.message.split("\n").slice(1);
    throw error;
  }
  return [];
}

function parsedZone() {
  const parsed = parseSettings(hub(), "cloud", secretKeys);
  if (parsed.role !== "hub" || parsed.hub.landingZone === undefined || parsed.hubSecrets === undefined)
    throw new Error("no landing zone");
  return { zone: parsed.hub.landingZone, transfer: parsed.transfer, secrets: parsed.hubSecrets };
}

describe("the worker", () => {
  it("is read with its sum where it is built, and named with what to do where it is not", () => {
    const folder = mkdtempSync(join(tmpdir(), "workloads-"));
    mkdirSync(join(folder, "model-sync", "dist"), { recursive: true });
    const bundle = () => workerBundle("hpc", "federation:member.modelSync", "model-sync", folder);
    expect(bundle).toThrow(
      'stack "hpc": 1 problem in its settings, nothing was touched\n' +
        "  - federation:member.modelSync: needs the worker model-sync, which is not built: npm run build",
    );
    const file = join(folder, "model-sync", "dist", "model-sync.cjs");
    writeFileSync(file, "worker");
    writeFileSync(`${file}.sha256`, `${"a".repeat(64)}  model-sync.cjs\n`);
    expect(bundle()).toEqual({ text: "worker", sha256: "a".repeat(64) });
    rmSync(folder, { recursive: true });
  });
});

describe("a hub's landing zone", () => {
  it("is MinIO and MLflow by their URLs, with defaults for the rest", () => {
    const { zone, transfer } = parsedZone();
    expect(zone).toEqual({
      minio: { url: ZONE.minio.url, region: "us-east-1", metrics: { auth: "bearerToken" } },
      mlflow: { url: ZONE.mlflow.url, allowUnauthenticated: false, metrics: true },
      buckets: { models: "models", benchmarks: "benchmarks" },
      adoptBuckets: [],
      retention: {
        schedule: "30 3 * * *",
        keepLast: 5,
        minAgeSeconds: 604_800,
        apply: false,
        inferenceServices: "kubernetes",
      },
    });
    expect(transfer).toEqual({ minioCredentials: MINIO, mlflowCredentials: MLFLOW });
  });

  it("has a writer and a reader for each member, two users for retention and one each for benchmarks and metrics, of every generation", async () => {
    const now = new Date();
    const both = (await rotate(secrets, CLUSTERS, now)).secrets;
    const { zone, transfer } = parsedZone();
    const names = (of: HubSecrets): readonly string[] =>
      landingZoneSettings(zone, worker, transfer, of, "cloud", ["hpc"]).users.map(
        ({ name, grant }) => `${name}: ${grant.kind}${"member" in grant ? ` of ${grant.member}` : ""}`,
      );
    expect(names(secrets)).toEqual([
      "model-sync-run-hpc-1: writer of hpc",
      "model-sync-status-hpc-1: reader of hpc",
      "model-retention-run-1: retention",
      "model-retention-status-1: retentionReader",
      "benchmark-1: benchmark",
      "minio-metrics-1: metrics",
    ]);
    expect(names(both)).toEqual([
      "model-sync-run-hpc-1: writer of hpc",
      "model-sync-run-hpc-2: writer of hpc",
      "model-sync-status-hpc-1: reader of hpc",
      "model-sync-status-hpc-2: reader of hpc",
      "model-retention-run-1: retention",
      "model-retention-run-2: retention",
      "model-retention-status-1: retentionReader",
      "model-retention-status-2: retentionReader",
      "benchmark-1: benchmark",
      "benchmark-2: benchmark",
      "minio-metrics-1: metrics",
      "minio-metrics-2: metrics",
    ]);
  });

  it("publishes the newest user of a member, and works as the newest itself", async () => {
    const both = (await rotate(secrets, CLUSTERS, new Date())).secrets;
    const { zone, transfer } = parsedZone();
    const settings = landingZoneSettings(zone, worker, transfer, both, "cloud", ["hpc"]);
    const [old, newest] = both.generations;
    expect(transferGrant(settings, both, "hpc")).toEqual({
      region: "us-east-1",
      bucket: "models",
      writer: { accessKey: "model-sync-run-hpc-2", secretKey: newest?.clusters.hpc?.s3?.writer },
      reader: { accessKey: "model-sync-status-hpc-2", secretKey: newest?.clusters.hpc?.s3?.reader },
    });
    expect(newest?.clusters.hpc?.s3?.writer).not.toBe(old.clusters.hpc?.s3?.writer);
    expect(await valueOf(settings.retentionCredentials)).toMatchObject({
      accessKey: "model-retention-run-2",
    });
    expect(await valueOf(settings.retentionReaderCredentials)).toMatchObject({
      accessKey: "model-retention-status-2",
    });
    expect(await valueOf(settings.admin)).toEqual(MINIO);
    expect(await pulumi.isSecret(settings.admin)).toBe(true);
    for (const { secretKey } of settings.users) expect(await pulumi.isSecret(secretKey)).toBe(true);
  });

  it("reads MinIO's metrics with a token of the newest user made for that, the same each time", async () => {
    const both = (await rotate(secrets, CLUSTERS, new Date())).secrets;
    const { zone, transfer } = parsedZone();
    const { metricsToken: token } = landingZoneSettings(zone, worker, transfer, both, "cloud", ["hpc"]);
    if (token === undefined) throw new Error("no token");
    expect(await pulumi.isSecret(token)).toBe(true);
    const secretKey = both.generations[1]?.clusters.cloud?.s3?.metrics ?? "";
    const text = await valueOf(token);
    expect(text).toBe(metricsToken({ accessKey: "minio-metrics-2", secretKey }));
    const [header, claims, signature] = text.split(".");
    const decoded = [header, claims].map(
      (part = "") => JSON.parse(Buffer.from(part, "base64url").toString()) as unknown,
    );
    expect(decoded).toEqual([
      { alg: "HS512", typ: "JWT" },
      { exp: 4_102_444_800, iss: "prometheus", sub: "minio-metrics-2" },
    ]);
    expect(signature).toBe(createHmac("sha512", secretKey).update(`${header}.${claims}`).digest("base64url"));
  });

  it("has neither user nor token for metrics that are public", () => {
    const { zone, transfer } = parsedZone();
    const open = { ...zone, minio: { ...zone.minio, metrics: { auth: "public" as const } } };
    const settings = landingZoneSettings(open, worker, transfer, secrets, "cloud", ["hpc"]);
    expect(settings.metricsToken).toBeUndefined();
    expect(settings.users.map(({ grant }) => grant.kind)).not.toContain("metrics");
  });

  it("knows two ways to read metrics, and the servers by their URLs", () => {
    expect(problems(hub(edited(ZONE, "minio.metrics", { auth: "none", servers: [] })), "cloud")).toEqual([
      '  - federation:hub.landingZone.minio.metrics.auth = "none": must be bearerToken or public',
      "  - federation:hub.landingZone.minio.metrics.servers = []: must be a list of at least 1 https URLs of host and port",
    ]);
  });

  it("needs its administrator and a user at the registry, and says how to set them", () => {
    const raw = SECRETS_OF_PEOPLE.reduce(without, hub());
    expect(problems(raw, "cloud")).toEqual([
      "  - federation:minioCredentials: is missing: pulumi config set --secret --path federation:minioCredentials.accessKey KEY, then .secretKey, of a MinIO user that may make buckets, users and policies",
      "  - federation:mlflowCredentials: is missing: pulumi config set --secret --path federation:mlflowCredentials.username NAME, then .password; or federation:hub.landingZone.mlflow.allowUnauthenticated: true for a registry that anyone on the network may write to",
    ]);
  });

  it("takes an open registry by name only, and warns", () => {
    const open = edited(ZONE, "mlflow.allowUnauthenticated", true);
    expect(problems(without(hub(open), "federation:mlflowCredentials"), "cloud")).toEqual([]);
    expect(problems(hub(open), "cloud")).toEqual([
      "  - federation:mlflowCredentials: must be absent: nothing in this stack's settings uses it",
    ]);
    const mlflow = { url: ZONE.mlflow.url, allowUnauthenticated: true };
    expect(unauthenticatedWarning("hub.landingZone", mlflow)).toContain(
      `federation:hub.landingZone.mlflow.allowUnauthenticated: whoever reaches ${ZONE.mlflow.url} may register models`,
    );
    expect(
      unauthenticatedWarning("hub.landingZone", { ...mlflow, allowUnauthenticated: false }),
    ).toBeUndefined();
    expect(unauthenticatedWarning("hub.landingZone", undefined)).toBeUndefined();
  });

  it("shows no secret in an error", () => {
    const raw = hub(ZONE, {
      "federation:minioCredentials": JSON.stringify({ accessKey: "admin", secretKey: "hush" }),
    });
    expect(problems(raw, "cloud")).toEqual([
      "  - federation:minioCredentials.secretKey: must be a secret key of 8 to 128 characters",
    ]);
  });

  it("sends to init where its S3 users are missing", () => {
    const [first] = secrets.generations;
    const { s3: _s3, ...hpc } = first.clusters.hpc ?? {};
    const bare = { generations: [{ ...first, clusters: { ...first.clusters, hpc } }] };
    expect(problems({ ...hub(), "federation:hubSecrets": JSON.stringify(bare) }, "cloud")).toEqual([
      "  - federation:hubSecrets: has no S3 users of cluster hpc: npm run init -- --stack cloud makes them",
    ]);
  });

  it("sends to init where benchmarks have no user to write to Prometheus with", () => {
    const [first] = secrets.generations;
    const { benchmark: _benchmark, ...cloud } = first.clusters.cloud ?? {};
    const bare = { generations: [{ ...first, clusters: { ...first.clusters, cloud } }] };
    const raw = (config: RawConfig) => ({ ...config, "federation:hubSecrets": JSON.stringify(bare) });
    expect(problems(raw(hub()), "cloud")).toEqual([
      "  - federation:hubSecrets: has no user with whom benchmarks write to Prometheus: npm run init -- --stack cloud makes it",
    ]);
    expect(problems(raw(hubConfig(secrets)), "cloud")).toEqual([]);
  });

  it("is refused together with existing Secrets, whose hub makes no users", () => {
    const raw = without(
      hubConfig(secrets, edited({ ...HUB_OBJECT, landingZone: ZONE }, "prometheus.existingSecrets", ["web"])),
      "federation:hubSecrets",
    );
    expect(
      problems(
        {
          ...raw,
          "federation:minioCredentials": JSON.stringify(MINIO),
          "federation:mlflowCredentials": JSON.stringify(MLFLOW),
        },
        "cloud",
      ),
    ).toEqual([
      "  - federation:hub.landingZone: needs the S3 users that npm run init makes: not possible together with hub.prometheus.existingSecrets",
    ]);
  });

  it.each([
    ["minio.url", "http://192.168.200.10:9000", /landingZone.minio.url = .*: must be an https URL/],
    [
      "minio.caFile",
      "no/such/file",
      /landingZone.minio.caFile = "no\/such\/file": must be a file of PEM certificates/,
    ],
    ["buckets.models", "Models", /landingZone.buckets.models = "Models": must be an S3 bucket name/],
    ["buckets.benchmarks", "models", /landingZone.buckets = .*: must name two buckets/],
    ["retention.schedule", "30 25 * * *", /retention.schedule = "30 25 \* \* \*": must be a cron schedule/],
    ["retention.keepLast", 0, /retention.keepLast = 0: must be a whole number from 1 to 1000/],
  ])("refuses %s = %s by name", (path, value, message) => {
    expect(problems(hub(edited(ZONE, path, value)), "cloud")).toEqual([
      expect.stringMatching(message) as string,
    ]);
  });
});

describe("a member's model sync", () => {
  it("needs URLs and a volume, and has defaults for the rest", () => {
    const parsed = parseSettings(member(), "hpc", secretKeys);
    expect(parsed.role === "member" && parsed.member.modelSync).toEqual({
      minioUrl: SYNC.minioUrl,
      mlflow: { url: SYNC.mlflow.url, allowUnauthenticated: false },
      source: {
        volume: { kind: "hostPath", path: "/mnt/beegfs" },
        root: "models/trained",
        guard: { kind: "fsType", fsType: "beegfs" },
        include: ["*"],
        exclude: [],
        runAs: { user: 65534, group: 65534, supplementalGroups: [] },
      },
      quiescence: { settleSeconds: 60, maxWaitSeconds: 86_400 },
      registeredName: "{member}-{model}",
      adopt: [],
      schedule: "*/15 * * * *",
      timeZone: "UTC",
      largestModelBytes: 200 * 1024 ** 3,
      bandwidth: { timetable: [], expectedBytesPerSecond: 100 * 1024 ** 2 },
      readBack: { sample: 0.05 },
      verify: { schedule: "15 2 * * *", readBack: { sample: 0.05 } },
      resources: {
        requests: { cpu: "250m", memory: "256Mi" },
        limits: { cpu: "2", memory: "512Mi" },
      },
      nodeSelector: {},
      tolerations: [],
    });
  });

  it.each([
    ["source.volume", {}, /source.volume = \{\}: must have exactly one of hostPath and claim/],
    [
      "source.volume",
      { hostPath: "/a", claim: "b" },
      /source.volume = .*: must have exactly one of hostPath and claim/,
    ],
    ["source.volume.hostPath", "/mnt/../etc", /hostPath = "\/mnt\/..\/etc": must be an absolute path/],
    ["source.root", "../x", /source.root = "..\/x": must be a relative path/],
    ["source.guard", {}, /source.guard = \{\}: must have exactly one of fsType and sentinel/],
    ["source.runAs.user", 0, /source.runAs.user = 0: must be a whole number from 1 to/],
    ["quiescence.settle", "1s", /quiescence.settle = "1s": must be at least 2s/],
    ["quiescence", { settle: "2d" }, /quiescence = .*: settle must be below maxWait/],
    ["schedule", "*/15 * * *", /modelSync.schedule = .*: must be a cron schedule of five fields/],
    ["timeZone", "Europe/Atlantis", /modelSync.timeZone = "Europe\/Atlantis": must be an IANA time zone/],
    ["readBack", 2, /modelSync.readBack = 2: must be all, none or a share above 0 and up to 1/],
    ["registeredName", "static", /registeredName = "static": must contain \{model\}/],
  ])("refuses %s = %j by name", (path, value, message) => {
    expect(problems(member(edited(SYNC, path, value)), "hpc")).toEqual([
      expect.stringMatching(message) as string,
    ]);
  });

  it("says which side its key belongs to", () => {
    expect(problems(hubConfig(secrets, { ...HUB_OBJECT, modelSync: SYNC }), "cloud")).toEqual([
      "  - federation:hub.modelSync: is a member's key, and this stack is a hub",
    ]);
    expect(problems(memberConfig({ ...MEMBER_OBJECT, landingZone: ZONE }), "hpc")).toEqual([
      "  - federation:member.landingZone: is a hub's key, and this stack is a member",
    ]);
  });

  it("is told what to do where the hub publishes no landing zone", () => {
    const web = {
      caCertificates: "",
      serverCertificate: "",
      serverKey: "",
      users: {},
      local: { username: "", password: "" },
      alerts: { username: "", password: "" },
    };
    expect(() => ownGrant(web, "organization/federation/cloud", "hpc")).toThrow(
      "federation:member.modelSync: organization/federation/cloud publishes no landing zone for cluster hpc: set " +
        "federation:hub.landingZone, run `npm run init` for the hub's stack, then `pulumi up` of the hub",
    );
  });

  it("keeps the registry's password a secret", async () => {
    const parsed = parseSettings(member(), "hpc", secretKeys);
    if (parsed.role !== "member" || parsed.member.modelSync === undefined) throw new Error("no model sync");
    const grant = pulumi.secret({
      region: "us-east-1",
      bucket: "models",
      writer: { accessKey: "w", secretKey: "w" },
      reader: { accessKey: "r", secretKey: "r" },
    });
    const { mlflowCredentials } = modelSyncSettings(parsed.member.modelSync, worker, parsed.transfer, grant);
    if (mlflowCredentials === undefined) throw new Error("no credentials");
    expect(await pulumi.isSecret(mlflowCredentials)).toBe(true);
    expect(await valueOf(mlflowCredentials)).toEqual(MLFLOW);
  });
});
