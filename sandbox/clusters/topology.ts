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

/** A host outside Kubernetes: a network namespace that runs a real node exporter. */
export interface HostTopology {
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
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
  nodeExporterPort: 9100,
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
  { name: "slurm-ctl", address: "198.18.12.10" },
  { name: "compute-01", address: "198.18.12.11" },
  { name: "compute-02", address: "198.18.12.12" },
  { name: "gpu-01", address: "198.18.12.21" },
].map((host) => ({ ...host, namespace: `${prefix}${host.name}` }));
