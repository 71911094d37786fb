import type * as kubernetes from "@pulumi/kubernetes";
import { ModelServing } from "../components/performance/modelServing";
import type { HubSettings, ServedModel, Settings } from "../settings";
import { cpuMillicores } from "../settings/quantities";
import type { Knob } from "../workloads/benchmark/result";

/** How the hub's served models scale, and where they run. */
export function declareServing(settings: Settings, provider: kubernetes.Provider): readonly ModelServing[] {
  if (settings.role !== "hub") return [];
  return settings.serving.map(
    ({ key: _key, ...served }) => new ModelServing(`serving-${served.model}`, served, { provider }),
  );
}

/** Where a knob stands in the stack file, and how it stands; without a value where the stack leaves it as it is. */
export interface KnobSetting {
  readonly setting: string;
  readonly value?: string | number;
}

/** The knobs of each benchmark target whose served model the stack scales or places, by the target's name. */
export function knobsByTarget({
  serving,
  benchmarks,
}: Pick<HubSettings, "serving" | "benchmarks">): Readonly<Record<string, ReturnType<typeof knobsOf>>> {
  return Object.fromEntries(
    (benchmarks?.targets ?? []).flatMap(({ name, namespace, service }) => {
      const served = serving.find((one) => one.model === service && one.namespace === namespace);
      return served === undefined ? [] : [[name, knobsOf(served)]];
    }),
  );
}

/** The key of the figure that a model's autoscaler aims at. */
function autoscalerTarget({ scaling }: ServedModel): readonly [key: string, value: number] | undefined {
  switch (scaling?.kind) {
    case undefined:
      return undefined;
    case "hpa":
      return scaling.metric === undefined
        ? ["cpuUtilization", scaling.cpuUtilization ?? 0]
        : ["metric.averageValue", scaling.metric.averageValue];
    case "keda":
      return ["threshold", scaling.threshold];
    case "kserve":
      return ["target", scaling.target];
  }
}

/**
 * Settings that a recommendation for this model may change, by their whole key: what
 * `pulumi config set --path 'KEY' VALUE` takes.
 */
export function knobsOf(served: ServedModel): Partial<Record<Knob, KnobSetting>> {
  const { key, scaling, placement, container } = served;
  const at = (path: string, value: string | number | undefined): KnobSetting => ({
    setting: `${key}.${path}`,
    ...(value === undefined ? {} : { value }),
  });
  const millicores = container.cpuLimit === undefined ? undefined : cpuMillicores(container.cpuLimit);
  const target = autoscalerTarget(served);
  return {
    ...(scaling === undefined || target === undefined
      ? {}
      : {
          minReplicas: at("scaling.minReplicas", scaling.minReplicas),
          maxReplicas: at("scaling.maxReplicas", scaling.maxReplicas),
          autoscalerTarget: at(`scaling.${target[0]}`, target[1]),
        }),
    gpuType: at("placement.gpuType", placement.gpuType),
    // in cores, as a recommendation counts them
    cpuLimitCores: at("container.cpuLimit", millicores === undefined ? undefined : millicores / 1000),
    readinessPeriodSeconds: at("container.readinessPeriodSeconds", container.readinessPeriodSeconds),
  };
}
