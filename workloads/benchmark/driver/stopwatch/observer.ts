import type { Phase } from "../../result";
import type { Kubernetes, KubeObject } from "./kubernetes";
import { phasesOver, unschedulable, type Pod } from "./phases";
import { quantity } from "./quantity";

/** One pod as the observer knows it. */
export interface SeenPod {
  readonly name: string;
  /** When each phase was first seen to be over, milliseconds of the observer's monotonic clock. */
  readonly marks: Map<Phase, number>;
  gone: boolean;
  unschedulable: boolean;
}

export interface EndpointSlice extends KubeObject {
  /** `null`, as Go writes an empty list, while a Service has no pods. */
  readonly endpoints?:
    | readonly {
        readonly conditions?: { readonly ready?: boolean };
        readonly targetRef?: { readonly name?: string };
      }[]
    | null;
}

interface MetricValue {
  readonly averageUtilization?: number;
  readonly averageValue?: string;
  readonly value?: string;
}
type MetricOf<K extends string> = Partial<
  Readonly<Record<"resource" | "external" | "pods", Readonly<Record<K, MetricValue>>>>
>;
export interface Autoscaler extends KubeObject {
  readonly spec?: {
    readonly minReplicas?: number;
    readonly maxReplicas?: number;
    readonly metrics?: readonly MetricOf<"target">[];
  };
  readonly status?: {
    readonly desiredReplicas?: number;
    readonly currentMetrics?: readonly (MetricOf<"current"> | null)[];
  };
}

const amount = (value: MetricValue | undefined): number =>
  value?.averageUtilization ?? quantity(value?.averageValue ?? value?.value ?? "");

/** What an autoscaler holds a metric to; NaN where it is none that is known here. */
export const targetOf = ({ resource, external, pods }: MetricOf<"target">): number =>
  amount((resource ?? external ?? pods)?.target);

/** What an autoscaler sees, relative to its target, the highest of its metrics; undefined before it sees anything. */
export function signalOf({ spec, status }: Autoscaler): number | undefined {
  const signals = (spec?.metrics ?? []).flatMap((asked, at) => {
    const seen = status?.currentMetrics?.[at];
    const current = seen?.resource ?? seen?.external ?? seen?.pods;
    const signal = amount(current?.current) / targetOf(asked);
    return Number.isFinite(signal) ? [signal] : [];
  });
  return signals.length === 0 ? undefined : Math.max(...signals);
}

/** Names of the pods that slices say are in rotation. */
export const readyEndpoints = (slices: readonly EndpointSlice[]): ReadonlySet<string> =>
  new Set(
    slices.flatMap(({ endpoints }) =>
      (endpoints ?? []).flatMap(({ conditions, targetRef }) =>
        // no word about readiness means ready
        conditions?.ready !== false && targetRef?.name !== undefined ? [targetRef.name] : [],
      ),
    ),
  );

/** What is watched. */
export interface Watched {
  readonly namespace: string;
  /** Label selector of the pods. */
  readonly pods: string;
  readonly service: string;
  readonly autoscaler?: string | undefined;
}

/** Follows pods, endpoints and the autoscaler of one workload, and remembers when it was told what. */
export class Observer {
  readonly pods = new Map<string, SeenPod>();
  /** Names of pods in rotation, by slice. */
  private readonly slices = new Map<string, ReadonlySet<string>>();
  /** When each pod was first seen in rotation. */
  readonly inRotationMs = new Map<string, number>();
  desired: number | undefined;
  signal: number | undefined;
  private readonly listeners = new Set<() => void>();
  private readonly ended = new AbortController();
  private failure: unknown;

  constructor(kubernetes: Kubernetes, { namespace, pods, service, autoscaler }: Watched) {
    const selector = (labels: string): string => `labelSelector=${encodeURIComponent(labels)}`;
    const follow = (path: string, seen: (object: KubeObject, gone: boolean) => void): void =>
      void kubernetes
        .watch(
          path,
          ({ type, object }) => {
            seen(object, type === "DELETED");
            this.listeners.forEach((listener) => listener());
          },
          this.ended.signal,
        )
        .catch((error: unknown) => {
          this.failure = error;
          this.listeners.forEach((listener) => listener());
        });
    follow(`/api/v1/namespaces/${namespace}/pods?${selector(pods)}`, (object, gone) =>
      this.pod(object, gone),
    );
    follow(
      `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?${selector(`kubernetes.io/service-name=${service}`)}`,
      (object, gone) => this.slice(object, gone),
    );
    if (autoscaler !== undefined)
      follow(
        `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers?fieldSelector=metadata.name%3D${autoscaler}`,
        (object) => {
          this.desired = (object as Autoscaler).status?.desiredReplicas;
          this.signal = signalOf(object);
        },
      );
  }

  private pod(pod: Pod, gone: boolean): void {
    const now = performance.now();
    const uid = pod.metadata.uid ?? pod.metadata.name;
    const known = this.pods.get(uid) ?? {
      name: pod.metadata.name,
      marks: new Map<Phase, number>(),
      gone: false,
      unschedulable: false,
    };
    this.pods.set(uid, known);
    known.gone ||= gone;
    known.unschedulable ||= unschedulable(pod);
    for (const phase of phasesOver(pod)) if (!known.marks.has(phase)) known.marks.set(phase, now);
  }

  private slice(slice: EndpointSlice, gone: boolean): void {
    const now = performance.now();
    this.slices.set(slice.metadata.name, readyEndpoints(gone ? [] : [slice]));
    for (const name of this.inRotation) if (!this.inRotationMs.has(name)) this.inRotationMs.set(name, now);
  }

  /** Names of the pods in rotation now. */
  get inRotation(): ReadonlySet<string> {
    return new Set([...this.slices.values()].flatMap((names) => [...names]));
  }

  /** Hears of every change. */
  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  /**
   * Waits until a condition holds; false when it did not in time, or `signal` ended the wait.
   *
   * @throws what a watch failed with
   */
  async until(holds: () => boolean, limitSeconds: number, signal: AbortSignal): Promise<boolean> {
    const over = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(limitSeconds * 1000))]);
    let look = (): void => undefined;
    await new Promise<void>((resolve) => {
      look = () => {
        if (this.failure !== undefined || over.aborted || holds()) resolve();
      };
      this.listeners.add(look);
      over.addEventListener("abort", look, { once: true });
      look();
    });
    this.listeners.delete(look);
    if (this.failure !== undefined) throw this.failure as Error;
    return holds();
  }

  /** Ends all watches. */
  close(): void {
    this.ended.abort();
  }
}
