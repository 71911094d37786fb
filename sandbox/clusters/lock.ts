import { existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { isDaemonAlive, readPidFile } from "../system/daemons";
import { isErrno, startTimeOf } from "../system/processes";

/** Outside the folders that a clean-up removes. */
const lockFile = "/run/lock/federation-sandbox";

/**
 * Runs `work` while no other process of this machine changes the clusters. The lock of a process that has ended
 * is void.
 *
 * @throws when another process holds it, naming its pid
 */
export async function withLock<T>(work: () => Promise<T>): Promise<T> {
  take();
  try {
    return await work();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

function take(): void {
  mkdirSync(dirname(lockFile), { recursive: true });
  const mine = `${lockFile}.${process.pid}`;
  writeFileSync(mine, `${process.pid} ${startTimeOf(process.pid) ?? ""}\n`);
  try {
    if (existsSync(lockFile) && !isDaemonAlive(lockFile)) rmSync(lockFile, { force: true });
    linkSync(mine, lockFile);
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
    throw new Error(
      `process ${readPidFile(lockFile)?.pid ?? "unknown"} is starting or stopping the clusters`,
    );
  } finally {
    rmSync(mine, { force: true });
  }
}
