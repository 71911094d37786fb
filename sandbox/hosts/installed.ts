import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import type { HostTopology, SandboxRole } from "../clusters/topology";
import { repository } from "../paths";
import { beegfs } from "../services/topology";
import { hostKey } from "./machine";
import { controller } from "./slurm";

/** What the member's stack installs over SSH, on which host: there the sandbox itself starts nothing of that role. */
export const installedRoles: Readonly<Record<string, readonly SandboxRole[]>> = {
  [controller.name]: ["node"],
};

/** Roles of a host that are there before any stack is. */
export function rolesBefore({ name, roles }: HostTopology): readonly SandboxRole[] {
  return roles.filter((role) => installedRoles[name]?.includes(role) !== true);
}

const PROGRAM = "node_exporter";

/** Where the program waits on the member's file system, as a site's software does. */
const shelf = path.join("software", PROGRAM);

/** What the stack is told of the host and of the program. */
export interface HostSoftware {
  /** `ssh-ed25519 AAAA...`, of the controller's machine. */
  readonly hostKey: string;
  readonly version: string;
  /** As the host sees it. */
  readonly url: string;
  readonly sha256: string;
}

/** What the stack shall install from the tools in `bin`; undefined while no machine runs. */
export function hostSoftware(bin: string): HostSoftware | undefined {
  const key = hostKey();
  if (key === undefined) return undefined;
  const sha256 = createHash("sha256")
    .update(fs.readFileSync(path.join(bin, PROGRAM)))
    .digest("hex");
  return {
    hostKey: key,
    version: pinnedVersion(),
    url: `file://${path.join(beegfs.inMachine, shelf)}`,
    sha256,
  };
}

/** Puts the program where the machine finds it. */
export function shelveSoftware(bin: string): void {
  const target = path.join(beegfs.hostPath, shelf);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.copyFileSync(path.join(bin, PROGRAM), target);
}

function pinnedVersion(): string {
  const file = path.join(repository, "sandbox/tools/node-exporter/go.mod");
  const found = /github\.com\/prometheus\/node_exporter v(\S+)/.exec(fs.readFileSync(file, "utf8"))?.[1];
  if (found === undefined) throw new Error(`${file} pins no node_exporter`);
  return found;
}
