import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { inNamespace } from "../system/commands";
import { isDaemonAlive, startDaemon } from "../system/daemons";
import { waitFor } from "../system/waiting";
import type { KubernetesApi } from "./api";
import { foldersOf } from "./folders";
import { writeKubeconfig } from "./kubeconfig";
import { network, type ClusterTopology } from "./topology";

/** The daemons of a control plane, in the order of their start. */
export const controlPlaneDaemons = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
] as const;

type ControlPlaneDaemon = (typeof controlPlaneDaemons)[number];

/** Smaller heaps for a little more garbage collection: five Go servers a cluster share this machine. */
export const goEnvironment: Readonly<Record<string, string>> = { GOGC: "60" };

/** Command line flags as `--name=value`, in the order given. */
export function flags(values: Readonly<Record<string, string | number | boolean>>): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}

/** Flags of etcd: on loopback inside the node's namespace, and without fsync, since nothing here outlives a crash. */
export function etcdFlags({ name }: ClusterTopology): string[] {
  return flags({
    name,
    "data-dir": join(foldersOf(name).state, "etcd"),
    "unsafe-no-fsync": true,
    "listen-client-urls": "http://127.0.0.1:2379",
    "advertise-client-urls": "http://127.0.0.1:2379",
    "listen-peer-urls": "http://127.0.0.1:2380",
    "initial-advertise-peer-urls": "http://127.0.0.1:2380",
    "initial-cluster": `${name}=http://127.0.0.1:2380`,
    "auto-compaction-mode": "periodic",
    "auto-compaction-retention": "10m",
    "snapshot-count": 5000,
    "log-level": "warn",
  });
}

/** Flags of the API server, aggregation (metrics.k8s.io and the like) included. */
export function apiServerFlags({ name, nodeIp, serviceCidr }: ClusterTopology): string[] {
  const pki = (file: string): string => join(foldersOf(name).pki, file);
  return flags({
    "advertise-address": nodeIp,
    "bind-address": nodeIp,
    "secure-port": network.apiServerPort,
    "etcd-servers": "http://127.0.0.1:2379",
    "service-cluster-ip-range": serviceCidr,
    "authorization-mode": "Node,RBAC",
    "enable-admission-plugins": "NodeRestriction",
    "allow-privileged": true,
    "client-ca-file": pki("ca.crt"),
    "tls-cert-file": pki("apiserver.crt"),
    "tls-private-key-file": pki("apiserver.key"),
    "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
    "service-account-key-file": pki("service-account.pub"),
    "service-account-signing-key-file": pki("service-account.key"),
    "kubelet-certificate-authority": pki("ca.crt"),
    "kubelet-client-certificate": pki("apiserver-kubelet-client.crt"),
    "kubelet-client-key": pki("apiserver-kubelet-client.key"),
    "kubelet-preferred-address-types": "InternalIP",
    "requestheader-client-ca-file": pki("front-proxy-ca.crt"),
    "requestheader-allowed-names": "front-proxy-client",
    "requestheader-username-headers": "X-Remote-User",
    "requestheader-group-headers": "X-Remote-Group",
    "requestheader-extra-headers-prefix": "X-Remote-Extra-",
    "proxy-client-cert-file": pki("front-proxy-client.crt"),
    "proxy-client-key-file": pki("front-proxy-client.key"),
    "event-ttl": "30m",
    profiling: false,
    "shutdown-delay-duration": "0s",
  });
}

function controllerManagerFlags({ name }: ClusterTopology): string[] {
  const { pki, state } = foldersOf(name);
  return flags({
    kubeconfig: join(state, "controller-manager.kubeconfig"),
    "use-service-account-credentials": true,
    "leader-elect": false,
    "root-ca-file": join(pki, "ca.crt"),
    "service-account-private-key-file": join(pki, "service-account.key"),
    "cluster-signing-cert-file": join(pki, "ca.crt"),
    "cluster-signing-key-file": join(pki, "ca.key"),
    // nobody asks it over HTTPS, and a certificate for that costs seconds of its start
    "secure-port": 0,
    // with the defaults the first look at all resources takes five seconds
    "kube-api-qps": 100,
    "kube-api-burst": 200,
    profiling: false,
  });
}

function schedulerFlags({ name }: ClusterTopology): string[] {
  return flags({
    kubeconfig: join(foldersOf(name).state, "scheduler.kubeconfig"),
    "leader-elect": false,
    "secure-port": 0,
    profiling: false,
  });
}

async function start(
  cluster: ClusterTopology,
  bin: string,
  name: ControlPlaneDaemon,
  args: readonly string[],
): Promise<void> {
  await startDaemon({
    name,
    argv: inNamespace(cluster.namespace, [join(bin, name), ...args]),
    env: goEnvironment,
    ...foldersOf(cluster.name).daemon(name),
  });
}

/** Waits with the end of a daemon's log in the error; gives up at once when that daemon has ended. */
export async function waitForDaemon<T>(
  cluster: ClusterTopology,
  daemon: string,
  what: string,
  condition: () => Promise<T | undefined | false>,
  deadline = 60_000,
): Promise<T> {
  const { logFile, pidFile } = foldersOf(cluster.name).daemon(daemon);
  return waitFor(`${cluster.name}: ${what}`, condition, {
    deadline,
    log: logFile,
    hopeless: () => (isDaemonAlive(pidFile) ? undefined : `${daemon} has ended`),
  });
}

/** etcd and the API server, up to the answer of /readyz. */
export async function startApiServer(
  cluster: ClusterTopology,
  bin: string,
  api: KubernetesApi,
): Promise<void> {
  mkdirSync(join(foldersOf(cluster.name).state, "etcd"), { recursive: true, mode: 0o700 });
  await start(cluster, bin, "etcd", etcdFlags(cluster));
  await start(cluster, bin, "kube-apiserver", apiServerFlags(cluster));
  await waitForDaemon(cluster, "kube-apiserver", "API server ready", () => isReady(api));
}

/** Controller manager and scheduler; they need an API server that answers. */
export async function startControllers(cluster: ClusterTopology, bin: string): Promise<void> {
  const { state } = foldersOf(cluster.name);
  for (const client of ["controller-manager", "scheduler"]) {
    writeKubeconfig(cluster, client, join(state, `${client}.kubeconfig`));
  }
  await start(cluster, bin, "kube-controller-manager", controllerManagerFlags(cluster));
  await start(cluster, bin, "kube-scheduler", schedulerFlags(cluster));
}

/** True when the API server says that it is ready; throws what it says otherwise. */
export async function isReady(api: KubernetesApi): Promise<boolean> {
  return (await api.text("/readyz")) === "ok";
}
