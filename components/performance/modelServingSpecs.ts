import type { types } from "@pulumi/kubernetes";
import type { ModelServingArgs, Scaling, ScalingRate } from "./modelServingArgs";
import { podLabelsOf } from "./modelServingArgs";

type Hpa = Extract<Scaling, { readonly kind: "hpa" }>;
type Keda = Extract<Scaling, { readonly kind: "keda" }>;

const deployment = (name: string) => ({ apiVersion: "apps/v1", kind: "Deployment", name });

/** Length of a period in which a rate counts, in seconds. */
const PERIOD = 15;

function scalingRules({
  stabilizationSeconds,
  pods,
  percent,
  periodSeconds = PERIOD,
}: ScalingRate): types.input.autoscaling.v2.HPAScalingRules {
  const policies = [
    ...(pods === undefined ? [] : [{ type: "Pods", value: pods, periodSeconds }]),
    ...(percent === undefined ? [] : [{ type: "Percent", value: percent, periodSeconds }]),
  ];
  return {
    ...(stabilizationSeconds === undefined ? {} : { stabilizationWindowSeconds: stabilizationSeconds }),
    ...(policies.length === 0 ? {} : { policies }),
  };
}

/** How fast it may go up and down; an empty object leaves Kubernetes' defaults. */
function behavior({ scaleUp, scaleDown }: Hpa | Keda): {
  readonly behavior?: types.input.autoscaling.v2.HorizontalPodAutoscalerBehavior;
} {
  if (scaleUp === undefined && scaleDown === undefined) return {};
  return {
    behavior: {
      ...(scaleUp === undefined ? {} : { scaleUp: scalingRules(scaleUp) }),
      ...(scaleDown === undefined ? {} : { scaleDown: scalingRules(scaleDown) }),
    },
  };
}

function metricOf({ cpuUtilization, metric }: Hpa): types.input.autoscaling.v2.MetricSpec {
  return metric === undefined
    ? {
        type: "Resource",
        resource: {
          name: "cpu",
          target: {
            type: "Utilization",
            ...(cpuUtilization === undefined ? {} : { averageUtilization: cpuUtilization }),
          },
        },
      }
    : {
        type: "Pods",
        pods: {
          metric: { name: metric.name },
          target: { type: "AverageValue", averageValue: String(metric.averageValue) },
        },
      };
}

/** Of a HorizontalPodAutoscaler that scales a Deployment. */
export function hpaSpec(scaling: Hpa, name: string): types.input.autoscaling.v2.HorizontalPodAutoscalerSpec {
  return {
    scaleTargetRef: deployment(name),
    minReplicas: scaling.minReplicas,
    maxReplicas: scaling.maxReplicas,
    metrics: [metricOf(scaling)],
    ...behavior(scaling),
  };
}

/** Of KEDA's ScaledObject, whose HPA has the Deployment's name, as KServe's has and recordings know it. */
export function scaledObjectSpec(scaling: Keda, name: string) {
  const { serverAddress, query, threshold, activationThreshold, authentication, authModes = [] } = scaling;
  return {
    scaleTargetRef: deployment(name),
    minReplicaCount: scaling.minReplicas,
    maxReplicaCount: scaling.maxReplicas,
    pollingInterval: scaling.pollingSeconds,
    cooldownPeriod: scaling.cooldownSeconds,
    advanced: { horizontalPodAutoscalerConfig: { name, ...behavior(scaling) } },
    triggers: [
      {
        type: "prometheus",
        metadata: {
          serverAddress,
          query,
          threshold: String(threshold),
          ...(activationThreshold === undefined ? {} : { activationThreshold: String(activationThreshold) }),
          ...(authModes.length === 0 ? {} : { authModes: authModes.join(",") }),
        },
        ...(authentication === undefined ? {} : { authenticationRef: { name: authentication } }),
      },
    ],
  };
}

/** Of a budget whose replicas that are not ready anyway never hold up a drain; undefined where none is wanted. */
export function disruptionBudgetSpec({
  disruptionBudget,
  workload,
}: ModelServingArgs): types.input.policy.v1.PodDisruptionBudgetSpec | undefined {
  if (disruptionBudget === undefined) return undefined;
  return {
    ...disruptionBudget,
    selector: { matchLabels: podLabelsOf(workload) ?? {} },
    unhealthyPodEvictionPolicy: "AlwaysAllow",
  };
}

/** What is set of pods; empty where nothing is. */
function podPatch({ placement: { nodeSelector, tolerations }, topologySpread, workload }: ModelServingArgs) {
  const matchLabels = podLabelsOf(workload) ?? {};
  return {
    ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector: { ...nodeSelector } }),
    ...(tolerations.length === 0 ? {} : { tolerations: tolerations.map((one) => ({ ...one })) }),
    ...(topologySpread.length === 0
      ? {}
      : {
          topologySpreadConstraints: topologySpread.map((one) => ({
            ...one,
            labelSelector: { matchLabels },
          })),
        }),
  };
}

/** What is set of the container that answers; empty where nothing is. */
function containerPatch({ container: { cpuLimit, readinessPeriodSeconds } }: ModelServingArgs) {
  return {
    ...(cpuLimit === undefined ? {} : { resources: { limits: { cpu: cpuLimit } } }),
    ...(readinessPeriodSeconds === undefined
      ? {}
      : { readinessProbe: { periodSeconds: readinessPeriodSeconds } }),
  };
}

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

/** The fields of a Deployment that the stack sets, and no others; undefined where there are none. */
export function deploymentPatch(args: ModelServingArgs): types.input.apps.v1.DeploymentSpecPatch | undefined {
  const [pod, container] = [podPatch(args), containerPatch(args)];
  if (isEmpty(pod) && isEmpty(container)) return undefined;
  return {
    template: {
      spec: {
        ...pod,
        ...(isEmpty(container) ? {} : { containers: [{ name: args.container.name, ...container }] }),
      },
    },
  };
}

/** The same of an InferenceService, whose autoscaler is among its fields. */
export function inferenceServicePatch(args: ModelServingArgs): { readonly predictor: object } | undefined {
  const { scaling } = args;
  const container = containerPatch(args);
  const predictor = {
    ...(scaling?.kind === "kserve"
      ? {
          minReplicas: scaling.minReplicas,
          maxReplicas: scaling.maxReplicas,
          scaleMetric: scaling.metric,
          scaleTarget: scaling.target,
        }
      : {}),
    ...podPatch(args),
    ...(isEmpty(container) ? {} : { model: container }),
  };
  return isEmpty(predictor) ? undefined : { predictor };
}
