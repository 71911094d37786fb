import type { KubernetesApi, KubernetesObject } from "./api";
import { waitForDaemon } from "./controlPlane";
import type { ClusterTopology } from "./topology";

/** An object of Kubernetes as a person would write it. */
export interface Manifest extends KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** Path of an object in the API: of every kind used here the plural is the kind and an `s`. */
export function pathOf({ apiVersion, kind, metadata: { name, namespace } }: Manifest): string {
  const group = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
  const scope = namespace === undefined ? "" : `/namespaces/${namespace}`;
  return `${group}${scope}/${kind.toLowerCase()}s/${name}`;
}

/** Applies objects one after the other; those that are there and the same stay untouched. */
export async function applyAll(api: KubernetesApi, manifests: readonly Manifest[]): Promise<void> {
  for (const manifest of manifests) await api.apply(pathOf(manifest), manifest);
}

/** The fields of a Deployment or a DaemonSet that say how far its pods are. */
export interface Workload {
  readonly metadata: { readonly generation?: number };
  readonly spec?: {
    readonly replicas?: number;
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly desiredNumberScheduled?: number;
    readonly updatedNumberScheduled?: number;
    readonly numberAvailable?: number;
  };
}

/** How many pods a workload wants, and how many of them are as it describes them and available. */
export function progressOf({ spec, status = {} }: Workload): {
  readonly wanted: number;
  readonly updated: number;
  readonly available: number;
} {
  return status.desiredNumberScheduled === undefined
    ? {
        wanted: spec?.replicas ?? 1,
        updated: status.updatedReplicas ?? 0,
        available: status.availableReplicas ?? 0,
      }
    : {
        wanted: status.desiredNumberScheduled,
        updated: status.updatedNumberScheduled ?? 0,
        available: status.numberAvailable ?? 0,
      };
}

/** Whether every pod that a workload wants is there, as described, available, and no older one beside it. */
export function isRolledOut(workload: Workload): boolean {
  const { metadata, status } = workload;
  const { wanted, updated, available } = progressOf(workload);
  const seen = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  return seen && wanted > 0 && updated >= wanted && available >= wanted && (status?.replicas ?? 0) <= updated;
}

interface Pod extends KubernetesObject {
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly status: string; readonly message?: string }[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: { readonly reason?: string; readonly message?: string; readonly exitCode: number };
  };
}

/** A pod in one line: its phase, and what keeps its containers from being ready. */
function podLine({ metadata, status = {} }: Pod): string {
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
    .filter(({ ready }) => !ready)
    .map(({ name, state }) => {
      const { waiting, terminated } = state ?? {};
      const ended = terminated && `ended with ${terminated.exitCode} ${terminated.message ?? ""}`;
      return `${name}: ${ended ?? waiting?.message ?? waiting?.reason ?? "not ready"}`;
    });
  const unmet = (status.conditions ?? []).flatMap(({ status: met, message }) =>
    met === "False" && message !== undefined ? [message] : [],
  );
  return `pod ${metadata.name} ${status.phase ?? ""} ${[...containers, ...unmet].join("; ")}`;
}

/** Waits until a Deployment or a DaemonSet is rolled out; a failure tells what its pods said last. */
export async function waitForRollout(
  cluster: ClusterTopology,
  api: KubernetesApi,
  manifest: Manifest,
  deadline = 180_000,
): Promise<void> {
  const { kind, metadata } = manifest;
  await waitForDaemon(
    cluster,
    "kubelet",
    `${kind} ${metadata.namespace ?? ""}/${metadata.name} rolled out`,
    async () => {
      const workload = (await api.get(pathOf(manifest))) as Workload;
      if (isRolledOut(workload)) return true;
      const { wanted, updated, available } = progressOf(workload);
      const labels = Object.entries(workload.spec?.selector?.matchLabels ?? {});
      const selector = encodeURIComponent(labels.map(([name, value]) => `${name}=${value}`).join(","));
      const pods = await api.list(
        `/api/v1/namespaces/${metadata.namespace ?? ""}/pods?labelSelector=${selector}`,
      );
      throw new Error(
        [`${updated} updated and ${available} available of ${wanted}`, ...pods.items.map(podLine)].join("\n"),
      );
    },
    deadline,
  );
}
