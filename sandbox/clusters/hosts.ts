import { join } from "node:path";
import { inNamespace } from "../system/commands";
import { isDaemonAlive, startDaemon } from "../system/daemons";
import { waitFor } from "../system/waiting";
import { foldersOf } from "./folders";
import { attachNamespace } from "./network";
import { hosts, network, type HostTopology } from "./topology";

/** Starts the hosts outside Kubernetes, each with a real node exporter; those that run are kept. */
export async function startHosts(bin: string): Promise<void> {
  await Promise.all(hosts.map((host) => startHost(host, bin)));
}

async function startHost(host: HostTopology, bin: string): Promise<void> {
  const files = foldersOf("hosts").daemon(host.name);
  await attachNamespace(host.namespace, host.address);
  if (!isDaemonAlive(files.pidFile)) {
    await startDaemon({
      name: host.name,
      argv: inNamespace(host.namespace, [
        join(bin, "node_exporter"),
        `--web.listen-address=${host.address}:${network.nodeExporterPort}`,
      ]),
      ...files,
    });
  }
  await waitFor(`host ${host.name}: node exporter answers`, () => answers(host), {
    deadline: 20_000,
    log: files.logFile,
    hopeless: () => (isDaemonAlive(files.pidFile) ? undefined : "node_exporter has ended"),
  });
}

async function answers({ address }: HostTopology): Promise<boolean> {
  const response = await fetch(`http://${address}:${network.nodeExporterPort}/`, {
    signal: AbortSignal.timeout(2_000),
  });
  await response.arrayBuffer();
  return response.ok;
}

/** Names of the hosts whose node exporter is not alive. */
export function deadHosts(): string[] {
  return hosts
    .filter((host) => !isDaemonAlive(foldersOf("hosts").daemon(host.name).pidFile))
    .map((host) => host.name);
}
