import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { BUNDLE_LIMIT, bundleProblems } from "../../../components/transfer/bundle";
import { version } from "../../../package.json";
import { buildWorker, buildWorkers, bundleFile } from "../../../scripts/build";

describe("npm run build", () => {
  const folders: string[] = [];
  const folder = (): string => {
    const made = mkdtempSync(join(tmpdir(), "build-"));
    folders.push(made);
    return made;
  };
  afterAll(() => folders.forEach((made) => rmSync(made, { recursive: true })));

  it("builds every worker", () => {
    const root = folder();
    expect(buildWorkers(root).map(({ name, file }) => [name, relative(root, file)])).toEqual([
      ["model-sync", "workloads/model-sync/dist/model-sync.cjs"],
      ["benchmark", "workloads/benchmark/dist/benchmark.cjs"],
      ["benchmark-load", "workloads/benchmark/dist/load.mjs"],
    ]);
  });

  it("makes one file of a worker, with its sum beside it, that a component takes", () => {
    const root = folder();
    const built = buildWorker("model-sync", root);
    const file = join(root, "workloads/model-sync/dist/model-sync.cjs");
    const text = readFileSync(file, "utf8");
    const sha256 = createHash("sha256").update(text).digest("hex");
    expect(built).toEqual({ name: "model-sync", file, bytes: statSync(file).size, sha256 });
    expect(bundleFile("model-sync", root)).toBe(file);
    expect(readFileSync(`${file}.sha256`, "utf8")).toBe(`${sha256}  model-sync.cjs\n`);
    expect(readdirSync(join(file, "..")).sort()).toEqual(["model-sync.cjs", "model-sync.cjs.sha256"]);
    expect(bundleProblems({ text, sha256 })).toEqual([]);
    // measured: a third of the limit
    expect(statSync(file).size).toBeLessThan(BUNDLE_LIMIT / 2);
  });

  it("makes the same bytes of the same source, wherever and whenever", () => {
    const [one, two] = [buildWorker("model-sync", folder()), buildWorker("model-sync", folder())];
    expect(two.sha256).toBe(one.sha256);
    const text = readFileSync(one.file, "utf8");
    expect(text).not.toContain(process.cwd());
    // any server and any ConfigMap keeps it as it is
    expect(Buffer.from(text).every((byte) => byte < 0x7f)).toBe(true);
  });

  it("puts the version and a revision of the content into it", () => {
    const { file } = buildWorker("model-sync", folder());
    const text = readFileSync(file, "utf8");
    expect(text).not.toContain("MODEL_SYNC_VERSION");
    expect(text).not.toContain("MODEL_SYNC_REVISION");
    expect(/version:"([^"]+)",revision:"([^"]+)"/.exec(text)?.slice(1)).toEqual([
      version,
      expect.stringMatching(/^[0-9a-f]{12}$/) as string,
    ]);
  });

  it("makes a program that runs with nothing beside it", () => {
    const { file } = buildWorker("model-sync", folder());
    const run = spawnSync(process.execPath, [file, "--help"], { encoding: "utf8", cwd: tmpdir() });
    expect(run).toMatchObject({ status: 0, stderr: "" });
    expect(run.stdout).toContain("model-sync <command> --config FILE");
  });

  it("makes a load script that takes nothing but k6's own modules", () => {
    const text = readFileSync(buildWorker("benchmark-load", folder()).file, "utf8");
    const taken = [...text.matchAll(/from"([^"]+)"/g)].map(([, module]) => module).sort();
    expect(taken).toEqual(["k6", "k6/data", "k6/execution", "k6/http", "k6/metrics"]);
    expect(text).not.toMatch(/\brequire\(/);
  });

  it("knows no other worker", () => {
    expect(() => buildWorker("training")).toThrow(
      "no worker training; there are model-sync, benchmark, benchmark-load",
    );
  });
});
