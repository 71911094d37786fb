import type * as pulumi from "@pulumi/pulumi";
import { benchmarkRules } from "../../../../components/performance/benchmarkAccess";
import { InferenceBenchmark } from "../../../../components/performance/inferenceBenchmark";
import type { BenchmarkTarget, InferenceBenchmarkArgs } from "../../../../components/performance/types";
import { only, record, summary, valueOf } from "../../../support/mocks";
import type { Registration } from "../../../support/mocks";
import { K6_IMAGE, NODE_IMAGE, benchmarkArgs, calm, decoded, target } from "./samples";

const declare = (
  change: Partial<BenchmarkTarget> = {},
  { preview = false, args = {} }: { preview?: boolean; args?: Partial<InferenceBenchmarkArgs> } = {},
) => record(() => new InferenceBenchmark("bench", { ...benchmarkArgs(change), ...args }), { preview });

const CHILDREN = [
  "federation:performance:InferenceBenchmark bench",
  "kubernetes:batch/v1:CronJob bench-cron-job",
  "kubernetes:batch/v1:Job bench-job",
  "kubernetes:core/v1:ConfigMap bench-config",
  "kubernetes:core/v1:ConfigMap bench-driver",
  "kubernetes:core/v1:ConfigMap bench-job-config",
  "kubernetes:core/v1:ConfigMap bench-load",
  "kubernetes:core/v1:Secret bench-credentials",
  "kubernetes:core/v1:ServiceAccount bench-service-account",
  "kubernetes:rbac.authorization.k8s.io/v1:Role bench-role",
  "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding bench-role-binding",
];

const selector = {
  "app.kubernetes.io/name": "benchmark",
  "app.kubernetes.io/instance": "federation-benchmark-llama-a6000",
  "app.kubernetes.io/component": "performance",
  "app.kubernetes.io/part-of": "federation",
  "app.kubernetes.io/managed-by": "pulumi",
};
const labels = { ...selector, "app.kubernetes.io/version": "24.20.0-bookworm-slim" };
const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

/** The pod, as it has to be with the settings of one of both extents. */
const podSpec = (config: string): object => ({
  serviceAccountName: "bench-service-account-auto",
  automountServiceAccountToken: true,
  enableServiceLinks: false,
  restartPolicy: "Never",
  terminationGracePeriodSeconds: 60,
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65534,
    runAsGroup: 65534,
    seccompProfile: { type: "RuntimeDefault" },
  },
  initContainers: [
    {
      name: "k6",
      image: K6_IMAGE,
      command: ["cp", "/usr/bin/k6", "/work/k6"],
      resources: { requests: { cpu: "50m", memory: "32Mi" }, limits: { cpu: "500m", memory: "128Mi" } },
      securityContext: restricted,
      volumeMounts: [{ name: "work", mountPath: "/work" }],
    },
  ],
  containers: [
    {
      name: "benchmark",
      image: NODE_IMAGE,
      command: ["node", "/etc/benchmark/benchmark.cjs"],
      args: ["--config", "/etc/benchmark/config.json", "--script", "/etc/benchmark/load.mjs"],
      env: [
        { name: "BENCHMARK_RUN", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
        { name: "HOME", value: "/work" },
        { name: "K6_AUTO_EXTENSION_RESOLUTION", value: "false" },
      ],
      resources: { requests: { cpu: "1", memory: "512Mi" }, limits: { cpu: "2", memory: "1Gi" } },
      securityContext: restricted,
      volumeMounts: [
        { name: "work", mountPath: "/work" },
        { name: "benchmark", mountPath: "/etc/benchmark", readOnly: true },
        { name: "credentials", mountPath: "/etc/benchmark-credentials", readOnly: true },
      ],
    },
  ],
  volumes: [
    { name: "work", emptyDir: { sizeLimit: "512Mi" } },
    {
      name: "benchmark",
      projected: {
        sources: [
          { configMap: { name: "bench-driver-auto" } },
          { configMap: { name: "bench-load-auto" } },
          { configMap: { name: config } },
        ],
      },
    },
    {
      name: "credentials",
      secret: {
        secretName: "bench-credentials-auto",
        items: [
          { key: "prometheus.ca.crt", path: "prometheus/ca.crt" },
          { key: "prometheus.username", path: "prometheus/username" },
          { key: "prometheus.password", path: "prometheus/password" },
          { key: "store.ca.crt", path: "store/ca.crt" },
          { key: "store.accessKey", path: "store/accessKey" },
          { key: "store.secretKey", path: "store/secretKey" },
          { key: "registry.ca.crt", path: "registry/ca.crt" },
          { key: "registry.username", path: "registry/username" },
          { key: "registry.password", path: "registry/password" },
          { key: "target.ca.crt", path: "target/ca.crt" },
        ],
      },
    },
  ],
});

const podFailurePolicy = {
  rules: [
    { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
    { action: "FailJob", onExitCodes: { operator: "NotIn", values: [2] } },
  ],
};

interface JobInputs {
  readonly metadata: object;
  readonly spec: {
    readonly activeDeadlineSeconds: number;
    readonly template: { readonly metadata: { readonly annotations: Readonly<Record<string, string>> } };
  };
}
const jobOf = (registrations: readonly Registration[]): JobInputs =>
  only(registrations, "bench-job").inputs as unknown as JobInputs;
const inputsOf = (registrations: readonly Registration[]): string | undefined =>
  jobOf(registrations).spec.template.metadata.annotations["benchmark.federation/inputs"];

const configOf = (
  registrations: readonly Registration[],
  name: string,
): Readonly<Record<string, unknown>> => {
  const { data } = only(registrations, name).inputs as { data: Readonly<Record<string, string>> };
  expect(Object.keys(data)).toEqual(["config.json"]);
  return JSON.parse(data["config.json"] ?? "") as Readonly<Record<string, unknown>>;
};

describe("an inference benchmark", () => {
  it("has exactly these children, in a preview too", async () => {
    expect(summary(await declare())).toEqual(CHILDREN);
    expect(summary(await declare({}, { preview: true }))).toEqual(CHILDREN);
  });

  it("has no Job where the gate is off, and no CronJob without a schedule", async () => {
    expect(summary(await declare({ gate: "off" }))).toEqual(
      CHILDREN.filter((child) => !child.includes("bench-job")),
    );
    expect(summary(await declare({ schedule: undefined, promote: false }))).toEqual(
      CHILDREN.filter((child) => !/bench-cron-job|bench-config/.test(child)),
    );
  });

  it("awaits smoke and warm as a gate, anew where it did not pass", async () => {
    const registrations = await declare();
    const { metadata, spec } = jobOf(registrations);
    expect(metadata).toEqual({
      namespace: "benchmarks",
      labels,
      annotations: { "pulumi.com/replaceUnready": "true" },
    });
    expect(spec).toEqual({
      backoffLimit: 1,
      // 30 + 2 x (20 + 5 + 5 + 10 + 5 + 10 + 120 + 10 + 35)
      activeDeadlineSeconds: 470,
      podFailurePolicy,
      template: {
        metadata: { labels, annotations: { "benchmark.federation/inputs": inputsOf(registrations) } },
        spec: podSpec("bench-job-config-auto"),
      },
    });
    expect(configOf(registrations, "bench-job-config")).toMatchObject({
      asked: ["smoke", "warm"],
      registry: { promote: false },
    });
  });

  it("does not await advice", async () => {
    const { metadata } = jobOf(await declare({ gate: "advice" }));
    expect(metadata).toEqual({
      namespace: "benchmarks",
      labels,
      annotations: { "pulumi.com/skipAwait": "true" },
    });
  });

  it("runs every scenario by the schedule, one run at a time, a deadline by the load behind each", async () => {
    const { inputs } = only(await declare(), "bench-cron-job");
    expect(inputs.metadata).toEqual({ name: "benchmark-llama-a6000", namespace: "benchmarks", labels });
    expect(inputs.spec).toEqual({
      schedule: "0 4 * * 0",
      timeZone: "Europe/Berlin",
      concurrencyPolicy: "Forbid",
      startingDeadlineSeconds: 300,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        metadata: { labels },
        spec: {
          backoffLimit: 1,
          activeDeadlineSeconds: expect.any(Number) as number,
          podFailurePolicy,
          template: {
            metadata: {
              labels,
              annotations: {
                "benchmark.federation/inputs": expect.stringMatching(/^[0-9a-f]{64}$/) as string,
              },
            },
            spec: podSpec("bench-config-auto"),
          },
        },
      },
    });
  });

  it("gives the driver its settings, and each credential as a file of its own", async () => {
    const registrations = await declare();
    const credentials = "/etc/benchmark-credentials";
    const hub = {
      caFile: `${credentials}/prometheus/ca.crt`,
      usernameFile: `${credentials}/prometheus/username`,
      passwordFile: `${credentials}/prometheus/password`,
    };
    expect(configOf(registrations, "bench-config")).toEqual({
      target: {
        name: "llama-a6000",
        model: "llama-3-8b",
        version: "3",
        cluster: "cloud",
        namespace: "models",
        service: "llama-3-8b",
        protocol: "openai",
        url: "https://llama-3-8b-predictor.models.svc",
        corpus: { name: "chat", promptTokens: 256, outputTokens: 64, distinctRequests: 512 },
        gpuType: "rtx-a6000",
        gpusPerReplica: 1,
        simulated: false,
        pricePerGpuHour: { "rtx-a6000": 0.8, "tesla-t4": 0.35 },
        currency: "EUR",
        slos: { warmP95Seconds: 2, requestsPerSecondPerGpu: 40 },
        minReplicas: 1,
        maxReplicas: 3,
        settings: { minReplicas: { setting: "federation:hub.serving[0].scaling.minReplicas", value: 1 } },
      },
      corpus: { kind: "words", promptTokens: 256, outputTokens: 64, distinct: 512, seed: 7 },
      asked: ["smoke", "coldStart", "warm", "saturation", "soak", "autoscaling"],
      disruptive: true,
      timeoutSeconds: 10,
      lateSeconds: 0.01,
      caFile: `${credentials}/target/ca.crt`,
      ...target.scenarios,
      kubernetes: {
        namespace: "models",
        deployment: "llama-3-8b-predictor",
        service: "llama-3-8b-predictor",
        autoscaler: "keda-hpa-llama",
      },
      prometheus: {
        url: "https://prometheus.federation.svc:9090",
        ...hub,
        settleSeconds: 35,
        pods: "llama-3-8b-predictor-[a-z0-9]+-[a-z0-9]+",
        container: "kserve-container",
      },
      remoteWrite: { url: "https://prometheus.federation.svc:9090/api/v1/write", ...hub },
      store: {
        url: "https://192.168.200.10:30900",
        region: "us-east-1",
        bucket: "benchmarks",
        caFile: `${credentials}/store/ca.crt`,
        accessKeyFile: `${credentials}/store/accessKey`,
        secretKeyFile: `${credentials}/store/secretKey`,
      },
      registry: {
        url: "https://192.168.200.10:30500",
        model: "hpc-llama-3-8b",
        caFile: `${credentials}/registry/ca.crt`,
        usernameFile: `${credentials}/registry/username`,
        passwordFile: `${credentials}/registry/password`,
        promote: true,
      },
      resultFile: "/work/result.json",
      workFolder: "/work/steps",
      k6: "/work/k6",
    });
    const { inputs } = only(registrations, "bench-credentials");
    expect(decoded(inputs.data)).toEqual({
      "prometheus.ca.crt": "authority of prometheus",
      "prometheus.password": "password of benchmark",
      "prometheus.username": "benchmark-1",
      "registry.ca.crt": "authority of the registry",
      "registry.password": "password of hub",
      "registry.username": "hub",
      "store.accessKey": "benchmark-1",
      "store.ca.crt": "authority of the store",
      "store.secretKey": "secret of benchmark",
      "target.ca.crt": "authority of the model",
    });
    expect(only(registrations, "bench-driver").inputs.data).toEqual({ "benchmark.cjs": "the driver" });
    expect(only(registrations, "bench-load").inputs.data).toEqual({ "load.mjs": "the load" });
  });

  it("has no file, and no setting, of what is not there", async () => {
    const { ca: _store, ...store } = benchmarkArgs().store;
    const bare = { url: benchmarkArgs().registry.url };
    const registrations = await declare(
      {
        ca: undefined,
        version: undefined,
        gpuType: undefined,
        gpusPerReplica: 0,
        gate: "off",
        scenarios: calm,
      },
      { args: { store, registry: bare, knobs: {} } },
    );
    expect(Object.keys(decoded(only(registrations, "bench-credentials").inputs.data))).toEqual([
      "prometheus.ca.crt",
      "prometheus.password",
      "prometheus.username",
      "store.accessKey",
      "store.secretKey",
    ]);
    const config = configOf(registrations, "bench-config");
    expect(Object.keys(config)).not.toContain("caFile");
    expect(config.registry).toEqual({ ...bare, model: "hpc-llama-3-8b", promote: true });
    expect(Object.keys(config.target as object)).not.toEqual(expect.arrayContaining(["version"]));
    expect(config.asked).toEqual(["smoke", "warm"]);
    expect(config.kubernetes).not.toHaveProperty("autoscaler");
  });

  it("runs again for another version, target or script, and not for the same", async () => {
    const before = inputsOf(await declare());
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    expect(inputsOf(await declare())).toBe(before);
    const others = [
      await declare({ version: "4" }),
      await declare({ scenarios: { ...target.scenarios, warm: { ...target.scenarios.warm, rate: 60 } } }),
      await declare(
        {},
        { args: { scripts: { ...benchmarkArgs().scripts, load: benchmarkArgs().scripts.driver } } },
      ),
    ].map(inputsOf);
    expect(new Set([before, ...others]).size).toBe(4);
    // what only the schedule runs is no reason
    const { saturation: _saturation, ...fewer } = target.scenarios;
    expect(inputsOf(await declare({ scenarios: fewer }))).toBe(before);
  });

  it("tells where its reports are", async () => {
    let reports: pulumi.Output<string> | undefined;
    await record(() => {
      ({ reports } = new InferenceBenchmark("bench", benchmarkArgs()));
    });
    expect(await valueOf(reports!)).toBe("s3://benchmarks/llama-3-8b/");
  });
});

describe("the rights of a benchmark", () => {
  const rulesOf = async (change: Partial<BenchmarkTarget>): Promise<unknown> =>
    only(await declare(change), "bench-role").inputs.rules;
  const all = ["get", "list", "watch"];
  const reads = [
    { apiGroups: [""], resources: ["pods", "events"], verbs: all },
    { apiGroups: ["apps"], resources: ["deployments"], verbs: all },
    { apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"], verbs: all },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: all },
    { apiGroups: ["metrics.k8s.io"], resources: ["pods"], verbs: ["get", "list"] },
  ];
  const [live, copy] = ["llama-3-8b-predictor", "llama-3-8b-predictor-bench"];
  const repairs = [
    { apiGroups: [""], resources: ["services"], verbs: ["list"] },
    { apiGroups: [""], resources: ["services"], resourceNames: [copy], verbs: ["delete"] },
    { apiGroups: ["apps"], resources: ["deployments"], resourceNames: [copy], verbs: ["delete"] },
    { apiGroups: ["apps"], resources: ["deployments"], resourceNames: [live], verbs: ["patch"] },
    { apiGroups: ["apps"], resources: ["deployments/scale"], resourceNames: [live], verbs: ["patch"] },
  ];

  it("are to read where the model is served, and nothing else, where it is not disruptive", async () => {
    expect(await rulesOf({ disruptive: false, scenarios: calm })).toEqual(reads);
  });

  it("are for a copy of exactly that workload where starts are timed", async () => {
    expect(await rulesOf({})).toEqual([
      ...reads,
      ...repairs,
      { apiGroups: [""], resources: ["services"], resourceNames: [live], verbs: ["get"] },
      { apiGroups: [""], resources: ["services"], verbs: ["create"] },
      { apiGroups: ["apps"], resources: ["deployments"], verbs: ["create"] },
      { apiGroups: ["apps"], resources: ["deployments/scale"], resourceNames: [copy], verbs: ["patch"] },
      { apiGroups: [""], resources: ["pods"], verbs: ["delete"] },
    ]);
  });

  it("make no copy where the served model itself is timed", () => {
    const live = { kinds: ["pod-restart" as const], live: true, limitSeconds: 300 };
    expect(benchmarkRules({ ...target, scenarios: { ...target.scenarios, coldStart: live } })).toEqual([
      ...reads,
      ...repairs,
      { apiGroups: [""], resources: ["pods"], verbs: ["delete"] },
    ]);
  });

  it("make nothing where an autoscaler alone is watched", async () => {
    const { coldStart: _coldStart, ...rest } = target.scenarios;
    expect(await rulesOf({ scenarios: rest })).toEqual([...reads, ...repairs]);
  });

  it("hold in the model's namespace, for the account of the benchmark's", async () => {
    const registrations = await declare();
    expect(only(registrations, "bench-role").inputs.metadata).toEqual({ namespace: "models", labels });
    expect(only(registrations, "bench-role-binding").inputs).toMatchObject({
      metadata: { namespace: "models", labels },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "bench-role-auto" },
      subjects: [{ kind: "ServiceAccount", name: "bench-service-account-auto", namespace: "benchmarks" }],
    });
    expect(only(registrations, "bench-service-account").inputs).toMatchObject({
      metadata: { namespace: "benchmarks", labels },
      automountServiceAccountToken: true,
    });
  });
});

describe("arguments that can not be", () => {
  const refused = async (
    change: Partial<BenchmarkTarget>,
    args: Partial<InferenceBenchmarkArgs> = {},
  ): Promise<string> =>
    declare(change, { args }).then(
      () => "nothing was refused",
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );

  it.each<[string, Partial<BenchmarkTarget>, string]>([
    ["a name of 41 characters", { name: "a".repeat(41) }, "target.name: "],
    [
      "a Deployment whose copy would lose its name",
      { workload: { ...target.workload, deployment: "d".repeat(58) } },
      `target.workload.deployment: "${"d".repeat(58)}"; at most 57 characters`,
    ],
    ["a wrong schedule", { schedule: "daily" }, 'target.schedule: "daily" has 1 fields'],
    ["a time zone that is none", { timeZone: "Mars/Olympus" }, 'target.timeZone: "Mars/Olympus"'],
    [
      "a benchmark that never runs",
      { gate: "off", schedule: undefined, promote: false },
      "target: never runs; give a schedule, or a gate that is advice or gate",
    ],
    ["a gate without a version", { version: undefined }, "target.version: absent, and gate is gate"],
    [
      "an awaited load that is too long",
      { scenarios: { ...calm, warm: { ...calm.warm, seconds: 200 } } },
      "target.scenarios: smoke and warm may take 630 s, once repeated, and up waits for 480 s; shorten warm",
    ],
    [
      "pods made without leave",
      { disruptive: false },
      "target.disruptive: false, and coldStart and autoscaling need it",
    ],
    ["a simulated champion", { simulated: true }, "target.promote: needs a schedule"],
    [
      "a corpus of the wrong kind",
      { protocol: "kserve-v1", scenarios: { ...calm, warm: { ...calm.warm, streamsPerSecond: 0 } } },
      "driver's settings, corpus: the protocol kserve-v1 takes instances",
    ],
  ])("are refused before anything is declared: %s", async (_, change, message) => {
    expect(await refused(change)).toContain(`bench: ${message}`);
  });

  it("are told all at once", async () => {
    const { scripts, store } = benchmarkArgs();
    const message = await refused(
      { timeZone: "Mars/Olympus" },
      { store: { ...store, url: "http://store" }, scripts: { ...scripts, load: { text: "", sha256: "" } } },
    );
    expect(message).toBe(
      'bench: scripts.load, bundle.text: empty; run npm run build; store.url: "http://store" is no https URL; write ' +
        'https://host:port; target.timeZone: "Mars/Olympus"; write an IANA name such as Europe/Berlin',
    );
  });
});
