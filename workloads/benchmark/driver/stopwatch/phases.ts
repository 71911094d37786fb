import { phases, type Phase } from "../../result";

/** As much of a pod as says how far it has come. */
export interface Pod {
  readonly metadata: { readonly name: string; readonly uid?: string; readonly deletionTimestamp?: string };
  readonly spec?: { readonly initContainers?: readonly { readonly name: string }[] };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
    }[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly state?: { readonly running?: object; readonly terminated?: object };
}

const holds = (pod: Pod, type: string): boolean =>
  pod.status?.conditions?.some((condition) => condition.type === type && condition.status === "True") ??
  false;
const begun = ({ state }: ContainerStatus): boolean =>
  state?.running !== undefined || state?.terminated !== undefined;

/** Whether no node has room for the pod. */
export const unschedulable = (pod: Pod): boolean =>
  pod.status?.conditions?.some(
    ({ type, status, reason }) => type === "PodScheduled" && status === "False" && reason === "Unschedulable",
  ) ?? false;

/**
 * The phases of a pod that are over. `image` is over once its first container runs, `model` once those that fetch the
 * model are done and the server itself runs; a pod without containers that run before the server has no `model`.
 */
export function phasesOver(pod: Pod): readonly Phase[] {
  const before = pod.status?.initContainerStatuses ?? [];
  const own = pod.status?.containerStatuses ?? [];
  const fetches = (pod.spec?.initContainers?.length ?? 0) > 0;
  const serves = own.length > 0 && own.every(begun);
  return [
    "pod-created",
    ...(holds(pod, "PodScheduled") ? (["scheduled"] as const) : []),
    ...(before.some(begun) || serves ? (["image"] as const) : []),
    ...(fetches && serves ? (["model"] as const) : []),
    ...(holds(pod, "Ready") ? (["ready"] as const) : []),
  ];
}

/** When phases were seen to be over, milliseconds of the observer's clock. */
export type Marks = Partial<Readonly<Record<Phase, number>>>;

export interface Lengths {
  readonly phases: { phase: Phase; seconds: number }[];
  readonly totalSeconds: number;
}

/**
 * Lengths of the phases that were seen, from `startMs` on; they sum to the total. Events of different kinds come by
 * different ways: one that is told late ends with the one before it, and takes no time of its own.
 */
export function lengthsOf(startMs: number, marks: Marks): Lengths {
  let lastMs = startMs;
  const timed = phases.flatMap((phase) => {
    const mark = marks[phase];
    if (mark === undefined) return [];
    const endMs = Math.max(lastMs, mark);
    const seconds = (endMs - lastMs) / 1000;
    lastMs = endMs;
    return [{ phase, seconds }];
  });
  return { phases: timed, totalSeconds: (lastMs - startMs) / 1000 };
}
