import { inNamespace, run } from "../system/commands";
import { createNamespace, listLinks } from "../system/links";
import { network, type ClusterTopology } from "./topology";

/** The bridge that joins both clusters and the hosts outside Kubernetes; this machine has its first address. */
export async function ensureBridge(): Promise<void> {
  const { bridge, bridgeMac, gateway } = network;
  if (!listLinks().includes(bridge)) {
    await run(["ip", "link", "add", bridge, "address", bridgeMac, "type", "bridge"]);
  }
  await run(["ip", "address", "replace", `${gateway}/16`, "dev", bridge]);
  await run(["ip", "link", "set", bridge, "up"]);
  await run(["ip", "route", "replace", network.everything, "dev", bridge]);
}

/** The MAC of an address is always the same: a node made anew is not looked for at its predecessor's. */
export function macOf(address: string): string {
  const bytes = address.split(".").map((byte) => Number(byte).toString(16).padStart(2, "0"));
  return ["02", "fe", ...bytes].join(":");
}

/**
 * A namespace with one link to the bridge. Its only route covers the sandbox's own range: Service addresses need
 * a route before kube-proxy's rules see the packet, and an address outside must fail at once, not leak.
 */
export async function attachNamespace(namespace: string, address: string): Promise<void> {
  await createNamespace(namespace);
  const link = namespace;
  if (!listLinks().includes(link)) {
    const peer = ["peer", "name", "eth0", "address", macOf(address), "netns", namespace];
    await run(["ip", "link", "add", link, "type", "veth", ...peer]);
  }
  await run(["ip", "link", "set", link, "master", network.bridge, "up"]);
  await run(inNamespace(namespace, ["ip", "address", "replace", `${address}/16`, "dev", "eth0"]));
  await run(inNamespace(namespace, ["ip", "link", "set", "eth0", "up"]));
  await run(
    inNamespace(namespace, [
      "ip",
      "route",
      "replace",
      network.everything,
      "via",
      network.gateway,
      "dev",
      "eth0",
    ]),
  );
}

/** What leaves a pod for another node carries the node's address; between pods of the cluster it keeps its own. */
export function masqueradeRules({ podCidr }: Pick<ClusterTopology, "podCidr">): string {
  return `table ip fed-pods
delete table ip fed-pods
table ip fed-pods {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${podCidr} ip daddr != ${podCidr} masquerade
  }
}
`;
}

/** The network of a node: namespace, forwarding between its pods and the bridge, masquerading. */
export async function attachNode(cluster: ClusterTopology): Promise<void> {
  await attachNamespace(cluster.namespace, cluster.nodeIp);
  await run(inNamespace(cluster.namespace, ["sysctl", "-qw", "net.ipv4.ip_forward=1"]));
  await run(inNamespace(cluster.namespace, ["nft", "-f", "-"]), { input: masqueradeRules(cluster) });
}
