import { fedCluster, fedLocal, kubeState } from "../../metrics/catalogue";
import { START_COUNTED_SECONDS, startBounds } from "../../metrics/catalogue/recorded/serving";
import { not } from "../../metrics/select";
import type { RuleGroup } from "../types";
import { by, either, perValue, renamed, to } from "./expressions";
import { ofModels } from "./serving";
import type { Recorder } from "./site";

const recorded = fedCluster.serving;
const local = fedLocal.serving;
const model = ["cluster", "model"] as const;
const pod = ["cluster", "namespace", "pod", "uid"] as const;
const onPod = `on (${pod.join(", ")})`;

/** How long a first time is remembered while the cluster's rules are not evaluated. */
const KEPT = "1h";

/**
 * Cold starts of served models: how long each pod took to become ready. Kubernetes tells when a pod was last ready; what
 * is seen first is kept, so that a pod that was unready for a while has not started again.
 */
export function startRules(recorder: Recorder): RuleGroup {
  const { own, local: recordLocal } = recorder;
  const record = ofModels(recorder);
  const service = "label_serving_kserve_io_inferenceservice";
  const created = by("min", pod, own(kubeState.podCreated));
  const named = by(
    "max",
    local.firstReady.labels,
    renamed(own(kubeState.podLabels, { [service]: not("") }), "model", service),
  );
  const ready = by("min", pod, `${own(kubeState.podReadyTime)} > 0`);
  const fresh = `${own(local.start)} and ${onPod} ${own(local.firstReady)} > time() - ${START_COUNTED_SECONDS}`;
  const none = `0 * ${own(local.ranked)}`;
  const within = (bound: string): string =>
    bound === "+Inf" ? by("count", model, fresh) : by("sum", model, `(${fresh}) <= bool ${bound}`);
  return {
    name: "cluster-starts",
    rules: [
      recordLocal(
        local.firstReady,
        either(
          `last_over_time(${own(local.firstReady)}[${KEPT}]) and ${onPod} ${created}`,
          `${named} * ${onPod} group_left () ${ready}`,
        ),
      ),
      recordLocal(local.start, `${own(local.firstReady)} - ${onPod} group_left () ${created}`),
      record(
        recorded.starts,
        perValue(
          "le",
          Object.fromEntries(startBounds.map((bound) => [bound, `(${either(within(bound), none)})`])),
        ),
      ),
      record(recorded.startMax, to(recorded.startMax, "max", own(local.start))),
    ],
  };
}
