import { fedCluster, fedLocal, kserve, kubeState, vllm } from "../../metrics/catalogue";
import { countOf, not } from "../../metrics/select";
import type { RuleGroup } from "../types";
import { perValue, renamed, to } from "./expressions";
import type { Recorder } from "./site";

const recorded = fedCluster.serving;
const local = fedLocal.serving;
const version = "cluster, source, model, version";
const pod = "cluster, namespace, pod";

/** How long a first time is remembered while the cluster's rules are not evaluated. */
const KEPT = "1h";

/** Which versions of which models are served, and since when. */
export function versionRules({ own, record, local: recordLocal }: Recorder): RuleGroup {
  const labels = own(kubeState.podLabels, { label_model_name: not(""), label_model_version: not("") });
  const versions = own(local.versions);
  const source = renamed(labels, "source", "label_model_cluster");
  const named = renamed(renamed(source, "model", "label_model_name"), "version", "label_model_version");
  const served = (times: string): string =>
    `min by (${version}) (${versions} * on (${pod}) group_left () min by (${pod}) (${times}))`;
  /** The earliest time seen while the version is served: pods come and go, and with them their times. */
  const earliest = (stage: "deployed" | "served", times: string): string => {
    const before = `last_over_time(${own(recorded.stage, { stage })}[${KEPT}])`;
    return (
      `min by (${version}) (${served(times)} or ${before})` +
      ` and on (${version}) group by (${version}) (${versions})`
    );
  };
  return {
    name: "cluster-served-versions",
    rules: [
      recordLocal(local.versions, to(local.versions, "group", named)),
      record(
        recorded.versionPods,
        to(
          recorded.versionPods,
          "sum",
          `${versions} * on (${pod}) group_left () max by (${pod}) (${own(kubeState.podReady, { condition: "true" })})`,
        ),
      ),
      record(
        recorded.stage,
        perValue("stage", {
          deployed: earliest("deployed", `${own(kubeState.podReadyTime)} > 0`),
          // engines do not say when they answered first: it is the time at which the first answer is seen
          served: earliest(
            "served",
            `${own(kserve.predictCreated)} or on (${pod}) (0 * (${own(countOf(vllm.duration))} > 0) + time())`,
          ),
        }),
      ),
    ],
  };
}
