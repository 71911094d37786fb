import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** One running process, as /proc tells it. */
export interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  /** Clock ticks after boot: with the pid it names a process for good, since pids are used again. */
  readonly startTime: string;
  readonly argv: readonly string[];
  /** Base name of the executable; empty for a kernel thread. */
  readonly executable: string;
  /** Inode of its network namespace. */
  readonly networkNamespace: string;
  /** Its cgroup paths, one a hierarchy. */
  readonly cgroups: readonly string[];
}

/** Start time of a live process; undefined when it is gone or a zombie. */
export function startTimeOf(pid: number): string | undefined {
  return statOf(pid)?.startTime;
}

function statOf(pid: number): { parent: number; startTime: string } | undefined {
  const text = readIfThere(`/proc/${pid}/stat`);
  // The second field is the command in brackets and may hold spaces and brackets itself.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, parent] = fields ?? [];
  const startTime = fields?.[19];
  if (state === undefined || parent === undefined || startTime === undefined) return undefined;
  return state === "Z" || state === "X" ? undefined : { parent: Number(parent), startTime };
}

/** Every live process with an address space of its own. */
export function listProcesses(): ProcessFacts[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const pid = Number(name);
      const stat = statOf(pid);
      const argv = (readIfThere(`/proc/${pid}/cmdline`) ?? "").split("\0").slice(0, -1);
      if (stat === undefined || argv.length === 0) return [];
      return [
        {
          pid,
          ...stat,
          argv,
          executable: (linkIfThere(`/proc/${pid}/exe`) ?? "")
            .replace(/ \(deleted\)$/, "")
            .replace(/^.*\//, ""),
          networkNamespace: /\[(\d+)\]/.exec(linkIfThere(`/proc/${pid}/ns/net`) ?? "")?.[1] ?? "",
          cgroups: cgroupsOf(pid),
        },
      ];
    });
}

function cgroupsOf(pid: number): string[] {
  return (readIfThere(`/proc/${pid}/cgroup`) ?? "")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(":").slice(2).join(":"));
}

/** This process and those it descends from: never to be signalled by a clean-up. */
export function ownLineage(): Set<number> {
  const lineage = new Set<number>([1]);
  for (let pid: number | undefined = process.pid; pid !== undefined && pid > 1; pid = statOf(pid)?.parent) {
    lineage.add(pid);
  }
  return lineage;
}

/** Signals a process only while it is still the one that was meant. */
export function signal(pid: number, startTime: string, name: NodeJS.Signals): void {
  if (startTimeOf(pid) !== startTime) return;
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!isErrno(error, "ESRCH")) throw error;
  }
}

/** True for a system error of one of these codes. */
export function isErrno(error: unknown, ...codes: string[]): boolean {
  return typeof error === "object" && error !== null && "code" in error && codes.includes(String(error.code));
}

/** A process may end between two reads of /proc: that is an absence, everything else an error. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT", "ESRCH")) return undefined;
    throw error;
  }
}

function linkIfThere(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ESRCH", "EACCES")) return undefined;
    throw error;
  }
}
