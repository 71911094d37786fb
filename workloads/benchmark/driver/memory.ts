import { readFileSync } from "node:fs";

const MEBI = 1024 ** 2;
/** Above it a limit is none: version 1 writes some 2^63 for it. */
const NO_LIMIT = 2 ** 60;

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** Resident memory of a process by the text of its /proc/<pid>/status, bytes. */
export function residentOf(status: string): number | undefined {
  const kibi = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibi === undefined ? undefined : Number(kibi) * 1024;
}

/** A limit of a cgroup's memory, bytes, by `memory.max` or version 1's `memory.limit_in_bytes`; undefined for none. */
export function memoryLimitOf(text: string): number | undefined {
  const bytes = Number(text.trim());
  return bytes > 0 && bytes < NO_LIMIT ? bytes : undefined;
}

/** What a process has of the memory that its container may have: `470 of 512 MiB of memory`. */
export function memoryText(pid: number): string {
  const resident = residentOf(read(`/proc/${pid}/status`) ?? "");
  const limit = memoryLimitOf(
    read("/sys/fs/cgroup/memory.max") ?? read("/sys/fs/cgroup/memory/memory.limit_in_bytes") ?? "",
  );
  const mebi = (bytes: number | undefined): string =>
    bytes === undefined ? "unknown" : (bytes / MEBI).toFixed(0);
  return limit === undefined
    ? `${mebi(resident)} MiB of memory`
    : `${mebi(resident)} of ${mebi(limit)} MiB of memory`;
}
