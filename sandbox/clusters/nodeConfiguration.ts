import { join } from "node:path";
import { foldersOf } from "./folders";
import type { ClusterTopology } from "./topology";

/** Where Debian's containernetworking-plugins lie. */
const cniPlugins = "/usr/lib/cni";

/** containerd with a root, a state and a socket of this cluster alone, and pods' namespaces under its state. */
export function containerdConfiguration({ name }: ClusterTopology, pauseImage: string): string {
  const { state, runtime, containerdSocket } = foldersOf(name);
  const text = JSON.stringify;
  return `version = 2
root = ${text(join(state, "containerd"))}
state = ${text(join(runtime, "containerd"))}
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.internal.v1.tracing",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]

[grpc]
address = ${text(containerdSocket)}

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = ${text(pauseImage)}
# without it every sandbox dies where the kernel forbids to lower the score
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = ${text(cniPlugins)}
conf_dir = ${text(join(state, "cni", "conf"))}

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
Root = ${text(join(runtime, "runc"))}
`;
}

/**
 * The pods' network: one routed veth pair a pod. With a bridge, answers between pods of a node would pass by the
 * node's NAT, and Services would fail where the kernel does not hand bridged packets to netfilter.
 */
export function cniConfiguration({ name, namespace, podCidr }: ClusterTopology): object {
  return {
    cniVersion: "0.4.0",
    name: namespace,
    plugins: [
      {
        type: "ptp",
        mtu: 1500,
        ipam: {
          type: "host-local",
          dataDir: join(foldersOf(name).state, "cni", "networks"),
          ranges: [[{ subnet: podCidr }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}

/** Kubelet: webhook authentication and authorization, a certificate of the cluster's CA, intervals as shipped. */
export function kubeletConfiguration({ name, namespace, dnsServiceIp }: ClusterTopology): object {
  const { pki, state, containerdSocket } = foldersOf(name);
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(pki, "ca.crt") },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: join(pki, "kubelet-server.crt"),
    tlsPrivateKeyFile: join(pki, "kubelet-server.key"),
    readOnlyPort: 0,
    healthzBindAddress: "127.0.0.1",
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    clusterDNS: [dnsServiceIp],
    clusterDomain: "cluster.local",
    // an empty file: this machine's name servers are none of the pods' business
    resolvConf: join(state, "resolv.conf"),
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${namespace}`,
    failCgroupV1: false,
    failSwapOn: false,
    podLogsDir: join(state, "pod-logs"),
    volumePluginDir: join(state, "volume-plugins"),
    // at 100 the image collector never runs: a filling disk would cost the pause image
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: {
      "memory.available": "100Mi",
      "nodefs.available": "1%",
      "nodefs.inodesFree": "1%",
      "imagefs.available": "1%",
    },
    containerLogMaxSize: "5Mi",
    containerLogMaxFiles: 2,
    maxPods: 60,
    serializeImagePulls: false,
  };
}

/** kube-proxy in nftables mode; this machine's conntrack limits stay as they are. */
export function kubeProxyConfiguration({ name, node, podCidr }: ClusterTopology): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    clusterCIDR: podCidr,
    hostnameOverride: node,
    healthzBindAddress: "127.0.0.1:10256",
    metricsBindAddress: "127.0.0.1:10249",
    clientConnection: { kubeconfig: join(foldersOf(name).state, "kube-proxy.kubeconfig") },
    conntrack: { maxPerCore: 0, min: 0, tcpCloseWaitTimeout: "0s", tcpEstablishedTimeout: "0s" },
  };
}
