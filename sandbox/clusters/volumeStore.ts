import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { run } from "../system/commands";
import { detachLoop, loopDevicesUnder, mountsUnder, unmountUnder } from "../system/mounts";

/** XFS needs this much for itself; a smaller claim gets it all the same. */
const smallest = 17 * 2 ** 20;

/**
 * Volumes kept as sparse images in one folder, each mounted by a loop device. All calls are idempotent. The file
 * system is XFS: ext4 grows in use only by CAP_SYS_RESOURCE, which root of a virtual machine may lack.
 */
export class VolumeStore {
  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true });
  }

  /** Names of the volumes that have an image. */
  list(): string[] {
    return readdirSync(this.folder)
      .filter((file) => file.endsWith(".xfs"))
      .map((file) => file.slice(0, -".xfs".length));
  }

  /** Where a volume is mounted. */
  mountPoint(name: string): string {
    return join(this.folder, name);
  }

  /** Makes a volume of at least that many bytes, or finds it, and mounts it. */
  async ensure(name: string, bytes: number): Promise<void> {
    const point = this.mountPoint(name);
    if (mountsUnder(point).includes(point)) return;
    const image = this.image(name);
    if (!existsSync(image)) {
      const unfinished = `${image}.new`;
      writeFileSync(unfinished, "");
      truncateSync(unfinished, Math.max(bytes, smallest));
      // "unsupported" are the sizes under 300 MiB
      await run(["mkfs.xfs", "-q", "-f", "--unsupported", unfinished]);
      renameSync(unfinished, image);
    }
    mkdirSync(point, { recursive: true });
    const device = (await this.device(name)) ?? (await run(["losetup", "--find", "--show", image])).trim();
    await run(["mount", "-t", "xfs", "-o", "noatime", device, point]);
  }

  /** Grows a mounted volume to that many bytes, file system included, while it is in use; never shrinks it. */
  async grow(name: string, bytes: number): Promise<void> {
    const image = this.image(name);
    if (statSync(image).size < bytes) truncateSync(image, bytes);
    const device = await this.device(name);
    if (device === undefined) throw new Error(`volume ${name} has no loop device`);
    await run(["losetup", "--set-capacity", device]);
    await run(["xfs_growfs", "-d", this.mountPoint(name)]);
  }

  /** Unmounts a volume and removes what it holds. */
  async remove(name: string): Promise<void> {
    const point = this.mountPoint(name);
    await unmountUnder(point);
    const device = await this.device(name);
    if (device !== undefined) await detachLoop(device);
    rmSync(this.image(name), { force: true });
    if (existsSync(point)) rmdirSync(point);
  }

  private image(name: string): string {
    return join(this.folder, `${name}.xfs`);
  }

  private async device(name: string): Promise<string | undefined> {
    const devices = await loopDevicesUnder(this.folder);
    return devices.find(({ file }) => file === this.image(name))?.device;
  }
}
