import { execFileSync } from "node:child_process";
import { clusters } from "../../sandbox/clusters/topology";
import { services } from "../../sandbox/services";
import { inNamespace } from "../../sandbox/system/commands";

const of = (name: "cloud" | "hpc") => {
  const found = clusters.find((cluster) => cluster.name === name);
  if (found === undefined) throw new Error(`the sandbox has no cluster ${name}`);
  return found;
};

const nft = (rules: string): void => {
  const [command, ...args] = inNamespace(of("hpc").namespace, ["nft", "-f", "-"]);
  execFileSync(command, args, { input: rules });
};

/**
 * Cuts the link between the clusters: whatever the member's node sends to the hub's cluster and its services, or gets
 * from there, is lost without a word, as on a broken line. The receiver of alerts is on neither side.
 */
export function cutLink(): void {
  const { nodeIp, podCidr } = of("cloud");
  const hub = `{ ${[nodeIp, podCidr, services.address].join(", ")} }`;
  nft(`table ip test-cut
delete table ip test-cut
table ip test-cut {
  chain in { type filter hook prerouting priority raw; policy accept; ip saddr ${hub} drop; }
  chain out { type filter hook postrouting priority raw; policy accept; ip daddr ${hub} drop; }
}
`);
}

/** Undoes {@link cutLink}. */
export function healLink(): void {
  nft("table ip test-cut\ndelete table ip test-cut\n");
}
