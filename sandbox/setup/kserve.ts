import * as fs from "node:fs";
import * as path from "node:path";
import { repository } from "../paths";
import { ensureInstalled, installation, installed, must, pipInstall, pythonVersion } from "./python";
import type { PythonInstallation } from "./python";

/** Every package by version and hash. */
const lock = path.join(repository, "sandbox/serving/requirements.txt");

const kserve = (): PythonInstallation => installation("kserve", [lock, __filename]);

/** Whether KServe's model server is in place at its pins. */
export const kserveInPlace = (): boolean => installed(kserve());

/** Parts of the standard library that no server uses. */
const unusedModules = new Set([
  "test",
  "idlelib",
  "tkinter",
  "turtledemo",
  "ensurepip",
  "lib2to3",
  "pydoc_data",
]);

/** A Python with KServe's model server, in place or not: it runs where it lies, and in an image by the same layout. */
export const kserveFolders = () => {
  const { folder } = kserve();
  return {
    python: path.join(folder, "bin", `python${pythonVersion}`),
    library: path.join(folder, "lib", `python${pythonVersion}`),
    packages: path.join(folder, "packages"),
  } as const;
};

/** Makes Python and packages where they are missing, without what no server uses, and compiled. */
export function setUpKserve(progress: (line: string) => void): void {
  const { folder } = kserve();
  ensureInstalled(kserve(), "KServe's model server", progress, (python) => {
    const { python: own, library, packages } = kserveFolders();
    const installer = path.join(folder, "installer");
    must(python, "-m", "venv", installer);
    must(path.join(installer, "bin", "pip"), ...pipInstall(lock), "--no-compile", "--target", packages);
    fs.rmSync(installer, { recursive: true });
    removeUnused(packages);
    const facts =
      "import os, sys, sysconfig; print(os.path.realpath(sys.executable)); print(sysconfig.get_path('stdlib'))";
    const [program = "", standardLibrary = ""] = must(python, "-c", facts).split("\n");
    fs.mkdirSync(path.dirname(own), { recursive: true });
    fs.copyFileSync(program, own);
    copyLibrary(standardLibrary, library);
    // by content, not by time: the files of an image have none
    const compile = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"];
    must(own, ...compile, "-s", folder, "-p", "/", library, packages);
  });
}

function copyLibrary(from: string, to: string): void {
  const left = (file: string): boolean => {
    const [first = ""] = path.relative(from, file).split(path.sep);
    return (
      unusedModules.has(first) ||
      /^(?:site-packages|dist-packages|config-.*)$/.test(first) ||
      path.basename(file) === "__pycache__"
    );
  };
  fs.cpSync(from, to, { recursive: true, dereference: true, filter: (file) => !left(file) });
}

/** Packages bring their own tests, and Kubernetes' client a second one over a library that is not installed: a third of all. */
function removeUnused(packages: string): void {
  fs.rmSync(path.join(packages, "kubernetes", "aio"), { recursive: true });
  for (const entry of fs.readdirSync(packages, { recursive: true, withFileTypes: true }))
    if (entry.isDirectory() && entry.name === "tests")
      fs.rmSync(path.join(entry.parentPath, entry.name), { recursive: true, force: true });
}
