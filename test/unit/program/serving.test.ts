import { knobsByTarget, knobsOf } from "../../../program/serving";
import type { BenchmarkTarget } from "../../../components/performance/types";
import type { BenchmarkSettings, ServedModel } from "../../../settings";
import type { HubSecrets } from "../../../settings/credentials";
import { parseSettings } from "../../../settings/parse";
import { servedModels } from "../../../settings/serving";
import { reportOf } from "../../../workloads/benchmark/report";
import { runAgainst } from "../../support/benchmark";
import { edited, hubConfig, HUB_OBJECT, sampleSecrets, SECRET_KEYS } from "../settings/samples";

let secrets: HubSecrets;
beforeAll(async () => {
  secrets = await sampleSecrets();
});

const served: ServedModel = {
  key: "federation:hub.serving[1]",
  model: "chat",
  namespace: "models",
  workload: { kind: "deployment", name: "chat-predictor" },
  scaling: { kind: "hpa", minReplicas: 1, maxReplicas: 3, cpuUtilization: 60 },
  placement: { gpuType: "rtx-a6000", nodeSelector: { "gpu-type": "rtx-a6000" }, tolerations: [] },
  topologySpread: [],
  container: { name: "kserve-container", cpuLimit: "300m", readinessPeriodSeconds: 4 },
};

describe("the knobs of a served model", () => {
  it("are keys of the stack file with the values that stand there", () => {
    expect(knobsOf(served)).toEqual({
      minReplicas: { setting: "federation:hub.serving[1].scaling.minReplicas", value: 1 },
      maxReplicas: { setting: "federation:hub.serving[1].scaling.maxReplicas", value: 3 },
      autoscalerTarget: { setting: "federation:hub.serving[1].scaling.cpuUtilization", value: 60 },
      gpuType: { setting: "federation:hub.serving[1].placement.gpuType", value: "rtx-a6000" },
      cpuLimitCores: { setting: "federation:hub.serving[1].container.cpuLimit", value: 0.3 },
      readinessPeriodSeconds: {
        setting: "federation:hub.serving[1].container.readinessPeriodSeconds",
        value: 4,
      },
    });
  });

  it("have no value where the stack leaves them, and are none of an autoscaler that it does not have", () => {
    const { scaling: _, ...rest } = served;
    expect(
      knobsOf({
        ...rest,
        placement: { nodeSelector: {}, tolerations: [] },
        container: { name: "kserve-container" },
      }),
    ).toEqual({
      gpuType: { setting: "federation:hub.serving[1].placement.gpuType" },
      cpuLimitCores: { setting: "federation:hub.serving[1].container.cpuLimit" },
      readinessPeriodSeconds: { setting: "federation:hub.serving[1].container.readinessPeriodSeconds" },
    });
  });

  it.each<[string, NonNullable<ServedModel["scaling"]>, string, number]>([
    [
      "a metric of the pods",
      { kind: "hpa", minReplicas: 1, maxReplicas: 3, metric: { name: "waiting", averageValue: 2 } },
      "metric.averageValue",
      2,
    ],
    [
      "KEDA's query",
      {
        kind: "keda",
        minReplicas: 0,
        maxReplicas: 3,
        serverAddress: "http://prometheus:9090",
        query: "up",
        threshold: 5,
        pollingSeconds: 30,
        cooldownSeconds: 300,
      },
      "threshold",
      5,
    ],
    [
      "KServe's target",
      { kind: "kserve", mode: "standard", minReplicas: 1, maxReplicas: 3, metric: "cpu", target: 70 },
      "target",
      70,
    ],
  ])("aim the autoscaler by %s", (_, scaling, path, value) => {
    expect(knobsOf({ ...served, scaling }).autoscalerTarget).toEqual({
      setting: `federation:hub.serving[1].scaling.${path}`,
      value,
    });
  });

  const workload = { deployment: "chat-predictor" };
  const bounds = { minReplicas: 2, maxReplicas: 3 };
  const query = { serverAddress: "http://prometheus:9090", query: "up", threshold: 5 };

  it.each<[string, object, object]>([
    ["an HPA's", workload, { kind: "hpa", ...bounds, cpuUtilization: 60 }],
    ["an HPA's of a metric", workload, { kind: "hpa", ...bounds, metric: { name: "w", averageValue: 2 } }],
    ["KEDA's", workload, { kind: "keda", ...bounds, ...query }],
    ["KServe's", { inferenceService: "chat" }, { kind: "kserve", ...bounds, target: 60 }],
  ])(
    "are keys that the stack file takes, %s too: what is set there is what the knob says",
    (_, of, scaling) => {
      const knobs = (hub: unknown) => {
        const parsed = parseSettings(hubConfig(secrets, hub), "cloud", SECRET_KEYS);
        if (parsed.role !== "hub") throw new Error("not a hub");
        return knobsOf(servedModels(parsed.hub)[0]!);
      };
      const hub = {
        ...HUB_OBJECT,
        serving: [{ model: "chat", namespace: "models", workload: of, scaling }],
      };
      const found = Object.entries(knobs(hub));
      expect(found.map(([knob]) => knob)).toEqual([
        "minReplicas",
        "maxReplicas",
        "autoscalerTarget",
        "gpuType",
        "cpuLimitCores",
        "readinessPeriodSeconds",
      ]);
      for (const [knob, { setting }] of found) {
        const to = knob === "gpuType" ? "rtx-a6000" : 3;
        const path = setting.replace(/^federation:hub\./, "").replaceAll(/\[(\d+)\]/g, ".$1");
        const changed = knobs(edited(hub, path, to));
        expect([knob, changed[knob as keyof typeof changed]]).toEqual([knob, { setting, value: to }]);
      }
    },
  );

  it("are those of a target's own model, in its namespace", () => {
    const target = { name: "chat-warm", namespace: "models", service: "chat" };
    const targets = [
      { ...target, name: "elsewhere", namespace: "other" },
      { ...target, name: "another", service: "embed" },
      target,
    ] as readonly object[] as readonly BenchmarkTarget[];
    const benchmarks = { namespace: "benchmarks", targets } as BenchmarkSettings;
    expect(knobsByTarget({ serving: [served], benchmarks })).toEqual({ "chat-warm": knobsOf(served) });
    expect(knobsByTarget({ serving: [served] })).toEqual({});
  });

  it("are what a recommendation tells to change, and what its report prints", () => {
    const { judgement, html } = reportOf(
      runAgainst({
        server: { replicas: 1, slots: 1, server: { cpuCores: 0.3, cpuLimitCores: 0.3 } },
        target: { settings: knobsOf(served) },
      }),
    );
    const change = judgement.recommendations
      .map((one) => one.change)
      .find(({ knob }) => knob === "cpuLimitCores");
    expect(change).toEqual({
      knob: "cpuLimitCores",
      setting: "federation:hub.serving[1].container.cpuLimit",
      from: 0.3,
      to: 0.6,
    });
    expect(html).toContain("federation:hub.serving[1].container.cpuLimit from 0.3 to 0.6");
  });
});
