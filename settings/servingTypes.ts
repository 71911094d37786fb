import type { Toleration } from "./transferTypes";

type Labels = Readonly<Record<string, string>>;

/** How fast an autoscaler may go in one direction; Kubernetes' own defaults where nothing is said. */
export interface ScalingRate {
  /** Seconds of past recommendations that it keeps to: the highest when it goes down, the lowest when it goes up. */
  readonly stabilizationSeconds?: number;
  /** Replicas, and percent of the replicas, that it may add or remove in a period; the larger of both. */
  readonly pods?: number;
  readonly percent?: number;
  /** Length of the period; default 15 seconds. */
  readonly periodSeconds?: number;
}

interface Bounds {
  readonly minReplicas: number;
  readonly maxReplicas: number;
}

interface Rates {
  readonly scaleUp?: ScalingRate;
  readonly scaleDown?: ScalingRate;
}

/** A HorizontalPodAutoscaler of the stack, on CPU or on a metric of the pods that an adapter serves. */
export interface HpaScaling extends Bounds, Rates {
  readonly kind: "hpa";
  /** Percent of the CPU that the pods request. */
  readonly cpuUtilization?: number;
  readonly metric?: { readonly name: string; readonly averageValue: number };
}

/** A ScaledObject of KEDA, on a query to a Prometheus. */
export interface KedaScaling extends Bounds, Rates {
  readonly kind: "keda";
  /** URL of the Prometheus, as KEDA reaches it. */
  readonly serverAddress: string;
  readonly query: string;
  /** What the query may give for each replica. */
  readonly threshold: number;
  /** Above which the first replica starts, from none. */
  readonly activationThreshold?: number;
  /** Name of a TriggerAuthentication in the model's namespace. */
  readonly authentication?: string;
  /** How its credentials are used; without them KEDA before 2.18 uses none. */
  readonly authModes?: readonly ("apiKey" | "basic" | "bearer" | "custom" | "oauth" | "tls")[];
  /** Seconds between looks while there is no replica. */
  readonly pollingSeconds: number;
  /** Seconds without load after which the last replica goes. */
  readonly cooldownSeconds: number;
}

/** KServe's own autoscaling, by fields of the InferenceService. */
export interface KserveScaling extends Bounds {
  readonly kind: "kserve";
  /** How KServe deploys it: as a Deployment, or by Knative. */
  readonly mode: "standard" | "knative";
  readonly metric: "cpu" | "memory" | "concurrency" | "rps";
  /** Of cpu and memory in percent of what the pods request. */
  readonly target: number;
}

export type Scaling = HpaScaling | KedaScaling | KserveScaling;

/** What serves a model: a Deployment, or an InferenceService that KServe makes one of. */
export type ServedWorkload =
  | {
      readonly kind: "deployment";
      readonly name: string;
      /** Labels that its pods have and no others. */
      readonly podLabels?: Labels;
    }
  | { readonly kind: "inferenceService"; readonly name: string };

/** How the replicas are spread over what a node's label tells apart. */
export interface TopologySpread {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly whenUnsatisfiable: "DoNotSchedule" | "ScheduleAnyway";
}

/** How many replicas a drain must leave, or may take, at a time. */
export type DisruptionBudget = { readonly minAvailable: number } | { readonly maxUnavailable: number };

/** A served model, and what the site wants of its scaling and its place; it runs already. */
export interface ServedModel {
  /** Where it stands in the stack file: `federation:hub.serving[0]`. */
  readonly key: string;
  /** Its name in what is observed: that of the InferenceService. */
  readonly model: string;
  readonly namespace: string;
  readonly workload: ServedWorkload;
  /** Absent: the stack scales nothing. */
  readonly scaling?: Scaling;
  readonly placement: {
    /** One of `kubernetes.nodes`; its label is in `nodeSelector` too. */
    readonly gpuType?: string;
    readonly nodeSelector: Labels;
    readonly tolerations: readonly Toleration[];
  };
  readonly topologySpread: readonly TopologySpread[];
  readonly disruptionBudget?: DisruptionBudget;
  /** The container that answers, and what the stack sets of it. */
  readonly container: {
    readonly name: string;
    readonly cpuLimit?: string;
    readonly readinessPeriodSeconds?: number;
  };
}
