import { readFileSync } from "node:fs";
import { run } from "./commands";

/** Mount points at or below a folder, deepest first. */
export function mountsUnder(folder: string): string[] {
  return parseMountInfo(readFileSync("/proc/self/mountinfo", "utf8"))
    .filter((point) => point === folder || point.startsWith(`${folder}/`))
    .reverse();
}

/** The mount points of a mountinfo text, in the order of mounting. */
export function parseMountInfo(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const point = line.split(" ")[4];
    if (point === undefined) return [];
    return [point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))];
  });
}

/** Unmounts everything at or below a folder; a mount that is busy for long is detached and goes when it is free. */
export async function unmountUnder(folder: string): Promise<void> {
  for (const point of mountsUnder(folder)) {
    try {
      await run(["umount", point]);
    } catch (error) {
      if (!mountsUnder(point).includes(point)) continue;
      if (!String(error).includes("busy")) throw error;
      await run(["umount", "--lazy", point]);
    }
  }
}

export interface LoopDevice {
  /** /dev/loopN */
  readonly device: string;
  readonly file: string;
}

/** Loop devices whose backing file lies (or lay) below a folder. */
export async function loopDevicesUnder(folder: string): Promise<LoopDevice[]> {
  const text = await run(["losetup", "--list", "--json", "--output", "NAME,BACK-FILE"]);
  if (text.trim() === "") return [];
  const { loopdevices } = JSON.parse(text) as {
    loopdevices: { name: string; "back-file": string | null }[];
  };
  return loopdevices
    .map((entry) => ({ device: entry.name, file: entry["back-file"] ?? "" }))
    .filter((entry) => entry.file.startsWith(`${folder}/`));
}

/** Detaches a loop device. */
export async function detachLoop(device: string): Promise<void> {
  await run(["losetup", "--detach", device]);
}
