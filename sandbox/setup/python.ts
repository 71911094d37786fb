import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { cacheFolder } from "../paths";
import { aptInstall } from "./debian";
import { markUsed, removeUnused } from "./unused";

/** The lock files' hashes are of wheels for this Python. */
export const pythonVersion = "3.11";

/** What is installed of Python packages, as one folder of the cache. */
export interface PythonInstallation {
  readonly name: string;
  /** The folder that belongs to the lock file as it is. */
  readonly folder: string;
}

/** An installation named by the content of the files that it follows from. */
export function installation(name: string, files: readonly string[]): PythonInstallation {
  const hash = createHash("sha256");
  for (const file of files) hash.update(fs.readFileSync(file));
  return { name, folder: path.join(cacheFolder, `${name}-${hash.digest("hex").slice(0, 12)}`) };
}

/** Written last: an installation without it is the rest of an interrupted one. */
const mark = (folder: string): string => path.join(folder, ".complete");

export function installed({ folder }: PythonInstallation): boolean {
  return fs.existsSync(mark(folder));
}

/** Makes an installation where it is missing: `install` fills its empty folder. */
export function ensureInstalled(
  one: PythonInstallation,
  title: string,
  progress: (line: string) => void,
  install: (python: string) => void,
): void {
  if (installed(one)) {
    markUsed(one.folder);
    return;
  }
  progress(`installing ${title} ...`);
  const start = performance.now();
  fs.rmSync(one.folder, { recursive: true, force: true });
  fs.mkdirSync(one.folder, { recursive: true });
  install(python(title, progress));
  fs.writeFileSync(mark(one.folder), "");
  removeUnused(cacheFolder, (name) => name.startsWith(`${one.name}-`));
  progress(`  installed ${title} in ${Math.round((performance.now() - start) / 1000)} s`);
}

/** Arguments of `pip install` for what a lock file lists, whole and by hash. */
export function pipInstall(lock: string): readonly string[] {
  return [
    "install",
    "--quiet",
    "--no-input",
    "--disable-pip-version-check",
    "--no-deps",
    ...["--only-binary", ":all:"],
    ...["--require-hashes", "--no-cache-dir", "--requirement", lock],
  ];
}

/** A Python of the right version that can make environments: Debian's own is installed where there is none. */
function python(title: string, progress: (line: string) => void): string {
  const candidates = [`python${pythonVersion}`, "python3", `/usr/bin/python${pythonVersion}`];
  const check = `import sys, venv, ensurepip; assert "%d.%d" % sys.version_info[:2] == "${pythonVersion}"`;
  const find = (): string | undefined =>
    candidates.find((name) => spawnSync(name, ["-c", check], { stdio: "ignore" }).status === 0);
  const found = find();
  if (found !== undefined) return found;
  aptInstall([`python${pythonVersion}-venv`], progress);
  const afterwards = find();
  if (afterwards === undefined)
    throw new Error(`${title} needs Python ${pythonVersion} with its module venv; put it on the PATH`);
  return afterwards;
}

/**
 * Runs a command to its end and answers what it printed.
 *
 * @throws with the end of its output when it fails
 */
export function must(command: string, ...args: string[]): string {
  const run = spawnSync(command, args, { encoding: "utf8", maxBuffer: 64 << 20 });
  if (run.error) throw run.error;
  if (run.status !== 0)
    throw new Error(
      `${command} ${args.slice(0, 3).join(" ")} failed:\n${run.stdout.slice(-2000)}${run.stderr.slice(-4000)}`,
    );
  return run.stdout;
}
