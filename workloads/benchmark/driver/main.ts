import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { makeCorpus } from "./corpus";
import { planLines } from "./plan";
import { scrapesOf } from "./prometheus";
import { runBenchmark } from "./run";
import { prometheusEndpoint } from "./scenarios";
import { readNamedFile, readSettings, type Settings } from "./settings";
import { SettingsError } from "./settingsError";
import type { Site } from "./stopwatch/coldStart";
import { kubernetesAt } from "./stopwatch/kubernetes";
import { readyEndpoints, type EndpointSlice } from "./stopwatch/observer";
import { exitCodes, unjudged, type Judge } from "./verdict";

const usage = `benchmark --config FILE [--script FILE] [--dry-run]

  --config    settings of the run, JSON
  --script    the load script that k6 runs (default: load.mjs beside this program)
  --dry-run   print the load, its duration and the objects touched, and send nothing
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

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.part`, text);
  renameSync(`${file}.part`, file);
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
    throw new SettingsError(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  }
}

/** Runs one command line; the number is the exit code, which for a run is the judge's alone. */
export async function main(args: readonly string[], judge: Judge, signal: AbortSignal): Promise<number> {
  const { config, script, help, "dry-run": dryRun } = parseCommandLine(args);
  if (help) {
    print(usage);
    return 0;
  }
  if (config === undefined) throw new SettingsError(usage);
  const settings = readSettings(config);
  if (dryRun) {
    planLines(settings).forEach(print);
    return 0;
  }
  const site = settings.kubernetes && siteOf(settings.kubernetes);
  const result = await runBenchmark({
    settings,
    site,
    generator: {
      k6: settings.k6,
      script,
      folder: settings.workFolder,
      environment: environmentOf(settings),
      remoteWriteUrl: settings.remoteWriteUrl,
    },
    corpus: makeCorpus(settings.corpus, settings.target),
    replicas: replicasOf(settings, site),
    ...(settings.prometheus && { scrapes: scrapesOf(prometheusEndpoint(settings.prometheus)) }),
    say: print,
    signal,
    tools: {
      k6: k6Version(settings.k6),
      node: process.version,
      benchmark: process.env.BENCHMARK_VERSION ?? "not built",
    },
  });
  write(settings.resultFile, `${JSON.stringify(result, undefined, 2)}\n`);
  const verdict = judge(result);
  print(`${verdict}: ${settings.resultFile}`);
  return exitCodes[verdict];
}

if (require.main === module) {
  const ended = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => ended.abort());
  main(process.argv.slice(2), unjudged, ended.signal).then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(exitCodes.error);
    },
  );
}
