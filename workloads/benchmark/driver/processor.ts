import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** The unit of processor times in /proc, the same on every Linux. */
const ticksPerSecond = 100;

/** Processor seconds that a process has used, by the text of its /proc/<pid>/stat. */
export function usedSecondsOf(stat: string): number {
  // the name in parentheses may hold spaces; of the fields after it, the 12th and 13th are these
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** What a process had used at a time of day, milliseconds since the epoch. */
export interface Reading {
  readonly atMs: number;
  readonly seconds: number;
}

/** Reads what a process has used; undefined once it is gone. */
export function reading(pid: number): Reading | undefined {
  try {
    return { atMs: Date.now(), seconds: usedSecondsOf(readFileSync(`/proc/${pid}/stat`, "utf8")) };
  } catch {
    return undefined;
  }
}

/** Cores used between the first and the last reading of a window; 0 where it has no two. */
export function coresIn(readings: readonly Reading[], fromMs: number, toMs: number): number {
  const inside = readings.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  const [first, last] = [inside[0], inside.at(-1)];
  if (first === undefined || last === undefined || last.atMs === first.atMs) return 0;
  return ((last.seconds - first.seconds) * 1000) / (last.atMs - first.atMs);
}

/** Periods of the CPU quota so far, and those of them that were throttled. */
export interface Periods {
  readonly all: number;
  readonly throttled: number;
}

/** Reads `cpu.stat` of a cgroup, either version; undefined where it has no quota. */
export function periodsOf(text: string): Periods | undefined {
  const number = (key: string): number => Number(new RegExp(`^${key} (\\d+)$`, "m").exec(text)?.[1] ?? NaN);
  const [all, throttled] = [number("nr_periods"), number("nr_throttled")];
  return all > 0 ? { all, throttled } : undefined;
}

/** Cores that a quota allows: by `cpu.max` of version 2 (`max 100000` or `50000 100000`); undefined for none. */
export function quotaOf(max: string): number | undefined {
  const [quota, period] = max.trim().split(/\s+/).map(Number);
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : undefined;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(`/sys/fs/cgroup/${file}`, "utf8");
  } catch {
    return undefined;
  }
}

/** Throttling of this process's cgroup so far; a container sees its own. */
export function periods(): Periods | undefined {
  const text = read("cpu.stat") ?? read("cpu/cpu.stat");
  return text === undefined ? undefined : periodsOf(text);
}

/** Cores that this process and its children may use: the quota of its cgroup, and the cores it may run on. */
export function limitCores(): number {
  const second = read("cpu.max");
  const first = [read("cpu/cpu.cfs_quota_us"), read("cpu/cpu.cfs_period_us")];
  const quota = quotaOf(second ?? first.map((part) => part?.trim() ?? "").join(" "));
  return Math.min(availableParallelism(), quota ?? Infinity);
}
