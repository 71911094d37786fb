import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findCgroups, removeCgroup } from "../system/cgroups";
import { run } from "../system/commands";
import { readPidFile } from "../system/daemons";
import {
  listLinks,
  listNamespaces,
  namespaceFolder,
  namespaceInode,
  removeLink,
  removeNamespace,
} from "../system/links";
import { detachLoop, loopDevicesUnder, mountsUnder, unmountUnder } from "../system/mounts";
import { listProcesses, ownLineage, signal, type ProcessFacts } from "../system/processes";
import { waitFor } from "../system/waiting";
import { fileSystemFolder, services } from "../services/topology";
import { foldersOf, runtimeFolder, stateFolder } from "./folders";
import { hosts, prefix, type ClusterTopology } from "./topology";

/** What a clean-up is about: one cluster, the hosts, the services, or all that the sandbox ever makes. */
export interface Scope {
  /** Whether a namespace, link or cgroup of this name belongs to it. */
  readonly owns: (name: string) => boolean;
  /** Folders that belong to it whole. */
  readonly folders: readonly string[];
}

export const everything: Scope = {
  owns: (name) => name.startsWith(prefix),
  folders: [stateFolder, runtimeFolder, fileSystemFolder],
};

/** One cluster; its logs are not part of it, so that a new start keeps them. */
export function clusterScope({ name, namespace }: ClusterTopology): Scope {
  const { state, runtime } = foldersOf(name);
  return { owns: (candidate) => candidate === namespace, folders: [state, runtime] };
}

export function hostsScope(): Scope {
  const { state, runtime } = foldersOf("hosts");
  const names = new Set(hosts.map(({ namespace }) => namespace));
  return { owns: (candidate) => names.has(candidate), folders: [state, runtime] };
}

/** Object store, model registry and the member's file system, with the data of all three. */
export function servicesScope(): Scope {
  const { state, runtime } = foldersOf("services");
  return {
    owns: (candidate) => candidate === services.namespace,
    folders: [state, runtime, fileSystemFolder],
  };
}

/** Executables that are ours when an argument names one of our folders. */
const executables = new Set([
  "containerd",
  "containerd-shim-runc-v2",
  "ctr",
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-proxy",
  "kube-scheduler",
  "kubelet",
  "mkfs.xfs",
  "runc",
]);

/** A Node process is ours only when it runs the daemon that the clusters bring. */
function isExecutableOfOurs({ executable, argv }: ProcessFacts): boolean {
  return executable === "node"
    ? argv.some((argument) => argument.endsWith("/volumesDaemon.js"))
    : executables.has(executable);
}

/** These make new containers and processes: they go first. */
const makers = /kubelet|kube-controller-manager|kube-scheduler|volumesDaemon/;

/**
 * Processes of a scope: by pid file, by network namespace, by cgroup, or one of our executables with one of our
 * folders among its arguments. This process and its ancestors are never among them.
 */
function processesOf(scope: Scope): ProcessFacts[] {
  const spared = ownLineage();
  const daemons = new Set(pidFilesOf(scope).map(({ pid, startTime }) => `${pid} ${startTime}`));
  const namespaces = new Set(namespaceFiles(scope).flatMap((file) => namespaceInode(file) ?? []));
  const inCgroup = (path: string): boolean => scope.owns(path.split("/")[1] ?? "");
  const inFolder = (argument: string): boolean =>
    scope.folders.some((folder) => argument.includes(`${folder}/`));
  return listProcesses()
    .filter(
      (facts) =>
        !spared.has(facts.pid) &&
        (daemons.has(`${facts.pid} ${facts.startTime}`) ||
          namespaces.has(facts.networkNamespace) ||
          facts.cgroups.some(inCgroup) ||
          (facts.argv.some(inFolder) && isExecutableOfOurs(facts))),
    )
    .sort((a, b) => Number(makers.test(b.argv.join(" "))) - Number(makers.test(a.argv.join(" "))));
}

function pidFilesOf(scope: Scope): { pid: number; startTime: string }[] {
  return filesUnder(scope.folders, (file) => file.endsWith(".pid"), 2).flatMap(
    (file) => readPidFile(file) ?? [],
  );
}

/** Our named namespaces, and those that the container runtime made for pods. */
function namespaceFiles(scope: Scope): string[] {
  return [
    ...listNamespaces()
      .filter(scope.owns)
      .map((name) => join(namespaceFolder, name)),
    ...scope.folders.flatMap(mountsUnder).filter((point) => /\/netns\/cni-[^/]+$/.test(point)),
  ];
}

/** Files below folders that match, at most so many levels down; without following links. */
function filesUnder(folders: readonly string[], matches: (file: string) => boolean, depth: number): string[] {
  return folders.filter(existsSync).flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return depth > 0 ? filesUnder([path], matches, depth - 1) : [];
      return entry.isFile() && matches(path) ? [path] : [];
    }),
  );
}

/** What the container runtime, CNI, kubelet and systemd-nspawn leave at places that can not be chosen. */
function strayFiles(scope: Scope): string[] {
  return [...cniResults(scope), ...logLinks(scope), ...shimSockets(scope), ...machineFolders(scope)].filter(
    (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined,
  );
}

/** One file a container and network; the loopback's is ours when the pods' network's of that container is. */
function cniResults(scope: Scope): string[] {
  const folder = "/var/lib/cni/results";
  const files = list(folder).map((file) => [
    file,
    ...(/^(.*)-([0-9a-f]{64})-[^-]+$/.exec(file)?.slice(1) ?? []),
  ]);
  const ours = new Set(
    files.filter(([, name]) => scope.owns(name ?? "")).map(([, , container]) => container),
  );
  return files.flatMap(([file, , container]) =>
    file !== undefined && container !== undefined && ours.has(container) ? [join(folder, file)] : [],
  );
}

/** Links that kubelet makes to its pods' logs. */
function logLinks(scope: Scope): string[] {
  const folder = "/var/log/containers";
  return list(folder)
    .map((file) => join(folder, file))
    .filter((file) => lstatSync(file).isSymbolicLink() && within(scope.folders, readlinkSync(file)));
}

/** The folder by which mounts are passed into a machine: it has the machine's name. */
function machineFolders(scope: Scope): string[] {
  const folder = "/run/systemd/nspawn/propagate";
  return list(folder)
    .filter(scope.owns)
    .map((name) => join(folder, name));
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function within(folders: readonly string[], path: string): boolean {
  return folders.some((folder) => path.startsWith(`${folder}/`));
}

/** A shim's socket lies in a folder that all containerds share; its task's folder says which one it is. */
function shimSockets(scope: Scope): string[] {
  return scope.folders.flatMap((folder) =>
    filesUnder([folder], (file) => file.endsWith("/address") && file.includes("v2.task"), 6).map((file) =>
      readFileSync(file, "utf8").replace(/^unix:\/\//, ""),
    ),
  );
}

/** Everything of a scope that exists, a line each. Empty means clean. */
export async function describeLeftovers(scope: Scope): Promise<string[]> {
  const loops = await Promise.all(scope.folders.map(loopDevicesUnder));
  return [
    ...processesOf(scope).map(({ pid, argv }) => `process ${pid}: ${argv.join(" ").slice(0, 120)}`),
    ...scope.folders.flatMap(mountsUnder).map((point) => `mount ${point}`),
    ...loops.flat().map(({ device, file }) => `loop device ${device} of ${file}`),
    ...listLinks()
      .filter(scope.owns)
      .map((name) => `link ${name}`),
    ...listNamespaces()
      .filter(scope.owns)
      .map((name) => `network namespace ${name}`),
    ...findCgroups(scope.owns).map((folder) => `cgroup ${folder}`),
    ...strayFiles(scope).map((file) => `file ${file}`),
    ...scope.folders.filter(existsSync).map((folder) => `folder ${folder}`),
  ];
}

/** Ends and removes everything of a scope. What it cannot remove is an error that names it. */
export async function removeLeftovers(scope: Scope): Promise<void> {
  await endProcesses(scope);
  const strays = strayFiles(scope);
  for (const folder of scope.folders) await unmountUnder(folder);
  for (const { device } of (await Promise.all(scope.folders.map(loopDevicesUnder))).flat()) {
    await detachLoop(device);
  }
  // The link first: deleted with its namespace it would linger, and the next start trips over it.
  for (const name of listLinks().filter(scope.owns)) await removeLink(name);
  for (const name of listNamespaces().filter(scope.owns)) await removeNamespace(name);
  await waitFor("cgroups to be empty", () => Promise.resolve(findCgroups(scope.owns).every(removeCgroup)), {
    deadline: 10_000,
    interval: 50,
  });
  for (const file of strays) rmSync(file, { recursive: true, force: true });
  for (const folder of scope.folders) rmSync(folder, { recursive: true, force: true });
}

/** Kills a scope's processes until none is left: what dies may have started another one just before. */
export async function endProcesses(scope: Scope): Promise<void> {
  const end = Date.now() + 15_000;
  for (;;) {
    const found = processesOf(scope);
    if (found.length === 0) return;
    if (Date.now() > end) {
      throw new Error(
        `processes that do not end: ${found.map(({ pid, argv }) => `${pid} ${argv[0] ?? ""}`).join(", ")}`,
      );
    }
    for (const { pid, startTime } of found) signal(pid, startTime, "SIGKILL");
    await sleep(50);
  }
}

/**
 * What tools of others make for us at fixed places and that is empty once we are gone: folders, a mount, and the
 * socket for device plugins, whose place no setting of kubelet moves.
 */
export async function removeEmptyPlaces(): Promise<void> {
  if (listNamespaces().length === 0 && mountsUnder(namespaceFolder).includes(namespaceFolder)) {
    await run(["umount", namespaceFolder]);
  }
  const plugins = "/var/lib/kubelet/device-plugins";
  const socket = join(plugins, "kubelet.sock");
  if (existsSync(socket) && !readFileSync("/proc/net/unix", "utf8").includes(socket)) {
    for (const file of [socket, join(plugins, "kubelet_internal_checkpoint")]) rmSync(file, { force: true });
  }
  const places = [
    namespaceFolder,
    plugins,
    "/var/lib/kubelet",
    "/var/lib/cni/results",
    "/var/lib/cni",
    "/var/log/containers",
    "/run/containerd/s",
    "/run/containerd",
    "/run/systemd/nspawn/propagate",
    "/run/systemd/nspawn",
  ];
  for (const place of places) {
    if (existsSync(place) && readdirSync(place).length === 0) rmdirSync(place);
  }
}
