import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ImageArchive } from "../images";
import { createCgroup } from "../system/cgroups";
import { inNamespace, run } from "../system/commands";
import { startDaemon } from "../system/daemons";
import type { KubernetesApi, KubernetesObject } from "./api";
import { flags, goEnvironment, waitForDaemon } from "./controlPlane";
import { foldersOf } from "./folders";
import { writeKubeconfig } from "./kubeconfig";
import {
  cniConfiguration,
  containerdConfiguration,
  kubeletConfiguration,
  kubeProxyConfiguration,
} from "./nodeConfiguration";
import type { ClusterTopology } from "./topology";

/** The daemons of a node. */
export const nodeDaemons = ["containerd", "kubelet", "kube-proxy"] as const;

interface NodeObject extends KubernetesObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

function ctr(cluster: ClusterTopology, ...args: string[]): readonly [string, ...string[]] {
  return ["ctr", "--address", foldersOf(cluster.name).containerdSocket, "--namespace", "k8s.io", ...args];
}

/** The container runtime, up to its first answer. It finds the pods' network configuration in place. */
export async function startContainerd(cluster: ClusterTopology, pauseImage: string): Promise<void> {
  const { state, runtime, daemon } = foldersOf(cluster.name);
  const conf = join(state, "cni", "conf");
  mkdirSync(conf, { recursive: true });
  mkdirSync(runtime, { recursive: true });
  writeFileSync(join(conf, "10-pods.conflist"), JSON.stringify(cniConfiguration(cluster), undefined, 2));
  const file = join(state, "containerd.toml");
  writeFileSync(file, containerdConfiguration(cluster, pauseImage));
  await startDaemon({
    name: "containerd",
    argv: inNamespace(cluster.namespace, ["containerd", "--config", file, "--log-level", "warn"]),
    ...daemon("containerd"),
  });
  await waitForDaemon(cluster, "containerd", "containerd answers", async () => {
    await run(ctr(cluster, "version"));
    return true;
  });
}

/** Imports the images that this cluster does not have yet; answers the names of those it took. */
export async function importImages(
  cluster: ClusterTopology,
  images: readonly ImageArchive[],
): Promise<string[]> {
  const present = new Set((await run(ctr(cluster, "images", "list", "--quiet"))).split("\n"));
  const missing = images.filter((image) => !present.has(image.reference));
  // One after the other: imports of one containerd lock each other's index; the other cluster's run meanwhile.
  for (const image of missing) {
    await run(ctr(cluster, "images", "import", image.archive), { timeout: 180_000 });
  }
  return missing.map((image) => image.name);
}

/** Kubelet and kube-proxy; they need an API server that answers and a container runtime. */
export async function startNode(cluster: ClusterTopology, bin: string): Promise<void> {
  const { state } = foldersOf(cluster.name);
  for (const client of ["kubelet", "kube-proxy"]) {
    writeKubeconfig(cluster, client, join(state, `${client}.kubeconfig`));
  }
  await startKubelet(cluster, bin);
  await startKubeProxy(cluster, bin);
}

async function startKubelet(cluster: ClusterTopology, bin: string): Promise<void> {
  const { state, pki, containerdSocket, daemon } = foldersOf(cluster.name);
  createCgroup(cluster.namespace);
  writeFileSync(join(state, "resolv.conf"), "");
  const file = join(state, "kubelet.json");
  writeFileSync(file, JSON.stringify(kubeletConfiguration(cluster), undefined, 2));
  const args = flags({
    config: file,
    kubeconfig: join(state, "kubelet.kubeconfig"),
    "root-dir": join(state, "kubelet"),
    "cert-dir": pki,
    "hostname-override": cluster.node,
    "node-ip": cluster.nodeIp,
    // cAdvisor's own connection: without it container metrics carry no container's name
    containerd: containerdSocket,
    // its figures of a container's CPU are as old as this, and up to 15 s where little happens
    "housekeeping-interval": "5s",
  });
  await startDaemon({
    name: "kubelet",
    argv: inNamespace(cluster.namespace, [join(bin, "kubelet"), ...args]),
    env: goEnvironment,
    ...daemon("kubelet"),
  });
}

async function startKubeProxy(cluster: ClusterTopology, bin: string): Promise<void> {
  const { state, daemon } = foldersOf(cluster.name);
  const file = join(state, "kube-proxy.json");
  writeFileSync(file, JSON.stringify(kubeProxyConfiguration(cluster), undefined, 2));
  await startDaemon({
    name: "kube-proxy",
    argv: inNamespace(cluster.namespace, [join(bin, "kube-proxy"), `--config=${file}`]),
    env: goEnvironment,
    ...daemon("kube-proxy"),
  });
}

/** Whether the cluster's node says that it is ready. */
export async function isNodeReady(cluster: ClusterTopology, api: KubernetesApi): Promise<boolean> {
  const node = (await api.get(`/api/v1/nodes/${cluster.node}`)) as NodeObject;
  return node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

/** Waits until the node is ready. */
export async function waitForNode(cluster: ClusterTopology, api: KubernetesApi): Promise<void> {
  await waitForDaemon(cluster, "kubelet", "node ready", () => isNodeReady(cluster, api));
}
