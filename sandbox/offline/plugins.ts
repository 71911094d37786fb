import { execFile } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

/** Versions of the official providers; those of their npm packages `@pulumi/<name>`. */
export const providerVersions = { kubernetes: "4.34.2", minio: "0.17.1", command: "1.2.1" } as const;

/** The providers the program needs. */
export type ProviderName = keyof typeof providerVersions;

/** The plugins the program needs, by the name the summary gives them. */
export type PluginName = "nodejs" | "policy" | ProviderName;

/** Which plugin is used: one that is installed on this machine, or the stand-in. */
export type PluginChoice = Readonly<Record<PluginName, "installed" | "stand-in">>;

/** Where plugins are looked for. */
export interface PluginSearch {
  /** Folder of the stand-ins: what is in it counts as not installed. */
  readonly standIns: string;
  /** Path of the Pulumi CLI. */
  readonly pulumi: string;
  readonly environment: NodeJS.ProcessEnv;
  /** File that remembers refused downloads, so that each is tried once only. */
  readonly memory: string;
  /** Seconds a download may take; default 60. */
  readonly seconds?: number;
}

/**
 * Decides for each plugin whether an installed one is there: on PATH, beside the CLI, in the plugin cache or, for
 * a provider, after a download that is tried once.
 */
export async function choosePlugins(search: PluginSearch): Promise<PluginChoice> {
  const choice = (found: boolean): "installed" | "stand-in" => (found ? "installed" : "stand-in");
  const provider = async (name: ProviderName): Promise<boolean> =>
    isInstalled(search, `pulumi-resource-${name}`, cacheName(name)) || download(search, name);
  const [kubernetes, minio, command] = await Promise.all([
    provider("kubernetes"),
    provider("minio"),
    provider("command"),
  ]);
  return {
    nodejs: choice(isInstalled(search, "pulumi-language-nodejs")),
    policy: choice(isInstalled(search, "pulumi-analyzer-policy")),
    kubernetes: choice(kubernetes),
    minio: choice(minio),
    command: choice(command),
  };
}

/** The folder of a provider in the plugin cache. */
function cacheName(name: ProviderName): string {
  return `resource-${name}-v${providerVersions[name]}`;
}

function isInstalled(
  { standIns, pulumi, environment }: PluginSearch,
  executable: string,
  cached?: string,
): boolean {
  const own = resolve(standIns);
  const folders = [
    ...(environment.PATH ?? "").split(delimiter).filter((folder) => folder !== ""),
    ...(existsSync(pulumi) ? [dirname(realpathSync(pulumi))] : []),
    ...(cached === undefined ? [] : [join(pulumiHome(environment), "plugins", cached)]),
  ];
  return folders.some((folder) => resolve(folder) !== own && isExecutable(join(folder, executable)));
}

async function download(search: PluginSearch, name: ProviderName): Promise<boolean> {
  const { pulumi, environment, memory, seconds = 60 } = search;
  if (refusals(memory).includes(cacheName(name))) return false;
  try {
    await promisify(execFile)(pulumi, ["plugin", "install", "resource", name, providerVersions[name]], {
      env: environment,
      timeout: seconds * 1_000,
    });
    return true;
  } catch {
    mkdirSync(dirname(memory), { recursive: true });
    writeFileSync(memory, `${JSON.stringify([...refusals(memory), cacheName(name)])}\n`);
    return false;
  }
}

function refusals(memory: string): readonly string[] {
  try {
    const parsed: unknown = JSON.parse(readFileSync(memory, "utf8"));
    return Array.isArray(parsed) ? parsed.map(String) : [];
  } catch {
    return [];
  }
}

function pulumiHome(environment: NodeJS.ProcessEnv): string {
  return environment.PULUMI_HOME ?? join(environment.HOME ?? homedir(), ".pulumi");
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
