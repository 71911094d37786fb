import type { Knob, Summary } from "../../result";
import { answerRules } from "./answers";
import { capacityRules } from "./capacity";
import { replicaRules } from "./replicas";
import { startRules } from "./starts";
import { failing } from "./types";
import type { Context, Recommendation, Rule } from "./types";

/** Every rule, in the order in which their advice stands: what is wrong before what is slow before what is dear. */
export const rules: readonly Rule[] = [...answerRules, ...capacityRules, ...startRules, ...replicaRules];

/** Where a knob stands in KServe or its engine, for a target whose settings do not name it. */
const fields: Readonly<Record<Knob, string>> = {
  minReplicas: "spec.predictor.minReplicas",
  maxReplicas: "spec.predictor.maxReplicas",
  gpuType: "spec.predictor.nodeSelector",
  gpusPerReplica: 'spec.predictor.model.resources.limits["nvidia.com/gpu"]',
  cpuLimitCores: "spec.predictor.model.resources.limits.cpu",
  serverWorkers: "spec.predictor.model.args: --workers",
  maxBatchedSequences: "spec.predictor.model.args: --max-num-seqs",
  maxModelLength: "spec.predictor.model.args: --max-model-len",
  kvCacheType: "spec.predictor.model.args: --kv-cache-dtype",
  weightType: "spec.predictor.model.args: --quantization",
  prefixCaching: "spec.predictor.model.args: --enable-prefix-caching",
  autoscalerTarget: "spec.predictor.scaleTarget",
  autoscalerPollSeconds: "the interval in which the autoscaler's metric is scraped",
  localModelCache: "a LocalModelCache of the model",
  imagePrePull: "a DaemonSet that pulls the predictor's image",
  compileCache: "spec.predictor.model.env: VLLM_CACHE_ROOT on a volume",
  readinessPeriodSeconds: "spec.predictor.model.readinessProbe.periodSeconds",
  nodes: "nodes with a free GPU",
  modelVersion: "spec.predictor.model.storageUri",
};

/** What should change, first things first; the same evidence gives the same list. */
export function recommend(context: Context): readonly Recommendation[] {
  const { target } = context.result;
  const found = rules.flatMap(({ id, title, advise }) => {
    const advice = advise(context);
    if (advice === undefined) return [];
    const { because, gain, solves, knob, to } = advice;
    const known = target.settings[knob];
    const from = known?.value ?? advice.from;
    // what is set already is no change
    if (from === to) return [];
    const setting = known?.setting ?? `${target.service ?? target.model}: ${fields[knob]}`;
    const change = { knob, setting, to, ...(from === undefined ? {} : { from }) };
    return [{ id, title, because, change, gain, solves }];
  });
  // what helps with a target that failed, before what would be nice; the order of the rules within both
  const needed = ({ solves }: Recommendation): boolean => failing(context, ...solves);
  return [...found.filter(needed), ...found.filter((one) => !needed(one))];
}

/** Whether a run after a change shows what the recommendation foretold; undefined where the figure was not measured. */
export function gainHolds({ gain }: Recommendation, after: Summary): boolean | undefined {
  const value = after.figures[gain.figure];
  return value === undefined ? undefined : value >= gain.low && value <= gain.high;
}
