import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../system/commands";
import { stateFolder } from "./folders";

/** Marks that the root mount was made shared by us. */
const marker = join(stateFolder, "root-made-shared");

/** Whether the root mount passes mounts on, as a mountinfo text says it. */
export function isRootShared(mountInfo: string): boolean {
  const root = mountInfo.split("\n").find((line) => line.split(" ")[4] === "/");
  return root !== undefined && /^[^-]*\bshared:\d+/.test(root);
}

/**
 * Makes the root mount shared, as systemd does at boot: a pod that sees the host's file system with mount
 * propagation, such as a node exporter, is refused otherwise.
 */
export async function shareRoot(): Promise<void> {
  if (isRootShared(readFileSync("/proc/self/mountinfo", "utf8"))) return;
  mkdirSync(stateFolder, { recursive: true });
  await run(["mount", "--make-shared", "/"]);
  writeFileSync(marker, "");
}

/**
 * Runs `work`, which removes all that the sandbox made, and then puts the root mount back to private when it was
 * so before. Not earlier: what was mounted while it was shared has copies that only go while it is.
 */
export async function restoringPropagation(work: () => Promise<void>): Promise<void> {
  const restore = existsSync(marker);
  await work();
  if (restore) await run(["mount", "--make-private", "/"]);
}
