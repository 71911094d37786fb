import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { bundle } from "../system/bundle";
import { startDaemon } from "../system/daemons";
import { foldersOf } from "./folders";
import type { ClusterTopology } from "./topology";

/** The daemon that provisions, grows and removes a cluster's volumes. */
export const volumesDaemon = "volumes";

/** Starts the daemon from a bundle of its own, so that it does not depend on the work tree it came from. */
export async function startVolumesDaemon(cluster: ClusterTopology): Promise<void> {
  const { state, daemon } = foldersOf(cluster.name);
  const file = join(state, "volumesDaemon.js");
  writeFileSync(file, await bundle(resolve(__dirname, "volumesDaemon.ts")));
  await startDaemon({
    name: volumesDaemon,
    argv: [process.execPath, "--max-old-space-size=64", file, cluster.name],
    ...daemon(volumesDaemon),
  });
}
