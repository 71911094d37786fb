import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { beegfs, isBeegfsMounted } from "../../sandbox/services";

/** Beside the models, so that no transfer takes it for one. */
const filler = path.join(beegfs.hostPath, "filler");

/**
 * Fills the member's file system up to a share of it, with a file that has room and no content: the image it lies in
 * takes no more of this machine's disk than before.
 */
export function fillBeegfs(share: number): void {
  // without the mount it would be the machine's own disk
  if (!isBeegfsMounted()) throw new Error(`${beegfs.hostPath} is not mounted: run \`npm run sandbox\``);
  const { blocks, bfree, bsize } = fs.statfsSync(beegfs.hostPath);
  // one that an ended run left grows
  const own = fs.statSync(filler, { throwIfNoEntry: false })?.size ?? 0;
  const bytes = own + Math.floor(bfree - (1 - share) * blocks) * bsize;
  if (bytes <= 0)
    throw new Error(`${beegfs.hostPath} is ${Math.round(100 * (1 - bfree / blocks))} % full already`);
  execFileSync("fallocate", ["--length", String(bytes), filler]);
}

/** Undoes {@link fillBeegfs}. */
export function emptyBeegfs(): void {
  fs.rmSync(filler, { force: true });
}
