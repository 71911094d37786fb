import { mkdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { VolumeStore } from "../clusters/volumeStore";
import { mountsUnder, unmountUnder } from "../system/mounts";
import { beegfs } from "./topology";

/** Room for models; the image is sparse. */
const bytes = 4 * 2 ** 30;

/** Mounts the member's file system, empty when it is new; nothing happens when it is mounted. */
export async function mountBeegfs(): Promise<void> {
  const { hostPath, models } = beegfs;
  await new VolumeStore(dirname(hostPath)).ensure(basename(hostPath), bytes);
  mkdirSync(models, { recursive: true });
}

/** Unmounts it; what it holds stays, and its mount point is the empty folder that a pod sees without it. */
export async function unmountBeegfs(): Promise<void> {
  await unmountUnder(beegfs.hostPath);
}

export function isBeegfsMounted(): boolean {
  return mountsUnder(beegfs.hostPath).includes(beegfs.hostPath);
}
