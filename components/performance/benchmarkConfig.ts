import { createHash } from "node:crypto";
import { awaitedLoad, settleSecondsOf, type TimedLoad } from "../../workloads/benchmark/driver/durations";
import { scenarios, type Scenario } from "../../workloads/benchmark/result";
import { CREDENTIALS_FOLDER } from "./benchmarkFiles";
import type { BenchmarkTarget, InferenceBenchmarkArgs } from "./types";

/** Where a run keeps its files: k6, what a step needs, the result. */
export const WORK_FOLDER = "/work";
export const K6_FILE = `${WORK_FOLDER}/k6`;

/** What a run asks: everything that is scheduled, or the part that `up` begins. */
export type Extent = "all" | "awaited";

type Args = Pick<
  InferenceBenchmarkArgs,
  "cluster" | "target" | "pricePerGpuHour" | "currency" | "knobs" | "prometheus" | "store" | "registry"
>;

/** What decides how long a run takes. */
export function loadOf(
  { scenarios: asked, timeoutSeconds }: BenchmarkTarget,
  scrapeSeconds: number,
  extent: Extent,
): TimedLoad {
  const load = { ...asked, timeoutSeconds, settleSeconds: settleSecondsOf(scrapeSeconds) };
  return extent === "all" ? load : awaitedLoad(load);
}

/** Scenarios in the order in which they are run. */
export function scenariosOf({ scenarios: asked }: BenchmarkTarget, extent: Extent): readonly Scenario[] {
  const wanted = (name: Scenario): boolean =>
    extent === "all" ? asked[name] !== undefined : name === "smoke" || name === "warm";
  return scenarios.filter(wanted);
}

/** A corpus as the result tells of it; sizes are tokens, or values of a row. */
function corpusFacts({ name, ...corpus }: BenchmarkTarget["corpus"]): object {
  switch (corpus.kind) {
    case "rows":
      return { name, promptTokens: corpus.columns * corpus.rows, distinctRequests: corpus.distinct };
    case "words":
      return {
        name,
        promptTokens: corpus.promptTokens,
        outputTokens: corpus.outputTokens,
        distinctRequests: corpus.distinct,
      };
    case "examples":
      return { name, distinctRequests: corpus.examples.length };
  }
}

/** The target as results tell of it; its champion is the driver's to find. */
function targetFacts({ cluster, target, pricePerGpuHour, currency, knobs }: Args): object {
  const { name, model, version, namespace, service, protocol, url, gpuType, gpusPerReplica } = target;
  return {
    name,
    model,
    ...(version === undefined ? {} : { version }),
    cluster,
    namespace,
    service,
    protocol,
    url,
    corpus: corpusFacts(target.corpus),
    ...(gpuType === undefined ? {} : { gpuType }),
    gpusPerReplica,
    simulated: target.simulated,
    pricePerGpuHour,
    currency,
    slos: target.slos,
    minReplicas: target.replicas.min,
    maxReplicas: target.replicas.max,
    settings: knobs,
  };
}

const trusted = (folder: string, ca: string | undefined): object =>
  ca === undefined ? {} : { caFile: `${folder}/ca.crt` };

const userFiles = (folder: string): object => ({
  usernameFile: `${folder}/username`,
  passwordFile: `${folder}/password`,
});

/** The pods of a Deployment, and none of one whose name begins alike. */
export const podsOf = (deployment: string): string =>
  `${deployment.replaceAll(".", "\\.")}-[a-z0-9]+-[a-z0-9]+`;

/** What only the deployed stack knows. */
export interface Places {
  readonly prometheusUrl: string;
  readonly bucket: string;
}

/** The driver's settings file. */
export function benchmarkConfig(args: Args, { prometheusUrl, bucket }: Places, extent: Extent): object {
  const { target, prometheus, store, registry } = args;
  const { workload, corpus, scenarios: asked } = target;
  const { name: _corpusName, ...requests } = corpus;
  const of = (server: string): string => `${CREDENTIALS_FOLDER}/${server}`;
  const hub = { caFile: `${of("prometheus")}/ca.crt`, ...userFiles(of("prometheus")) };
  return {
    target: targetFacts(args),
    corpus: requests,
    asked: scenariosOf(target, extent),
    disruptive: target.disruptive,
    timeoutSeconds: target.timeoutSeconds,
    lateSeconds: target.lateSeconds,
    ...trusted(of("target"), target.ca),
    ...(extent === "all" ? asked : { smoke: asked.smoke, warm: asked.warm }),
    kubernetes: {
      namespace: target.namespace,
      deployment: workload.deployment,
      service: workload.service,
      ...(extent === "all" && asked.autoscaling !== undefined ? { autoscaler: workload.autoscaler } : {}),
    },
    prometheus: {
      url: prometheusUrl,
      ...hub,
      settleSeconds: settleSecondsOf(prometheus.scrapeSeconds),
      pods: podsOf(workload.deployment),
      container: workload.container,
    },
    remoteWrite: { url: `${prometheusUrl}/api/v1/write`, ...hub },
    store: {
      url: store.url,
      region: store.region,
      bucket,
      ...trusted(of("store"), store.ca),
      accessKeyFile: `${of("store")}/accessKey`,
      secretKeyFile: `${of("store")}/secretKey`,
    },
    registry: {
      url: registry.url,
      model: target.registeredModel,
      ...trusted(of("registry"), registry.ca),
      ...(registry.credentials === undefined ? {} : userFiles(of("registry"))),
      // what `up` begins is too little to move an alias by
      promote: target.promote && extent === "all",
    },
    resultFile: `${WORK_FOLDER}/result.json`,
    workFolder: `${WORK_FOLDER}/steps`,
    k6: K6_FILE,
  };
}

/** Changes with anything that decides what a run measures. */
export function inputsHash(config: string, { driver, load }: InferenceBenchmarkArgs["scripts"]): string {
  return createHash("sha256").update([config, driver.sha256, load.sha256].join("\n")).digest("hex");
}

/** Where the reports of a target's model are. */
export const reportsUrl = (bucket: string, model: string): string => `s3://${bucket}/${model}/`;
