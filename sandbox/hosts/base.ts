import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { cacheFolder } from "../paths";
import { markUsed, removeUnused } from "../setup/unused";
import { run } from "../system/commands";

const suite = "bookworm";

/** What the machine has beside Debian's minimum. */
const packages = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "iproute2",
  "openssh-server",
  "python3",
  "munge",
  "slurmctld",
  "slurmd",
  "slurm-client",
  "slurm-wlm-basic-plugins",
] as const;

/** What a fresh installation holds and no two machines may share, and what it only needed while it was made. */
const removed = [
  "etc/munge/munge.key",
  "etc/ssh/ssh_host_*",
  "var/cache/apt/archives/*.deb",
  "var/cache/apt/*.bin",
  "var/lib/apt/lists/*",
  "var/log/bootstrap.log",
] as const;

const fallbackMirror = "http://deb.debian.org/debian";

/** Folder of the base that belongs to what is in it. */
export function baseFolder(): string {
  const recipe = JSON.stringify({ suite, packages, removed });
  const sum = createHash("sha256").update(recipe).digest("hex").slice(0, 12);
  return path.join(cacheFolder, `debian-${sum}`);
}

/** Whether the base is in place: its folder gets this name when it is complete. */
const baseInPlace = (): boolean => fs.existsSync(baseFolder());

/**
 * The mirror of the suite that apt's source files name, in either of their forms; Debian's own where they name none.
 */
export function mirrorIn(sources: readonly string[], of: string = suite): string {
  const words = (text: string | undefined): string[] =>
    text?.split(/\s+/).filter((word) => word !== "") ?? [];
  const lists = sources.flatMap((text) =>
    [...text.matchAll(/^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/gm)].map(([, uri, name]) => ({
      uris: words(uri),
      suites: words(name),
    })),
  );
  const stanzas = sources.flatMap((text) =>
    text.split(/\n\s*\n/).map((stanza) => ({
      uris: words(/^URIs:(.*)$/m.exec(stanza)?.[1]),
      suites: words(/^Suites:(.*)$/m.exec(stanza)?.[1]),
    })),
  );
  return [...stanzas, ...lists].find(({ suites }) => suites.includes(of))?.uris[0] ?? fallbackMirror;
}

function sourceFiles(): string[] {
  const folder = "/etc/apt/sources.list.d";
  const files = fs.existsSync(folder) ? fs.readdirSync(folder).map((name) => path.join(folder, name)) : [];
  return ["/etc/apt/sources.list", ...files]
    .filter((file) => fs.existsSync(file) && /\.(list|sources)$/.test(file))
    .map((file) => fs.readFileSync(file, "utf8"));
}

/** Makes the base from Debian's packages where it is missing; nothing of it is a machine's own. Needs root. */
export async function ensureBase(progress: (line: string) => void): Promise<void> {
  if (baseInPlace()) {
    markUsed(baseFolder());
    return;
  }
  const folder = baseFolder();
  const unfinished = `${folder}.new`;
  const mirror = mirrorIn(sourceFiles());
  progress(`  installing a Debian ${suite} with Slurm from ${mirror} ...`);
  fs.mkdirSync(cacheFolder, { recursive: true });
  fs.rmSync(unfinished, { recursive: true, force: true });
  const args = ["--variant=minbase", `--include=${packages.join(",")}`, suite, unfinished, mirror];
  await run(["debootstrap", ...args], { timeout: 600_000, env: proxies() }).catch((error: unknown) => {
    const log = path.join(unfinished, "debootstrap", "debootstrap.log");
    const said = fs.existsSync(log) ? fs.readFileSync(log, "utf8").slice(-2000) : "";
    throw new Error(`${String(error)}\n${said}`);
  });
  const globs = removed.map((name) => `${unfinished}/${name}`);
  await run(["sh", "-c", `rm -rf ${globs.join(" ")}`]);
  fs.writeFileSync(path.join(unfinished, "etc/machine-id"), "");
  fs.renameSync(unfinished, folder);
  markUsed(folder);
  removeUnused(cacheFolder, (name) => name.startsWith("debian-"));
}

/** How this machine reaches a mirror. */
function proxies(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      /^(https?|no)_proxy$/i.test(name) && value !== undefined ? [[name, value]] : [],
    ),
  );
}

/** Of systemd-nspawn, for a machine that boots by itself and is ended with its process. */
export const bootArguments: readonly string[] = [
  "--boot",
  "--register=no",
  "--keep-unit",
  "--link-journal=no",
  "--resolv-conf=off",
  "--timezone=off",
];
