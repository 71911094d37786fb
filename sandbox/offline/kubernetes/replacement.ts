import { isTree, type Tree } from "../properties";
import { groupOf, type Kind } from "./objects";

/** A path into an object; "*" stands for every index of a list. */
export type Path = readonly (string | number)[];

/** Which of the kinds that a program may make mutable are so. */
export interface Mutability {
  readonly configMapMutable: boolean;
  readonly secretMutable: boolean;
  /** A patch is changed in place, whatever its object's kind. */
  readonly patch?: boolean;
}

const paths = (...dotted: readonly string[]): readonly Path[] => dotted.map((path) => path.split("."));

const container = [
  "args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources securityContext",
  "stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir",
]
  .join(" ")
  .split(" ");

const pod = [
  "affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC hostNetwork",
  "hostPID hostname imagePullSecrets nodeName nodeSelector overhead preemptionPolicy priority priorityClassName",
  "readinessGates restartPolicy runtimeClassName schedulerName securityContext serviceAccount serviceAccountName",
  "shareProcessNamespace subdomain terminationGracePeriodSeconds volumes",
]
  .join(" ")
  .split(" ");

const volumeSources = [
  "awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk glusterfs",
  "hostPath iscsi local nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume",
]
  .join(" ")
  .split(" ");

/** Fields the API server never lets change, by `group/Kind`, as the official provider has them. */
const immutableFields: Readonly<Record<string, readonly Path[]>> = {
  "apps/DaemonSet": paths("spec.selector"),
  "apps/Deployment": paths("spec.selector"),
  "apps/StatefulSet": paths(
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.selector",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
  ),
  "batch/Job": paths("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
  "rbac.authorization.k8s.io/RoleBinding": paths("roleRef"),
  "rbac.authorization.k8s.io/ClusterRoleBinding": paths("roleRef"),
  "storage.k8s.io/StorageClass": paths("parameters", "provisioner"),
  "/PersistentVolume": paths(...volumeSources.map((source) => `spec.${source}`)),
  "/PersistentVolumeClaim": paths(
    "spec.accessModes",
    "spec.selector",
    "spec.storageClassName",
    "spec.volumeName",
  ),
  "/Pod": paths(
    ...pod.map((field) => `spec.${field}`),
    ...container.flatMap((field) => [`spec.containers.*.${field}`, `spec.initContainers.*.${field}`]),
  ),
  "/ResourceQuota": paths("spec.scopes"),
  "/Service": paths("spec.clusterIP"),
};

/** The paths at which a change makes the object be replaced instead of updated. */
export function replacingPaths(kind: Kind, inputs: Tree, mutability: Mutability): readonly Path[] {
  const identity = paths("metadata.name", "metadata.namespace");
  if (mutability.patch === true) return identity;
  const key = `${groupOf(kind.apiVersion)}/${kind.kind}`;
  const immutable = inputs.immutable === true;
  if (key === "/ConfigMap")
    return mutability.configMapMutable && !immutable
      ? identity
      : [...identity, ...paths("data", "binaryData")];
  if (key === "/Secret")
    return mutability.secretMutable && !immutable
      ? [...identity, ...paths("type")]
      : [...identity, ...paths("type", "data", "stringData")];
  return [...identity, ...(immutableFields[key] ?? [])];
}

/** True when a change at `path` from or to `value` touches one of the `rules`. */
export function touches(path: Path, value: unknown, rules: readonly Path[]): boolean {
  return rules.some((rule) => {
    const common = Math.min(rule.length, path.length);
    if (!rule.slice(0, common).every((part, index) => part === "*" || part === String(path[index])))
      return false;
    return holds(value, rule.slice(common));
  });
}

function holds(value: unknown, path: Path): boolean {
  const [first, ...rest] = path;
  if (first === undefined) return true;
  if (first === "*") return Array.isArray(value) && value.some((item) => holds(item, rest));
  return isTree(value) && first in value && holds(value[first], rest);
}
