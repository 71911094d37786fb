import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { inNamespace, run } from "./commands";

/** Where `ip netns` keeps named network namespaces. */
export const namespaceFolder = "/run/netns";

/** Names of the network namespaces that exist. */
export function listNamespaces(): string[] {
  return existsSync(namespaceFolder) ? readdirSync(namespaceFolder) : [];
}

/** Inode of a namespace file, the number that /proc/PID/ns/net shows; undefined where there is no such file. */
export function namespaceInode(file: string): string | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino.toString();
}

/** Names of the links of this machine's own namespace. */
export function listLinks(): string[] {
  return readdirSync("/sys/class/net");
}

/** Makes a named namespace with its loopback up; one that exists is kept. */
export async function createNamespace(name: string): Promise<void> {
  if (!listNamespaces().includes(name)) await run(["ip", "netns", "add", name]);
  await run(inNamespace(name, ["ip", "link", "set", "lo", "up"]));
}

/** Removes a named namespace. What runs in it must have ended before. */
export async function removeNamespace(name: string): Promise<void> {
  if (existsSync(join(namespaceFolder, name))) await run(["ip", "netns", "delete", name]);
}

/** Removes a link of this machine's own namespace. */
export async function removeLink(name: string): Promise<void> {
  if (listLinks().includes(name)) await run(["ip", "link", "delete", name]);
}
