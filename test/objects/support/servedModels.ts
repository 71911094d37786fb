/** `hub.serving` in every variant that it has, and at the ends of its ranges. */

const namespace = "models";
const podLabels = { app: "chat" };
const deployment = (name: string): object => ({ deployment: name, podLabels });
const query = {
  serverAddress: "http://prometheus.monitoring:9090",
  query: 'sum(vllm:num_requests_waiting{cluster="cloud"})',
};
const fast = { stabilizationSeconds: 0, pods: 4, percent: 100, periodSeconds: 15 };
const slowest = { stabilizationSeconds: 3600, pods: 1000, percent: 1000, periodSeconds: 1800 };
const fields = {
  placement: {
    gpuType: "rtx-a6000",
    nodeSelector: { "workload-type": "inference" },
    tolerations: [
      { key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" },
      { key: "reserved", operator: "Equal", value: "serving" },
    ],
  },
  topologySpread: [
    { topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "DoNotSchedule" },
    { topologyKey: "kubernetes.io/os", maxSkew: 100 },
  ],
  container: { cpuLimit: "1500m", readinessPeriodSeconds: 2 },
};
const of = (model: string, more: object): object => ({ model, namespace, ...more });

export const servedModels: readonly object[] = [
  of("hpa-cpu", {
    workload: deployment("hpa-cpu"),
    scaling: {
      kind: "hpa",
      minReplicas: 2,
      maxReplicas: 4,
      cpuUtilization: 60,
      scaleUp: fast,
      scaleDown: { pods: 1 },
    },
    disruptionBudget: { minAvailable: 1 },
    ...fields,
  }),
  of("hpa-metric", {
    workload: deployment("hpa-metric"),
    scaling: {
      kind: "hpa",
      maxReplicas: 1,
      metric: { name: "vllm_waiting", averageValue: 2.5 },
      scaleUp: {},
    },
    container: { name: "server", cpuLimit: "1" },
  }),
  of("hpa-least", {
    workload: deployment("hpa-least"),
    scaling: { kind: "hpa", maxReplicas: 1, metric: { name: "vllm_waiting", averageValue: 1e-7 } },
    container: { readinessPeriodSeconds: 300 },
  }),
  of("hpa-most", {
    workload: deployment("hpa-most"),
    scaling: {
      kind: "hpa",
      minReplicas: 1000,
      maxReplicas: 1000,
      cpuUtilization: 1000,
      scaleUp: slowest,
      scaleDown: slowest,
    },
    disruptionBudget: { maxUnavailable: 1000 },
    placement: { nodeSelector: { "workload-type": "inference" } },
  }),
  of("keda-from-zero", {
    workload: deployment("keda-from-zero"),
    scaling: { kind: "keda", minReplicas: 0, maxReplicas: 4, ...query, threshold: 5 },
    disruptionBudget: { maxUnavailable: 1 },
  }),
  of("keda-all", {
    workload: deployment("keda-all"),
    scaling: {
      kind: "keda",
      minReplicas: 1,
      maxReplicas: 1000,
      ...query,
      threshold: 0.5,
      activationThreshold: 0.25,
      authentication: "prometheus",
      authModes: ["basic", "tls"],
      pollingSeconds: 1,
      cooldownSeconds: 0,
      scaleUp: fast,
      scaleDown: slowest,
    },
    topologySpread: [{ topologyKey: "kubernetes.io/hostname" }],
  }),
  of("kserve-standard", {
    workload: { inferenceService: "kserve-standard" },
    scaling: { kind: "kserve", minReplicas: 2, maxReplicas: 4, metric: "cpu", target: 70 },
    disruptionBudget: { minAvailable: 1 },
    ...fields,
  }),
  of("kserve-memory", {
    workload: { inferenceService: "kserve-memory" },
    scaling: { kind: "kserve", maxReplicas: 4, metric: "memory", target: 80 },
    disruptionBudget: { maxUnavailable: 1 },
  }),
  of("kserve-concurrency", {
    workload: { inferenceService: "kserve-concurrency" },
    scaling: { kind: "kserve", mode: "knative", minReplicas: 0, maxReplicas: 4, target: 4 },
  }),
  of("kserve-rps", {
    workload: { inferenceService: "kserve-rps" },
    scaling: { kind: "kserve", mode: "knative", maxReplicas: 1000, metric: "rps", target: 100_000 },
    topologySpread: [{ topologyKey: "kubernetes.io/hostname" }],
  }),
  of("kserve-placed", {
    workload: { inferenceService: "kserve-placed" },
    placement: { gpuType: "tesla-t4" },
    container: { readinessPeriodSeconds: 1 },
  }),
];
