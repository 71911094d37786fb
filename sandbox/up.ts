import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { pulumiCli } from "../commands/pulumiCli";
import { buildWorkers } from "../scripts/build";
import { TRANSFER_DEFAULTS } from "../settings/transferSchema";
import { checkAlive, checkModel, checkServed } from "./checks";
import { clusterStatus, withCluster, type ClusterInfo } from "./clusters";
import { runFirst } from "./clusters/firstRun";
import { sandboxImages } from "./config";
import { ensureGpus } from "./gpus";
import { ensureBase } from "./hosts/base";
import { hostSoftware, shelveSoftware } from "./hosts/installed";
import { rootKey } from "./hosts/machine";
import { buildImages, referenceOf } from "./images";
import { ensureSimulatedKnative } from "./knative";
import { simulatedKnative } from "./knative/model";
import { dropModel, sandboxModel as model } from "./models";
import { installStandIns } from "./offline/install";
import { choosePlugins } from "./offline/plugins";
import { own, refuseOthers } from "./owner";
import { cacheFolder, paths, repository, sandboxFolder } from "./paths";
import { generateProject } from "./project/merge";
import { prometheusNodePort, stacks, type StackName } from "./project/overlay";
import { writeHttpClientFile, type Endpoint } from "./prometheus";
import {
  ensureStack,
  prepareBackend,
  pulumiEnvironment,
  pulumiLive,
  stackOutputs,
  writeEnvironmentFile,
} from "./pulumi";
import { beegfs, minioRootCredentials, services, waitForServices } from "./services";
import { writeServiceEnvironment } from "./services/environment";
import { ensureMetricsServer, ensureModelsNamespace, ensureServing } from "./serving";
import { candidate } from "./serving/registry";
import { installDebianPackages } from "./setup/debian";
import { setUpTools } from "./setup";
import { Stages, table } from "./stages";
import { waitFor } from "./system/waiting";
import { ensureSimulatedLlm } from "./vllm";
import { simulatedLlm } from "./vllm/model";
import { startWithState, whileDeploying } from "./state";
import { writeSummary, type Summary } from "./summary";

/** What no machine of this kind can run; lines of the summary, not tests. */
const notRunHere = [
  "Grafana: not run here",
  "NetworkPolicies: not enforced here",
  "GPUs: simulated, as busy as what holds them: the CPU of pods, the jobs of Slurm; every GPU type says so",
  "BeeGFS: an XFS image, whose figures its exporters tell",
  "KServe: its model server runs, its controller does not",
  `vLLM: simulated, engine and load alike, as the model ${simulatedLlm}`,
  `Knative: simulated, proxy and load alike, as the model ${simulatedKnative}`,
];

/** Where the CronJobs of the transfer are: no stack of the sandbox says otherwise. */
const { transferNamespace } = TRANSFER_DEFAULTS;

/** Seconds between two health scrapes of the member, as Pulumi.cloud.yaml sets it. */
const healthIntervalSeconds = 15;

/** `npm run sandbox`: everything on one machine, from set-up to proof. */
export async function up(): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new Error("the sandbox makes network namespaces and mounts: run it as root");
  const stages = new Stages();
  const start = performance.now();
  process.env.PATH = pulumiEnvironment().PATH;
  fs.mkdirSync(sandboxFolder, { recursive: true });
  refuseOthers((await clusterStatus()).some((cluster) => cluster.running));
  own();

  await stages.run("Debian packages", () => installDebianPackages(stages.say));
  const tools = await stages.run("tools", () => setUpTools(["sandbox"], stages.say));
  const images = await stages.run("images", () => buildImages(paths.bin, paths.images));
  await stages.run("hosts' Debian", () => ensureBase(stages.say));
  const clusters = await stages.run("clusters", () =>
    startWithState({ bin: paths.bin, images, progress: stages.say }),
  );
  await stages.run("simulated GPUs, vLLM and Knative, metrics-server", () =>
    withCluster("cloud", async (cluster, api) => {
      const node = referenceOf("node", images);
      await ensureModelsNamespace(api);
      await Promise.all([
        ensureGpus(cluster, api, node),
        ensureSimulatedLlm(cluster, api, node),
        ensureSimulatedKnative(cluster, api, node),
        ensureMetricsServer(cluster, api, referenceOf("metrics-server", images)),
      ]);
    }),
  );
  const plugins = await stages.run("plugins", async () => {
    const choice = await choosePlugins({
      standIns: paths.standIns,
      pulumi: path.join(paths.bin, "pulumi"),
      environment: process.env,
      memory: path.join(cacheFolder, "refused-downloads.json"),
    });
    await installStandIns(paths.standIns, { node: process.execPath, choice });
    return choice;
  });
  await stages.run("project", () => {
    buildWorkers();
    return prepareProject(clusters, stages.say);
  });
  await stages.run("services", async () => {
    await waitForServices();
    writeServiceEnvironment();
  });
  await whileDeploying(async () => {
    for (const stack of stacks)
      await stages.run(`pulumi up ${stack}`, () =>
        pulumiLive(["up", "--yes", "--skip-preview", "--stack", stack]),
      );
  });

  await stages.run("model", async () => {
    const folder = await dropModel(beegfs.models, model);
    stages.say(folder === undefined ? "  there already" : `  wrote ${folder}`);
  });
  const endpoints = keepEndpoints(clusters);
  const summary: Summary = {
    clusters: record(clusters, ({ nodeIp, uid, name }) => ({ kubeconfig: kubeconfigOf(name), nodeIp, uid })),
    endpoints: {
      hubPrometheus: endpoints.hub.url,
      hpcPrometheus: endpoints.hpc.url,
      minio: services.minio.url,
      mlflow: services.mlflow.url,
    },
    beegfs: beegfs.hostPath,
    stacks: { cloud: { outputs: stackOutputs("cloud") }, hpc: { outputs: stackOutputs("hpc") } },
    plugins,
    notRunHere,
    timings: stages.timings,
    diskPeakGiB: tools.peakGiB,
  };
  writeSummary(summary);
  await stages.run("live checks", () => checkAlive(endpoints, healthIntervalSeconds));
  await stages.run("model registered", () => checkModel(endpoints, model));
  await stages.run("first verification and retention", () =>
    Promise.all([
      withCluster("hpc", (_, api) => runFirst(api, transferNamespace, "model-sync-verify")),
      withCluster("cloud", (_, api) => runFirst(api, transferNamespace, "model-retention")),
    ]),
  );
  await stages.run("model served", async () => {
    // the alias is set a moment after the version
    const version = await waitFor(`the candidate of ${model}`, () => candidate("hpc", model), {
      deadline: 60_000,
    });
    stages.say(`  version ${version.version} of ${version.source}`);
    await withCluster("cloud", (cluster, api) =>
      ensureServing(cluster, api, version, {
        kserve: referenceOf("kserve", images),
        node: referenceOf("node", images),
      }),
    );
    await checkServed(endpoints.hub, model);
  });
  const total =
    Math.round((performance.now() - start) / 1000) + Number(process.env.FEDERATION_BOOTSTRAP_SECONDS ?? 0);
  writeSummary({ ...summary, timings: { ...stages.timings, total } });
  console.log(`\n${report(summary, total)}`);
}

const kubeconfigOf = (name: StackName): string => path.join(paths.kubeconfigs, name);

function record<T>(clusters: readonly ClusterInfo[], of: (cluster: ClusterInfo) => T): Record<StackName, T> {
  const one = (name: StackName): T => {
    const found = clusters.find((cluster) => cluster.name === name);
    if (found === undefined) throw new Error(`cluster ${name} was not started`);
    return of(found);
  };
  return { cloud: one("cloud"), hpc: one("hpc") };
}

/** Generated project, stacks, kubeconfigs, and credentials by the same `init` that people use. */
async function prepareProject(clusters: readonly ClusterInfo[], say: (line: string) => void): Promise<void> {
  prepareBackend();
  fs.mkdirSync(paths.kubeconfigs, { recursive: true, mode: 0o700 });
  for (const { name, kubeconfig } of clusters) {
    fs.copyFileSync(kubeconfig, kubeconfigOf(name));
    fs.chmodSync(kubeconfigOf(name), 0o600);
  }
  shelveSoftware(paths.bin);
  for (const line of generateProject(stacks, await sandboxImages(), hostSoftware(paths.bin))) say(line);
  writeEnvironmentFile();
  for (const stack of stacks) {
    ensureStack(stack);
    setCredentials(stack);
    init(["--stack", stack, "--kubeconfig", kubeconfigOf(stack)]);
  }
}

/** What a site's people set by hand: who may make buckets, users and policies in MinIO, and who reaches hosts over SSH. */
function setCredentials(stack: StackName): void {
  const { setConfig } = pulumiCli({ ...process.env, ...pulumiEnvironment() });
  if (stack === "cloud")
    setConfig(stack, "federation:minioCredentials", JSON.stringify(minioRootCredentials()), true);
  else {
    const privateKey = fs.readFileSync(rootKey, "utf8");
    setConfig(stack, "federation:hostCredentials", JSON.stringify({ privateKey }), true);
  }
}

/** Runs `npm run init` of this repository on the generated project. */
function init(args: readonly string[]): void {
  const run = spawnSync("tsx", [path.join(repository, "commands/init.ts"), ...args], {
    stdio: "inherit",
    env: { ...process.env, ...pulumiEnvironment() },
  });
  if (run.status !== 0) throw new Error(`init ${args.join(" ")} ended with ${run.status ?? run.signal}`);
}

/** Endpoints of both Prometheus with the credentials of the stacks' outputs, kept as HTTP client files. */
export function keepEndpoints(
  clusters: readonly { name: StackName; nodeIp: string }[],
): Record<"hub" | "hpc", Endpoint> {
  const of = (name: StackName): Endpoint => {
    const outputs = stackOutputs(name, { showSecrets: true });
    const cluster = clusters.find((candidate) => candidate.name === name);
    const local = outputs.localCredentials as { username: string; password: string };
    return {
      url: `https://${cluster?.nodeIp ?? ""}:${prometheusNodePort}`,
      ...local,
      ca: String(outputs.caCertificate),
    };
  };
  const endpoints = { hub: of("cloud"), hpc: of("hpc") };
  for (const side of ["hub", "hpc"] as const) writeHttpClientFile(side, endpoints[side]);
  return endpoints;
}

function report(summary: Summary, totalSeconds: number): string {
  const { clusters, endpoints, stacks: deployed, plugins, timings } = summary;
  return table([
    ...Object.entries(clusters).map(([name, { nodeIp }]) => [`cluster ${name}`, nodeIp]),
    ...Object.entries(deployed).map(([name, { outputs }]) => [
      `stack ${name}`,
      `outputs: ${Object.keys(outputs).join(", ")}`,
    ]),
    ["hub Prometheus", endpoints.hubPrometheus],
    ["hpc Prometheus", endpoints.hpcPrometheus],
    ["MinIO", endpoints.minio],
    ["MLflow", endpoints.mlflow],
    ["hpc BeeGFS", summary.beegfs],
    ...Object.entries(plugins).map(([name, source]) => [`plugin ${name}`, source]),
    ...Object.entries(timings).map(([name, seconds]) => [`time: ${name}`, `${seconds} s`]),
    ["time: all", `${totalSeconds} s`],
    ...summary.notRunHere.map((line) => ["note", line]),
    ["tools", cacheFolder],
    ["go on with", "`. .sandbox/env && pulumi preview --stack cloud --diff`"],
    ["look into MinIO and MLflow", "`. .sandbox/services.env && mc ls sandbox`"],
  ]);
}
