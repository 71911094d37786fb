import { hostExporters } from "../../components/monitoring/scrapeJobs";
import { foldersOf } from "../clusters/folders";
import { attachNamespace } from "../clusters/network";
import { hosts, network, type HostTopology, type SandboxRole } from "../clusters/topology";
import { inNamespace } from "../system/commands";
import { isDaemonAlive, startDaemon } from "../system/daemons";
import { waitFor } from "../system/waiting";
import { exporterOf, exportersOn } from "./exporters";
import { rolesBefore } from "./installed";
import { bootMachine, consoleLog, isMachineAlive } from "./machine";
import { controller, slurmNodes } from "./slurm";

/** Log and pid file of a host's exporter. */
const filesOf = (host: HostTopology, role: SandboxRole): { logFile: string; pidFile: string } =>
  foldersOf("hosts").daemon(`${host.name}-${role}`);

/**
 * Starts the hosts outside Kubernetes, each with what the site declares there but for what the member's stack installs,
 * and the machine of Slurm's controller; what runs is kept. The member's file system must be mounted. Answers when every
 * exporter does and Slurm's nodes are up.
 */
export async function startHosts(bin: string): Promise<void> {
  // one after the other: the machine enters the networks of its nodes
  for (const { namespace, address } of hosts) await attachNamespace(namespace, address);
  if (!isMachineAlive()) await bootMachine();
  await Promise.all([
    ...hosts.flatMap((host) => exportersOn(host).map((role) => startExporter(host, role, bin))),
    waitForSlurm(),
  ]);
}

async function startExporter(host: HostTopology, role: keyof typeof exporterOf, bin: string): Promise<void> {
  const files = filesOf(host, role);
  if (!isDaemonAlive(files.pidFile))
    await startDaemon({
      name: `${host.name}-${role}`,
      argv: inNamespace(host.namespace, exporterOf[role](host, bin)),
      ...files,
    });
  await waitFor(`host ${host.name}: ${role} exporter answers`, () => answers(host, role), {
    deadline: 20_000,
    log: files.logFile,
    hopeless: () => (isDaemonAlive(files.pidFile) ? undefined : `the ${role} exporter has ended`),
  });
}

async function waitForSlurm(): Promise<void> {
  await waitFor("Slurm's nodes are up", async () => (await slurmProblems()).length === 0, {
    deadline: 60_000,
    log: consoleLog,
    hopeless: () => (isMachineAlive() ? undefined : `the machine ${controller.name} has ended`),
  });
}

async function page(host: HostTopology, role: SandboxRole, path: string): Promise<string> {
  const url = `http://${host.address}:${network.rolePorts[role]}${path}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${text}`);
  return text;
}

async function answers(host: HostTopology, role: SandboxRole): Promise<boolean> {
  for (const path of Object.values(hostExporters[role].jobs)) await page(host, role, path);
  return true;
}

/** What keeps Slurm from working, by its own metrics; empty when its controller answers and all nodes take jobs. */
async function slurmProblems(): Promise<string[]> {
  const text = await page(controller, "slurmctld", "/metrics/nodes");
  const count = (name: string): number =>
    Number(new RegExp(`^slurm_nodes_${name} (\\d+)$`, "m").exec(text)?.[1]);
  // a node that was not heard of yet is in none of these, nor down
  const up = count("idle") + count("mixed") + count("alloc") - count("noresp") - count("drain");
  return up === slurmNodes.length ? [] : [`${up} of Slurm's ${slurmNodes.length} nodes take jobs`];
}

/** Names of the hosts of which something is not alive. */
export function deadHosts(): string[] {
  const dead = (host: HostTopology): boolean =>
    exportersOn(host).some((role) => !isDaemonAlive(filesOf(host, role).pidFile)) ||
    (host.name === controller.name && !isMachineAlive());
  return hosts.filter(dead).map(({ name }) => name);
}

/** How one host is. */
export interface HostStatus {
  readonly name: string;
  readonly running: boolean;
  readonly detail: string;
}

/** How the hosts are; asks, changes nothing. */
export async function hostsStatus(): Promise<HostStatus[]> {
  return Promise.all(
    hosts.map(async (host) => {
      const wrong = await problemsOf(host).catch((error: unknown) => [
        error instanceof Error ? error.message : String(error),
      ]);
      return {
        name: `host ${host.name}`,
        running: wrong.length === 0,
        detail: wrong.length === 0 ? `${host.roles.join(", ")} at ${host.address}` : wrong.join("; "),
      };
    }),
  );
}

async function problemsOf(host: HostTopology): Promise<string[]> {
  if (deadHosts().includes(host.name)) return ["not running"];
  for (const role of rolesBefore(host)) await answers(host, role);
  return host.name === controller.name ? slurmProblems() : [];
}
