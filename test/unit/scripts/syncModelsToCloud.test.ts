import { spawnSync } from "node:child_process";
import type { SpawnSyncReturns } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildWorker } from "../../../scripts/build";
import { parseSettings } from "../../../workloads/model-sync/settings";
import { freePort } from "../../workloads/support/servers";

const script = join(__dirname, "../../../scripts/sync-models-to-cloud.sh");
const run = (...args: readonly string[]): SpawnSyncReturns<string> =>
  spawnSync(script, args, { encoding: "utf8" });

/** A member's file system with one model, and settings for a store at a port. */
function site(port: number): { readonly folder: string; readonly config: string } {
  const folder = mkdtempSync(join(tmpdir(), "operator-"));
  const root = join(folder, "models trained");
  mkdirSync(join(root, "tiny"), { recursive: true });
  writeFileSync(join(root, ".mounted"), "");
  writeFileSync(join(root, "tiny", "config.json"), "{}");
  writeFileSync(join(folder, "key"), "key\n");
  const config = join(folder, "settings of hpc.json");
  const settings = {
    member: "hpc",
    root,
    rootGuard: { kind: "sentinel", file: ".mounted" },
    s3: {
      endpoint: `http://127.0.0.1:${port}`,
      accessKeyIdFile: join(folder, "key"),
      secretAccessKeyFile: join(folder, "key"),
    },
    retry: { attempts: 1 },
    timeouts: { connectSeconds: 5, idleSeconds: 5 },
  };
  writeFileSync(config, JSON.stringify(settings));
  return { folder, config };
}

describe("sync-models-to-cloud.sh", () => {
  const folders: string[] = [];
  beforeAll(() => buildWorker("model-sync"));
  afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));
  const newSite = async (): Promise<string> => {
    const { folder, config } = site(await freePort());
    folders.push(folder);
    return config;
  };

  it("explains itself: the seven steps, every option, and settings that the worker accepts", () => {
    const { status, stdout, stderr } = run("--help");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout.match(/^ {2}[1-7] .*$/gm)).toEqual([
      "  1 list models",
      "  2 identify new and changed",
      "  3 transfer",
      "  4 publish",
      "  5 validate checksums",
      "  6 register",
      "  7 update state",
    ]);
    for (const option of ["--config FILE", "--dry-run", "--retry-quarantined", "--json"])
      expect(stdout).toContain(option);
    const example: unknown = JSON.parse(stdout.slice(stdout.indexOf("{\n")));
    expect(() => parseSettings(example)).not.toThrow();
  });

  it.each([
    [[], "--config FILE is missing; see --help\n"],
    [["--config"], "--config: FILE is missing; see --help\n"],
    [
      ["--config", "/nowhere/settings.json"],
      "--config: there is no file /nowhere/settings.json; see --help\n",
    ],
    [["--config", "/etc/hostname", "--dry"], "--dry: no such argument; see --help\n"],
    [["gc"], "gc: no such argument; see --help\n"],
  ])("refuses %j with 2", (args, message) => {
    expect(run(...args)).toMatchObject({ status: 2, stdout: "", stderr: message });
  });

  it("ends with 2 on settings that the worker refuses", async () => {
    const config = await newSite();
    writeFileSync(config, JSON.stringify({ ...JSON.parse(readFileSync(config, "utf8")), member: "a/b" }));
    const { status, stderr } = run("--config", config, "--dry-run");
    expect(status).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({
      reason: "settings",
      detail: expect.stringContaining("member: ") as string,
    });
  });

  it("ends with 3 where the file system is not mounted", async () => {
    const config = await newSite();
    rmSync(join(config, "..", "models trained", ".mounted"));
    const { status, stderr } = run(`--config=${config}`, "--dry-run");
    expect(status).toBe(3);
    expect(JSON.parse(stderr)).toMatchObject({ reason: "root-not-mounted" });
  });

  it.each([["--dry-run"], ["--retry-quarantined"]])(
    "ends with 4 where the store does not answer, also with %s",
    async (flag) => {
      const { status, stdout, stderr } = run("--config", await newSite(), flag);
      expect(status).toBe(4);
      expect(JSON.parse(stdout.split("\n")[0] ?? "")).toMatchObject({ event: "step", step: 1, name: "list" });
      expect(JSON.parse(stderr)).toMatchObject({ reason: "unavailable" });
    },
  );

  describe("before it runs the worker", () => {
    /** A repository of the script, a source, and a `with-node24` that only tells what it is asked to run. */
    const repository = (): string => {
      const root = mkdtempSync(join(tmpdir(), "repository-"));
      folders.push(root);
      mkdirSync(join(root, "scripts"));
      mkdirSync(join(root, "workloads/model-sync/dist"), { recursive: true });
      copyFileSync(script, join(root, "scripts/sync-models-to-cloud.sh"));
      writeFileSync(join(root, "scripts/with-node24"), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
      for (const file of ["package-lock.json", "settings.json", "workloads/model-sync/main.ts"])
        writeFileSync(join(root, file), "");
      return root;
    };
    const bundleIn = (root: string): string => join(root, "workloads/model-sync/dist/model-sync.cjs");
    const told = (root: string) =>
      spawnSync(
        join(root, "scripts/sync-models-to-cloud.sh"),
        ["--config", join(root, "settings.json"), "--json"],
        { encoding: "utf8" },
      );
    const runs = (root: string): string =>
      `node --max-old-space-size=192 --max-semi-space-size=8 ${bundleIn(root)} run --config ${root}/settings.json --json\n`;
    const builds = (root: string): string => `building the worker ...\ntsx ${root}/scripts/build.ts\n`;
    const age = (file: string, seconds: number): void => utimesSync(file, seconds, seconds);

    it("builds it where it is missing", () => {
      const root = repository();
      expect(told(root)).toMatchObject({ status: 0, stderr: builds(root), stdout: runs(root) });
    });

    it.each([
      ["workloads/model-sync/main.ts", 200, true],
      ["package-lock.json", 200, true],
      ["workloads/model-sync/main.ts", 100, false],
      ["settings.json", 200, false],
    ])("looks whether it is older than %s (%d against 100): %s", (file, seconds, older) => {
      const root = repository();
      writeFileSync(bundleIn(root), "");
      for (const each of [
        bundleIn(root),
        join(root, "workloads/model-sync/main.ts"),
        join(root, "package-lock.json"),
      ])
        age(each, 100);
      age(join(root, file), seconds);
      expect(told(root)).toMatchObject({ status: 0, stderr: older ? builds(root) : "", stdout: runs(root) });
    });
  });
});
