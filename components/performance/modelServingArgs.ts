type Labels = Readonly<Record<string, string>>;

/** How fast an autoscaler may go in one direction; Kubernetes' own defaults where nothing is said. */
export interface ScalingRate {
  /** Seconds of past recommendations that it keeps to. */
  readonly stabilizationSeconds?: number;
  /** Replicas, and percent of the replicas, that it may add or remove in a period; the larger of both. */
  readonly pods?: number;
  readonly percent?: number;
  /** Length of the period; default 15 seconds. */
  readonly periodSeconds?: number;
}

interface Rates {
  readonly scaleUp?: ScalingRate;
  readonly scaleDown?: ScalingRate;
}

interface Bounds {
  readonly minReplicas: number;
  readonly maxReplicas: number;
}

/** Who scales the workload; there is one, since two would fight. */
export type Scaling =
  | (Bounds &
      Rates & {
        readonly kind: "hpa";
        /** Percent of the CPU that the pods request; this, or a metric of the pods. */
        readonly cpuUtilization?: number;
        readonly metric?: { readonly name: string; readonly averageValue: number };
      })
  | (Bounds &
      Rates & {
        readonly kind: "keda";
        /** URL of the Prometheus, as KEDA reaches it. */
        readonly serverAddress: string;
        readonly query: string;
        /** What the query may give for each replica. */
        readonly threshold: number;
        /** Above which the first replica starts, from none; default 0. */
        readonly activationThreshold?: number;
        /** Name of a TriggerAuthentication in the same namespace; default: none is needed. */
        readonly authentication?: string;
        /** How KEDA uses its credentials, such as `basic`; absent: as it says itself, which KEDA reads since 2.18. */
        readonly authModes?: readonly string[];
        /** Seconds between looks while there is no replica. */
        readonly pollingSeconds: number;
        /** Seconds without load after which the last replica goes. */
        readonly cooldownSeconds: number;
      })
  | (Bounds & {
      readonly kind: "kserve";
      readonly metric: "cpu" | "memory" | "concurrency" | "rps";
      readonly target: number;
    });

/** What serves the model: a Deployment, or an InferenceService that KServe makes one of. */
export type ServedWorkload =
  | {
      readonly kind: "deployment";
      readonly name: string;
      /** Labels that its pods have and no others; needed for a budget and for a spread. */
      readonly podLabels?: Labels;
    }
  | { readonly kind: "inferenceService"; readonly name: string };

export interface ModelServingArgs {
  /** Name of the model, a DNS label. */
  readonly model: string;
  /** Namespace of the workload; it exists. */
  readonly namespace: string;
  readonly workload: ServedWorkload;
  /** Absent: nothing is scaled. */
  readonly scaling?: Scaling;
  /** Nodes on which its pods may run; nothing is changed where both are empty. */
  readonly placement: {
    readonly nodeSelector: Labels;
    readonly tolerations: readonly {
      readonly key: string;
      readonly operator?: "Exists" | "Equal";
      readonly value?: string;
      readonly effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
    }[];
  };
  /** How its pods are spread over nodes; nothing is changed where it is empty. */
  readonly topologySpread: readonly {
    /** A label of nodes. */
    readonly topologyKey: string;
    readonly maxSkew: number;
    readonly whenUnsatisfiable: "DoNotSchedule" | "ScheduleAnyway";
  }[];
  /** What a drain must leave, or may take at a time; absent: no budget. */
  readonly disruptionBudget?: { readonly minAvailable: number } | { readonly maxUnavailable: number };
  readonly container: {
    /** The container that answers, of a Deployment; KServe's own is known. */
    readonly name: string;
    /** Cores; absent: left as it is. */
    readonly cpuLimit?: string;
    /** Seconds between two looks of the readiness probe, which is there; absent: left as it is. */
    readonly readinessPeriodSeconds?: number;
  };
}

/** Labels by which the pods of a workload are found; undefined where they are not known. */
export const podLabelsOf = (workload: ServedWorkload): Labels | undefined =>
  workload.kind === "deployment"
    ? workload.podLabels
    : { "serving.kserve.io/inferenceservice": workload.name, component: "predictor" };

/** What an autoscaler does not allow by itself, or on this workload. */
function scalingProblems({ scaling, workload }: ModelServingArgs): readonly string[] {
  if (scaling === undefined) return [];
  const { kind, minReplicas, maxReplicas } = scaling;
  const problems: string[] = [];
  if (minReplicas > maxReplicas)
    problems.push(`scaling.minReplicas: ${minReplicas} is above maxReplicas, ${maxReplicas}`);
  if (scaling.kind === "hpa" && minReplicas < 1)
    problems.push(`scaling.minReplicas: ${minReplicas} is below 1, from which an HPA never starts`);
  if (scaling.kind === "hpa" && (scaling.cpuUtilization === undefined) === (scaling.metric === undefined))
    problems.push("scaling: exactly one of cpuUtilization and metric says what the HPA looks at");
  if ((kind === "kserve") !== (workload.kind === "inferenceService"))
    problems.push(
      `scaling.kind: "${kind}" does not scale a workload of kind ${workload.kind}; write kserve for an InferenceService, hpa or keda for a Deployment`,
    );
  return problems;
}

/** Everything wrong with the arguments: field, value, what is allowed. */
export function modelServingProblems(args: ModelServingArgs): readonly string[] {
  const { scaling, workload, disruptionBudget: budget, topologySpread } = args;
  const problems = [...scalingProblems(args)];
  if (podLabelsOf(workload) === undefined && (budget !== undefined || topologySpread.length > 0))
    problems.push("workload.podLabels: absent; a budget and a spread find pods by these");
  if (budget !== undefined && "minAvailable" in budget) {
    const least = scaling?.minReplicas;
    if (least === undefined)
      problems.push("disruptionBudget.minAvailable: needs scaling.minReplicas; write maxUnavailable");
    else if (budget.minAvailable >= least)
      problems.push(
        `disruptionBudget.minAvailable: ${budget.minAvailable} of ${least} replicas could never be drained; write less, or maxUnavailable`,
      );
  }
  return problems;
}
