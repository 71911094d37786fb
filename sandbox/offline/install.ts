import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildStandIns, type Bundle } from "./build";
import type { PluginChoice, PluginName } from "./plugins";

/** The executable the engine looks for, and the bundle behind it, of each stand-in. */
const standIns: Readonly<Record<PluginName, { readonly executable: string; readonly bundle: Bundle }>> = {
  nodejs: { executable: "pulumi-language-nodejs", bundle: "language-host" },
  policy: { executable: "pulumi-analyzer-policy", bundle: "analyzer" },
  kubernetes: { executable: "pulumi-resource-kubernetes", bundle: "provider-kubernetes" },
  minio: { executable: "pulumi-resource-minio", bundle: "provider-minio" },
  command: { executable: "pulumi-resource-command", bundle: "provider-command" },
};

/** How stand-ins are installed. */
export interface InstallOptions {
  /** The node binary that runs them, and through them the programs. */
  readonly node: string;
  /** Which of them are wanted; default all. */
  readonly choice?: PluginChoice;
}

/**
 * Builds the stand-ins and writes their executables into `folder`, which is to be put on PATH. Those that are not
 * wanted are removed from it, so that the installed ones are found. Returns the executables written.
 */
export async function installStandIns(folder: string, { node, choice }: InstallOptions): Promise<string[]> {
  const bundles = await buildStandIns(join(folder, "lib"));
  mkdirSync(folder, { recursive: true });
  const names = Object.keys(standIns) as PluginName[];
  return names.flatMap((name) => {
    const { executable, bundle } = standIns[name];
    const path = join(folder, executable);
    if (existsSync(path)) rmSync(path);
    if (choice !== undefined && choice[name] !== "stand-in") return [];
    writeFileSync(path, `#!/bin/sh\nexec ${quoted(node)} ${quoted(bundles[bundle])} "$@"\n`);
    chmodSync(path, 0o755);
    return [path];
  });
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
