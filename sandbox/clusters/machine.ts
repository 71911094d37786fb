import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../system/commands";
import { stateFolder } from "./folders";

/** Kernel settings of the whole machine that kubelet changes when it starts. */
const tunables = [
  "vm/overcommit_memory",
  "vm/panic_on_oom",
  "kernel/panic",
  "kernel/panic_on_oops",
  "kernel/keys/root_maxkeys",
  "kernel/keys/root_maxbytes",
].map((name) => `/proc/sys/${name}`);

/** How the machine was before the sandbox. */
interface MachineState {
  readonly rootShared: boolean;
  /** Path below /proc/sys to its text. */
  readonly settings: Readonly<Record<string, string>>;
}

const record = join(stateFolder, "machine-before.json");

/** Whether the root mount passes mounts on, as a mountinfo text says it. */
export function isRootShared(mountInfo: string): boolean {
  const root = mountInfo.split("\n").find((line) => line.split(" ")[4] === "/");
  return root !== undefined && /^[^-]*\bshared:\d+/.test(root);
}

/**
 * Notes how the machine is, once, and makes the root mount shared, as systemd does at boot: a pod that sees the
 * host's file system with mount propagation, such as a node exporter, is refused otherwise.
 */
export async function prepareMachine(): Promise<void> {
  const rootShared = isRootShared(readFileSync("/proc/self/mountinfo", "utf8"));
  if (!existsSync(record)) {
    const settings = Object.fromEntries(
      tunables.filter((path) => existsSync(path)).map((path) => [path, readFileSync(path, "utf8")]),
    );
    const before: MachineState = { rootShared, settings };
    mkdirSync(stateFolder, { recursive: true });
    writeFileSync(record, JSON.stringify(before));
  }
  if (!rootShared) await run(["mount", "--make-shared", "/"]);
}

/**
 * Runs `work`, which removes all that the sandbox made, and then puts the machine back to what was noted. The root
 * mount not earlier: what was mounted while it was shared has copies that only go while it is.
 */
export async function restoringMachine(work: () => Promise<void>): Promise<void> {
  const before = existsSync(record)
    ? (JSON.parse(readFileSync(record, "utf8")) as MachineState)
    : { rootShared: true, settings: {} };
  await work();
  if (!before.rootShared) await run(["mount", "--make-private", "/"]);
  for (const [path, text] of Object.entries(before.settings)) {
    if (readFileSync(path, "utf8") !== text) writeFileSync(path, text);
  }
}
