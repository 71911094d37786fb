import { BlockList, isIP } from "node:net";

interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
}
interface Peer {
  readonly podSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}
interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly protocol?: string; readonly port?: number }[];
}
/** A NetworkPolicy as rendered. */
export interface Policy {
  readonly namespace: string;
  readonly spec: {
    readonly podSelector: LabelSelector;
    readonly policyTypes: readonly string[];
    readonly ingress?: readonly Rule[];
    readonly egress?: readonly Rule[];
  };
}

/** A pod of the pod network, or an address outside it (a node, a pod of the host network, another machine). */
export type Endpoint =
  { readonly namespace: string; readonly labels: Readonly<Record<string, string>> } | { readonly ip: string };

export interface Connection {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly port: number;
  readonly protocol?: "TCP" | "UDP";
}

const matches = (selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(selector.matchLabels ?? {}).every(([name, value]) => labels[name] === value);

function inCidr(cidr: string, ip: string): boolean {
  const [network = "", prefix = ""] = cidr.split("/");
  const family = isIP(network) === 6 ? "ipv6" : "ipv4";
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), family);
  return isIP(ip) === isIP(network) && list.check(ip, family);
}

function peerMatches(peer: Peer, end: Endpoint, policyNamespace: string): boolean {
  if (peer.ipBlock !== undefined) {
    const { cidr, except = [] } = peer.ipBlock;
    return "ip" in end && inCidr(cidr, end.ip) && !except.some((part) => inCidr(part, end.ip));
  }
  if ("ip" in end) return false;
  const namespaceFits =
    peer.namespaceSelector === undefined
      ? end.namespace === policyNamespace
      : matches(peer.namespaceSelector, { "kubernetes.io/metadata.name": end.namespace });
  return namespaceFits && matches(peer.podSelector ?? {}, end.labels);
}

/** Without peers, or without ports, a rule allows every one of them: the API's own reading. */
function ruleAllows(
  rule: Rule,
  peers: readonly Peer[] | undefined,
  end: Endpoint,
  policy: Policy,
  to: Connection,
) {
  const peerFits =
    peers === undefined ||
    peers.length === 0 ||
    peers.some((peer) => peerMatches(peer, end, policy.namespace));
  const portFits =
    rule.ports === undefined ||
    rule.ports.length === 0 ||
    rule.ports.some(
      ({ protocol = "TCP", port }) =>
        protocol === (to.protocol ?? "TCP") && (port === undefined || port === to.port),
    );
  return peerFits && portFits;
}

function sideAllows(
  policies: readonly Policy[],
  type: "Ingress" | "Egress",
  pod: Endpoint,
  other: Endpoint,
  connection: Connection,
): boolean {
  if ("ip" in pod) return true;
  const selecting = policies.filter(
    ({ namespace, spec }) =>
      namespace === pod.namespace && spec.policyTypes.includes(type) && matches(spec.podSelector, pod.labels),
  );
  if (selecting.length === 0) return true;
  return selecting.some((policy) =>
    ((type === "Ingress" ? policy.spec.ingress : policy.spec.egress) ?? []).some((rule) =>
      ruleAllows(rule, type === "Ingress" ? rule.from : rule.to, other, policy, connection),
    ),
  );
}

/** Whether a cluster that enforces NetworkPolicies would let a connection through: out of its source, into its target. */
export function allowed(policies: readonly Policy[], connection: Connection): boolean {
  const { from, to } = connection;
  return (
    sideAllows(policies, "Egress", from, to, connection) &&
    sideAllows(policies, "Ingress", to, from, connection)
  );
}
