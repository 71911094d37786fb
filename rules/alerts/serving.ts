import { fedCluster } from "../../metrics/catalogue";
import { by, either } from "../recording/expressions";
import type { Subject } from "./args";

const { serving } = fedCluster;
const MODEL = ["cluster", "model"] as const;

/** Served models, where some are declared; errors and latency are watched as objectives. */
export const servingAlerts: Subject = ({ own }, { declared }) => {
  if (declared.models.length === 0) return [];
  const replicas = (state: "available" | "desired"): string =>
    by("max", MODEL, own(serving.replicas, { state }));
  const scaled = (bound: "desired" | "max" | "min"): string =>
    by("max", MODEL, own(serving.autoscaler, { bound }));
  const absent = declared.models.map((model) =>
    by("max", MODEL, `0 * absent(${own(serving.replicas, { model, state: "available" })})`),
  );
  const on = `on (${MODEL.join(", ")})`;
  const component = "serving" as const;
  return [
    {
      alert: "ServingDown",
      severity: "critical",
      component,
      expr: either(`${replicas("available")} == 0 and ${on} ${replicas("desired")} > 0`, ...absent),
      for: "2m",
      summary: "Model {{ $labels.model }} is not served on {{ $labels.cluster }}.",
      description: "{{ $value }} replicas of {{ $labels.model }} have been available for 2 minutes.",
    },
    {
      alert: "ServingReplicasMissing",
      severity: "warning",
      component,
      expr: `${replicas("desired")} - ${on} ${replicas("available")} > 0`,
      for: "15m",
      summary: "Replicas of model {{ $labels.model }} are missing on {{ $labels.cluster }}.",
      description: "{{ $value }} replicas of {{ $labels.model }} have not been available for 15 minutes.",
    },
    {
      alert: "ServingAutoscalerAtLimit",
      severity: "warning",
      component,
      expr: `${scaled("desired")} >= ${on} ${scaled("max")} > ${on} ${scaled("min")}`,
      for: "15m",
      summary: "The autoscaler of model {{ $labels.model }} on {{ $labels.cluster }} is at its limit.",
      description:
        "{{ $labels.model }} has wanted {{ $value }} replicas, all it may have, for 15 minutes: more load makes it slow.",
    },
  ];
};
