import type { types } from "@pulumi/kubernetes";

/** CPU and memory of one container. */
export interface PodResources {
  readonly requests: { readonly cpu: string; readonly memory: string };
  readonly limits: { readonly cpu: string; readonly memory: string };
}

/** Pods that serve metrics, found by namespace and labels. */
export interface MetricsPods {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly port: number;
}

type Labels = Readonly<Record<string, string>>;

/** The tag of an image reference (`registry/name:tag@digest`), without it undefined. */
export function imageVersion(image: string): string | undefined {
  return /:([A-Za-z0-9_][A-Za-z0-9._-]{0,62})(?:@|$)/.exec(image.slice(image.lastIndexOf("/") + 1))?.[1];
}

/** What finds the pods of one workload: the recommended labels minus the version, which changes. */
export function selectorLabels(name: string, component: string): Labels {
  return {
    "app.kubernetes.io/name": name,
    "app.kubernetes.io/instance": `federation-${name}`,
    "app.kubernetes.io/component": component,
    "app.kubernetes.io/part-of": "federation",
    "app.kubernetes.io/managed-by": "pulumi",
  };
}

/** The labels every object of a workload carries. */
export function workloadLabels(selector: Labels, image: string): Labels {
  const version = imageVersion(image);
  return version === undefined ? selector : { ...selector, "app.kubernetes.io/version": version };
}

/** Nobody: the user of every container of this project. */
export const NOBODY = 65534;

/** What Pod Security `restricted` asks of a pod. */
export const restrictedPod = {
  runAsNonRoot: true,
  runAsUser: NOBODY,
  runAsGroup: NOBODY,
  seccompProfile: { type: "RuntimeDefault" },
} satisfies types.input.core.v1.PodSecurityContext;

/** What Pod Security `restricted` asks of a container, and a read-only root file system. */
export const restrictedContainer = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
} satisfies types.input.core.v1.SecurityContext;
