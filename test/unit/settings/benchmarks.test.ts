import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { benchmarkSettings, unpricedWarning } from "../../../settings/benchmarks";
import type { HubSecrets } from "../../../settings/credentials";
import { parseSettings } from "../../../settings/parse";
import { SettingsError } from "../../../settings/problems";
import type { HubObject } from "../../../settings/schema";
import { minimumSamples } from "../../../workloads/benchmark/analysis/percentiles";
import { hubScrapeInterval, serving } from "../../../sandbox/project/overlay";
import { sandboxBenchmark } from "../../../sandbox/project/benchmark";
import {
  edited,
  hubConfig,
  HUB_OBJECT,
  memberConfig,
  MEMBER_OBJECT,
  sampleSecrets,
  SECRET_KEYS,
} from "./samples";

const secretKeys = new Set([...SECRET_KEYS, "federation:minioCredentials"]);

let secrets: HubSecrets;
beforeAll(async () => {
  secrets = await sampleSecrets();
});

const WITH_ZONE = {
  ...HUB_OBJECT,
  landingZone: {
    minio: { url: "https://192.168.200.10:30900" },
    mlflow: { url: "https://192.168.200.10:30500", allowUnauthenticated: true },
  },
  pricePerGpuHour: { "rtx-a6000": 0.8 },
};

const TARGET = {
  name: "llama-a6000",
  model: "llama-3-8b",
  version: "3",
  url: "http://llama-3-8b-predictor.models.svc",
  protocol: "openai",
  namespace: "models",
  service: "llama-3-8b",
  corpus: { kind: "words", name: "chat", promptTokens: 256, outputTokens: 64 },
  gpuType: "rtx-a6000",
  gate: "gate",
};

function raw(benchmarks: unknown, hub: object = WITH_ZONE): Readonly<Record<string, string>> {
  return {
    ...hubConfig(secrets, { ...hub, benchmarks }),
    "federation:minioCredentials": JSON.stringify({ accessKey: "admin", secretKey: "secret of admin" }),
  };
}

function parsed(...targets: readonly unknown[]): HubObject {
  const settings = parseSettings(raw(targets), "cloud", secretKeys);
  if (settings.role !== "hub") throw new Error("not a hub");
  return settings.hub;
}

function problemsOf(config: Readonly<Record<string, string>>): readonly string[] {
  try {
    parseSettings(config, "cloud", secretKeys);
  } catch (error) {
    if (error instanceof SettingsError) return error.message.split("\n").slice(1);
    throw error;
  }
  return [];
}

/** What is wrong with one target that differs from a good one at these paths. */
const problems = (changes: Readonly<Record<string, unknown>>): readonly string[] =>
  problemsOf(
    raw([Object.entries(changes).reduce<unknown>((value, [path, to]) => edited(value, path, to), TARGET)]),
  );

const at = "  - federation:hub.benchmarks[0]";

describe("the settings of benchmarks", () => {
  it("name a served model as KServe does, with a load that one gate takes", () => {
    expect(parsed(TARGET).benchmarks).toEqual([
      {
        ...TARGET,
        registeredModel: "llama-3-8b",
        workload: {
          deployment: "llama-3-8b-predictor",
          service: "llama-3-8b-predictor",
          autoscaler: "llama-3-8b-predictor",
          port: 8080,
          container: "kserve-container",
        },
        corpus: { ...TARGET.corpus, distinct: 256, seed: 1 },
        gpusPerReplica: 1,
        replicas: { min: 1, max: 1 },
        slos: {},
        simulated: false,
        scenarios: {
          smoke: { rate: 2, seconds: 5 },
          warm: { rate: 50, warmUpSeconds: 10, seconds: 120, streamsPerSecond: 0 },
        },
        timeoutSeconds: 10,
        lateSeconds: 0.01,
        timeZone: "UTC",
        disruptive: false,
        promote: false,
        resources: { requests: { cpu: "1", memory: "512Mi" }, limits: { cpu: "2", memory: "1Gi" } },
      },
    ]);
  });

  it("are nothing where nothing is listed", () => {
    expect(benchmarkSettings("cloud", parsed())).toBeUndefined();
    expect(problemsOf(hubConfig(secrets, HUB_OBJECT))).toEqual([]);
  });

  it("are those of the program: scripts as they were built, the authority as it stands in its file", () => {
    const folder = mkdtempSync(join(tmpdir(), "benchmarks-"));
    try {
      const caFile = join(folder, "ca.crt");
      const [{ ca }] = secrets.generations;
      writeFileSync(caFile, ca.certificate);
      const settings = benchmarkSettings("cloud", parsed({ ...TARGET, caFile }));
      expect(settings?.namespace).toBe("benchmarks");
      expect(settings?.targets[0]?.ca).toBe(ca.certificate);
      expect(settings?.targets[0]).not.toHaveProperty("caFile");
      const built = (file: string): string =>
        readFileSync(join(__dirname, "../../../workloads/benchmark/dist", file), "utf8");
      expect(settings?.scripts.driver.text).toBe(built("benchmark.cjs"));
      expect(settings?.scripts.load.text).toBe(built("load.mjs"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("of the sandbox are good ones", () => {
    const hub = {
      ...WITH_ZONE,
      serving: serving(),
      prometheus: { ...WITH_ZONE.prometheus, scrapeInterval: hubScrapeInterval },
      pricePerGpuHour: { [sandboxBenchmark.gpuType ?? ""]: 0.8 },
    };
    expect(problemsOf(raw([sandboxBenchmark], hub))).toEqual([]);
  });

  it("take the replicas of a model that the stack scales from there, and let nobody state them twice", () => {
    const served = {
      model: TARGET.service,
      namespace: TARGET.namespace,
      workload: { deployment: "llama-3-8b-predictor", podLabels: { app: "llama" } },
    };
    const scaling = { kind: "hpa", minReplicas: 2, maxReplicas: 5, cpuUtilization: 60 };
    const hub = { ...WITH_ZONE, serving: [{ ...served, scaling }] };
    const config = parseSettings(raw([TARGET], hub), "cloud", secretKeys);
    if (config.role !== "hub") throw new Error("not a hub");
    expect(benchmarkSettings("cloud", config.hub)?.targets[0]?.replicas).toEqual({ min: 2, max: 5 });
    expect(problemsOf(raw([{ ...TARGET, replicas: { max: 3 } }], hub))).toEqual([
      `  - federation:hub.benchmarks[0].replicas = {"max":3}: must be left out: federation:hub.serving[0].scaling says how many`,
    ]);
    // placed only: nothing there says how many
    const placed = { ...WITH_ZONE, serving: [{ ...served, container: { cpuLimit: "4" } }] };
    expect(problemsOf(raw([{ ...TARGET, replicas: { max: 3 } }], placed))).toEqual([]);
  });

  it("of the committed example are good ones, as they stand in the stack file's comment", () => {
    const file = readFileSync(join(__dirname, "../../../Pulumi.cloud.yaml"), "utf8").split("\n");
    const begin = file.findIndex((line) => /^ {4}# benchmarks:$/.test(line));
    const rest = file.slice(begin);
    const lines = rest.slice(
      0,
      rest.findIndex((line) => !line.startsWith("    #")),
    );
    const { benchmarks } = parse(lines.map((line) => line.replace(/^ {4}# ?/, "")).join("\n")) as {
      benchmarks: readonly { readonly gpuType: string }[];
    };
    expect(benchmarks.map(({ gpuType }) => gpuType)).toEqual(["rtx-a6000", "tesla-t4"]);
    const prices = { "rtx-a6000": 0.8, "tesla-t4": 0.35 };
    expect(problemsOf(raw(benchmarks, { ...WITH_ZONE, pricePerGpuHour: prices }))).toEqual([]);
  });
});

describe("wrong settings of benchmarks name key, value and what to do", () => {
  it.each<[string, Readonly<Record<string, unknown>>, readonly string[]]>([
    [
      "values, all at once",
      { "corpus.kind": "poems", gate: "maybe", timeoutSeconds: 0, "scenarios.warm": { rate: 0 } },
      [
        `${at}.corpus.kind = "poems": must be rows, words or examples`,
        `${at}.scenarios.warm.rate = 0: must be a number above 0`,
        `${at}.timeoutSeconds = 0: must be seconds from 0.1 to 100`,
        `${at}.gate = "maybe": must be off, advice or gate`,
      ],
    ],
    [
      "a target that never runs",
      { gate: "off" },
      [`${at}: never runs: give schedule, or a gate that is advice or gate`],
    ],
    [
      "a gate without a version",
      { version: undefined },
      [`${at}.version: is missing: gate is gate, and a new version is what runs its Job again`],
    ],
    [
      "a gate that takes too long",
      { "scenarios.warm": { seconds: 200 } },
      [
        `${at}.gate = "gate": smoke and warm may take 630 s, once repeated, and up waits for 480 s: shorten scenarios.warm, or set advice`,
      ],
    ],
    [
      "a schedule that overtakes itself",
      { schedule: "*/5 * * * *" },
      [
        `${at}.schedule = "*/5 * * * *": starts again after 300 s, and its scenarios may take 470 s, once repeated: start less often, or shorten scenarios`,
      ],
    ],
    [
      "an alias moved by the gate, of what is simulated",
      { promote: true, simulated: true },
      [
        `${at}.promote = true: needs schedule: only runs of all scenarios move an alias, never the gate`,
        `${at}.promote = true: must be false: what is simulated moves no alias`,
      ],
    ],
    [
      "too few requests",
      { "scenarios.warm": { rate: 4 }, "scenarios.soak": { rate: 1, windowSeconds: 100 } },
      [
        `${at}.scenarios.warm = {"rate":4}: must make 600 requests (rate x seconds): P95 takes as many`,
        `${at}.scenarios.soak = {"rate":1,"windowSeconds":100}: must make 600 requests in each half of its windows (rate x windowSeconds): P95 takes as many`,
      ],
    ],
    [
      "rates in the wrong order",
      {
        disruptive: true,
        replicas: { max: 3 },
        "scenarios.saturation": { startRate: 50, maxRate: 10, stepSeconds: 120 },
        "scenarios.autoscaling": { rateBefore: 10, rateAfter: 10 },
      },
      [
        `${at}.scenarios.saturation.maxRate = 10: must be at least startRate (50)`,
        `${at}.scenarios.autoscaling.rateAfter = 10: must be above rateBefore (10)`,
      ],
    ],
    [
      "a corpus and streams that the protocol does not know",
      { protocol: "kserve-v2", "scenarios.warm": { streamsPerSecond: 1 } },
      [
        `${at}.corpus.kind = "words": must be rows, or examples with instances: the protocol is kserve-v2`,
        `${at}.scenarios.warm.streamsPerSecond = 1: must be 0: only the protocol openai streams`,
      ],
    ],
    [
      "limits that too few requests and streams would judge",
      {
        slos: { warmP99Seconds: 1, firstTokenP95Seconds: 0.5 },
        "scenarios.warm": { rate: 20, seconds: 120, streamsPerSecond: 4 },
      },
      [
        `${at}.slos.warmP99Seconds = 1: takes 3000 requests at the warm rate, and scenarios.warm makes 2400 (rate x seconds): load for longer, or leave the limit out`,
        `${at}.slos.firstTokenP95Seconds = 0.5: takes 600 streams, and scenarios.warm opens 480 (streamsPerSecond x seconds): open more, or leave the limit out`,
      ],
    ],
    [
      "pods that would come and go",
      {
        "scenarios.coldStart": { limitSeconds: 60 },
        "scenarios.autoscaling": { rateBefore: 1, rateAfter: 9 },
      },
      [
        `${at}.scenarios.coldStart = {"limitSeconds":60}: needs disruptive: true, as it makes pods come and go; or leave it out`,
        `${at}.scenarios.autoscaling = {"rateBefore":1,"rateAfter":9}: needs disruptive: true, as it makes pods come and go; or leave it out`,
        `${at}.replicas.max: must be above min (1): autoscaling goes from one to the other`,
      ],
    ],
    [
      "a served model that is deployed to be timed",
      { disruptive: true, "scenarios.coldStart": { kinds: ["deployment"], live: true } },
      [
        `${at}.scenarios.coldStart.kinds = ["deployment"]: must name pod-restart or scale-from-zero: of the served model itself only these can be timed`,
      ],
    ],
    [
      "a GPU type that nobody has, in windows without scrapes",
      {
        gpuType: "rtx-a600",
        "scenarios.warm": { seconds: 60 },
        "scenarios.saturation": { startRate: 10, maxRate: 50, stepSeconds: 60 },
      },
      [
        `${at}.gpuType = "rtx-a600": must be of hub.kubernetes.nodes or hub.pricePerGpuHour: rtx-a6000`,
        `${at}.scenarios.warm.seconds = 60: must be at least 120: a mean of GPUs takes 4 scrapes, one each 30 s (hub.prometheus.scrapeInterval)`,
        `${at}.scenarios.saturation.stepSeconds = 60: must be at least 120: a mean of GPUs takes 4 scrapes, one each 30 s (hub.prometheus.scrapeInterval)`,
      ],
    ],
    [
      "GPUs of no type",
      { gpuType: undefined, gpusPerReplica: 2 },
      [`${at}.gpusPerReplica = 2: needs gpuType; leave it out for a model on CPUs`],
    ],
  ])("%s", (_, changes, expected) => {
    expect(problems(changes)).toEqual(expected);
  });

  it("two targets of one name, and of one Deployment's starts", () => {
    const starts = { ...TARGET, disruptive: true, scenarios: { coldStart: {} } };
    expect(problemsOf(raw([starts, starts]))).toEqual([
      '  - federation:hub.benchmarks[1].name = "llama-a6000": must differ from federation:hub.benchmarks[0].name',
      "  - federation:hub.benchmarks[1].scenarios.coldStart = {}: must stand at one target of a Deployment: federation:hub.benchmarks[0] times starts of models/llama-3-8b-predictor as well",
    ]);
  });

  it("a hub that has nowhere to keep results, a namespace that is taken, and a member", () => {
    expect(
      problemsOf(
        hubConfig(secrets, { ...HUB_OBJECT, benchmarks: [TARGET], benchmarksNamespace: "federation" }),
      ),
    ).toEqual([
      "  - federation:hub.benchmarks: needs hub.landingZone: results are kept in its bucket, and its registry is told",
      '  - federation:hub.benchmarksNamespace = "federation": must differ from hub.namespace',
    ]);
    expect(problemsOf(memberConfig({ ...MEMBER_OBJECT, benchmarks: [] }))).toEqual([
      "  - federation:member.benchmarks: is a hub's key, and this stack is a member",
    ]);
  });
});

it("as many requests are asked for as the judge's 95th percentile takes", () => {
  const one = minimumSamples(0.95) - 1;
  const asked = (requests: number) => problems({ "scenarios.warm": { rate: requests / 120, seconds: 120 } });
  expect(asked(one)).toHaveLength(1);
  expect(asked(one + 1)).toEqual([]);
});

it("inputs are named for protocol v2 alone, by a type that it has", () => {
  const rows = { kind: "rows", name: "rows", columns: 4, input: { name: "x", datatype: "FP32" } };
  expect(problems({ protocol: "kserve-v2", corpus: rows })).toEqual([]);
  expect(problems({ protocol: "kserve-v1", corpus: rows })).toEqual([
    `${at}.corpus.input = {"name":"x","datatype":"FP32"}: must be left out: only kserve-v2 names inputs, and the protocol is kserve-v1`,
  ]);
  expect(problems({ protocol: "kserve-v2", corpus: { ...rows, input: { datatype: "float" } } })).toEqual([
    `${at}.corpus.input.datatype = "float": must be one of FP64, FP32, INT64, INT32, INT16, INT8, UINT8`,
  ]);
});

it("a first token is no limit of what does not stream", () => {
  const rows = { kind: "rows", name: "rows", columns: 4 };
  expect(problems({ protocol: "kserve-v1", corpus: rows, slos: { firstTokenP95Seconds: 1 } })).toEqual([
    `${at}.slos.firstTokenP95Seconds = 1: must be left out: only the protocol openai streams`,
  ]);
});

describe("the currency of prices", () => {
  it("is the site's own, USD where it says none", () => {
    expect(parseSettings(raw([], { ...WITH_ZONE, currency: "EUR" }), "cloud", secretKeys)).toMatchObject({
      hub: { currency: "EUR" },
    });
    expect(parsed(TARGET).currency).toBe("USD");
    expect(problemsOf(raw([TARGET], { ...WITH_ZONE, currency: "euro" }))).toEqual([
      '  - federation:hub.currency = "euro": must be a code of three letters, such as EUR',
    ]);
  });
});

describe("the cost of GPUs without a price", () => {
  it("is said to be not measured", () => {
    const hub = { ...parsed(TARGET), pricePerGpuHour: {} };
    expect(unpricedWarning(hub)).toBe(
      'federation:hub.benchmarks: the cost of rtx-a6000 is "not measured" in reports: give federation:hub.pricePerGpuHour.',
    );
    expect(unpricedWarning(parsed(TARGET))).toBeUndefined();
  });
});
