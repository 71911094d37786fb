import {
  fedCluster,
  fedLocal,
  knative,
  kubeState,
  olderKnative,
  olderVllm,
  vllm,
} from "../../metrics/catalogue";
import type { ClusterMetric } from "../../metrics/catalogue";
import { servers } from "../../metrics/catalogue/recorded/serving";
import { bucketOf, not } from "../../metrics/select";
import type { Histogram, Selectable } from "../../metrics/types";
import type { RecordingRule, RuleGroup } from "../types";
import { by, either, perValue, rate5m, renamed } from "./expressions";
import type { ServerExpressions } from "./servers";
import { INFERENCE_SERVICE, serverExpressions } from "./servers";
import type { Recorder } from "./site";

const recorded = fedCluster.serving;
const local = fedLocal.serving;
const model = ["cluster", "model"] as const;

/** Deployments of InferenceServices, by model. */
function deployments(own: Recorder["own"], replicas: string): string {
  const service = "label_serving_kserve_io_inferenceservice";
  const labels = own(kubeState.deploymentLabels, { [service]: not("") });
  return renamed(
    `${replicas} * on (cluster, namespace, deployment) group_left (${service}) ${labels}`,
    "model",
    service,
  );
}

/**
 * The models that are told apart: those with most requests, and those that are deployed and have none. Everything
 * recorded by model keeps to them, so that a histogram is there whole or not at all.
 */
export function servedModelRules({ own, inventory, local: recordLocal }: Recorder): RuleGroup {
  const of = serverExpressions(own);
  return {
    name: "local-served-models",
    rules: [
      recordLocal(
        local.models,
        either(
          ...servers.map((server) => of[server].requests),
          `0 * ${by("sum", model, deployments(own, own(kubeState.deploymentReplicas)))}`,
        ),
      ),
      recordLocal(local.ranked, `topk by (cluster) (${inventory.models}, ${own(local.models)})`),
    ],
  };
}

/** Records of the models that are told apart. */
export function ofModels({ own, record }: Recorder) {
  return (metric: ClusterMetric, expr: string): RecordingRule =>
    record(metric, `(${expr}) and on (cluster, model) ${own(local.ranked)}`);
}

/** Requests of served models, by each kind of server that counts them. */
export function servingRules(recorder: Recorder): RuleGroup {
  const record = ofModels(recorder);
  const of = serverExpressions(recorder.own);
  const perServer = (what: keyof ServerExpressions): string =>
    perValue("server", Object.fromEntries(servers.map((server) => [server, of[server][what]])));
  return {
    name: "cluster-serving",
    rules: [
      record(recorded.requests, perServer("requests")),
      record(recorded.errors, perServer("errors")),
      record(recorded.duration, perServer("buckets")),
      record(recorded.durationSum, perServer("seconds")),
    ],
  };
}

/** What engines of language models tell beside. */
export function engineRules(recorder: Recorder): RuleGroup {
  const { own } = recorder;
  const record = ofModels(recorder);
  const named = (expr: string): string => renamed(expr, "model", "model_name");
  const sum = (metric: Selectable): string => by("sum", model, named(own(metric)));
  const rate = (metric: Selectable): string => by("sum", model, named(rate5m(own(metric))));
  const latency = (histogram: Histogram): string =>
    by("sum", [...model, "le"], named(rate5m(own(bucketOf(histogram)))));
  return {
    name: "cluster-engines",
    rules: [
      record(recorded.firstToken, latency(vllm.firstToken)),
      record(
        recorded.perOutputToken,
        `${latency(vllm.perOutputToken)} or on (cluster, model) ${latency(olderVllm.perOutputToken)}`,
      ),
      record(recorded.queue, perValue("state", { running: sum(vllm.running), waiting: sum(vllm.waiting) })),
      record(recorded.kvCache, either(sum(vllm.kvCache), sum(olderVllm.kvCache))),
      record(recorded.engines, by("count", model, named(own(vllm.running)))),
      record(
        recorded.tokens,
        perValue("kind", { generation: rate(vllm.generationTokens), prompt: rate(vllm.promptTokens) }),
      ),
      record(recorded.preemptions, rate(vllm.preemptions)),
      record(
        recorded.prefixCache,
        perValue("result", {
          hits: either(rate(vllm.prefixHits), rate(olderVllm.prefixHits)),
          queries: either(rate(vllm.prefixQueries), rate(olderVllm.prefixQueries)),
        }),
      ),
    ],
  };
}

/** Replicas of served models, and what scales them. */
export function replicaRules(recorder: Recorder): RuleGroup {
  const { own } = recorder;
  const record = ofModels(recorder);
  const hpa = "cluster, namespace, horizontalpodautoscaler";
  const scaled = own(kubeState.hpaInfo, { scaletargetref_kind: "Deployment" });
  const autoscaler = (metric: Selectable): string =>
    by(
      "max",
      model,
      deployments(
        own,
        renamed(
          `${own(metric)} * on (${hpa}) group_left (scaletargetref_name) ${scaled}`,
          "deployment",
          "scaletargetref_name",
        ),
      ),
    );
  const revisions = (newer: Selectable, older: Selectable): string =>
    either(
      by("sum", model, renamed(own(newer), "model", "kn_configuration_name", INFERENCE_SERVICE)),
      by("sum", model, renamed(own(older), "model", "configuration_name", INFERENCE_SERVICE)),
    );
  const wanted = by("max", hpa.split(", "), own(kubeState.hpaDesired));
  const most = by("max", hpa.split(", "), own(kubeState.hpaMax));
  const fewest = by("max", hpa.split(", "), own(kubeState.hpaMin));
  return {
    name: "cluster-replicas",
    rules: [
      record(
        recorded.replicas,
        perValue("state", {
          available: by("sum", model, deployments(own, own(kubeState.deploymentAvailable))),
          desired: by("sum", model, deployments(own, own(kubeState.deploymentReplicas))),
        }),
      ),
      record(
        recorded.autoscaler,
        perValue("bound", {
          current: either(
            autoscaler(kubeState.hpaCurrent),
            revisions(knative.podsActual, olderKnative.podsActual),
          ),
          desired: either(
            autoscaler(kubeState.hpaDesired),
            revisions(knative.podsDesired, olderKnative.podsDesired),
          ),
          max: autoscaler(kubeState.hpaMax),
          min: autoscaler(kubeState.hpaMin),
        }),
      ),
      recorder.record(
        recorded.autoscalersAtLimit,
        `sum by (cluster) ((${wanted} >= bool ${most}) * (${most} > bool ${fewest}))`,
      ),
    ],
  };
}
