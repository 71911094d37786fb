import { join } from "node:path";
import { hosts, network, type HostTopology, type SandboxRole } from "../clusters/topology";
import { beegfs } from "../services/topology";
import { rolesBefore } from "./installed";
import { exporterFolder, jobMapping } from "./machine";
import { slurmNodes } from "./slurm";

type Command = readonly [string, ...string[]];

const listen = (host: HostTopology, role: SandboxRole): string =>
  `${host.address}:${network.rolePorts[role]}`;

const python = (program: string, ...args: readonly (string | number)[]): Command => [
  "/usr/bin/python3",
  "-BESs",
  join(exporterFolder, program),
  ...args.map(String),
];

/** What is started on a host for a role; of Slurm's controller it is a machine of its own that serves. */
export const exporterOf: Readonly<
  Record<Exclude<SandboxRole, "slurmctld">, (host: HostTopology, bin: string) => Command>
> = {
  node: (host, bin) => [join(bin, "node_exporter"), `--web.listen-address=${listen(host, "node")}`],
  beegfs: (host) => {
    const servers = hosts.filter(({ roles }) => roles.includes("beegfs")).map(({ name }) => name);
    const place = [host.name, servers.indexOf(host.name), servers.length];
    return python("beegfs.py", listen(host, "beegfs"), beegfs.hostPath, ...place);
  },
  dcgm: (host) => {
    const gpus = slurmNodes.find(({ name }) => name === host.name)?.gpus ?? 0;
    return python("dcgm.py", listen(host, "dcgm"), host.name, jobMapping, gpus);
  },
};

/** Names of a host's exporters that are processes of this machine: not those that the stack installs. */
export function exportersOn(host: HostTopology): (keyof typeof exporterOf)[] {
  return rolesBefore(host).filter((role) => role !== "slurmctld");
}
