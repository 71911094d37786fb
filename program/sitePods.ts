import type { FlowEnd } from "../components/kubernetes/flows";
import type { SitePrometheus } from "../settings";

/** Pods of a Prometheus, by the labels that its operator gives them. */
export function sitePods({
  object: { namespace, name },
}: SitePrometheus): Extract<FlowEnd, { kind: "pods" }> {
  return {
    kind: "pods",
    namespace,
    labels: { "app.kubernetes.io/name": "prometheus", "operator.prometheus.io/name": name },
  };
}
