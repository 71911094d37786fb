import { lstatSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { SyncError } from "../types";

/** How the worker tells a mounted file system from the empty folder below it. */
export type RootGuard =
  { readonly kind: "fsType"; readonly fsType: string } | { readonly kind: "sentinel"; readonly file: string };

/** Type of the file system that holds a path, by the text of /proc/self/mountinfo; the last mount over a point counts. */
export function fsTypeOf(path: string, mountinfo: string): string | undefined {
  let best = { length: -1, fsType: undefined as string | undefined };
  for (const line of mountinfo.split("\n")) {
    const [before, after] = line.split(" - ");
    const point = before
      ?.split(" ")[4]
      ?.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
    if (point === undefined || after === undefined) continue;
    const holds = point === "/" || path === point || path.startsWith(`${point}/`);
    if (holds && point.length >= best.length) best = { length: point.length, fsType: after.split(" ")[0] };
  }
  return best.fsType;
}

/** Fails with `root-not-mounted` unless the root's file system is really there. */
export function checkRoot(root: string, guard: RootGuard, mountinfoFile = "/proc/self/mountinfo"): void {
  const refuse = (told: string): never => {
    throw new SyncError("root-not-mounted", `${root}: ${told}`, false);
  };
  try {
    if (guard.kind === "sentinel") lstatSync(join(root, guard.file));
    else {
      const fsType = fsTypeOf(realpathSync(root), readFileSync(mountinfoFile, "utf8"));
      if (fsType !== guard.fsType)
        refuse(`lies on ${fsType ?? "no known file system"}, not on ${guard.fsType}`);
    }
  } catch (error) {
    if (error instanceof SyncError) throw error;
    refuse(error instanceof Error ? error.message : String(error));
  }
}
