import * as fs from "node:fs";
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as yaml from "yaml";
import type { HostSoftware } from "../hosts/installed";
import { paths, repository } from "../paths";
import { overlay, type SandboxImages, type StackName } from "./overlay";

/** A Pulumi stack file, as far as the sandbox deals with it. */
export interface StackFile {
  readonly encryptionsalt?: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Keys that `init` and the sandbox write into the generated stack file; merging carries them over. */
const initKeys = [
  "federation:kubeconfig",
  "federation:clusterUid",
  "federation:hubSecrets",
  "federation:minioCredentials",
  "federation:hostCredentials",
] as const;

function readStackFile(file: string): StackFile | undefined {
  if (!fs.existsSync(file)) return undefined;
  const parsed = (yaml.parse(fs.readFileSync(file, "utf8")) ?? {}) as Partial<StackFile>;
  return { ...parsed, config: parsed.config ?? {} };
}

/** Committed file + overlay + what the generated file holds from `init` (salt, secrets, cluster's UID). */
export function mergeStackFile(
  committed: StackFile,
  overlaid: Readonly<Record<string, unknown>>,
  generated: StackFile | undefined,
): StackFile {
  const kept = Object.fromEntries(
    initKeys
      .filter((key) => generated?.config[key] !== undefined)
      .map((key) => [key, generated?.config[key]]),
  );
  return {
    ...(generated?.encryptionsalt === undefined ? {} : { encryptionsalt: generated.encryptionsalt }),
    config: { ...committed.config, ...overlaid, ...kept },
  };
}

/** Keys of `now` (without those of `init`) that differ from what the last merge wrote: edits by hand. */
export function handEdits(now: StackFile, written: StackFile): string[] {
  const keys = new Set([...Object.keys(now.config), ...Object.keys(written.config)]);
  for (const key of initKeys) keys.delete(key);
  return [...keys].filter((key) => !isDeepStrictEqual(now.config[key], written.config[key])).sort();
}

export function stackFile(folder: string, stack: StackName): string {
  return path.join(folder, `Pulumi.${stack}.yaml`);
}

/**
 * Writes the generated project: `Pulumi.yaml` with `main` pointing back at the repository, and one stack file a
 * stack. Touches no cluster and no tracked file; returns what it has to say, an overwritten hand edit first of all.
 */
export function generateProject(
  stacks: readonly StackName[],
  images: SandboxImages,
  software: HostSoftware | undefined,
): string[] {
  const said: string[] = [];
  fs.mkdirSync(paths.project, { recursive: true });
  const project = yaml.parse(fs.readFileSync(path.join(repository, "Pulumi.yaml"), "utf8")) as Record<
    string,
    unknown
  >;
  const main = path.relative(paths.project, repository) + path.sep;
  fs.writeFileSync(path.join(paths.project, "Pulumi.yaml"), yaml.stringify({ ...project, main }));
  for (const stack of stacks) {
    const committed = readStackFile(stackFile(repository, stack));
    if (committed === undefined) throw new Error(`${stackFile(repository, stack)} does not exist`);
    const target = stackFile(paths.project, stack);
    const record = path.join(paths.project, `.written.${stack}.json`);
    const generated = readStackFile(target);
    if (generated !== undefined && fs.existsSync(record)) {
      const edits = handEdits(generated, JSON.parse(fs.readFileSync(record, "utf8")) as StackFile);
      if (edits.length > 0)
        said.push(
          `overwriting what was edited by hand in ${path.relative(repository, target)}: ${edits.join(", ")}`,
        );
    }
    const merged = mergeStackFile(committed, overlay(stack, committed.config, images, software), generated);
    fs.writeFileSync(target, yaml.stringify(merged, { lineWidth: 0 }), { mode: 0o600 });
    fs.writeFileSync(record, JSON.stringify({ config: merged.config }), { mode: 0o600 });
    said.push(`wrote ${path.relative(repository, target)}`);
  }
  return said;
}
