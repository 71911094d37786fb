import * as fs from "node:fs";
import { findLeftovers, stopClusters, clusterStatus } from "./clusters";
import { disown, refuseOthers } from "./owner";
import { paths } from "./paths";

/** `npm run sandbox:down`: no process, mount, namespace, link or cgroup stays, nor the stacks' state. */
export async function down(): Promise<void> {
  refuseOthers((await clusterStatus()).some((cluster) => cluster.running));
  await stopClusters({ progress: (line) => console.log(line) });
  for (const file of [
    paths.backend,
    paths.project,
    paths.stateOf,
    paths.kubeconfigs,
    paths.http,
    paths.servicesEnv,
    paths.mc,
    paths.summary,
    paths.env,
    paths.passphrase,
  ])
    fs.rmSync(file, { recursive: true, force: true });
  disown();
  const left = await findLeftovers();
  if (left.length > 0) throw new Error(`left behind:\n${left.map((line) => `  ${line}`).join("\n")}`);
  console.log("nothing is left: processes, mounts, namespaces, links, cgroups");
}
