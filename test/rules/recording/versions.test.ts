import { kserve, kubeState, vllm } from "../../../metrics/catalogue";
import { countOf } from "../../../metrics/select";
import { growing, inputOf } from "../input";
import type { InputSeries } from "../promtool";
import { evaluateCluster } from "./evaluate";

const groups = ["cluster-served-versions"];
const cloud = inputOf("cloud");

/** A pod that serves a version of hpc's model `tiny` while it lives, `values` in promtool's notation. */
function pod(
  name: string,
  version: string,
  values: { readonly lives: string; readonly ready: string },
): InputSeries[] {
  const of = { namespace: "serving", pod: name };
  const labels = { label_model_cluster: "hpc", label_model_name: "tiny", label_model_version: version };
  return [
    cloud(kubeState.podLabels, { ...of, ...labels }, values.lives),
    cloud(kubeState.podReady, { ...of, condition: "true" }, values.lives),
    cloud(kubeState.podReadyTime, of, values.ready),
  ];
}

const served = (version: string, stage: string): string =>
  `fed_cluster:serving_stage:timestamp_seconds{cluster="cloud",source="hpc",model="tiny",version="${version}",stage="${stage}"}`;
const pods = (version: string): string =>
  `fed_cluster:serving_version:ready_pods{cluster="cloud",source="hpc",model="tiny",version="${version}"}`;

describe("served versions", () => {
  const first = pod("a", "3", { lives: "1x400", ready: "100x400" });
  const second = pod("b", "3", { lives: "1x400", ready: "90x400" });

  it("are deployed when their first pod was ready, and served when one first answered", () => {
    evaluateCluster("cloud", groups, {
      input: [
        ...first,
        ...second,
        cloud(kserve.predictCreated, { namespace: "serving", pod: "a", model_name: "tiny" }, 130),
        cloud(kserve.predictCreated, { namespace: "serving", pod: "b", model_name: "tiny" }, 120),
      ],
      gives: { [pods("3")]: 2, [served("3", "deployed")]: 90, [served("3", "served")]: 120 },
    });
  });

  it("keep their first times when the pods are replaced, and through an hour of lost evaluations", () => {
    evaluateCluster("cloud", groups, {
      at: "70m",
      input: [
        ...pod("a", "3", { lives: "1x10 stale", ready: "100x10 stale" }),
        ...pod("c", "3", { lives: "_x59 1x400", ready: "_x59 3500x400" }),
        cloud(kserve.predictCreated, { namespace: "serving", pod: "a", model_name: "tiny" }, "130x10 stale"),
      ],
      gives: { [pods("3")]: 1, [served("3", "deployed")]: 100, [served("3", "served")]: 130 },
    });
  });

  it("are gone with their last pod, and another version counts for itself", () => {
    evaluateCluster("cloud", groups, {
      at: "20m",
      input: [
        ...pod("a", "3", { lives: "1x10 stale", ready: "100x10 stale" }),
        ...pod("b", "4", { lives: "1x400", ready: "600x400" }),
      ],
      gives: { [pods("4")]: 1, [served("4", "deployed")]: 600 },
    });
  });

  it("are served by an engine that does not tell since when, from the first answer that is seen", () => {
    evaluateCluster("cloud", groups, {
      at: "30m",
      input: [
        ...first,
        cloud(
          countOf(vllm.duration),
          { namespace: "serving", pod: "a", model_name: "tiny" },
          `0x7 ${growing(1, 1)}`,
        ),
      ],
      gives: { [pods("3")]: 1, [served("3", "deployed")]: 100, [served("3", "served")]: 480 },
    });
  });

  it("are none where pods name no model", () => {
    evaluateCluster("cloud", groups, {
      input: [cloud(kubeState.podLabels, { namespace: "web", pod: "shop" })],
      none: ["fed_cluster:serving_version:ready_pods", "fed_cluster:serving_stage:timestamp_seconds"],
    });
  });
});
