import type { HostRole } from "../../components/monitoring/scrapeJobs";

/** The two clusters of the sandbox; their names are the stacks' names. */
export type ClusterName = "cloud" | "hpc";

/** Addresses and names of one single-node cluster. Everything lies in 198.18.0.0/15 (RFC 2544). */
export interface ClusterTopology {
  readonly name: ClusterName;
  /** Network namespace and host side of its link; also the name of its top-level cgroup. */
  readonly namespace: string;
  readonly node: string;
  readonly nodeIp: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
  /** Address of the Service `kubernetes`: the first of the range. */
  readonly apiServiceIp: string;
  /** Address of the Service `kube-dns`. */
  readonly dnsServiceIp: string;
}

/** Roles of its hosts: whoever has Slurm 25.11, as its machine seems to, needs no exporter of Slurm. */
export type SandboxRole = Exclude<HostRole, "slurm">;

/** A host outside Kubernetes: a network namespace with what the site declares of it. */
export interface HostTopology {
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
  /** What runs there: the same as the site's file says. */
  readonly roles: readonly SandboxRole[];
}

/** Prefix of every namespace, link and cgroup of the sandbox, so that they can be found again. */
export const prefix = "fed-";

export const network = {
  bridge: `${prefix}br0`,
  /** Fixed, else the bridge changes it with every link that joins. */
  bridgeMac: "02:fe:d0:00:00:01",
  gateway: "198.18.0.1",
  /** Nodes, pods and hosts. */
  onLink: "198.18.0.0/16",
  /** All there is: nothing of the sandbox has a route to anywhere else. */
  everything: "198.18.0.0/15",
  apiServerPort: 6443,
  /** Where a role of a host answers Prometheus. */
  rolePorts: { node: 9100, beegfs: 9101, dcgm: 9400, slurmctld: 6817 } satisfies Record<SandboxRole, number>,
} as const;

function cluster(name: ClusterName, index: number): ClusterTopology {
  return {
    name,
    namespace: `${prefix}${name}`,
    node: `${name}-0`,
    nodeIp: `198.18.${index}.2`,
    podCidr: `198.18.${100 + index}.0/24`,
    serviceCidr: `198.19.${index}.0/24`,
    apiServiceIp: `198.19.${index}.1`,
    dnsServiceIp: `198.19.${index}.10`,
  };
}

/** The hub first: it is deployed first. */
export const clusters: readonly ClusterTopology[] = [cluster("cloud", 1), cluster("hpc", 2)];

/** The member's hosts outside Kubernetes; each last number is that of the real site. */
export const hosts: readonly HostTopology[] = [
  host("slurm-ctl", 10, ["slurmctld", "node"]),
  host("compute-01", 11, ["node", "beegfs"]),
  host("compute-02", 12, ["node", "beegfs"]),
  host("gpu-01", 21, ["node", "dcgm", "beegfs"]),
];

function host(name: string, last: number, roles: readonly SandboxRole[]): HostTopology {
  return { name, namespace: `${prefix}${name}`, address: `198.18.12.${last}`, roles };
}
