import { z } from "zod";
import * as fields from "./fields";
import { list, object } from "./fields";
import type { DisruptionBudget, KedaScaling, KserveScaling, Scaling, ServedWorkload } from "./servingTypes";
import { toleration } from "./transferSchema";

/** Label of the nodes that have GPUs, with their type as in `kubernetes.nodes`. */
export const GPU_TYPE_LABEL = "gpu-type";

const POSITIVE = "must be a number above 0";
const positive = z.number({ error: POSITIVE }).positive({ error: POSITIVE });
const replicas = fields.count(0, 1000);
const bounds = { minReplicas: replicas.default(1), maxReplicas: fields.count(1, 1000) };

const rate = object({
  stabilizationSeconds: fields.count(0, 3600).exactOptional(),
  pods: fields.count(1, 1000).exactOptional(),
  percent: fields.count(1, 1000).exactOptional(),
  periodSeconds: fields.count(1, 1800).exactOptional(),
});
const rates = { scaleUp: rate.exactOptional(), scaleDown: rate.exactOptional() };

const hpa = object({
  kind: z.literal("hpa"),
  ...bounds,
  cpuUtilization: fields.count(1, 1000).exactOptional(),
  metric: object({ name: fields.word, averageValue: positive }).exactOptional(),
  ...rates,
});

const AUTH_MODES = ["apiKey", "basic", "bearer", "custom", "oauth", "tls"] as const;

const keda = object({
  kind: z.literal("keda"),
  ...bounds,
  serverAddress: fields.httpUrl,
  query: fields.word,
  threshold: positive,
  activationThreshold: positive.exactOptional(),
  authentication: fields.kubernetesName.exactOptional(),
  authModes: list(
    z.enum(AUTH_MODES, { error: `must be one of ${AUTH_MODES.join(", ")}` }),
    "modes of authentication",
  ).exactOptional(),
  pollingSeconds: fields.count(1, 3600).default(30),
  cooldownSeconds: fields.count(0, 86_400).default(300),
  ...rates,
});

const KSERVE_METRICS = ["cpu", "memory", "concurrency", "rps"] as const;

const kserve = object({
  kind: z.literal("kserve"),
  ...bounds,
  mode: z.enum(["standard", "knative"], { error: "must be standard or knative" }).default("standard"),
  metric: z.enum(KSERVE_METRICS, { error: `must be one of ${KSERVE_METRICS.join(", ")}` }).exactOptional(),
  target: fields.count(1, 100_000),
});

/** One thing wrong with a value, by its path below it. */
interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const when = (wrong: boolean, path: Fault["path"], message: string): readonly Fault[] =>
  wrong ? [{ path, message }] : [];

/** Tells the faults of a value at the keys that are to change. */
const refused =
  <T>(faultsOf: (value: T) => readonly Fault[]) =>
  (value: T, context: z.RefinementCtx): void => {
    for (const { path, message } of faultsOf(value))
      context.addIssue({ code: "custom", path: [...path], message });
  };

const ONE_METRIC = "must be there, or metric: exactly one of both says what the HPA looks at";
const FROM_ZERO =
  "must be at least 1 with kind hpa, which never starts from zero: use keda, or kserve with mode knative";
const NO_AUTHENTICATION = "must be absent without authentication, whose credentials they use";
const ONE_CREDENTIAL = "must have at most one of basic, bearer and oauth: a request has one";
const STANDARD_ZERO = "must be at least 1 with mode standard, where KServe takes 0 for 1";

/** What KServe refuses, or takes for something else, of its own autoscaler. */
function kserveFaults({ mode, minReplicas, metric, target }: KserveScaling): readonly Fault[] {
  const counts = metric === "concurrency" || metric === "rps";
  if (mode === "knative")
    return when(
      !counts,
      ["metric"],
      "must be concurrency or rps with mode knative, where KServe refuses others",
    );
  return [
    ...when(minReplicas === 0, ["minReplicas"], STANDARD_ZERO),
    ...when(counts, ["metric"], "must be cpu or memory with mode standard: only Knative counts requests"),
    ...when(
      !counts && target > 100,
      ["target"],
      "must be at most 100 with mode standard, where it is percent of what the pods request",
    ),
  ];
}

/** What KEDA refuses of how a trigger authenticates. */
function kedaFaults({ authentication, authModes = [] }: KedaScaling): readonly Fault[] {
  const credentials = authModes.filter((mode) => ["basic", "bearer", "oauth"].includes(mode));
  return [
    ...when(authentication === undefined && authModes.length > 0, ["authModes"], NO_AUTHENTICATION),
    ...when(credentials.length > 1, ["authModes"], ONE_CREDENTIAL),
  ];
}

/** What the keys of an autoscaler do not allow together. */
function scalingFaults(scaling: Scaling): readonly Fault[] {
  const { minReplicas, maxReplicas } = scaling;
  return [
    ...when(minReplicas > maxReplicas, ["minReplicas"], `must be at most maxReplicas (${maxReplicas})`),
    ...when(scaling.kind === "hpa" && minReplicas === 0, ["minReplicas"], FROM_ZERO),
    ...when(
      scaling.kind === "hpa" && (scaling.cpuUtilization === undefined) === (scaling.metric === undefined),
      ["cpuUtilization"],
      ONE_METRIC,
    ),
    ...(scaling.kind === "kserve" ? kserveFaults(scaling) : []),
    ...(scaling.kind === "keda" ? kedaFaults(scaling) : []),
  ];
}

const scaling = z
  .discriminatedUnion("kind", [hpa, keda, kserve], { error: "must have kind hpa, keda or kserve" })
  // as in KServe itself: each mode looks at something else unless told
  .transform((one): Scaling =>
    one.kind === "kserve"
      ? { ...one, metric: one.metric ?? (one.mode === "knative" ? "concurrency" : "cpu") }
      : one,
  )
  .superRefine(refused(scalingFaults));

const ONE_WORKLOAD = "must have exactly one of deployment and inferenceService";

const workload = object({
  deployment: fields.kubernetesName.exactOptional(),
  /** Of that Deployment alone; KServe's own labels are known. */
  podLabels: fields.labels.exactOptional(),
  inferenceService: fields.kubernetesName.exactOptional(),
})
  .refine(
    ({ deployment, inferenceService }) => (deployment === undefined) !== (inferenceService === undefined),
    {
      error: ONE_WORKLOAD,
      abort: true,
    },
  )
  .refine(({ podLabels, inferenceService }) => podLabels === undefined || inferenceService === undefined, {
    path: ["podLabels"],
    error: "must be absent with inferenceService: KServe labels its pods itself",
  })
  .transform(({ deployment, podLabels, inferenceService }): ServedWorkload =>
    deployment === undefined
      ? { kind: "inferenceService", name: inferenceService ?? "" }
      : { kind: "deployment", name: deployment, ...(podLabels === undefined ? {} : { podLabels }) },
  );

const ONE_BUDGET = "must have exactly one of minAvailable and maxUnavailable";

const disruptionBudget = object({
  minAvailable: fields.count(1, 1000).exactOptional(),
  maxUnavailable: fields.count(1, 1000).exactOptional(),
})
  .refine(
    ({ minAvailable, maxUnavailable }) => (minAvailable === undefined) !== (maxUnavailable === undefined),
    {
      error: ONE_BUDGET,
      abort: true,
    },
  )
  .transform(({ minAvailable, maxUnavailable }): DisruptionBudget =>
    minAvailable === undefined ? { maxUnavailable: maxUnavailable ?? 1 } : { minAvailable },
  );

const spread = object({
  topologyKey: fields.labelName,
  maxSkew: fields.count(1, 100).default(1),
  whenUnsatisfiable: z
    .enum(["DoNotSchedule", "ScheduleAnyway"], { error: "must be DoNotSchedule or ScheduleAnyway" })
    .default("ScheduleAnyway"),
});

const served = object({
  /** As health and recordings name it: the InferenceService. Listed here, it need not stand in servedModels. */
  model: fields.clusterName,
  namespace: fields.namespaceName,
  workload,
  scaling: scaling.exactOptional(),
  placement: object({
    gpuType: fields.clusterName.exactOptional(),
    nodeSelector: fields.labels.default({}),
    tolerations: list(toleration, "tolerations").default([]),
  }).prefault({}),
  topologySpread: list(spread, "topology spreads").default([]),
  disruptionBudget: disruptionBudget.exactOptional(),
  container: object({
    name: fields.clusterName.default("kserve-container"),
    cpuLimit: fields.cpu.exactOptional(),
    readinessPeriodSeconds: fields.count(1, 300).exactOptional(),
  }).prefault({}),
});
type Served = z.output<typeof served>;

/** What a model's autoscaler, workload and budget do not allow together. */
function servedFaults({
  workload: { kind, ...own },
  scaling: scaled,
  disruptionBudget: budget,
  topologySpread,
  placement,
}: Served): readonly Fault[] {
  const minAvailable = budget !== undefined && "minAvailable" in budget ? budget.minAvailable : undefined;
  const at = ["disruptionBudget", "minAvailable"];
  return [
    ...when(
      scaled?.kind === "kserve" && kind === "deployment",
      ["scaling", "kind"],
      "must be hpa or keda with workload.deployment: kserve is of an InferenceService",
    ),
    ...when(
      scaled !== undefined && scaled.kind !== "kserve" && kind === "inferenceService",
      ["scaling", "kind"],
      "must be kserve with workload.inferenceService: KServe scales its Deployment itself, and two autoscalers would fight",
    ),
    ...when(
      kind === "deployment" && !("podLabels" in own) && (budget !== undefined || topologySpread.length > 0),
      ["workload", "podLabels"],
      "must be the labels of the Deployment's pods: disruptionBudget and topologySpread find them by these",
    ),
    ...when(
      minAvailable !== undefined && scaled === undefined,
      at,
      "must be maxUnavailable instead where scaling does not say how many replicas there are",
    ),
    ...when(
      minAvailable !== undefined && scaled !== undefined && minAvailable >= scaled.minReplicas,
      at,
      `must be below scaling.minReplicas (${scaled?.minReplicas ?? 0}), else no node with a replica can be drained: lower it, or use maxUnavailable: 1`,
    ),
    ...when(
      placement.gpuType !== undefined && GPU_TYPE_LABEL in placement.nodeSelector,
      ["placement", "nodeSelector", GPU_TYPE_LABEL],
      "must be absent with placement.gpuType, which sets this label",
    ),
  ];
}

/** `hub.serving`: how models that run in this cluster scale, and where. */
export const serving = list(served.superRefine(refused(servedFaults)), "served models").default([]);
