import { join } from "node:path";
import type { ClusterName } from "./topology";

/** What clusters keep while they run; one sandbox a machine, so one place. */
export const stateFolder = "/var/lib/federation-sandbox";

/** Sockets, pid files, the mounts of running containers. */
export const runtimeFolder = "/run/federation-sandbox";

/** Where everything of one cluster lies, or of what stands beside the clusters. */
export interface ClusterFolders {
  readonly state: string;
  readonly runtime: string;
  readonly logs: string;
  readonly pki: string;
  readonly kubeconfig: string;
  readonly containerdSocket: string;
  readonly volumes: string;
  /** Log and pid file of one of its daemons. */
  readonly daemon: (name: string) => { readonly logFile: string; readonly pidFile: string };
}

export function foldersOf(name: ClusterName | "hosts" | "services"): ClusterFolders {
  const state = join(stateFolder, "clusters", name);
  const runtime = join(runtimeFolder, name);
  const logs = join(stateFolder, "logs", name);
  return {
    state,
    runtime,
    logs,
    pki: join(state, "pki"),
    kubeconfig: join(state, "kubeconfig"),
    containerdSocket: join(runtime, "containerd.sock"),
    volumes: join(state, "volumes"),
    daemon: (daemon) => ({
      logFile: join(logs, `${daemon}.log`),
      pidFile: join(runtime, `${daemon}.pid`),
    }),
  };
}
