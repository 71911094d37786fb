import { spawn } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { cleanEnvironment } from "./commands";
import { signal, startTimeOf } from "./processes";
import { waitFor } from "./waiting";

/** A process that outlives the command that starts it. */
export interface DaemonSpec {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly logFile: string;
  readonly pidFile: string;
  /** Added to `cleanEnvironment`. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Which process a pid file means. */
export interface DaemonIdentity {
  readonly pid: number;
  readonly startTime: string;
}

/** Starts a daemon in a session of its own; its output goes to the log file, its identity into the pid file. */
export async function startDaemon(spec: DaemonSpec): Promise<DaemonIdentity> {
  const [file, ...args] = spec.argv;
  mkdirSync(dirname(spec.logFile), { recursive: true });
  mkdirSync(dirname(spec.pidFile), { recursive: true });
  appendFileSync(spec.logFile, `--- ${new Date().toISOString()} ${spec.argv.join(" ")}\n`);
  const log = openSync(spec.logFile, "a");
  const pid = await new Promise<number>((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: "/",
      env: { ...cleanEnvironment, ...spec.env },
      detached: true,
      stdio: ["ignore", log, log],
    });
    child.on("error", reject);
    child.on("spawn", () => {
      child.unref();
      if (child.pid === undefined) reject(new Error(`${spec.name}: started without a pid`));
      else resolve(child.pid);
    });
  });
  closeSync(log);
  const startTime = startTimeOf(pid);
  if (startTime === undefined) throw new Error(`${spec.name}: ended at once; see ${spec.logFile}`);
  const unfinished = `${spec.pidFile}.new`;
  writeFileSync(unfinished, `${pid} ${startTime}\n`);
  renameSync(unfinished, spec.pidFile);
  return { pid, startTime };
}

/** What a pid file says, whether or not that process still runs; undefined without a readable file. */
export function readPidFile(pidFile: string): DaemonIdentity | undefined {
  if (!existsSync(pidFile)) return undefined;
  const [, pid, startTime] = /^(\d+) (\d+)\n$/.exec(readFileSync(pidFile, "utf8")) ?? [];
  return pid === undefined || startTime === undefined ? undefined : { pid: Number(pid), startTime };
}

/** True while the very process that the pid file means is alive. */
export function isDaemonAlive(pidFile: string): boolean {
  const identity = readPidFile(pidFile);
  return identity !== undefined && startTimeOf(identity.pid) === identity.startTime;
}

/** Ends a daemon: asks with SIGTERM, kills after `grace` milliseconds; nothing happens when it is gone. */
export async function stopDaemon(name: string, pidFile: string, grace = 3_000): Promise<void> {
  const identity = readPidFile(pidFile);
  if (identity !== undefined) {
    const gone = (): Promise<boolean> => Promise.resolve(startTimeOf(identity.pid) !== identity.startTime);
    signal(identity.pid, identity.startTime, "SIGTERM");
    try {
      await waitFor(`${name} to end`, gone, { deadline: grace, interval: 20 });
    } catch {
      signal(identity.pid, identity.startTime, "SIGKILL");
      await waitFor(`${name} to be killed`, gone, { deadline: 5_000, interval: 20 });
    }
  }
  rmSync(pidFile, { force: true });
}
