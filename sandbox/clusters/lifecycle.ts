import { mkdirSync } from "node:fs";
import { deadHosts, startHosts } from "../hosts";
import type { ImageArchive, ImageName } from "../images";
import { startServices } from "../services";
import { isDaemonAlive } from "../system/daemons";
import { listLinks } from "../system/links";
import { applyAddons, isDnsReady, kubeSystemUid, waitForDns } from "./addons";
import { KubernetesApi } from "./api";
import { writePki } from "./certificates";
import { controlPlaneDaemons, isReady, startApiServer, startControllers } from "./controlPlane";
import { foldersOf } from "./folders";
import { accessOf, writeKubeconfig } from "./kubeconfig";
import {
  clusterScope,
  describeLeftovers,
  everything,
  hostsScope,
  removeEmptyPlaces,
  removeLeftovers,
} from "./leftovers";
import { withLock } from "./lock";
import { attachNode, ensureBridge } from "./network";
import { importImages, isNodeReady, nodeDaemons, startContainerd, startNode, waitForNode } from "./node";
import { restoringMachine, prepareMachine } from "./machine";
import { clusters, hosts, network, type ClusterName, type ClusterTopology } from "./topology";
import { startVolumesDaemon, volumesDaemon } from "./volumes";

export type Progress = (line: string) => void;

/** A cluster that runs. */
export interface ClusterInfo {
  readonly name: ClusterName;
  readonly nodeIp: string;
  /** Path of the admin's kubeconfig, certificates embedded. */
  readonly kubeconfig: string;
  /** UID of the namespace kube-system: the cluster's identity. */
  readonly uid: string;
}

export interface ClusterStatus {
  readonly name: ClusterName;
  /** True when every daemon lives, the node is ready and CoreDNS answers. */
  readonly running: boolean;
  /** What is wrong, or what is there. */
  readonly detail: string;
}

export interface StartOptions {
  /** Folder of the tools' binaries. */
  readonly bin: string;
  readonly images: readonly ImageArchive[];
  readonly progress: Progress;
}

const daemons = [...controlPlaneDaemons, ...nodeDaemons, volumesDaemon];

/**
 * Starts both clusters, the hosts outside Kubernetes and the services, at the same time. What runs well is kept; what
 * runs badly is removed, state included, and made anew, but for the services: those start again on their data. Images
 * that a cluster lacks are imported in either case. Services may still be on their way: see `waitForServices`.
 *
 * @throws naming what did not come up, with the end of the log that tells why
 */
export async function startClusters(options: StartOptions): Promise<ClusterInfo[]> {
  return withLock(async () => {
    await prepareMachine();
    await ensureBridge();
    const [infos] = await Promise.all([
      allOrErrors(clusters.map((cluster) => ensureCluster(cluster, options))),
      // the controller's machine has the services' file system
      startServices(options.bin, options.progress).then(() => ensureHosts(options)),
    ]);
    return infos;
  });
}

/** Waits for all before it fails, so that no half of the work goes on behind an error. */
async function allOrErrors<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(work);
  const reasons = settled.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  if (reasons.length > 0) {
    throw new Error(
      reasons.map((reason) => (reason instanceof Error ? reason.message : String(reason))).join("\n\n"),
    );
  }
  return settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}

async function ensureHosts({ bin, progress }: StartOptions): Promise<void> {
  const dead = deadHosts();
  if (dead.length > 0) {
    await removeLeftovers(hostsScope());
    await startHosts(bin);
  }
  progress(
    `hosts outside Kubernetes: ${hosts.map(({ name }) => name).join(", ")}${dead.length > 0 ? "" : " (kept)"}`,
  );
}

async function ensureCluster(cluster: ClusterTopology, all: StartOptions): Promise<ClusterInfo> {
  const images = all.images.filter((image) => image.cluster === undefined || image.cluster === cluster.name);
  const options = { ...all, images };
  const { progress } = options;
  const say: Progress = (line) => progress(`${cluster.name}: ${line}`);
  const wrong = await problems(cluster);
  if (wrong.length > 0) {
    const scope = clusterScope(cluster);
    const left = await describeLeftovers(scope);
    if (left.length > 0) {
      say(`not well (${wrong.join("; ")}): starting anew, removing ${left.length} things of the last run`);
      await removeLeftovers(scope);
    }
    await startCluster(cluster, options, say);
  } else {
    const taken = await importImages(cluster, images);
    say(`runs already${taken.length > 0 ? `; images imported: ${taken.join(", ")}` : ""}`);
  }
  return inform(cluster);
}

async function startCluster(cluster: ClusterTopology, options: StartOptions, say: Progress): Promise<void> {
  const { bin, images } = options;
  const begin = Date.now();
  const sayTime: Progress = (line) => say(`${line} after ${((Date.now() - begin) / 1000).toFixed(1)} s`);
  const { state, kubeconfig, pki } = foldersOf(cluster.name);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  await Promise.all([attachNode(cluster), writePki(cluster, pki)]);
  writeKubeconfig(cluster, "admin", kubeconfig);
  const api = new KubernetesApi(accessOf(cluster, "admin"));
  // what the node needs to come up; the others follow while it does
  const first = [imageNamed("pause", images), imageNamed("coredns", images)];
  try {
    await Promise.all([
      startApiServer(cluster, bin, api)
        .then(() => sayTime("API server ready"))
        .then(() => startControllers(cluster, bin)),
      startContainerd(cluster, imageNamed("pause", images).reference).then(() =>
        importImages(cluster, first),
      ),
    ]);
    await Promise.all([
      startNode(cluster, bin).then(() => waitForNode(cluster, api)),
      startVolumesDaemon(cluster),
      applyAddons(cluster, api, imageNamed("coredns", images).reference),
    ]);
    sayTime("node ready");
    await Promise.all([waitForDns(cluster, api), importImages(cluster, images)]);
    sayTime("CoreDNS ready, images imported");
  } finally {
    api.close();
  }
}

function imageNamed(name: ImageName, images: readonly ImageArchive[]): ImageArchive {
  const image = images.find((candidate) => candidate.name === name);
  if (image === undefined) throw new Error(`no image ${name} among those given`);
  return image;
}

/** Does work on a cluster that runs, as its administrator. */
export async function withCluster<T>(
  name: ClusterName,
  work: (cluster: ClusterTopology, api: KubernetesApi) => Promise<T>,
): Promise<T> {
  const cluster = clusters.find((candidate) => candidate.name === name);
  if (cluster === undefined) throw new Error(`no cluster ${name}`);
  const api = new KubernetesApi(accessOf(cluster, "admin"));
  try {
    return await work(cluster, api);
  } finally {
    api.close();
  }
}

async function inform(cluster: ClusterTopology): Promise<ClusterInfo> {
  const api = new KubernetesApi(accessOf(cluster, "admin"));
  try {
    const uid = await kubeSystemUid(api);
    if (uid === undefined) throw new Error(`${cluster.name}: kube-system has no UID`);
    return {
      name: cluster.name,
      nodeIp: cluster.nodeIp,
      kubeconfig: foldersOf(cluster.name).kubeconfig,
      uid,
    };
  } finally {
    api.close();
  }
}

/** What is wrong with a cluster; empty when it runs well. */
async function problems(cluster: ClusterTopology): Promise<string[]> {
  const { daemon } = foldersOf(cluster.name);
  const dead = daemons.filter((name) => !isDaemonAlive(daemon(name).pidFile));
  if (dead.length === daemons.length) return ["not running"];
  if (dead.length > 0) return [`not running: ${dead.join(", ")}`];
  if (!listLinks().includes(cluster.namespace)) return [`link ${cluster.namespace} is gone`];
  const api = new KubernetesApi(accessOf(cluster, "admin"));
  const ask = async (what: string, question: () => Promise<boolean>): Promise<string[]> => {
    try {
      return (await question()) ? [] : [what];
    } catch (error) {
      return [`${what}: ${error instanceof Error ? error.message : String(error)}`];
    }
  };
  try {
    const server = await ask("API server not ready", () => isReady(api));
    if (server.length > 0) return server;
    return [
      ...(await ask("node not ready", () => isNodeReady(cluster, api))),
      ...(await ask("CoreDNS not ready", () => isDnsReady(api))),
    ];
  } finally {
    api.close();
  }
}

/** How each cluster is; asks, changes nothing. */
export async function clusterStatus(): Promise<ClusterStatus[]> {
  return Promise.all(
    clusters.map(async (cluster) => {
      const wrong = await problems(cluster);
      const well = `node ${cluster.node} at ${cluster.nodeIp}, API server on :${network.apiServerPort}`;
      return {
        name: cluster.name,
        running: wrong.length === 0,
        detail: wrong.length === 0 ? well : wrong.join("; "),
      };
    }),
  );
}

/** Ends both clusters, the hosts and the services, and removes all that they made, data and logs included. */
export async function stopClusters({ progress }: { progress: Progress }): Promise<void> {
  await withLock(async () => {
    const left = await describeLeftovers(everything);
    progress(left.length === 0 ? "no clusters to stop" : `stopping: ${left.length} things to remove`);
    await restoringMachine(async () => {
      await removeLeftovers(everything);
      await removeEmptyPlaces();
    });
  });
}

/** Everything of the sandbox that exists on this machine, a line each; empty when it is down and clean. */
export async function findLeftovers(): Promise<string[]> {
  return describeLeftovers(everything);
}
