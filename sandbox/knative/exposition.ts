import { knative } from "../../metrics/catalogue/serving";
import { namespace, predictor } from "../serving/objects";
import { simulatedKnative } from "./model";
import type { SimulatedProxy } from "./proxy";

/** KServe's one revision of the model. */
const revision = {
  kn_service_name: predictor(simulatedKnative),
  kn_configuration_name: predictor(simulatedKnative),
  kn_revision_name: `${predictor(simulatedKnative)}-00001`,
  k8s_namespace_name: namespace,
};

function series(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const text = Object.entries({ ...revision, ...labels }).map(([label, of]) => `${label}="${of}"`);
  return `${name}{${text.join(",")}} ${value}`;
}

/**
 * Metrics of the contract in Prometheus's text format, each said to be simulated: the proxy's, and those that on a site
 * the autoscaler tells of the same revision.
 */
export function exposition({ duration }: SimulatedProxy): string {
  const code = { http_response_status_code: "200" };
  const { name } = knative.duration;
  const readings: Readonly<Record<keyof typeof knative, readonly string[]>> = {
    duration: [
      ...duration.buckets.map(({ le, count }) =>
        series(`${name}_bucket`, { ...code, le: le === Infinity ? "+Inf" : String(le) }, count),
      ),
      series(`${name}_sum`, code, duration.sum),
      series(`${name}_count`, code, duration.count),
    ],
    podsDesired: [series(knative.podsDesired.name, {}, 1)],
    podsActual: [series(knative.podsActual.name, {}, 1)],
  };
  const lines = (Object.keys(knative) as (keyof typeof knative)[]).flatMap((reading) => {
    const metric = knative[reading];
    return [
      `# HELP ${metric.name} Simulated: ${metric.meaning}`,
      `# TYPE ${metric.name} ${metric.type}`,
      ...readings[reading],
    ];
  });
  return `${lines.join("\n")}\n`;
}
