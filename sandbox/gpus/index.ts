import { resolve } from "node:path";
import type { KubernetesApi } from "../clusters/api";
import { applyAll, waitForRollout } from "../clusters/objects";
import type { ClusterTopology } from "../clusters/topology";
import { bundle } from "../system/bundle";
import { gpuResource, gpus } from "./inventory";
import { exporterObjects } from "./objects";

interface NodeStatus {
  readonly status?: {
    readonly capacity?: Readonly<Record<string, string>>;
    readonly allocatable?: Readonly<Record<string, string>>;
  };
}

/** GPUs that the cluster's node offers to pods. */
export async function advertisedGpus(cluster: ClusterTopology, api: KubernetesApi): Promise<number> {
  const { status } = (await api.get(`/api/v1/nodes/${cluster.node}`)) as NodeStatus;
  return Number(status?.allocatable?.[gpuResource] ?? 0);
}

/** Has the node advertise its simulated GPUs, and says nothing where it does. */
async function advertise(cluster: ClusterTopology, api: KubernetesApi): Promise<void> {
  const wanted = gpus.length;
  if ((await advertisedGpus(cluster, api)) === wanted) return;
  const resources = { [gpuResource]: String(wanted) };
  await api.patch(`/api/v1/nodes/${cluster.node}/status`, {
    status: { capacity: resources, allocatable: resources },
  });
}

/** The simulated GPUs of a cluster and the exporter that tells of them; what is there already stays as it is. */
export async function ensureGpus(
  cluster: ClusterTopology,
  api: KubernetesApi,
  nodeImage: string,
): Promise<void> {
  await advertise(cluster, api);
  const script = await bundle(resolve(__dirname, "exporter.ts"));
  const objects = exporterObjects(script, nodeImage);
  await applyAll(api, objects);
  for (const object of objects) if (object.kind === "DaemonSet") await waitForRollout(cluster, api, object);
}
