import { ModelServing } from "../../../../components/performance/modelServing";
import { modelServingProblems } from "../../../../components/performance/modelServingArgs";
import type { ModelServingArgs } from "../../../../components/performance/modelServingArgs";
import { only, record, summary } from "../../../support/mocks";

const podLabels = { app: "isvc.chat-predictor", component: "predictor" };
/** A Deployment of which the stack wants nothing. */
const bare: ModelServingArgs = {
  model: "chat",
  namespace: "models",
  workload: { kind: "deployment", name: "chat-predictor", podLabels },
  placement: { nodeSelector: {}, tolerations: [] },
  topologySpread: [],
  container: { name: "kserve-container" },
};
const hpa = { kind: "hpa", minReplicas: 1, maxReplicas: 3, cpuUtilization: 60 } as const;
const keda = {
  kind: "keda",
  minReplicas: 0,
  maxReplicas: 4,
  serverAddress: "http://prometheus.monitoring:9090",
  query: "sum(vllm:num_requests_waiting)",
  threshold: 5,
  pollingSeconds: 30,
  cooldownSeconds: 300,
} as const;
const kserve = { kind: "kserve", minReplicas: 1, maxReplicas: 3, metric: "cpu", target: 60 } as const;
const inferenceService = { kind: "inferenceService", name: "chat" } as const;
const toleration = { key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" } as const;
const spread = {
  topologyKey: "kubernetes.io/hostname",
  maxSkew: 1,
  whenUnsatisfiable: "ScheduleAnyway",
} as const;

const declare = (change: Partial<ModelServingArgs> = {}, preview = false) =>
  record(() => new ModelServing("serving-chat", { ...bare, ...change }), { preview });

const COMPONENT = "federation:performance:ModelServing serving-chat";
const labels = {
  "app.kubernetes.io/name": "model-serving",
  "app.kubernetes.io/instance": "chat",
  "app.kubernetes.io/component": "serving",
  "app.kubernetes.io/part-of": "federation",
  "app.kubernetes.io/managed-by": "pulumi",
};
const annotations = {
  "pulumi.com/patchFieldManager": "federation-serving",
  "pulumi.com/patchForce": "true",
};

describe("a served model", () => {
  it("declares nothing where nothing is wanted", async () => {
    expect(summary(await declare())).toEqual([COMPONENT]);
    expect(summary(await declare({ workload: inferenceService }))).toEqual([COMPONENT]);
  });

  it.each<[string, Partial<ModelServingArgs>, readonly string[]]>([
    [
      "an HPA",
      { scaling: hpa },
      ["kubernetes:autoscaling/v2:HorizontalPodAutoscaler serving-chat-autoscaler"],
    ],
    [
      "a ScaledObject",
      { scaling: keda },
      ["kubernetes:keda.sh/v1alpha1:ScaledObject serving-chat-autoscaler"],
    ],
    [
      "a budget",
      { disruptionBudget: { maxUnavailable: 1 } },
      ["kubernetes:policy/v1:PodDisruptionBudget serving-chat-disruption-budget"],
    ],
    [
      "fields of a Deployment",
      { container: { name: "kserve-container", cpuLimit: "600m" } },
      [
        "kubernetes:apps/v1:Deployment serving-chat-deployment",
        "kubernetes:apps/v1:DeploymentPatch serving-chat-deployment-fields",
      ],
    ],
    [
      "fields of an InferenceService",
      { workload: inferenceService, scaling: kserve },
      [
        "kubernetes:serving.kserve.io/v1beta1:InferenceService serving-chat-inference-service",
        "kubernetes:serving.kserve.io/v1beta1:InferenceServicePatch serving-chat-inference-service-fields",
      ],
    ],
  ])("registers %s and nothing else, in a preview too", async (_, change, children) => {
    expect(summary(await declare(change))).toEqual([COMPONENT, ...children]);
    expect(summary(await declare(change, true))).toEqual([COMPONENT, ...children]);
  });

  it("scales a Deployment by an HPA of the same name", async () => {
    const scaling = {
      ...hpa,
      scaleUp: { stabilizationSeconds: 0, pods: 4, percent: 100 },
      scaleDown: { stabilizationSeconds: 60, pods: 1, periodSeconds: 120 },
    };
    expect(only(await declare({ scaling }), "serving-chat-autoscaler").inputs).toEqual({
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "chat-predictor", namespace: "models", labels },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "chat-predictor" },
        minReplicas: 1,
        maxReplicas: 3,
        metrics: [
          {
            type: "Resource",
            resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 60 } },
          },
        ],
        behavior: {
          scaleUp: {
            stabilizationWindowSeconds: 0,
            policies: [
              { type: "Pods", value: 4, periodSeconds: 15 },
              { type: "Percent", value: 100, periodSeconds: 15 },
            ],
          },
          scaleDown: {
            stabilizationWindowSeconds: 60,
            policies: [{ type: "Pods", value: 1, periodSeconds: 120 }],
          },
        },
      },
    });
  });

  it("scales by a metric of the pods, at Kubernetes' own rates", async () => {
    const { cpuUtilization: _, ...rest } = hpa;
    const scaling = { ...rest, metric: { name: "vllm_waiting", averageValue: 2.5 } };
    const { spec } = only(await declare({ scaling }), "serving-chat-autoscaler").inputs;
    expect(spec).toEqual({
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "chat-predictor" },
      minReplicas: 1,
      maxReplicas: 3,
      metrics: [
        {
          type: "Pods",
          pods: {
            metric: { name: "vllm_waiting" },
            target: { type: "AverageValue", averageValue: "2.5" },
          },
        },
      ],
    });
  });

  it("scales by KEDA on a Prometheus, its HPA named as recordings know it", async () => {
    const scaling = {
      ...keda,
      activationThreshold: 0.5,
      authentication: "prometheus",
      authModes: ["tls", "basic"],
      scaleDown: { percent: 50 },
    };
    expect(only(await declare({ scaling }), "serving-chat-autoscaler").inputs).toEqual({
      apiVersion: "keda.sh/v1alpha1",
      kind: "ScaledObject",
      metadata: { name: "chat-predictor", namespace: "models", labels },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "chat-predictor" },
        minReplicaCount: 0,
        maxReplicaCount: 4,
        pollingInterval: 30,
        cooldownPeriod: 300,
        advanced: {
          horizontalPodAutoscalerConfig: {
            name: "chat-predictor",
            behavior: { scaleDown: { policies: [{ type: "Percent", value: 50, periodSeconds: 15 }] } },
          },
        },
        triggers: [
          {
            type: "prometheus",
            metadata: {
              serverAddress: "http://prometheus.monitoring:9090",
              query: "sum(vllm:num_requests_waiting)",
              threshold: "5",
              activationThreshold: "0.5",
              authModes: "tls,basic",
            },
            authenticationRef: { name: "prometheus" },
          },
        ],
      },
    });
    const plain = only(await declare({ scaling: keda }), "serving-chat-autoscaler").inputs as {
      spec: { advanced: object; triggers: [object] };
    };
    expect(plain.spec.advanced).toEqual({ horizontalPodAutoscalerConfig: { name: "chat-predictor" } });
    expect(plain.spec.triggers[0]).not.toHaveProperty("authenticationRef");
  });

  it("lets a drain take what is not ready anyway", async () => {
    const budget = async (change: Partial<ModelServingArgs>) =>
      only(await declare(change), "serving-chat-disruption-budget").inputs;
    expect(await budget({ disruptionBudget: { maxUnavailable: 1 } })).toEqual({
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "chat-predictor", namespace: "models", labels },
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels: podLabels },
        unhealthyPodEvictionPolicy: "AlwaysAllow",
      },
    });
    const ofKserve = await budget({
      workload: inferenceService,
      scaling: { ...kserve, minReplicas: 2 },
      disruptionBudget: { minAvailable: 1 },
    });
    expect(ofKserve.spec).toEqual({
      minAvailable: 1,
      selector: { matchLabels: { "serving.kserve.io/inferenceservice": "chat", component: "predictor" } },
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    });
  });

  it("sets of a Deployment what is said and nothing else, as a manager of its own", async () => {
    const registrations = await declare({
      placement: { nodeSelector: { "gpu-type": "tesla-t4" }, tolerations: [toleration] },
      topologySpread: [spread],
      container: { name: "server", cpuLimit: "600m", readinessPeriodSeconds: 2 },
    });
    expect(only(registrations, "serving-chat-deployment")).toMatchObject({
      type: "kubernetes:apps/v1:Deployment",
      id: "models/chat-predictor",
    });
    expect(only(registrations, "serving-chat-deployment-fields").inputs).toEqual({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "chat-predictor", namespace: "models", annotations },
      spec: {
        template: {
          spec: {
            nodeSelector: { "gpu-type": "tesla-t4" },
            tolerations: [toleration],
            topologySpreadConstraints: [{ ...spread, labelSelector: { matchLabels: podLabels } }],
            containers: [
              {
                name: "server",
                resources: { limits: { cpu: "600m" } },
                readinessProbe: { periodSeconds: 2 },
              },
            ],
          },
        },
      },
    });
  });

  it.each<[string, Partial<ModelServingArgs>, object]>([
    [
      "placement",
      { placement: { nodeSelector: { "gpu-type": "tesla-t4" }, tolerations: [] } },
      { nodeSelector: { "gpu-type": "tesla-t4" } },
    ],
    [
      "the CPU limit",
      { container: { name: "kserve-container", cpuLimit: "1" } },
      { containers: [{ name: "kserve-container", resources: { limits: { cpu: "1" } } }] },
    ],
  ])("touches no field but those of %s", async (_, change, expected) => {
    const { spec } = only(await declare(change), "serving-chat-deployment-fields").inputs;
    expect(spec).toEqual({ template: { spec: expected } });
  });

  it("sets of an InferenceService its autoscaler and its pods", async () => {
    const registrations = await declare({
      workload: inferenceService,
      scaling: { ...kserve, minReplicas: 0, metric: "concurrency", target: 4 },
      placement: { nodeSelector: { "gpu-type": "tesla-t4" }, tolerations: [toleration] },
      topologySpread: [spread],
      container: { name: "kserve-container", cpuLimit: "2", readinessPeriodSeconds: 5 },
    });
    expect(only(registrations, "serving-chat-inference-service")).toMatchObject({ id: "models/chat" });
    expect(only(registrations, "serving-chat-inference-service-fields").inputs).toEqual({
      apiVersion: "serving.kserve.io/v1beta1",
      kind: "InferenceService",
      metadata: { name: "chat", namespace: "models", annotations },
      spec: {
        predictor: {
          minReplicas: 0,
          maxReplicas: 3,
          scaleMetric: "concurrency",
          scaleTarget: 4,
          nodeSelector: { "gpu-type": "tesla-t4" },
          tolerations: [toleration],
          topologySpreadConstraints: [
            {
              ...spread,
              labelSelector: {
                matchLabels: { "serving.kserve.io/inferenceservice": "chat", component: "predictor" },
              },
            },
          ],
          model: { resources: { limits: { cpu: "2" } }, readinessProbe: { periodSeconds: 5 } },
        },
      },
    });
  });
});

describe("a served model that can not be", () => {
  const noLabels = { kind: "deployment", name: "chat-predictor" } as const;
  const both = { ...hpa, metric: { name: "vllm_waiting", averageValue: 2 } };

  it.each<[string, Partial<ModelServingArgs>, readonly string[]]>([
    [
      "more at least than at most",
      { scaling: { ...hpa, minReplicas: 4 } },
      ["scaling.minReplicas: 4 is above maxReplicas, 3"],
    ],
    [
      "an HPA from zero",
      { scaling: { ...hpa, minReplicas: 0 } },
      ["scaling.minReplicas: 0 is below 1, from which an HPA never starts"],
    ],
    [
      "two metrics",
      { scaling: both },
      ["scaling: exactly one of cpuUtilization and metric says what the HPA looks at"],
    ],
    [
      "KServe's autoscaler for a Deployment",
      { scaling: kserve },
      [
        'scaling.kind: "kserve" does not scale a workload of kind deployment; write kserve for an InferenceService, hpa or keda for a Deployment',
      ],
    ],
    [
      "an autoscaler beside KServe's",
      { scaling: hpa, workload: inferenceService },
      [
        'scaling.kind: "hpa" does not scale a workload of kind inferenceService; write kserve for an InferenceService, hpa or keda for a Deployment',
      ],
    ],
    [
      "a budget that finds no pods",
      { workload: noLabels, disruptionBudget: { maxUnavailable: 1 } },
      ["workload.podLabels: absent; a budget and a spread find pods by these"],
    ],
    [
      "a spread that finds no pods",
      { workload: noLabels, topologySpread: [spread] },
      ["workload.podLabels: absent; a budget and a spread find pods by these"],
    ],
    [
      "a budget that blocks every drain",
      { scaling: hpa, disruptionBudget: { minAvailable: 1 } },
      [
        "disruptionBudget.minAvailable: 1 of 1 replicas could never be drained; write less, or maxUnavailable",
      ],
    ],
    [
      "a budget of replicas that nobody counts",
      { disruptionBudget: { minAvailable: 1 } },
      ["disruptionBudget.minAvailable: needs scaling.minReplicas; write maxUnavailable"],
    ],
    ["nothing wrong", { scaling: { ...hpa, minReplicas: 2 }, disruptionBudget: { minAvailable: 1 } }, []],
  ])("%s", (_, change, expected) => {
    expect(modelServingProblems({ ...bare, ...change })).toEqual(expected);
  });

  it("registers no child", async () => {
    const into: Parameters<typeof record>[1] = { into: [] };
    await expect(
      record(() => new ModelServing("serving-chat", { ...bare, scaling: { ...hpa, minReplicas: 4 } }), into),
    ).rejects.toThrow("serving-chat: scaling.minReplicas: 4 is above maxReplicas, 3");
    expect(summary(into.into!).filter((name) => !name.includes("federation:"))).toEqual([]);
  });
});
