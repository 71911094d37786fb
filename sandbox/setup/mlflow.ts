import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { cacheFolder, repository } from "../paths";
import { aptInstall } from "./debian";

/** Every package by version and hash. */
const lock = path.join(repository, "sandbox/mlflow/requirements.txt");

/** The lock file's hashes are of wheels for this Python. */
const pythonVersion = "3.11";

/** Folder of the environment that belongs to the lock file as it is. */
function mlflowFolder(): string {
  const sum = createHash("sha256").update(fs.readFileSync(lock)).digest("hex").slice(0, 12);
  return path.join(cacheFolder, `mlflow-${sum}`);
}

/** Written last: an environment without it is the rest of an interrupted installation. */
const mark = (folder: string): string => path.join(folder, ".complete");

/** Whether MLflow's environment is in place at its pins. */
export function mlflowInPlace(): boolean {
  return fs.existsSync(mark(mlflowFolder()));
}

/** MLflow's program, in place or not. */
export const mlflowProgram = (): string => path.join(mlflowFolder(), "bin", "mlflow");

/** Makes MLflow's Python environment where it is missing. */
export function setUpMlflow(progress: (line: string) => void): void {
  if (mlflowInPlace()) return;
  const folder = mlflowFolder();
  progress("installing MLflow ...");
  const start = performance.now();
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(cacheFolder, { recursive: true });
  must(python(progress), "-m", "venv", folder);
  must(
    path.join(folder, "bin", "pip"),
    ...[
      "install",
      "--quiet",
      "--no-input",
      "--disable-pip-version-check",
      "--no-deps",
      "--only-binary",
      ":all:",
    ],
    ...["--require-hashes", "--no-cache-dir", "--requirement", lock],
  );
  fs.writeFileSync(mark(folder), "");
  removeOutdated(folder);
  progress(`  installed MLflow in ${Math.round((performance.now() - start) / 1000)} s`);
}

/** A Python of the right version that can make environments: Debian's own is installed where there is none. */
function python(progress: (line: string) => void): string {
  const candidates = [`python${pythonVersion}`, "python3", `/usr/bin/python${pythonVersion}`];
  const check = `import sys, venv, ensurepip; assert "%d.%d" % sys.version_info[:2] == "${pythonVersion}"`;
  const find = (): string | undefined =>
    candidates.find((name) => spawnSync(name, ["-c", check], { stdio: "ignore" }).status === 0);
  const found = find();
  if (found !== undefined) return found;
  aptInstall([`python${pythonVersion}-venv`], progress);
  const installed = find();
  if (installed === undefined)
    throw new Error(`MLflow needs Python ${pythonVersion} with its module venv; put it on the PATH`);
  return installed;
}

function must(command: string, ...args: string[]): void {
  const run = spawnSync(command, args, { encoding: "utf8", maxBuffer: 64 << 20 });
  if (run.error) throw run.error;
  if (run.status !== 0)
    throw new Error(
      `${command} ${args.slice(0, 3).join(" ")} failed:\n${run.stdout.slice(-2000)}${run.stderr.slice(-4000)}`,
    );
}

/** Environments of earlier pins. */
function removeOutdated(current: string): void {
  for (const name of fs.readdirSync(cacheFolder))
    if (name.startsWith("mlflow-") && name !== path.basename(current))
      fs.rmSync(path.join(cacheFolder, name), { recursive: true, force: true });
}
