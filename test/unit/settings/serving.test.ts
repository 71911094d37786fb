import type { HubSecrets } from "../../../settings/credentials";
import { parseSettings } from "../../../settings/parse";
import { SettingsError } from "../../../settings/problems";
import { expectedModels, servedModels } from "../../../settings/serving";
import { edited, hubConfig, HUB_OBJECT, sampleSecrets, SECRET_KEYS } from "./samples";

const podLabels = { app: "isvc.chat-predictor" };
const CHAT = {
  model: "chat",
  namespace: "models",
  workload: { deployment: "chat-predictor", podLabels },
  scaling: { kind: "hpa", maxReplicas: 3, cpuUtilization: 60 },
};
const KSERVE = {
  ...CHAT,
  workload: { inferenceService: "chat" },
  scaling: { kind: "kserve", maxReplicas: 3, target: 60 },
};
const KEDA = {
  kind: "keda",
  minReplicas: 0,
  maxReplicas: 4,
  serverAddress: "http://prometheus.monitoring:9090",
  query: "sum(vllm:num_requests_waiting)",
  threshold: 5,
};

let secrets: HubSecrets;
beforeAll(async () => {
  secrets = await sampleSecrets();
});

function hub(serving: unknown, more: object = {}) {
  const parsed = parseSettings(hubConfig(secrets, { ...HUB_OBJECT, serving, ...more }), "cloud", SECRET_KEYS);
  if (parsed.role !== "hub") throw new Error("not a hub");
  return parsed.hub;
}

function problems(serving: unknown, more: object = {}): readonly string[] {
  try {
    hub(serving, more);
  } catch (error) {
    if (error instanceof SettingsError) return error.message.split("\n").slice(1);
    throw error;
  }
  return [];
}

describe("served models", () => {
  it("come with their place in the stack file and the defaults", () => {
    expect(servedModels(hub([CHAT, { ...KSERVE, model: "embed", namespace: "other" }]))).toEqual([
      {
        key: "federation:hub.serving[0]",
        model: "chat",
        namespace: "models",
        workload: { kind: "deployment", name: "chat-predictor", podLabels },
        scaling: { kind: "hpa", minReplicas: 1, maxReplicas: 3, cpuUtilization: 60 },
        placement: { nodeSelector: {}, tolerations: [] },
        topologySpread: [],
        container: { name: "kserve-container" },
      },
      {
        key: "federation:hub.serving[1]",
        model: "embed",
        namespace: "other",
        workload: { kind: "inferenceService", name: "chat" },
        scaling: {
          kind: "kserve",
          mode: "standard",
          minReplicas: 1,
          maxReplicas: 3,
          metric: "cpu",
          target: 60,
        },
        placement: { nodeSelector: {}, tolerations: [] },
        topologySpread: [],
        container: { name: "kserve-container" },
      },
    ]);
  });

  it("take the GPU type of a node as its label, and a spread by a label that such nodes have", () => {
    const nodes = HUB_OBJECT.kubernetes.nodes.map((node) =>
      node.gpuType === undefined ? node : { ...node, labels: { "topology.kubernetes.io/zone": "a" } },
    );
    const [chat] = servedModels(
      hub(
        [
          {
            ...CHAT,
            placement: { gpuType: "rtx-a6000", nodeSelector: { "workload-type": "inference" } },
            topologySpread: [
              { topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "DoNotSchedule" },
              { topologyKey: "kubernetes.io/hostname", maxSkew: 2 },
            ],
          },
        ],
        { kubernetes: { ...HUB_OBJECT.kubernetes, nodes } },
      ),
    );
    expect(chat!.placement).toEqual({
      gpuType: "rtx-a6000",
      nodeSelector: { "workload-type": "inference", "gpu-type": "rtx-a6000" },
      tolerations: [],
    });
    expect(chat!.topologySpread).toEqual([
      { topologyKey: "topology.kubernetes.io/zone", maxSkew: 1, whenUnsatisfiable: "DoNotSchedule" },
      { topologyKey: "kubernetes.io/hostname", maxSkew: 2, whenUnsatisfiable: "ScheduleAnyway" },
    ]);
  });

  it("are scaled by KEDA from none, by KServe's Knative from none", () => {
    const knative = { ...KSERVE.scaling, mode: "knative", minReplicas: 0, metric: "rps" };
    expect(problems([{ ...CHAT, scaling: KEDA }])).toEqual([]);
    expect(problems([{ ...KSERVE, scaling: knative }])).toEqual([]);
    expect(servedModels(hub([{ ...CHAT, scaling: KEDA }]))[0]!.scaling).toEqual({
      ...KEDA,
      pollingSeconds: 30,
      cooldownSeconds: 300,
    });
  });

  it("look at what each mode of KServe looks at unless told", () => {
    const metricOf = (more: object) => {
      const [model] = servedModels(hub([{ ...KSERVE, scaling: { ...KSERVE.scaling, ...more } }]));
      return model?.scaling?.kind === "kserve" ? model.scaling.metric : undefined;
    };
    expect(metricOf({})).toBe("cpu");
    expect(metricOf({ metric: "memory" })).toBe("memory");
    expect(metricOf({ mode: "knative" })).toBe("concurrency");
    expect(metricOf({ mode: "knative", metric: "rps" })).toBe("rps");
  });

  it("are none where the stack file says nothing, and are expected by health where it does", () => {
    expect(servedModels(hub(undefined))).toEqual([]);
    expect(expectedModels(hub(undefined, { servedModels: ["listed"] }))).toEqual(["listed"]);
    expect(expectedModels(hub([CHAT], { servedModels: ["chat", "listed"] }))).toEqual(["chat", "listed"]);
    expect(expectedModels(hub([CHAT]))).toEqual(["chat"]);
  });
});

describe("wrong settings of a served model", () => {
  const AT = "  - federation:hub.serving[0]";

  it.each<[string, unknown, readonly string[]]>([
    [
      "more at least than at most",
      edited(CHAT, "scaling.minReplicas", 4),
      [`${AT}.scaling.minReplicas = 4: must be at most maxReplicas (3)`],
    ],
    [
      "an HPA from zero",
      edited(CHAT, "scaling.minReplicas", 0),
      [
        `${AT}.scaling.minReplicas = 0: must be at least 1 with kind hpa, which never starts from zero: use keda, or kserve with mode knative`,
      ],
    ],
    [
      "KServe's standard mode from zero",
      edited(KSERVE, "scaling.minReplicas", 0),
      [`${AT}.scaling.minReplicas = 0: must be at least 1 with mode standard, where KServe takes 0 for 1`],
    ],
    [
      "a metric that only Knative has",
      edited(KSERVE, "scaling.metric", "rps"),
      [
        `${AT}.scaling.metric = "rps": must be cpu or memory with mode standard: only Knative counts requests`,
      ],
    ],
    [
      "a metric that Knative does not have",
      edited(KSERVE, "scaling", { ...KSERVE.scaling, mode: "knative", metric: "cpu" }),
      [
        `${AT}.scaling.metric = "cpu": must be concurrency or rps with mode knative, where KServe refuses others`,
      ],
    ],
    [
      "more percent than KServe takes",
      edited(KSERVE, "scaling.target", 101),
      [
        `${AT}.scaling.target = 101: must be at most 100 with mode standard, where it is percent of what the pods request`,
      ],
    ],
    [
      "modes of no authentication",
      { ...CHAT, scaling: { ...KEDA, authModes: ["basic"] } },
      [
        `${AT}.scaling.authModes = ["basic"]: must be absent without authentication, whose credentials they use`,
      ],
    ],
    [
      "two credentials of one request",
      { ...CHAT, scaling: { ...KEDA, authentication: "prometheus", authModes: ["basic", "tls", "bearer"] } },
      [
        `${AT}.scaling.authModes = ["basic","tls","bearer"]: must have at most one of basic, bearer and oauth: a request has one`,
      ],
    ],
    [
      "an HPA without a metric",
      edited(CHAT, "scaling.cpuUtilization", undefined),
      [
        `${AT}.scaling.cpuUtilization: is missing: must be there, or metric: exactly one of both says what the HPA looks at`,
      ],
    ],
    [
      "an autoscaler that is none",
      edited(CHAT, "scaling.kind", "vpa"),
      [`${AT}.scaling.kind = "vpa": must have kind hpa, keda or kserve`],
    ],
    [
      "an autoscaler beside KServe's",
      { ...KSERVE, scaling: CHAT.scaling },
      [
        `${AT}.scaling.kind = "hpa": must be kserve with workload.inferenceService: KServe scales its Deployment itself, and two autoscalers would fight`,
      ],
    ],
    [
      "KServe's autoscaler for a Deployment",
      { ...CHAT, scaling: KSERVE.scaling },
      [
        `${AT}.scaling.kind = "kserve": must be hpa or keda with workload.deployment: kserve is of an InferenceService`,
      ],
    ],
    [
      "two workloads",
      edited(CHAT, "workload.inferenceService", "chat"),
      [
        `${AT}.workload = {"deployment":"chat-predictor","podLabels":{"app":"isvc.chat-predictor"},"infere...: must have exactly one of deployment and inferenceService`,
      ],
    ],
    [
      "labels of pods that KServe labels",
      edited(KSERVE, "workload.podLabels", podLabels),
      [
        `${AT}.workload.podLabels = {"app":"isvc.chat-predictor"}: must be absent with inferenceService: KServe labels its pods itself`,
      ],
    ],
    [
      "a budget that blocks every drain",
      { ...CHAT, disruptionBudget: { minAvailable: 1 } },
      [
        `${AT}.disruptionBudget.minAvailable = 1: must be below scaling.minReplicas (1), else no node with a replica can be drained: lower it, or use maxUnavailable: 1`,
      ],
    ],
    [
      "a budget of replicas that nobody counts",
      { ...CHAT, scaling: undefined, disruptionBudget: { minAvailable: 1 } },
      [
        `${AT}.disruptionBudget.minAvailable = 1: must be maxUnavailable instead where scaling does not say how many replicas there are`,
      ],
    ],
    [
      "a budget of both kinds",
      { ...CHAT, disruptionBudget: { minAvailable: 1, maxUnavailable: 1 } },
      [
        `${AT}.disruptionBudget = {"minAvailable":1,"maxUnavailable":1}: must have exactly one of minAvailable and maxUnavailable`,
      ],
    ],
    [
      "a budget that finds no pods",
      edited({ ...CHAT, disruptionBudget: { maxUnavailable: 1 } }, "workload.podLabels", undefined),
      [
        `${AT}.workload.podLabels: is missing: must be the labels of the Deployment's pods: disruptionBudget and topologySpread find them by these`,
      ],
    ],
    [
      "a GPU type that no node has",
      { ...CHAT, placement: { gpuType: "h100" } },
      [`${AT}.placement.gpuType = "h100": must be the gpuType of one of kubernetes.nodes: rtx-a6000`],
    ],
    [
      "a GPU type twice",
      { ...CHAT, placement: { gpuType: "rtx-a6000", nodeSelector: { "gpu-type": "tesla-t4" } } },
      [
        `${AT}.placement.nodeSelector.gpu-type = "tesla-t4": must be absent with placement.gpuType, which sets this label`,
      ],
    ],
    [
      "a spread over a label that nodes lack",
      { ...CHAT, topologySpread: [{ topologyKey: "topology.kubernetes.io/zone" }] },
      [
        `${AT}.topologySpread[0].topologyKey = "topology.kubernetes.io/zone": must be a label of a node where the model may run: name it in kubernetes.nodes[*].labels where nodes have it, or use kubernetes.io/hostname`,
      ],
    ],
    [
      "a rate out of range",
      edited(CHAT, "scaling.scaleDown", { stabilizationSeconds: 3601 }),
      [`${AT}.scaling.scaleDown.stabilizationSeconds = 3601: must be a whole number from 0 to 3600`],
    ],
    [
      "an unknown key",
      edited(CHAT, "scaling.targetCpu", 60),
      [
        `${AT}.scaling.targetCpu: unknown key; allowed: kind, minReplicas, maxReplicas, cpuUtilization, metric, scaleUp, scaleDown`,
      ],
    ],
  ])("%s: named with key, value and what to do", (_, served, expected) => {
    expect(problems([served])).toEqual(expected);
  });

  it("names a model and a workload that stand twice, whichever way", () => {
    expect(problems([CHAT, { ...CHAT, workload: { deployment: "other", podLabels } }])).toEqual([
      '  - federation:hub.serving[1].model = "chat": must differ from federation:hub.serving[0].model',
    ]);
    expect(problems([CHAT, { ...KSERVE, model: "embed" }])).toEqual([
      "  - federation:hub.serving[1].workload: is Deployment models/chat-predictor, as in federation:hub.serving[0]: two autoscalers on one workload would fight",
    ]);
    expect(problems([CHAT, { ...CHAT, model: "embed", namespace: "other" }])).toEqual([]);
  });

  it("is a hub's key alone", () => {
    expect(problems({ model: "chat" })).toEqual([
      '  - federation:hub.serving = {"model":"chat"}: must be a list of served models',
    ]);
  });
});
