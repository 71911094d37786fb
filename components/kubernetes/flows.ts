import { isIP } from "node:net";
import type { types } from "@pulumi/kubernetes";

/** One end of a connection. */
export type FlowEnd =
  /** A workload of the namespace the table is for; `name` names its policy. */
  | { readonly kind: "own"; readonly name: string; readonly labels: Readonly<Record<string, string>> }
  /** Pods of one namespace, or of every namespace; all of them, or those with the labels. */
  | { readonly kind: "pods"; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> }
  /** Addresses outside the pod network (nodes and pods of the host network are such). */
  | { readonly kind: "addresses"; readonly cidrs: readonly string[] };

/** TCP unless told; every port of the protocol where `port` is absent. */
export interface FlowPort {
  readonly port?: number;
  readonly protocol?: "TCP" | "UDP";
}

/** One allowed kind of connection; everything not in the table is denied. */
export interface Flow {
  /** What it is for. */
  readonly purpose: string;
  readonly from: FlowEnd;
  readonly to: FlowEnd;
  readonly ports: readonly FlowPort[];
}

export interface NamedPolicy {
  readonly name: string;
  readonly spec: types.input.networking.v1.NetworkPolicySpec & { readonly policyTypes: string[] };
}

type Peer = types.input.networking.v1.NetworkPolicyPeer;
type Port = types.input.networking.v1.NetworkPolicyPort;
type OwnEnd = Extract<FlowEnd, { kind: "own" }>;

/** Denies every connection to and from every pod of a namespace. */
export const defaultDeny: NamedPolicy = {
  name: "default-deny",
  spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
};

/** The addresses of a host as CIDRs: one address, or any where only a name is known, as policies know no names. */
export function hostCidrs(host: string): readonly string[] {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  switch (isIP(bare)) {
    case 4:
      return [`${bare}/32`];
    case 6:
      return [`${bare}/128`];
    default:
      return ["0.0.0.0/0", "::/0"];
  }
}

/** The end of a URL as addresses, and its port. */
export function urlEnd(url: string): { readonly end: FlowEnd; readonly port: number } {
  const { hostname, port, protocol } = new URL(url);
  return {
    end: { kind: "addresses", cidrs: hostCidrs(hostname) },
    port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
  };
}

/** Name resolution, which every workload needs that connects by name. */
export function dnsFlow(from: FlowEnd): Flow {
  return {
    purpose: "name resolution",
    from,
    to: { kind: "pods", namespace: "kube-system", labels: { "k8s-app": "kube-dns" } },
    ports: [{ port: 53, protocol: "UDP" }, { port: 53 }],
  };
}

/** The API server itself: policies are held after its Service's address is replaced. */
export function apiServerFlow(
  from: FlowEnd,
  { addresses, port }: { readonly addresses: readonly string[]; readonly port: number },
): Flow {
  return {
    purpose: "API server, behind its Service",
    from,
    to: { kind: "addresses", cidrs: addresses.flatMap(hostCidrs) },
    ports: [{ port }],
  };
}

/** A server outside the cluster, by its URL. */
export function urlFlow(purpose: string, from: FlowEnd, url: string): Flow {
  const { end, port } = urlEnd(url);
  return { purpose, from, to: end, ports: [{ port }] };
}

function peers(end: FlowEnd): Peer[] {
  switch (end.kind) {
    case "own":
      return [{ podSelector: { matchLabels: end.labels } }];
    case "pods":
      return [
        {
          namespaceSelector:
            end.namespace === undefined
              ? {}
              : { matchLabels: { "kubernetes.io/metadata.name": end.namespace } },
          ...(end.labels === undefined ? {} : { podSelector: { matchLabels: end.labels } }),
        },
      ];
    case "addresses":
      return end.cidrs.map((cidr) => ({ ipBlock: { cidr } }));
  }
}

const ports = (flow: Flow): Port[] =>
  flow.ports.map(({ port, protocol = "TCP" }) => ({ protocol, ...(port === undefined ? {} : { port }) }));

/**
 * One policy a workload of the namespace, made from the flows that begin or end at it. A flow without any address
 * is left out: a rule without peers would allow everyone.
 */
export function networkPolicies(flows: readonly Flow[]): readonly NamedPolicy[] {
  const usable = flows.filter((flow) => flow.ports.length > 0);
  const owns = new Map<string, OwnEnd>();
  for (const { from, to } of usable) {
    for (const end of [from, to]) if (end.kind === "own") owns.set(end.name, end);
  }
  return [...owns.values()].flatMap(({ name, labels }) => {
    const isThis = (end: FlowEnd): boolean => end.kind === "own" && end.name === name;
    const egress = usable
      .filter((flow) => isThis(flow.from))
      .map((flow) => ({ to: peers(flow.to), ports: ports(flow) }))
      .filter((rule) => rule.to.length > 0);
    const ingress = usable
      .filter((flow) => isThis(flow.to))
      .map((flow) => ({ from: peers(flow.from), ports: ports(flow) }))
      .filter((rule) => rule.from.length > 0);
    const policyTypes = [
      ...(ingress.length > 0 ? ["Ingress"] : []),
      ...(egress.length > 0 ? ["Egress"] : []),
    ];
    if (policyTypes.length === 0) return [];
    const spec = {
      podSelector: { matchLabels: labels },
      policyTypes,
      ...(ingress.length > 0 ? { ingress } : {}),
      ...(egress.length > 0 ? { egress } : {}),
    };
    return [{ name, spec }];
  });
}
