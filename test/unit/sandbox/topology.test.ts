import { isIP } from "node:net";
import { addons } from "../../../sandbox/clusters/addons";
import { clusterCertificates } from "../../../sandbox/clusters/certificates";
import { apiServerFlags, etcdFlags } from "../../../sandbox/clusters/controlPlane";
import { macOf, masqueradeRules } from "../../../sandbox/clusters/network";
import {
  cniConfiguration,
  containerdConfiguration,
  kubeletConfiguration,
  kubeProxyConfiguration,
} from "../../../sandbox/clusters/nodeConfiguration";
import { clusters, hosts, network, prefix } from "../../../sandbox/clusters/topology";
import { commandOf, serviceNames } from "../../../sandbox/services/daemons";
import { services } from "../../../sandbox/services/topology";

const addressesIn = (text: string): string[] =>
  (text.match(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g) ?? []).filter((found) => isIP(found) === 4);

const allowed = (address: string): boolean =>
  address.startsWith("127.") || /^198\.1[89]\./.test(address) || address === "0.0.0.0";

describe("the sandbox's topology", () => {
  it("gives every node, pod, service, host and server an address of its own", () => {
    const ranges = clusters.flatMap(({ podCidr, serviceCidr }) => [podCidr, serviceCidr]);
    const addresses = [
      ...clusters.map(({ nodeIp }) => nodeIp),
      ...hosts.map(({ address }) => address),
      services.address,
    ];
    expect(new Set(ranges).size).toBe(4);
    expect(new Set(addresses).size).toBe(7);
    const prefixes = ranges.map((cidr) => cidr.slice(0, cidr.lastIndexOf(".")));
    expect(
      addresses.filter((address) => prefixes.includes(address.slice(0, address.lastIndexOf(".")))),
    ).toEqual([]);
  });

  it("gives an address the same locally administered MAC each time", () => {
    expect(macOf("198.18.12.21")).toBe("02:fe:c6:12:0c:15");
  });

  it("has names that fit into a link's 15 characters and are found again by their prefix", () => {
    const names = [network.bridge, ...[...clusters, ...hosts, services].map(({ namespace }) => namespace)];
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => name.length > 15 || !name.startsWith(prefix))).toEqual([]);
  });

  const key = { accessKey: "name", secretKey: "secret" };

  it("names no address outside 127.0.0.0/8 and 198.18.0.0/15 in any configuration", () => {
    const texts = clusters.flatMap((cluster) => [
      ...etcdFlags(cluster),
      ...apiServerFlags(cluster),
      containerdConfiguration(cluster, "registry.sandbox/pause"),
      masqueradeRules(cluster),
      ...[
        cniConfiguration(cluster),
        kubeletConfiguration(cluster),
        kubeProxyConfiguration(cluster),
        addons(cluster, "registry.sandbox/coredns"),
        clusterCertificates(cluster),
      ].map((value) => JSON.stringify(value)),
    ]);
    const others = [hosts, network, services, ...serviceNames.map((name) => commandOf[name]("/bin", key))];
    const found = [...texts, ...others.map((value) => JSON.stringify(value))].flatMap(addressesIn);
    expect(found.length).toBeGreaterThan(30);
    expect(found.filter((address) => !allowed(address))).toEqual([]);
  });
});

describe("certificates of a cluster", () => {
  it("cover the addresses that clients and the API server dial", () => {
    const [cloud] = clusters;
    const requests = clusterCertificates(cloud!);
    expect(requests.find(({ name }) => name === "apiserver")?.ips).toEqual([
      "198.18.1.2",
      "198.19.1.1",
      "127.0.0.1",
    ]);
    expect(requests.find(({ name }) => name === "kubelet-server")?.ips).toEqual(["198.18.1.2"]);
  });

  it("give the groups that RBAC knows to administrators and nodes alone", () => {
    const groups = clusterCertificates(clusters[1]!).flatMap(({ name, commonName, organization }) =>
      organization === undefined ? [] : [[name, commonName, organization]],
    );
    expect(groups).toEqual([
      ["admin", "admin", "system:masters"],
      ["apiserver-kubelet-client", "kube-apiserver", "system:masters"],
      ["kubelet", "system:node:hpc-0", "system:nodes"],
    ]);
  });
});
