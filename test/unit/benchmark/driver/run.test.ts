import { bucketName, bucketOf } from "../../../../workloads/benchmark/buckets";
import { makeCorpus, requestUrl } from "../../../../workloads/benchmark/driver/corpus";
import { messagesOf, type StepRun } from "../../../../workloads/benchmark/driver/k6";
import { measuredOf } from "../../../../workloads/benchmark/driver/load";
import { planLines } from "../../../../workloads/benchmark/driver/plan";
import { coresIn, periodsOf, quotaOf, usedSecondsOf } from "../../../../workloads/benchmark/driver/processor";
import { increaseOf } from "../../../../workloads/benchmark/driver/prometheus";
import { parseSettings, settle, type SettingsInput } from "../../../../workloads/benchmark/driver/settings";
import { marksOf } from "../../../../workloads/benchmark/load/step";
import { textsOf } from "../../../../workloads/benchmark/driver/streaming";

const given: SettingsInput = {
  run: "run-1",
  corpus: { kind: "rows", columns: 4, rows: 2, distinct: 3 },
  asked: ["smoke", "warm"],
  resultFile: "/results/result.json",
  workFolder: "/tmp/work",
  target: {
    name: "iris",
    model: "iris net",
    version: "3",
    cluster: "cloud",
    protocol: "kserve-v1",
    url: "http://iris.models.svc/",
    corpus: { name: "rows", distinctRequests: 3 },
    simulated: false,
  },
};
const settings = (said: Partial<SettingsInput> = {}) => parseSettings({ ...given, ...said });

describe("settings", () => {
  it.each<[Partial<SettingsInput>, string]>([
    [{ run: "a/b" }, "run: letters, digits, dot, underscore and hyphen only"],
    [{ asked: ["soak"] }, "soak: is asked for and has no settings; give soak, or leave it out of asked"],
    [{ asked: ["coldStart"], coldStart: {} }, "kubernetes: is needed for coldStart"],
    [
      { corpus: { kind: "words", promptTokens: 1, outputTokens: 1 } },
      "corpus: the protocol kserve-v1 takes instances",
    ],
    [
      { corpus: { kind: "examples", examples: [{ prompt: "a", outputTokens: 1 }] } },
      "corpus: the protocol kserve-v1 takes instances",
    ],
    [
      { warm: { streamsPerSecond: 1 } },
      "warm.streamsPerSecond: only the protocol openai streams; leave it at 0",
    ],
    [{ saturation: { startRate: 10, maxRate: 5 } }, "saturation.maxRate: at least startRate"],
    [{ resultFile: "result.json" }, "resultFile: an absolute path"],
    [
      { target: { ...given.target, version: undefined } },
      "target.version: not set, and there is no registry that names one: give the version, or the registry",
    ],
    [
      { registry: { url: "https://mlflow", usernameFile: "/user" } },
      "registry.passwordFile: is given together with usernameFile, or neither is",
    ],
    [
      { store: { url: "https://minio", bucket: "Results", accessKeyFile: "/key", secretKeyFile: "/secret" } },
      "store.bucket: a bucket's name",
    ],
    [
      { coldStart: { live: true } },
      "coldStart.kinds: of a live model only pod-restart and scale-from-zero can be timed; name one of them",
    ],
  ])("refuse %j", (said, fault) => {
    expect(() => settings(said)).toThrow(fault);
  });

  it("refuse what they do not know", () => {
    expect(() => parseSettings({ ...given, retries: 3 })).toThrow('Unrecognized key: "retries"');
  });

  it("take the name of the run from the environment, and the version from the registry", () => {
    const open = settings({
      run: undefined,
      target: { ...given.target, version: undefined },
      registry: { url: "https://mlflow" },
    });
    const settled = settle(open, { run: "pod-1", target: { version: "8", champion: true } });
    expect(settled).toMatchObject({ run: "pod-1", target: { name: "iris", version: "8", champion: true } });
    expect(settle(settings(), { run: "pod-1" }).run).toBe("run-1");
    expect(() => settle(open)).toThrow(
      "run: not set, and the environment has no BENCHMARK_RUN: give the run a name by one of them",
    );
    expect(() => settle(open, { run: "a b" })).toThrow(
      'BENCHMARK_RUN: "a b": letters, digits, dot, underscore and hyphen only',
    );
  });

  it("make a plan of load, duration, objects, and what is written where", () => {
    const kubernetes = { namespace: "models", deployment: "iris-predictor", service: "iris-predictor" };
    const planned = settings({ asked: ["smoke", "coldStart"], coldStart: {}, kubernetes });
    expect(planLines(planned)).toEqual([
      "iris net 3 on cloud at http://iris.models.svc/v1/models/iris%20net:predict",
      "smoke: 2 requests per second for 5 s",
      "coldStart: deployment, for at most 600 s each",
      "takes 10.7 min at most, where the target answers",
      "objects touched: a copy of Deployment and Service of models/iris-predictor, made, scaled, its pods deleted, removed again",
      "disruptive is not set: scenarios that touch objects will not run",
      "writes /results/result.json",
    ]);
    const store = {
      url: "https://minio",
      bucket: "benchmarks",
      accessKeyFile: "/key",
      secretKeyFile: "/secret",
    };
    const everything = settings({
      target: { ...given.target, version: undefined },
      remoteWrite: { url: "https://hub/api/v1/write" },
      store,
      registry: { url: "https://mlflow", model: "hpc-iris", promote: true },
      disruptive: true,
      asked: ["coldStart"],
      coldStart: { live: true, kinds: ["pod-restart"] },
      kubernetes,
    });
    expect(planLines(everything)).toEqual([
      "iris net (the version that https://mlflow calls candidate) on cloud at http://iris.models.svc/v1/models/iris%20net:predict",
      "coldStart: pod-restart, for at most 600 s each",
      "takes 20.3 min at most, where the target answers",
      "objects touched: replicas and pods of models/iris-predictor itself, which serves nothing meanwhile; its replicas are given back",
      "writes /results/result.json",
      "writes k6's series to https://hub/api/v1/write",
      "writes iris net/VERSION/RUN/{result.json,judged.json,report.md,report.html} and iris net/summaries/RUN.json to the bucket benchmarks at https://minio",
      "writes a run of the experiment benchmarks and tags benchmark.* of hpc-iris VERSION to https://mlflow",
      "moves the alias champion of hpc-iris, where the verdict is pass, nothing is simulated and nothing got worse",
    ]);
    expect(planLines(settings()).slice(-2)).toEqual(["objects touched: none", "writes /results/result.json"]);
  });
});

describe("the corpus", () => {
  it("is the same for the same settings, varied, and in the protocol's form", () => {
    const { corpus, target } = settings();
    const made = makeCorpus(corpus, target);
    expect(makeCorpus(corpus, target)).toEqual(made);
    expect(new Set(made.map(({ body }) => body)).size).toBe(3);
    const [entry] = made;
    const { instances } = JSON.parse(entry?.body ?? "") as { instances: number[][] };
    expect(instances.map((row) => row.length)).toEqual([4, 4]);
    expect(entry?.answers).toBe(2);
    const [second] = makeCorpus(corpus, { ...target, protocol: "kserve-v2" });
    expect(JSON.parse(second?.body ?? "")).toEqual({
      inputs: [{ name: "input-0", shape: [2, 4], datatype: "FP64", data: instances.flat() }],
    });
  });

  it("names the input of a model of protocol v2 and its type; whole numbers where it takes such", () => {
    const { corpus, target } = settings({
      corpus: {
        kind: "rows",
        columns: 3,
        distinct: 2,
        low: 0,
        high: 255,
        input: { name: "image", datatype: "UINT8" },
      },
    });
    for (const { body } of makeCorpus(corpus, { ...target, protocol: "kserve-v2" })) {
      const { inputs } = JSON.parse(body) as { inputs: { name: string; datatype: string; data: number[] }[] };
      expect(inputs).toMatchObject([{ name: "image", datatype: "UINT8", shape: [1, 3] }]);
      expect(inputs[0]?.data.every((value) => Number.isInteger(value) && value >= 0 && value <= 255)).toBe(
        true,
      );
    }
    const examples = settings({
      corpus: { kind: "examples", input: { name: "x" }, examples: [{ instances: [[0.5]] }] },
    }).corpus;
    expect(JSON.parse(makeCorpus(examples, { ...target, protocol: "kserve-v2" })[0]?.body ?? "")).toEqual({
      inputs: [{ name: "x", shape: [1, 1], datatype: "FP64", data: [0.5] }],
    });
  });

  it("marks requests within the first block of 16 tokens of a prefix cache, each by a mark of its own", () => {
    const marks = ["warm", "saturation-1", "saturation-2", "stream"].flatMap((step) => {
      const markOf = marksOf(`benchmark-iris-29384723-abcde-${step}`);
      return [0, 1, 17, 170, 999_999].map(markOf);
    });
    expect(new Set(marks).size).toBe(marks.length);
    for (const mark of marks) expect(mark).toMatch(/^\d{1,6}-[0-9a-z]{1,7}$/);
    expect(marksOf("run-warm")(17)).toBe(marksOf("run-warm")(17));
  });

  it("begins each prompt with the request's mark, and is as long as was asked", () => {
    const target = { ...settings().target, protocol: "openai" as const };
    const made = makeCorpus(
      { kind: "words", promptTokens: 12, outputTokens: 8, distinct: 2, seed: 1 },
      target,
    );
    for (const { body } of made) {
      const { prompt, max_tokens: tokens } = JSON.parse(body) as { prompt: string; max_tokens: number };
      expect(prompt.split(" ")).toHaveLength(12);
      expect(prompt.startsWith("{{id}} ")).toBe(true);
      expect(tokens).toBe(8);
    }
    expect(requestUrl(target)).toBe("http://iris.models.svc/v1/completions");
  });
});

describe("a run of k6", () => {
  const run = (said: Partial<StepRun>): StepRun => ({
    code: 0,
    messages: [],
    readings: [],
    client: { limitCores: 2 },
    ...said,
  });
  const step = { rate: 10, seconds: 2, lateSeconds: 0.01 };

  it("is counted from its own metrics", () => {
    const summary = {
      metrics: {
        "latency{bucket:0100}": { count: 2, rate: 1 },
        "latency{bucket:0007}": { count: 15, rate: 1 },
        latency_sum: { count: 123.5, rate: 1 },
        failed_http_404: { count: 1, rate: 1 },
        wrong_answers: { count: 2, rate: 1 },
        dropped_iterations: { count: 3, rate: 1 },
        window_start: { value: Date.UTC(2026, 0, 2), min: 0, max: 0 },
        http_reqs: { count: 30, rate: 10 },
      },
    };
    expect(measuredOf(step, run({ summary }))).toEqual({
      startedAt: "2026-01-02T00:00:00.000Z",
      seconds: 2,
      targetRate: 10,
      achievedRate: 10,
      requests: 20,
      failures: { "http-404": 1 },
      wrongAnswers: 2,
      droppedIterations: 3,
      latencies: {
        counts: [
          [7, 15],
          [100, 2],
        ],
        sumSeconds: 0.1235,
      },
      client: { cpuCores: 0, limitCores: 2 },
    });
  });

  it.each([
    ["its requests, by what is allowed", 0, 0.03, { seconds: 0.02, limitSeconds: 0.03 }],
    ["its requests, by a tenth of the latency's P95", 0, 0.001, { seconds: 0.02, limitSeconds: 0.02 }],
    ["its clock, where requests were dropped", 1, 0.03, { seconds: 0.004, limitSeconds: 0.03 }],
  ])("tells how late the client was by %s", (_, count, lateSeconds, late) => {
    const metrics = {
      [bucketName(bucketOf(200))]: { count: 100 },
      begun_late: { "p(95)": 20 },
      clock_late: { "p(95)": 4 },
      ...(count > 0 && { dropped_iterations: { count } }),
    };
    const { client } = measuredOf({ ...step, lateSeconds }, run({ summary: { metrics } }));
    expect(client.late?.seconds).toBe(late.seconds);
    expect(client.late?.limitSeconds).toBeCloseTo(late.limitSeconds, 3);
  });

  it.each<[Partial<StepRun>, string]>([
    [{ code: 107, messages: ["no such file"] }, "k6 ended with 107; k6 said: no such file"],
    [{ code: "SIGKILL", summary: { metrics: {} } }, "k6 ended with SIGKILL"],
    [{ summary: { metrics: {} } }, "no request of the window came to an end: it lasts 2 s at 10 requests"],
  ])("that counted nothing is an error: %j", (said, message) => {
    expect(() => measuredOf(step, run(said))).toThrow(message);
  });

  it("tells each message once, the most frequent first", () => {
    const line = (error: string): string =>
      JSON.stringify({ level: "warning", msg: "Request Failed", error });
    expect(messagesOf([line("b"), line("a"), line("a"), "panic: x", ""].join("\n"))).toEqual([
      "Request Failed: a (2 times)",
      "Request Failed: b",
      "panic: x",
    ]);
  });
});

describe("the processor", () => {
  it("is told for the window alone", () => {
    const readings = [5, 5.1, 5.2, 5.4, 9].map((seconds, at) => ({ atMs: at * 100, seconds }));
    expect(coresIn(readings, 100, 350)).toBeCloseTo(1.5, 6);
    expect(coresIn(readings, 101, 199)).toBe(0);
  });

  it("is read from the kernel's files", () => {
    const numbers = Array.from({ length: 20 }, (_, index) => index).join(" ");
    expect(usedSecondsOf(`12 (a (b) c) S ${numbers}`)).toBe((10 + 11) / 100);
    expect(periodsOf("nr_periods 10\nnr_throttled 4\nthrottled_usec 99\n")).toEqual({
      all: 10,
      throttled: 4,
    });
    expect(periodsOf("usage_usec 5\n")).toBeUndefined();
    expect(quotaOf("50000 100000\n")).toBe(0.5);
    expect(quotaOf("max 100000")).toBeUndefined();
    expect(quotaOf("-1 100000")).toBeUndefined();
  });
});

it("reads the texts of an event stream", () => {
  const event = (text: string): string => `data: ${JSON.stringify({ choices: [{ text }] })}\n\n`;
  expect(textsOf(`${event("a")}: comment\n${event("")}${event("b")}data: [DONE]\n\n`)).toEqual(["a", "b"]);
});

it("takes a counter that begins anew as one that began at 0", () => {
  const samples = [10, 15, 2, 4].map((value, at) => [at, value] as const);
  expect(increaseOf({ labels: {}, samples })).toBe(9);
  expect(increaseOf({ labels: {}, samples: samples.slice(0, 1) })).toBeUndefined();
});
