import { kubeState } from "../../../metrics/catalogue";
import { startBounds } from "../../../metrics/catalogue/recorded/serving";
import { inputOf } from "../input";
import type { InputSeries } from "../promtool";
import { by, evaluateCluster } from "./evaluate";

const groups = ["local-served-models", "cluster-starts"];
const cloud = inputOf("cloud");
const service = "label_serving_kserve_io_inferenceservice";

const deployment = { namespace: "serving", deployment: "tiny-predictor" };
const served = [
  cloud(kubeState.deploymentLabels, { ...deployment, [service]: "tiny" }),
  cloud(kubeState.deploymentReplicas, deployment, 2),
];

/** A pod of the served model `tiny`; times in promtool's notation, seconds. */
function pod(name: string, made: number | string, ready: number | string, lives = "1x400"): InputSeries[] {
  const of = { namespace: "serving", pod: name, uid: `uid-${name}` };
  return [
    cloud(kubeState.podLabels, { ...of, [service]: "tiny" }, lives),
    cloud(kubeState.podCreated, of, made),
    cloud(kubeState.podReadyTime, of, ready),
  ];
}

/** Starts by bound: as many as given up to each, and so on. */
const starts = (counts: Readonly<Partial<Record<(typeof startBounds)[number], number>>>) => {
  let last = 0;
  const all = Object.fromEntries(startBounds.map((bound) => [bound, (last = counts[bound] ?? last)]));
  return by("fed_cluster:inference_starts:bucket_count5m", "le", all, 'model="tiny"', "cloud");
};
const longest = (seconds: number) => ({
  'fed_cluster:inference_start:max_seconds{cluster="cloud",model="tiny"}': seconds,
});
const first = (name: string, value: number) => ({
  [`fed_local:serving_pod:first_ready_seconds{cluster="cloud",namespace="serving",pod="${name}",uid="uid-${name}",model="tiny"}`]:
    value,
});

describe("starts of a served model's pods", () => {
  it("are counted for five minutes, by how long they took", () => {
    const input = [...served, ...pod("a", 100, 108), ...pod("b", 100, 125)];
    evaluateCluster("cloud", groups, {
      at: "5m",
      input,
      gives: { ...starts({ "10": 1, "30": 2 }), ...longest(25) },
    });
    evaluateCluster("cloud", groups, { at: "8m", input, gives: { ...starts({}), ...longest(25) } });
  });

  it("are exactly as long as the bound they are counted to", () => {
    evaluateCluster("cloud", groups, {
      at: "3m",
      input: [...served, ...pod("a", 100, 110), ...pod("b", 100, 111)],
      gives: starts({ "10": 1, "20": 2 }),
    });
  });

  it("are no new starts when a pod was unready for a while, nor when nobody asked for an hour", () => {
    evaluateCluster("cloud", groups, {
      at: "20m",
      input: [...served, ...pod("a", 100, "108x10 1000x400")],
      gives: { ...starts({}), ...longest(8), ...first("a", 108) },
    });
    evaluateCluster("cloud", groups, {
      at: "60m",
      input: [...served, ...pod("a", "100x10 _x40 100x400", "108x10 _x40 3000x400", "1x10 _x40 1x400")],
      gives: { ...starts({}), ...longest(8), ...first("a", 108) },
    });
  });

  it("are another pod's when one of the same name was made anew", () => {
    const of = { namespace: "serving", pod: "a", uid: "uid-2" };
    evaluateCluster("cloud", groups, {
      at: "12m",
      input: [
        ...served,
        ...pod("a", "100x5 stale", "108x5 stale", "1x5 stale"),
        cloud(kubeState.podLabels, { ...of, [service]: "tiny" }, "_x8 1x400"),
        cloud(kubeState.podCreated, of, "_x8 600x400"),
        cloud(kubeState.podReadyTime, of, "_x8 640x400"),
      ],
      gives: { ...starts({ "60": 1 }), ...longest(40) },
    });
  });

  it("are none of a pod that is not ready yet, and 0 where a model has no pods", () => {
    evaluateCluster("cloud", groups, {
      at: "5m",
      input: [...served, ...pod("a", 100, 0)],
      gives: starts({}),
      none: ["fed_cluster:inference_start:max_seconds"],
    });
    evaluateCluster("cloud", groups, { at: "5m", input: served, gives: starts({}) });
  });

  it("are none of pods that serve no model", () => {
    const of = { namespace: "web", pod: "shop", uid: "u" };
    evaluateCluster("cloud", groups, {
      at: "5m",
      input: [
        cloud(kubeState.podLabels, of),
        cloud(kubeState.podCreated, of, 100),
        cloud(kubeState.podReadyTime, of, 120),
      ],
      none: ["fed_cluster:inference_starts:bucket_count5m", "fed_local:serving_pod:first_ready_seconds"],
    });
  });
});
