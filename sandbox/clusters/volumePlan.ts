import { provisioner, storageClass } from "./addons";
import type { KubernetesObject } from "./api";
import { bytesOf } from "./quantity";

const selectedNode = "volume.kubernetes.io/selected-node";
const provisionedBy = "pv.kubernetes.io/provisioned-by";

/** The fields of a PersistentVolumeClaim that are read here. */
export interface Claim extends KubernetesObject {
  readonly spec: {
    readonly storageClassName?: string;
    readonly volumeName?: string;
    readonly accessModes?: readonly string[];
    readonly resources?: { readonly requests?: { readonly storage?: string } };
  };
  readonly status?: { readonly phase?: string; readonly capacity?: { readonly storage?: string } };
}

/** The fields of a PersistentVolume that are read here. */
export interface Volume extends KubernetesObject {
  readonly spec: {
    readonly capacity?: { readonly storage?: string };
    readonly persistentVolumeReclaimPolicy?: string;
  };
  readonly status?: { readonly phase?: string };
}

/** One thing to be done, found by comparing claims with volumes. */
export type VolumeAction =
  | { readonly kind: "provision"; readonly volume: string; readonly size: string; readonly claim: Claim }
  | { readonly kind: "grow"; readonly volume: string; readonly size: string; readonly claim: Claim }
  | { readonly kind: "mount"; readonly volume: string; readonly size: string }
  | { readonly kind: "remove"; readonly volume: string };

/**
 * What is to be done so that every claim of our class that a pod's node was chosen for has a volume of its size,
 * and volumes released under the policy Delete are gone. `stored` names the volumes that have an image.
 */
export function planVolumes(
  claims: readonly Claim[],
  volumes: readonly Volume[],
  stored: readonly string[],
): VolumeAction[] {
  const ours = volumes.filter(({ metadata }) => metadata.annotations?.[provisionedBy] === provisioner);
  const byName = new Map(ours.map((volume) => [volume.metadata.name, volume]));
  const wanted = claims.filter(({ spec }) => spec.storageClassName === storageClass);
  const actions: VolumeAction[] = [];
  for (const { metadata, spec, status } of ours) {
    const { name } = metadata;
    if (status?.phase === "Released" && spec.persistentVolumeReclaimPolicy === "Delete") {
      actions.push({ kind: "remove", volume: name });
    } else {
      actions.push({ kind: "mount", volume: name, size: spec.capacity?.storage ?? "0" });
    }
  }
  for (const claim of wanted) {
    const name = volumeName(claim);
    const size = claim.spec.resources?.requests?.storage ?? "0";
    const volume = byName.get(name);
    const chosen = claim.metadata.annotations?.[selectedNode] !== undefined;
    const bound = claim.spec.volumeName === name && claim.status?.phase === "Bound";
    if (volume === undefined && chosen && claim.spec.volumeName === undefined) {
      if (claim.metadata.deletionTimestamp === undefined)
        actions.push({ kind: "provision", volume: name, size, claim });
    } else if (
      volume !== undefined &&
      bound &&
      bytesOf(size) > bytesOf(claim.status.capacity?.storage ?? "0")
    ) {
      actions.push({ kind: "grow", volume: name, size, claim });
    }
  }
  const known = new Set([...byName.keys(), ...wanted.map(volumeName)]);
  const orphans = stored.filter((name) => !known.has(name));
  return [...actions, ...orphans.map((volume) => ({ kind: "remove" as const, volume }))];
}

function volumeName(claim: Claim): string {
  return `pvc-${claim.metadata.uid ?? ""}`;
}

/** The PersistentVolume of a claim: local to the node, bound to that claim alone. */
export function volumeObject(
  claim: Claim,
  size: string,
  path: string,
  node: string,
): Volume & { spec: object } {
  const { name, namespace, uid } = claim.metadata;
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: volumeName(claim), annotations: { [provisionedBy]: provisioner } },
    spec: {
      capacity: { storage: size },
      accessModes: claim.spec.accessModes ?? ["ReadWriteOnce"],
      persistentVolumeReclaimPolicy: "Delete",
      storageClassName: storageClass,
      volumeMode: "Filesystem",
      local: { path },
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", name, namespace, uid },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node] }] },
          ],
        },
      },
    } as Volume["spec"],
  };
}
