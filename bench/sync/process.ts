import { spawn } from "node:child_process";
import * as fs from "node:fs";

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What one run of a command took. */
export interface Usage {
  readonly seconds: number;
  /** Processor time of the client, user and system. */
  readonly cpuSeconds: number;
  /** Highest resident memory (VmHWM). */
  readonly peakMiB: number;
}

export interface Ran extends Usage {
  /** Everything it printed. */
  readonly output: string;
}

const pollMs = 10;
/** The unit of processor times in /proc, the same on every Linux. */
const ticksPerSecond = 100;

/** Highest resident memory in MiB by the text of /proc/<pid>/status; undefined for a process that has ended. */
export function peakOf(status: string): number | undefined {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? undefined : Number(kib) / 1024;
}

/** Processor seconds of the children that a process has waited for, by the text of its /proc/<pid>/stat. */
export function childSecondsOf(stat: string): number {
  // the name in parentheses may hold spaces; of the numbers after it, the 14th and 15th are these
  const numbers = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(numbers[13]) + Number(numbers[14])) / ticksPerSecond;
}

const childSeconds = (): number => childSecondsOf(fs.readFileSync("/proc/self/stat", "utf8"));

/** What is to be read of a process, or nothing once it has ended. */
function statusOf(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}

/**
 * Runs a command to its end with its output in `log`, and measures it. Only one may run at a time. Throws with the end
 * of what it said when its exit code is not the one expected.
 */
export async function measured(command: Command, log: string, expected = 0): Promise<Ran> {
  const out = fs.openSync(log, "w");
  const cpuBefore = childSeconds();
  const start = performance.now();
  const child = spawn(command.program, command.args, { stdio: ["ignore", out, out], env: command.env });
  let peakMiB = 0;
  const look = setInterval(() => {
    peakMiB = Math.max(peakMiB, peakOf(statusOf(child.pid ?? 0)) ?? 0);
  }, pollMs);
  try {
    const code = await new Promise<number | string | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (status, signal) => resolve(status ?? signal));
    });
    const seconds = (performance.now() - start) / 1000;
    const output = fs.readFileSync(log, "utf8");
    if (code !== expected)
      throw new Error(
        `${[command.program, ...command.args].join(" ")} ended with ${code ?? "nothing"}, not ${expected}:\n${output.slice(-2000)}`,
      );
    return { seconds, cpuSeconds: childSeconds() - cpuBefore, peakMiB, output };
  } finally {
    clearInterval(look);
    fs.closeSync(out);
  }
}
