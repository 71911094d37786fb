import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Result } from "../result";
import { makeCorpus } from "./corpus";
import { deliver } from "./deliver";
import { readNamedFile } from "./files";
import { planLines } from "./plan";
import { scrapesOf } from "./prometheus";
import { registryAt } from "./registry";
import { startRelay } from "./relay";
import { runBenchmark } from "./run";
import { messageOf, type Means } from "./served";
import { endpointOf } from "./services";
import { readSettings, settle, type Settings } from "./settings";
import { SettingsError } from "./settingsError";
import { repair } from "./stopwatch/coldStart";
import { kubernetesAt } from "./stopwatch/kubernetes";
import { deploymentOf, liveKnobs, podsOf, withLive } from "./stopwatch/live";
import { readyEndpoints, type EndpointSlice } from "./stopwatch/observer";
import type { Site } from "./stopwatch/site";
import { storeAt } from "./store";
import { watchUsage } from "./usage";
import { exitCodes } from "./verdict";

const USAGE = `benchmark --config FILE [--script FILE] [--dry-run]

  --config    settings of the run, JSON
  --script    the load script that k6 runs (default: load.mjs beside this program)
  --dry-run   print the load, its duration, the objects touched and what is written where, and send nothing
exit codes: 0 pass, 1 fail, 2 invalid, 3 error`;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** `k6 v1.8.1 (...)`; throws where there is no k6. */
function k6Version(k6: string): string {
  try {
    return execFileSync(k6, ["version"], { encoding: "utf8" }).trim().split("\n")[0] ?? "";
  } catch (error) {
    throw new SettingsError(
      `k6: ${k6} does not run (${error instanceof Error ? error.message : String(error)})`,
    );
  }
}

function environmentOf({ caFile }: Settings): Readonly<Record<string, string | undefined>> {
  // how a Go program is told its authorities
  return {
    ...process.env,
    ...(caFile !== undefined && { SSL_CERT_FILE: caFile, SSL_CERT_DIR: "/nonexistent" }),
  };
}

/** The cluster that this pod runs in, or the one that the settings name. */
function siteOf(settings: NonNullable<Settings["kubernetes"]>): Site {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  const url = settings.url ?? (host && `https://${host.includes(":") ? `[${host}]` : host}:${port ?? "443"}`);
  if (!url)
    throw new SettingsError("kubernetes.url: not set, and this is no pod: give the API server's address");
  return {
    settings,
    kubernetes: kubernetesAt({
      url,
      ca: readNamedFile(settings.caFile),
      // projected tokens are replaced while a pod runs
      authorization: () => `Bearer ${readNamedFile(settings.tokenFile)}`,
    }),
    urlOf: (service, at) => `http://${service}.${settings.namespace}.svc:${at}`,
  };
}

/** Replicas in rotation: as the cluster says, or as the target is declared to have where no cluster is named. */
function replicasOf(settings: Settings, site: Site | undefined): () => Promise<number> {
  if (site === undefined) return () => Promise.resolve(Math.max(1, settings.target.minReplicas));
  const { namespace, service } = site.settings;
  const selector = encodeURIComponent(`kubernetes.io/service-name=${service}`);
  return async () => {
    const slices = await site.kubernetes.get(
      `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${selector}`,
    );
    return Math.max(1, readyEndpoints((slices as { items?: readonly EndpointSlice[] }).items ?? []).size);
  };
}

function parseCommandLine(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        config: { type: "string" },
        script: { type: "string", default: join(__dirname, "load.mjs") },
        "dry-run": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    throw new SettingsError(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

/** Settings with what the cluster shows of the served model, where one is named: knobs that they leave open, usage of its pods. */
async function shownBy(
  site: Site | undefined,
  settings: Settings,
): Promise<{ readonly settings: Settings; readonly usage?: Means["usage"] }> {
  if (site === undefined) return { settings };
  const { target, prometheus } = settings;
  const deployment = await deploymentOf(site);
  const live = await liveKnobs(site, deployment, prometheus?.container ?? "kserve-container");
  return {
    settings: { ...settings, target: { ...target, settings: withLive(target.settings, live) } },
    usage: () => watchUsage(site.kubernetes, site.settings.namespace, podsOf(deployment), print),
  };
}

/** Runs what the settings ask for; `lost` says what of k6's series did not arrive. */
async function measured(
  given: Settings,
  script: string,
  signal: AbortSignal,
): Promise<{ readonly result: Result; readonly lost: string | undefined }> {
  const site = given.kubernetes && siteOf(given.kubernetes);
  if (site !== undefined) await repair(site, given.disruptive, print);
  const { settings, usage } = await shownBy(site, given);
  const tools = {
    k6: k6Version(settings.k6),
    node: process.version,
    benchmark: process.env.BENCHMARK_VERSION ?? "not built",
  };
  const scrapes = settings.prometheus && scrapesOf(endpointOf(settings.prometheus));
  const relay = settings.remoteWrite && (await startRelay(endpointOf(settings.remoteWrite)));
  const result = await runBenchmark({
    settings,
    site,
    generator: {
      k6: settings.k6,
      script,
      folder: settings.workFolder,
      environment: environmentOf(settings),
      remoteWriteUrl: relay?.url,
    },
    corpus: makeCorpus(settings.corpus, settings.target),
    replicas: replicasOf(settings, site),
    usage,
    scrapes,
    say: print,
    signal,
    tools,
  });
  return { result, lost: await relay?.close() };
}

/** Runs one command line; the number is the exit code: the judge's verdict, or that something could not be run or written. */
export async function main(args: readonly string[], signal: AbortSignal): Promise<number> {
  const { config, script, help, "dry-run": dryRun } = parseCommandLine(args);
  if (help) {
    print(USAGE);
    return 0;
  }
  if (config === undefined) throw new SettingsError(USAGE);
  const declared = readSettings(config);
  if (dryRun) {
    planLines(declared).forEach(print);
    return 0;
  }
  const { target } = declared;
  const store = declared.store && storeAt(declared.store);
  const at = declared.registry && registryAt(declared.registry, target.model);
  const before = await at?.find(target.version);
  const settings = settle(declared, {
    run: process.env.BENCHMARK_RUN,
    ...(before && { target: { version: before.version, champion: before.champion === before.version } }),
  });
  const { result, lost } = await measured(settings, script, signal);
  const registry = at && before && { at, before };
  const verdict = await deliver(result, settings, { store, registry, say: print });
  if (lost === undefined) return exitCodes[verdict];
  print(`error: ${lost}`);
  return exitCodes.error;
}

if (require.main === module) {
  const ended = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => ended.abort());
  main(process.argv.slice(2), ended.signal).then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`${messageOf(error)}\n`);
      process.exit(exitCodes.error);
    },
  );
}
