import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { until } from "../../sandbox/checks";
import { beginModel, modelFiles, writeModel } from "../../sandbox/models";
import { paths } from "../../sandbox/paths";
import { query, queryValue } from "../../sandbox/prometheus";
import { serviceEnvironment } from "../../sandbox/services/environment";
import { beegfs } from "../../sandbox/services/topology";
import { isBeegfsMounted, mountBeegfs, unmountBeegfs } from "../../sandbox/services/beegfs";
import { endpoints, kubectl } from "../support/live";
import { runJob, transferEvidence, transferNamespace } from "../support/transfer";
import { mc, memberGrant, registered, unregister } from "../support/landingZone";

/** The CronJob runs every minute, and nothing of a model may change for five seconds before it is read. */
const scheduleSeconds = 60;
const settleSeconds = 5;
/** From a pod that is scheduled to a version that is registered, half a megabyte between. */
const runSeconds = 45;

const stages = ["trained", "quiescent", "hashed", "uploaded", "verified", "registered"];
const sha256 = (content: Buffer): string => createHash("sha256").update(content).digest("hex");

/** SHA-256 of every file below a folder by its relative path; empty files, which a download leaves out, are left out. */
function sums(folder: string): Record<string, string> {
  const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => [path.relative(folder, file), fs.readFileSync(file)] as const)
      .filter(([, content]) => content.length > 0)
      .map(([file, content]) => [file, sha256(content)]),
  );
}

/** What MLflow's own client downloads of a version. */
function mlflowDownload(uri: string): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "download-"));
  const run = spawnSync(
    path.join(paths.bin, "mlflow"),
    ["artifacts", "download", "--artifact-uri", uri, "--dst-path", folder],
    {
      encoding: "utf8",
      env: { ...process.env, ...serviceEnvironment() },
    },
  );
  if (run.status !== 0) throw new Error(`mlflow artifacts download ${uri}: ${run.stderr}`);
  return folder;
}

describe("object store and registry", () => {
  it.each([
    'fed_cluster:minio_health:healthy{cluster="cloud"} == 1',
    'fed_cluster:minio_requests:rate5m{cluster="cloud"} > 0',
    'fed_cluster:mlflow_servers:count{cluster="cloud"} == 1',
  ])("are recorded by the hub that scrapes them: %s", async (expression) => {
    await until(expression, 120, async () => {
      const found = await query(endpoints().hub, expression);
      return found.length === 1 ? [] : [`${found.length} series`];
    });
  });
});

describe("a model that appears on the member", () => {
  const model = `tiny-${Date.now().toString(36)}`;
  const name = `hpc-${model}`;

  it("is registered by the schedule alone, within one period, the settle window and a run", async () => {
    const start = performance.now();
    await writeModel(beegfs.models, model);
    const limit = scheduleSeconds + settleSeconds + runSeconds;
    await until(
      `${name} registered as candidate`,
      limit,
      async () => ((await registered(name, "candidate")) === undefined ? [`${name} has no candidate`] : []),
      () => Promise.resolve(transferEvidence()),
    );
    console.log(`registered ${((performance.now() - start) / 1000).toFixed(1)} s after it was written`);
    const version = await registered(name, "candidate");
    expect(version).toMatchObject({
      version: "1",
      source: expect.stringMatching(new RegExp(`^s3://models/models/hpc/${model}/[0-9a-f]+/?$`)) as string,
    });
  });

  it("comes back through MLflow's client with every byte as it was", () => {
    const folder = mlflowDownload(`models:/${name}@candidate`);
    expect(sums(folder)).toEqual(sums(path.join(beegfs.models, model)));
    expect(Object.keys(sums(folder))).toHaveLength(modelFiles(model).length - 1);
    fs.rmSync(folder, { recursive: true });
  });

  it("stands on the hub's Prometheus stage by stage, as the member's own recordings", async () => {
    const selector = `fed_cluster:transfer_stage:timestamp_seconds{cluster="hpc",model="${model}",version="1"}`;
    let found = new Map<string, number>();
    await until(
      "six stages on the hub",
      240,
      async () => {
        const series = await query(endpoints().hub, selector);
        found = new Map(series.map(({ metric, value }) => [metric.stage ?? "", Number(value[1])]));
        const missing = stages.filter((stage) => !found.has(stage));
        return missing.length === 0 ? [] : [`no ${missing.join(", ")}`];
      },
      () => Promise.resolve(transferEvidence()),
    );
    expect([...found.keys()].sort()).toEqual([...stages].sort());
    const times = stages.map((stage) => found.get(stage) ?? NaN);
    // BeeGFS and its like keep whole seconds, so the first stage may be rounded down, never up
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(Date.now() / 1000 - (times.at(-1) ?? 0)).toBeLessThan(900);
  });

  it("is not brought twice by a Job started by hand", async () => {
    const { status, log } = await runJob("model-sync");
    expect(status).toBe("Complete");
    expect(log).toContain('"event":"finished"');
    expect(await registered(name, "candidate")).toMatchObject({ version: "1" });
    expect(await registered(name, 2)).toBeUndefined();
  });

  it("is found by verify when a byte of it changed at rest", async () => {
    const victim = `${name}-victim`.replace("hpc-", "");
    await writeModel(beegfs.models, victim);
    expect((await runJob("model-sync")).status).toBe("Complete");
    expect((await runJob("model-sync-verify")).status).toBe("Complete");
    const key = mc("ls", "--recursive", "--json", `sandbox/models/models/hpc/${victim}/`)
      .split("\n")
      .map((line) => (line === "" ? undefined : (JSON.parse(line) as { key: string }).key))
      .find((found) => found?.endsWith("config.json"));
    if (key === undefined) throw new Error(`no config.json of ${victim} in the bucket`);
    mc("pipe", `sandbox/models/models/hpc/${victim}/${key}`, { input: "{}\n" });
    const { status, log } = await runJob("model-sync-verify");
    expect(status).toBe("Failed");
    expect(log).toContain(victim);
    await until(
      "the fault on the member's Prometheus",
      120,
      async () =>
        (await queryValue(endpoints().hpc, "model_transfer_verify_faults")) === 1
          ? []
          : ["model_transfer_verify_faults is not 1"],
      () => Promise.resolve(transferEvidence()),
    );
    // gone from bucket and registry, so that later looks find both whole
    fs.rmSync(path.join(beegfs.models, victim), { recursive: true });
    mc("rm", "--recursive", "--force", "--versions", `sandbox/models/models/hpc/${victim}/`);
    mc("rm", "--recursive", "--force", "--versions", `sandbox/models/manifests/hpc/${victim}/`);
    await unregister(`hpc-${victim}`);
    expect((await runJob("model-sync-verify")).status).toBe("Complete");
  });

  it("waits while it is being saved, and holds up no other", async () => {
    const slow = `${model}-slow`;
    const finish = await beginModel(beegfs.models, slow);
    const { status, log } = await runJob("model-sync");
    expect(status).toBe("Complete");
    expect(log).toMatch(new RegExp(`"model":"${slow}".*"outcome":"waiting"`));
    expect(await registered(`hpc-${slow}`, "candidate")).toBeUndefined();
    await finish();
    await until(
      `hpc-${slow} registered`,
      2 * scheduleSeconds + settleSeconds + runSeconds,
      async () => ((await registered(`hpc-${slow}`, "candidate")) === undefined ? ["no candidate yet"] : []),
      () => Promise.resolve(transferEvidence()),
    );
  });
});

describe("a member whose file system is gone", () => {
  afterAll(() => mountBeegfs());

  it("fails by name, and does not take it for a cluster without models", async () => {
    await unmountBeegfs();
    expect(isBeegfsMounted()).toBe(false);
    const { status, log } = await runJob("model-sync");
    expect(status).toBe("Failed");
    expect(log).toContain("root-not-mounted");
    await mountBeegfs();
    expect((await runJob("model-sync")).status).toBe("Complete");
  });
});

describe("what the hub grants the member", () => {
  it("deletes nothing, and reaches nothing of another member", () => {
    const writer = memberGrant().writer;
    const as = (...args: string[]): string => mc(...args, { as: writer, fails: true });
    const own = "member/models/state/hpc/state.json";
    expect(mc("cat", own, { as: writer })).toContain('"models"');
    for (const refused of [
      as("rm", own),
      as("ls", "member/models/models/other/"),
      as("cat", "member/models/state/other/state.json"),
      as("ls", "member/benchmarks"),
      as("pipe", "member/models/models/other/x"),
      as("mb", "member/mine"),
    ])
      expect(refused).toMatch(/Access ?Denied|Insufficient permissions/);
  });

  it("lets the exporter read the state and nothing else", () => {
    const reader = memberGrant().reader;
    expect(mc("cat", "member/models/state/hpc/state.json", { as: reader })).toContain('"models"');
    for (const args of [
      ["ls", "member/models/models/hpc/"],
      ["pipe", "member/models/state/hpc/state.json"],
    ])
      expect(mc(...args, { as: reader, fails: true })).toMatch(/Access ?Denied|Insufficient permissions/);
  });
});

describe("retention on the hub", () => {
  it("plans without removing, and says so in its metrics", async () => {
    const before = mc("ls", "--recursive", "--versions", "sandbox/models/models/");
    const { status, log } = await runJob("model-retention", "cloud");
    expect(`${status} ${log.slice(-300)}`).toMatch(/^Complete/);
    expect(mc("ls", "--recursive", "--versions", "sandbox/models/models/")).toBe(before);
    await until(
      "retention's metrics on the hub",
      150,
      async () => {
        const up = await queryValue(endpoints().hub, 'up{job="model-transfer",cluster="cloud"}');
        const reclaimable = await query(
          endpoints().hub,
          '{__name__=~"model_retention_.*bytes.*",cluster="cloud"}',
        );
        return up === 1 && reclaimable.length > 0 ? [] : [`up ${up ?? "unknown"}`, "no reclaimable bytes"];
      },
      () => Promise.resolve(kubectl("cloud", ["get", "pods", "-n", transferNamespace]).split("\n")),
    );
  });
});
