import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

/** Debian packages, each with a file or command that shows it is there. */
const packages: Readonly<Record<string, string>> = {
  containerd: "containerd",
  runc: "runc",
  "containernetworking-plugins": "/usr/lib/cni/bridge",
  nftables: "nft",
  iptables: "iptables",
  conntrack: "conntrack",
  socat: "socat",
  ethtool: "ethtool",
  iproute2: "ip",
  xfsprogs: "mkfs.xfs",
  "util-linux": "nsenter",
  mount: "losetup",
  // the member's Slurm machine, its exporters, and the way into it
  debootstrap: "debootstrap",
  "systemd-container": "systemd-nspawn",
  python3: "/usr/bin/python3",
  "openssh-client": "ssh",
  // pictures of dashboards
  chromium: "chromium",
};

function present(file: string): boolean {
  if (path.isAbsolute(file)) return fs.existsSync(file);
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"];
  return folders.some((folder) => folder !== "" && fs.existsSync(path.join(folder, file)));
}

/** Debian packages that are not installed yet. */
function missingDebianPackages(): string[] {
  return Object.entries(packages)
    .filter(([, file]) => !present(file))
    .map(([name]) => name);
}

/** Installs what is missing with apt-get; needs root. */
export function installDebianPackages(progress: (line: string) => void): void {
  const missing = missingDebianPackages();
  if (missing.length === 0) return;
  aptInstall(missing, progress);
  const still = missingDebianPackages();
  if (still.length > 0) throw new Error(`after apt-get install these are still missing: ${still.join(", ")}`);
}

/** Installs packages by name; throws with what apt-get said when it fails. */
export function aptInstall(missing: readonly string[], progress: (line: string) => void): void {
  progress(`installing Debian packages: ${missing.join(" ")} ...`);
  for (const command of [
    ["update", "-qq"],
    ["install", "-y", "-qq", "--no-install-recommends", ...missing],
  ]) {
    const run = spawnSync("apt-get", command, {
      encoding: "utf8",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    if (run.status !== 0)
      throw new Error(
        `apt-get ${command.join(" ")} failed:\n${run.stdout.slice(-2000)}${run.stderr.slice(-2000)}`,
      );
  }
}
