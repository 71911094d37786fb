import { fedCluster, fedHub } from "../../../metrics/catalogue";
import { servers } from "../../../metrics/catalogue/recorded/serving";
import { select } from "../../../metrics/select";
import type { Selectable } from "../../../metrics/types";
import type { RecordingRule, RuleGroup } from "../../types";
import { by, renamed, to } from "../expressions";

const { serving, transfer } = fedCluster;
const recorded = fedHub.inference;

const model = ["cluster", "model"] as const;
const rule = (metric: Selectable, expr: string): RecordingRule => ({ record: metric.name, expr });

/** The outermost server that tells of a model: its proxy sees what the engine behind never gets. */
const outermost = (of: (server: (typeof servers)[number]) => string): string =>
  servers.map(of).join(" or on (cluster, model) ");

/** Served models: rate, errors and latency by one server each. */
export function inferenceRules(): RuleGroup {
  const requests = (server: (typeof servers)[number]): string =>
    by("sum", model, select(serving.requests, { server }));
  const buckets = outermost((server) => by("sum", [...model, "le"], select(serving.duration, { server })));
  const duration = (q: number): string => `histogram_quantile(${q}, ${buckets})`;
  return {
    name: "hub-inference",
    rules: [
      rule(recorded.requests, outermost(requests)),
      rule(
        recorded.errors,
        outermost(
          (server) => `${by("sum", model, select(serving.errors, { server }))} / (${requests(server)} > 0)`,
        ),
      ),
      rule(recorded.durationP50, duration(0.5)),
      rule(recorded.durationP95, duration(0.95)),
      rule(recorded.durationP99, duration(0.99)),
      rule(
        recorded.durationMean,
        outermost(
          (server) =>
            `${by("sum", model, select(serving.durationSum, { server }))} / (${requests(server)} > 0)`,
        ),
      ),
      rule(
        recorded.firstTokenP95,
        `histogram_quantile(0.95, ${by("sum", [...model, "le"], serving.firstToken.name)})`,
      ),
      rule(recorded.kvCache, `${serving.kvCache.name} / (${serving.engines.name} > 0)`),
    ],
  };
}

/** The way of each version: from the cluster that trained it to those that serve it. */
export function pipelineRules(): RuleGroup {
  const { stage } = fedHub.pipeline;
  const transferred = renamed(transfer.stage.name, "source", "cluster");
  return {
    name: "hub-pipeline",
    rules: [rule(stage, to(stage, "max", `${transferred} or ${serving.stage.name}`))],
  };
}
