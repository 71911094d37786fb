import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isErrno } from "./processes";

const root = "/sys/fs/cgroup";

/** Folders of every mounted cgroup hierarchy: one on a machine with cgroup v2 alone, several with v1. */
function hierarchies(types: readonly string[]): string[] {
  return readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, point, type]) => point?.startsWith(root) === true && types.includes(type ?? ""))
    .map(([, point]) => point ?? "");
}

/**
 * Makes a top-level cgroup in every hierarchy that a kubelet uses. A v1 cpuset is born empty and would take no
 * process, so it gets its parent's CPUs and memory nodes.
 */
export function createCgroup(name: string): void {
  const v1 = hierarchies(["cgroup"]);
  for (const hierarchy of v1.length > 0 ? v1 : hierarchies(["cgroup2"])) {
    const folder = join(hierarchy, name);
    mkdirSync(folder, { recursive: true });
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      const path = join(folder, file);
      if (v1.length === 0 || !existsSync(path) || readFileSync(path, "utf8").trim() !== "") continue;
      writeFileSync(path, readFileSync(join(hierarchy, file), "utf8"));
    }
  }
}

/**
 * The same command started in a top-level cgroup of its own in every hierarchy, v1 and v2, so that all it makes there
 * lies below it.
 */
export function inCgroup(name: string, argv: readonly [string, ...string[]]): readonly [string, ...string[]] {
  createCgroup(name);
  const folders = hierarchies(["cgroup", "cgroup2"]).map((hierarchy) => join(hierarchy, name));
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  const enter = folders.map((folder) => `echo $$ > ${folder}/cgroup.procs`);
  return ["sh", "-ec", `${enter.join("; ")}; exec "$@"`, "sh", ...argv];
}

/** Folders of the top-level cgroups whose name matches, over all hierarchies. */
export function findCgroups(matches: (name: string) => boolean): string[] {
  return hierarchies(["cgroup", "cgroup2"]).flatMap((hierarchy) =>
    readdirSync(hierarchy, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && matches(entry.name))
      .map((entry) => join(hierarchy, entry.name)),
  );
}

/** Removes a cgroup and those below it, bottom-up. False while a process that is ending still holds one. */
export function removeCgroup(folder: string): boolean {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory() && !removeCgroup(join(folder, entry.name))) return false;
    }
    rmdirSync(folder);
    return true;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return true;
    if (isErrno(error, "EBUSY", "ENOTEMPTY")) return false;
    throw error;
  }
}
