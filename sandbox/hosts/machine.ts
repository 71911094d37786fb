import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { foldersOf } from "../clusters/folders";
import { repository } from "../paths";
import { beegfs } from "../services/topology";
import { inCgroup } from "../system/cgroups";
import { run } from "../system/commands";
import { isDaemonAlive, startDaemon } from "../system/daemons";
import { mountsUnder } from "../system/mounts";
import { baseFolder, bootArguments } from "./base";
import { controller, gpuDevice, jobMappingFolder, slurmNodes, trainers } from "./slurm";
import { machineFiles, machineLinks, namespaceIn, programs } from "./units";

const { state, daemon } = foldersOf("hosts");
const folder = join(state, controller.name);
const root = join(folder, "root");
const files = daemon(`${controller.name}-machine`);

/** Folder of this machine in which Slurm's prolog notes the holders of GPUs. */
export const jobMapping = join(folder, "job-mapping");

/** Log of the machine's console. */
export const consoleLog = files.logFile;

/** Private key of root of the machine, made with it. */
export const rootKey = join(folder, "ssh", "root");

/** The machine's host key, as ssh wants to know it. */
export const knownHosts = join(folder, "ssh", "known_hosts");

/** The machine's host key without a comment; undefined where no machine was made. */
export function hostKey(): string | undefined {
  if (!existsSync(knownHosts)) return undefined;
  const [, type = "", key = ""] = readFileSync(knownHosts, "utf8").split(" ");
  return `${type} ${key}`;
}

export const isMachineAlive = (): boolean => isDaemonAlive(files.pidFile);

/** Where this repository keeps the exporters' programs. */
export const exporterFolder = join(repository, "sandbox/hosts/exporters");

/**
 * Boots the controller's machine: a Debian with systemd of its own, on a file system over the base that goes with it,
 * in its host's network. Its network namespace and those of its nodes must be there, and the member's file system.
 */
export async function bootMachine(): Promise<void> {
  await mountRoot();
  for (const { path, content, mode } of machineFiles()) write(path, content, mode);
  for (const [path, to] of machineLinks()) link(path, to);
  for (const name of ["exposition.py", "slurm.py"])
    cpSync(join(exporterFolder, name), inRoot(programs, name));
  addUsers();
  await writeSecrets();
  await makeDevices();
  mkdirSync(jobMapping, { recursive: true });
  await startDaemon({
    name: controller.name,
    argv: inCgroup(controller.namespace, nspawn()),
    // its locks would outlive it when it is killed
    env: { SYSTEMD_NSPAWN_LOCK: "0" },
    ...files,
  });
}

function nspawn(): readonly [string, ...string[]] {
  const gpus = Array.from({ length: gpuCount() }, (_, index) => index);
  return [
    "systemd-nspawn",
    "--quiet",
    `--directory=${root}`,
    `--machine=${controller.namespace}`,
    `--hostname=${controller.name}`,
    `--network-namespace-path=/run/netns/${controller.namespace}`,
    ...slurmNodes.map(({ namespace }) => `--bind=/run/netns/${namespace}:${namespaceIn(namespace)}`),
    ...gpus.map((index) => `--bind=${join(folder, basename(gpuDevice(index)))}:${gpuDevice(index)}`),
    `--bind=${jobMapping}:${jobMappingFolder}`,
    `--bind-ro=${beegfs.hostPath}:${beegfs.inMachine}`,
    ...bootArguments,
  ];
}

const inRoot = (...names: readonly string[]): string => join(root, ...names);

async function mountRoot(): Promise<void> {
  const [upper, work] = [join(folder, "upper"), join(folder, "work")];
  for (const made of [upper, work, root]) mkdirSync(made, { recursive: true, mode: 0o755 });
  if (mountsUnder(root).length > 0) return;
  const options = `lowerdir=${baseFolder()},upperdir=${upper},workdir=${work}`;
  await run(["mount", "-t", "overlay", "-o", options, "overlay", root]);
}

function write(path: string, content: string, mode = 0o644): void {
  mkdirSync(dirname(inRoot(path)), { recursive: true });
  // a link of the base may lead out of the machine
  rmSync(inRoot(path), { force: true });
  writeFileSync(inRoot(path), content);
  chmodSync(inRoot(path), mode);
}

function link(path: string, to: string): void {
  mkdirSync(dirname(inRoot(path)), { recursive: true });
  rmSync(inRoot(path), { force: true });
  symlinkSync(to, inRoot(path));
}

function addUsers(): void {
  for (const { user, uid } of trainers) {
    appendFileSync(inRoot("/etc/passwd"), `${user}:x:${uid}:${uid}::/:/bin/sh\n`);
    appendFileSync(inRoot("/etc/group"), `${user}:x:${uid}:\n`);
  }
}

/** What no two machines share: its id, Slurm's key, and the keys of ssh on both sides. */
async function writeSecrets(): Promise<void> {
  write("/etc/machine-id", `${randomBytes(16).toString("hex")}\n`);
  const munge = /^munge:[^:]*:(\d+):(\d+):/m.exec(readFileSync(inRoot("/etc/passwd"), "utf8"));
  if (munge === null) throw new Error(`no user munge in ${baseFolder()}: remove that folder and start again`);
  writeFileSync(inRoot("/etc/munge/munge.key"), randomBytes(128), { mode: 0o400 });
  chownSync(inRoot("/etc/munge/munge.key"), Number(munge[1]), Number(munge[2]));

  mkdirSync(dirname(rootKey), { recursive: true, mode: 0o700 });
  const hostKey = inRoot("/etc/ssh/ssh_host_ed25519_key");
  for (const [file, comment] of [
    [rootKey, "sandbox"],
    [hostKey, controller.name],
  ] as const) {
    rmSync(file, { force: true });
    await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", file]);
  }
  writeFileSync(knownHosts, `${controller.address} ${readFileSync(`${hostKey}.pub`, "utf8")}`);
  mkdirSync(inRoot("/root/.ssh"), { recursive: true, mode: 0o700 });
  write("/root/.ssh/authorized_keys", readFileSync(`${rootKey}.pub`, "utf8"), 0o600);
}

const gpuCount = (): number => Math.max(0, ...slurmNodes.map(({ gpus }) => gpus));

/** Devices that stand in for GPUs: all alike /dev/null. */
async function makeDevices(): Promise<void> {
  for (let index = 0; index < gpuCount(); index++) {
    const device = join(folder, basename(gpuDevice(index)));
    if (lstatSync(device, { throwIfNoEntry: false }) === undefined)
      await run(["mknod", device, "c", "1", "3"]);
  }
}
