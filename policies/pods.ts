import type { ReportViolation, ResourceValidationArgs } from "@pulumi/policy";
import { at, fields, keysOf, list, separately } from "./fields";
import type { Fields } from "./fields";

/** Where the pod template stands in each kind that has one. */
const templates: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  PodTemplate: ["template"],
  ReplicationController: ["spec", "template"],
  ReplicaSet: ["spec", "template"],
  Deployment: ["spec", "template"],
  StatefulSet: ["spec", "template"],
  DaemonSet: ["spec", "template"],
  Job: ["spec", "template"],
  CronJob: ["spec", "jobTemplate", "spec", "template"],
};

export const containerLists = ["containers", "initContainers", "ephemeralContainers"] as const;
export type ContainerList = (typeof containerLists)[number];

export interface Container {
  readonly list: ContainerList;
  /** `container "prometheus"`, by index where the name is not to be had. */
  readonly title: string;
  /** Path of its fields from the resource's root. */
  readonly path: string;
  readonly fields: Fields;
}

export interface Pod {
  /** `StatefulSet "cloud-prometheus"`: kind and logical name. */
  readonly title: string;
  /** Namespace of the object that makes it; read only where needed, since a preview may not know it yet. */
  readonly namespace: () => unknown;
  /** Template's metadata. */
  readonly metadata: Fields;
  readonly spec: Fields;
  /** Path of `spec` from the resource's root. */
  readonly path: string;
}

/** Kind of a Kubernetes resource by its Pulumi type; undefined for other providers' and components. */
export function kubernetesKind(type: string): string | undefined {
  return /^kubernetes:[^:]+\/v[^:/]+:(\w+)$/.exec(type)?.[1];
}

/** The pod a resource runs; undefined where its kind runs none. */
export function podOf({ type, name, props }: ResourceValidationArgs): Pod | undefined {
  const kind = kubernetesKind(type);
  const path = kind === undefined ? undefined : templates[kind];
  if (kind === undefined || path === undefined || !/^kubernetes:(core|apps|batch|extensions)\//.test(type)) {
    return undefined;
  }
  const template = at(props, path);
  return {
    title: `${kind} "${name}"`,
    namespace: () => at(props, ["metadata", "namespace"]),
    metadata: fields(fields(template).metadata),
    spec: fields(fields(template).spec),
    path: [...path, "spec"].join("."),
  };
}

/** Runs a check on every container of a pod, init and ephemeral ones too, as {@link separately} does. */
export function eachContainer(pod: Pod, check: (container: Container) => void): void {
  const lists = containerLists.map((name) => () => {
    const containers = list(pod.spec[name]);
    separately(
      keysOf(containers).map((index) => () => {
        const container = fields(containers[Number(index)]);
        check({
          list: name,
          title: `container ${titleOf(container, index)}`,
          path: `${pod.path}.${name}[${index}]`,
          fields: container,
        });
      }),
    );
  });
  separately(lists);
}

function titleOf(container: Fields, index: string): string {
  const name = container.name;
  return typeof name === "string" ? `"${name}"` : `#${index}`;
}

/** A policy's check of pods: does nothing for resources that run none. */
export function validatePod(check: (pod: Pod, report: ReportViolation) => void) {
  return (args: ResourceValidationArgs, report: ReportViolation): void => {
    const pod = podOf(args);
    if (pod !== undefined) {
      check(pod, report);
    }
  };
}
