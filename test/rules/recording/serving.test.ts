import { knative, kserve, kubeState, olderKnative, olderVllm, vllm } from "../../../metrics/catalogue";
import { countOf, sumOf } from "../../../metrics/select";
import { bucketInput, growing, inputOf } from "../input";
import type { InputSeries } from "../promtool";
import { by, evaluateCluster } from "./evaluate";

const cloud = inputOf("cloud");
const groups = ["local-served-models", "cluster-serving", "cluster-engines"];
const engine = { model_name: "llm", engine: "0" };
const llm = (server: string): string => `model="llm",server="${server}"`;
const one = (name: string, labels: string, value: number) => ({
  [`${name}{cluster="cloud",${labels}}`]: value,
});

/** Two requests a second, one in four fails; half of them within 0.5 s, all within 1 s; 1.5 seconds of work a second. */
const revision = { kn_configuration_name: "llm-predictor", k8s_namespace_name: "serving" };
const olderRevision = { configuration_name: "llm-predictor", namespace_name: "serving" };
const proxies: Readonly<Record<string, readonly InputSeries[]>> = {
  "by its names since 1.19": [
    cloud(countOf(knative.duration), { ...revision, http_response_status_code: "200" }, growing(90)),
    cloud(countOf(knative.duration), { ...revision, http_response_status_code: "503" }, growing(30)),
    cloud(sumOf(knative.duration), { ...revision, http_response_status_code: "200" }, growing(90)),
    ...bucketInput("cloud", knative.duration, revision, { "0.5": 60, "1.0": 120, "20.0": 120, "+Inf": 120 }),
  ],
  "by its names before, in milliseconds": [
    cloud(olderKnative.requests, { ...olderRevision, response_code_class: "2xx" }, growing(90)),
    cloud(olderKnative.requests, { ...olderRevision, response_code_class: "5xx" }, growing(30)),
    cloud(sumOf(olderKnative.duration), olderRevision, growing(90_000)),
    ...bucketInput("cloud", olderKnative.duration, olderRevision, {
      "500": 60,
      "1000": 120,
      "20000": 120,
      "+Inf": 120,
    }),
  ],
};

describe.each(Object.entries(proxies))("requests through Knative %s", (_, input) => {
  it("are recorded by model, in seconds", () => {
    evaluateCluster("cloud", groups, {
      input,
      gives: {
        ...one("fed_cluster:inference_requests:rate5m", llm("knative"), 2),
        ...one("fed_cluster:inference_errors:rate5m", llm("knative"), 0.5),
        ...one("fed_cluster:inference_duration:sum_rate5m", llm("knative"), 1.5),
        ...by(
          "fed_cluster:inference_duration:bucket_rate5m",
          "le",
          { "0.5": 1, "1.0": 2, "20.0": 2, "+Inf": 2 },
          llm("knative"),
          "cloud",
        ),
      },
    });
  });
});

describe("bounds of buckets in milliseconds", () => {
  it("become seconds, as Prometheus writes them", () => {
    const bounds = ["5", "40.0", "250", "500.0", "1000.0", "2500", "100000.0", "+Inf"];
    evaluateCluster("cloud", groups, {
      input: [
        cloud(olderKnative.requests, { ...olderRevision, response_code_class: "2xx" }, growing(60)),
        ...bucketInput(
          "cloud",
          olderKnative.duration,
          olderRevision,
          Object.fromEntries(bounds.map((bound) => [bound, 60])),
        ),
      ],
      gives: by(
        "fed_cluster:inference_duration:bucket_rate5m",
        "le",
        Object.fromEntries(
          ["0.005", "0.04", "0.25", "0.5", "1.0", "2.5", "100.0", "+Inf"].map((bound) => [bound, 1]),
        ),
        llm("knative"),
        "cloud",
      ),
    });
  });
});

describe("requests to KServe's model server", () => {
  const pods = ["p1", "p2"].map((pod) => ({ namespace: "serving", pod, model_name: "tabular" }));
  const predictions = pods.flatMap((pod) => [
    cloud(countOf(kserve.predict), pod, growing(60)),
    cloud(sumOf(kserve.predict), pod, growing(6)),
    ...bucketInput("cloud", kserve.predict, pod, { "0.1": 60, "+Inf": 60 }),
  ]);
  const tabular = 'model="tabular",server="kserve"';

  it("failed where nothing followed the prediction", () => {
    evaluateCluster("cloud", groups, {
      input: [...predictions, ...pods.map((pod) => cloud(countOf(kserve.postprocess), pod, growing(45)))],
      gives: {
        ...one("fed_cluster:inference_requests:rate5m", tabular, 2),
        ...one("fed_cluster:inference_errors:rate5m", tabular, 0.5),
        ...by(
          "fed_cluster:inference_duration:bucket_rate5m",
          "le",
          { "0.1": 2, "+Inf": 2 },
          tabular,
          "cloud",
        ),
      },
    });
  });

  it("all failed where nothing ever followed one", () => {
    evaluateCluster("cloud", groups, {
      input: predictions,
      gives: one("fed_cluster:inference_errors:rate5m", tabular, 2),
    });
  });
});

describe("language models", () => {
  const requests = [
    cloud(vllm.requests, { ...engine, finished_reason: "stop" }, growing(60)),
    cloud(vllm.running, engine, 3),
    cloud(vllm.waiting, engine, 2),
    cloud(vllm.generationTokens, engine, growing(6000)),
    cloud(vllm.promptTokens, engine, growing(600)),
    cloud(vllm.preemptions, engine, growing(0)),
    ...bucketInput("cloud", vllm.firstToken, engine, { "0.5": 30, "+Inf": 60 }),
    ...bucketInput("cloud", vllm.duration, engine, { "5.0": 60, "+Inf": 60 }),
  ];
  const versions: Readonly<Record<string, readonly InputSeries[]>> = {
    "by its names now": [
      cloud(vllm.kvCache, engine, 0.5),
      cloud(vllm.prefixQueries, engine, growing(120)),
      cloud(vllm.prefixHits, engine, growing(60)),
      ...bucketInput("cloud", vllm.perOutputToken, engine, { "0.1": 60, "+Inf": 60 }),
    ],
    "by its names before": [
      cloud(olderVllm.kvCache, engine, 0.5),
      cloud(olderVllm.prefixQueries, engine, growing(120)),
      cloud(olderVllm.prefixHits, engine, growing(60)),
      ...bucketInput("cloud", olderVllm.perOutputToken, engine, { "0.1": 60, "+Inf": 60 }),
    ],
  };
  const m = (name: string, label: string, values: Readonly<Record<string, number>>) =>
    by(name, label, values, 'model="llm"', "cloud");

  it.each(Object.entries(versions))("are told of %s", (_, input) => {
    evaluateCluster("cloud", groups, {
      input: [...requests, ...input],
      gives: {
        ...one("fed_cluster:inference_requests:rate5m", llm("vllm"), 1),
        ...one("fed_cluster:inference_errors:rate5m", llm("vllm"), 0),
        ...m("fed_cluster:inference_first_token:bucket_rate5m", "le", { "0.5": 0.5, "+Inf": 1 }),
        ...m("fed_cluster:inference_per_output_token:bucket_rate5m", "le", { "0.1": 1, "+Inf": 1 }),
        ...m("fed_cluster:inference_queue:count", "state", { running: 3, waiting: 2 }),
        ...one("fed_cluster:inference_kv_cache:sum", 'model="llm"', 0.5),
        ...one("fed_cluster:inference_engines:count", 'model="llm"', 1),
        ...m("fed_cluster:inference_tokens:rate5m", "kind", { generation: 100, prompt: 10 }),
        ...one("fed_cluster:inference_preemptions:rate5m", 'model="llm"', 0),
        ...m("fed_cluster:inference_prefix_cache:rate5m", "result", { hits: 1, queries: 2 }),
      },
    });
  });

  it("count requests that ended with an error, through a restart of the engine", () => {
    evaluateCluster("cloud", groups, {
      at: "6m",
      input: [
        cloud(vllm.requests, { ...engine, finished_reason: "stop" }, "0+600x3 0+600x20"),
        cloud(vllm.requests, { ...engine, finished_reason: "error" }, growing(60)),
      ],
      gives: {
        ...one("fed_cluster:inference_requests:rate5m", llm("vllm"), 8.5),
        ...one("fed_cluster:inference_errors:rate5m", llm("vllm"), 1),
      },
    });
  });
});

describe("replicas", () => {
  const deployment = { namespace: "serving", deployment: "llm-predictor" };
  const hpa = { namespace: "serving", horizontalpodautoscaler: "scale-llm" };
  const deployed = [
    cloud(kubeState.deploymentLabels, { ...deployment, label_serving_kserve_io_inferenceservice: "llm" }),
    cloud(kubeState.deploymentReplicas, deployment, 3),
    cloud(kubeState.deploymentAvailable, deployment, 1),
    cloud(kubeState.deploymentReplicas, { namespace: "web", deployment: "shop" }, 9),
    cloud(kubeState.deploymentLabels, { namespace: "web", deployment: "shop" }),
  ];
  const scaled = [
    cloud(kubeState.hpaInfo, {
      ...hpa,
      scaletargetref_kind: "Deployment",
      scaletargetref_name: "llm-predictor",
    }),
    cloud(kubeState.hpaMin, hpa, 1),
    cloud(kubeState.hpaMax, hpa, 3),
    cloud(kubeState.hpaCurrent, hpa, 2),
    cloud(kubeState.hpaDesired, hpa, 3),
  ];
  const names = ["local-served-models", "cluster-replicas"];
  const m = (name: string, label: string, values: Readonly<Record<string, number>>) =>
    by(name, label, values, 'model="llm"', "cloud");

  it("are told of a model that answers no requests, and of its autoscaler", () => {
    evaluateCluster("cloud", names, {
      input: [...deployed, ...scaled],
      gives: {
        ...one("fed_local:inference_model:requests", 'model="llm"', 0),
        ...m("fed_cluster:inference_replicas:count", "state", { desired: 3, available: 1 }),
        ...m("fed_cluster:inference_autoscaler:replicas", "bound", {
          min: 1,
          max: 3,
          current: 2,
          desired: 3,
        }),
        'fed_cluster:autoscalers_at_limit:count{cluster="cloud"}': 1,
      },
    });
  });

  it("at their limit are not those whose limit is fixed", () => {
    evaluateCluster("cloud", names, {
      input: [
        cloud(kubeState.hpaMin, hpa, 3),
        cloud(kubeState.hpaMax, hpa, 3),
        cloud(kubeState.hpaDesired, hpa, 3),
      ],
      gives: { 'fed_cluster:autoscalers_at_limit:count{cluster="cloud"}': 0 },
    });
  });

  it.each([
    [
      "by its names since 1.19",
      [cloud(knative.podsActual, revision, 1), cloud(knative.podsDesired, revision, 2)],
    ],
    [
      "by its names before",
      [cloud(olderKnative.podsActual, olderRevision, 1), cloud(olderKnative.podsDesired, olderRevision, 2)],
    ],
  ])("are scaled by Knative %s", (_, input) => {
    evaluateCluster("cloud", names, {
      input: [...deployed, ...input],
      gives: m("fed_cluster:inference_autoscaler:replicas", "bound", { current: 1, desired: 2 }),
    });
  });
});

describe("served models of another cluster", () => {
  it("are not recorded", () => {
    evaluateCluster("hpc", groups, {
      input: proxies["by its names since 1.19"]!,
      none: ["fed_cluster:inference_requests:rate5m", "fed_local:inference_model:requests"],
    });
  });
});
