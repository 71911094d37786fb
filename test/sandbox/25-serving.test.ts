import { fedCluster, fedHub } from "../../metrics/catalogue";
import { startBounds } from "../../metrics/catalogue/recorded/serving";
import { until } from "../../sandbox/checks";
import { gpus, simulatedType } from "../../sandbox/gpus/inventory";
import { sandboxModel as model } from "../../sandbox/models";
import { simulatedKnative } from "../../sandbox/knative/model";
import { query, queryValue } from "../../sandbox/prometheus";
import { namespace, predictor } from "../../sandbox/serving/objects";
import { promptOf } from "../../sandbox/serving/prompts";
import { simulatedLlm } from "../../sandbox/vllm/model";
import { registered } from "../support/landingZone";
import { endpoints, evidence, kubectl } from "../support/live";

const at = endpoints();

/** Waits until a query on the hub gives exactly these values by these labels. */
async function gives(
  expression: string,
  labels: readonly string[],
  wanted: Readonly<Record<string, number>>,
): Promise<void> {
  await until(
    expression,
    180,
    async () => {
      const found = Object.fromEntries(
        (await query(at.hub, expression)).map(({ metric, value }) => [
          labels.map((label) => metric[label] ?? "").join(" "),
          Number(value[1]),
        ]),
      );
      return JSON.stringify(Object.entries(found).sort()) === JSON.stringify(Object.entries(wanted).sort())
        ? []
        : [`${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`];
    },
    () => Promise.resolve(evidence("cloud")),
  );
}

/** The model's answer through the API server's proxy to its Service. */
function predict(instances: unknown): unknown {
  const path = `/api/v1/namespaces/${namespace}/services/${predictor(model)}:80/proxy/v1/models/${model}:predict`;
  return JSON.parse(kubectl("cloud", ["create", "--raw", path, "-f", "-"], JSON.stringify({ instances })));
}

describe("the served model", () => {
  it("answers through its Service", () => {
    const { predictions } = predict([promptOf(1)]) as { predictions: number[][] };
    expect(predictions).toHaveLength(1);
    expect(predictions[0]).toHaveLength(8);
  });

  it("is the version that the registry calls the candidate, ready on its pods, deployed and served since", async () => {
    const { version } = (await registered(`hpc-${model}`, "candidate"))!;
    const labels = `cluster="cloud",source="hpc",model="${model}",version="${version}"`;
    await gives(`fed_cluster:serving_version:ready_pods{${labels}}`, ["version"], { [version]: 1 });
    const stage = async (name: string): Promise<number | undefined> =>
      queryValue(at.hub, `fed_cluster:serving_stage:timestamp_seconds{${labels},stage="${name}"}`);
    const [deployed, served] = [await stage("deployed"), await stage("served")];
    expect(served).toBeGreaterThanOrEqual(deployed!);
  });

  it("is asked steadily, every answer good, in buckets of seconds", async () => {
    const of = `{cluster="cloud",model="${model}",server="kserve"}`;
    await until("a steady rate", 360, async () => {
      const rate = await queryValue(at.hub, `fed_cluster:inference_requests:rate5m${of}`);
      return rate !== undefined && rate > 0.8 && rate < 2 ? [] : [`${rate ?? "no"} requests a second`];
    });
    expect(await queryValue(at.hub, `fed_cluster:inference_errors:rate5m${of}`)).toBeCloseTo(0, 6);
    const within = await queryValue(
      at.hub,
      `histogram_quantile(0.95, fed_cluster:inference_duration:bucket_rate5m${of})`,
    );
    expect(within).toBeGreaterThan(0);
    expect(within).toBeLessThan(1);
  });

  it("is told how long its pods took to be ready, by bounds", async () => {
    const of = `{cluster="cloud",model="${model}"}`;
    await until("a time from made to ready", 120, async () => {
      const seconds = await queryValue(at.hub, `fed_cluster:inference_start:max_seconds${of}`);
      return seconds !== undefined && seconds > 0 && seconds < 600 ? [] : [`${seconds ?? "no"} seconds`];
    });
    const bounds = await query(at.hub, `fed_cluster:inference_starts:bucket_count5m${of}`);
    expect(bounds.map(({ metric }) => metric.le).sort()).toEqual([...startBounds].sort());
  });

  it("has an autoscaler that knows its CPU from metrics-server, and a replica that is wanted and available", async () => {
    const of = `{cluster="cloud",model="${model}"}`;
    await gives(`fed_cluster:inference_autoscaler:replicas${of}`, ["bound"], {
      current: 1,
      desired: 1,
      max: 3,
      min: 1,
    });
    await gives(`fed_cluster:inference_replicas:count${of}`, ["state"], { available: 1, desired: 1 });
    const hpa = JSON.parse(
      kubectl("cloud", ["get", "hpa", predictor(model), "-n", namespace, "-o", "json"]),
    ) as { status: { currentMetrics?: { resource: { current: { averageUtilization: number } } }[] } };
    expect(hpa.status.currentMetrics?.[0]?.resource.current.averageUtilization).toBeGreaterThanOrEqual(0);
  });
});

describe("the simulated vLLM", () => {
  const of = `{cluster="cloud",model="${simulatedLlm}"}`;

  it("is one engine of one pod that is there, and of no version", async () => {
    await gives(`fed_cluster:inference_engines:count${of}`, ["model"], { [simulatedLlm]: 1 });
    await gives(`fed_cluster:inference_replicas:count${of}`, ["state"], { available: 1, desired: 1 });
    expect(await query(at.hub, `fed_cluster:serving_version:ready_pods${of}`)).toEqual([]);
  });

  it("is told in all that engines tell, as fast as alerts ask, without an error", async () => {
    await until("a steady rate", 360, async () => {
      const rate = await queryValue(at.hub, `fed_cluster:inference_requests:rate5m${of}`);
      return rate !== undefined && rate > 2 && rate < 10 ? [] : [`${rate ?? "no"} requests a second`];
    });
    expect(await queryValue(at.hub, `fed_cluster:inference_errors:rate5m${of}`)).toBe(0);
    for (const [expression, least, most] of [
      [`fed_hub:inference_duration:p95_seconds${of}`, 0, 0.5],
      [`fed_hub:inference_first_token:p95_seconds${of}`, 0, 0.5],
      [`histogram_quantile(0.95, fed_cluster:inference_per_output_token:bucket_rate5m${of})`, 0, 0.025],
      [`sum(fed_cluster:inference_tokens:rate5m${of})`, 100, 3_000],
      [`fed_hub:inference_cost:per_million_tokens{cluster="cloud"}`, 0, Infinity],
    ] as const) {
      const value = await queryValue(at.hub, expression);
      expect([expression, value]).toEqual([expression, expect.any(Number)]);
      expect(value).toBeGreaterThan(least);
      expect(value).toBeLessThan(most);
    }
    const { prefixCache, queue } = fedCluster.serving;
    const hits = await queryValue(
      at.hub,
      `${prefixCache.name}{cluster="cloud",model="${simulatedLlm}",result="hits"} / ignoring (result) ` +
        `${prefixCache.name}{cluster="cloud",model="${simulatedLlm}",result="queries"}`,
    );
    // 48 of 160 tokens in the mean
    expect(hits).toBeCloseTo(0.3, 1);
    const states = await query(at.hub, `${queue.name}${of}`);
    expect(states.map(({ metric }) => metric.state).sort()).toEqual(["running", "waiting"]);
  });
});

describe("the simulated Knative", () => {
  it("is told by its proxy: a request a second, fast and without an error", async () => {
    const of = `{cluster="cloud",model="${simulatedKnative}",server="knative"}`;
    await until("a steady rate", 360, async () => {
      const rate = await queryValue(at.hub, `fed_cluster:inference_requests:rate5m${of}`);
      return rate !== undefined && rate > 0.8 && rate < 1.2 ? [] : [`${rate ?? "no"} requests a second`];
    });
    expect(await queryValue(at.hub, `fed_cluster:inference_errors:rate5m${of}`)).toBe(0);
    const p95 = `fed_hub:inference_duration:p95_seconds{cluster="cloud",model="${simulatedKnative}"}`;
    expect(await queryValue(at.hub, p95)).toBeCloseTo(0.24, 1);
  });
});

describe("simulated GPUs of the hub", () => {
  const types = gpus.map(({ modelName }) => modelName.toLowerCase().replaceAll(" ", "-"));
  const counts = Object.fromEntries(
    types.map((type) => [type, types.filter((other) => other === type).length]),
  );

  it("are counted by a type that says what they are, as many as the node offers to pods", async () => {
    await gives('fed_cluster:gpus:count{cluster="cloud"}', ["gpu_type"], counts);
    const path = "jsonpath={.status.allocatable.nvidia\\.com/gpu}";
    expect(kubectl("cloud", ["get", "node", "cloud-0", "-o", path])).toBe(String(gpus.length));
  });

  it("are held by the pods that ask for them, and priced", async () => {
    const allocated = 'sum by (owner) (fed_cluster:gpus_allocated:count{cluster="cloud"})';
    await gives(allocated, ["owner"], { [namespace]: 1 });
    expect(types).toContain(simulatedType("rtx-a6000"));
    const prices = await query(at.hub, `count by (gpu_type) (${fedHub.cost.gpus.name}{cluster="cloud"})`);
    expect(prices.map(({ metric }) => metric.gpu_type).sort()).toEqual(Object.keys(counts).sort());
  });

  it("are busy as their holder is: the allocated one a little", async () => {
    const busy = 'sum(fed_cluster:gpu_busy_allocated:gpus{cluster="cloud"})';
    await until("an allocated GPU that works", 180, async () => {
      const value = await queryValue(at.hub, busy);
      return value !== undefined && value > 0 && value <= 1 ? [] : [`${busy} is ${value ?? "absent"}`];
    });
  });
});
