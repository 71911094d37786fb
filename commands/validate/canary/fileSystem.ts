import type { KubeApi } from "../kube";
import { runVolumePod } from "../pods";
import type { PodTemplateSpec, RunAs } from "../pods";
import { CheckError } from "../verdict";
import { CANARY_PREFIX } from "./model";
import type { CanaryFile } from "./model";

/** The member's file system as pods of ours reach it. */
export interface Volume {
  readonly kube: KubeApi;
  readonly namespace: string;
  readonly template: PodTemplateSpec;
  /** Folder of the models in the pods. */
  readonly root: string;
  /** Owner of that folder, as whom the canary is written: whoever trains models may write there, the worker may not. */
  readonly owner: RunAs;
}

interface Said {
  readonly error?: string;
  readonly left?: readonly string[];
}

/** Writes the files one after the other into a folder that is new, readable for the worker. */
const WRITE = `
const fs = require("node:fs"), path = require("node:path");
const { root, name, files } = JSON.parse(process.argv.at(-1));
try {
  process.umask(0o022);
  const folder = path.join(root, name);
  fs.mkdirSync(folder);
  for (const { file, content } of files) {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), Buffer.from(content, "base64"), { flag: "wx" });
  }
  console.log("{}");
} catch (error) {
  console.log(JSON.stringify({ error: error.message }));
}
`;

/** Removes folders by name and by age, of canaries alone; tells which are still there. */
const REMOVE = `
const fs = require("node:fs"), path = require("node:path");
const { root, prefix, name, olderThanMs } = JSON.parse(process.argv.at(-1));
try {
  const found = () => fs.readdirSync(root).filter((one) => one.startsWith(prefix));
  for (const one of found()) {
    const old = Date.now() - fs.statSync(path.join(root, one)).mtimeMs > olderThanMs;
    if (one === name || old) fs.rmSync(path.join(root, one), { recursive: true, force: true });
  }
  console.log(JSON.stringify({ left: found().filter((one) => one === name) }));
} catch (error) {
  console.log(JSON.stringify({ error: error.message }));
}
`;

/** Age above which a canary is one that a run which was killed left behind, milliseconds. */
export const ABANDONED_MS = 3_600_000;

async function told(
  { kube, namespace, template, owner }: Volume,
  purpose: string,
  script: string,
  input: unknown,
  signal: AbortSignal,
): Promise<Said> {
  return runVolumePod<Said>(kube, namespace, template, { purpose, script, input, writeAs: owner }, signal);
}

/** @throws CheckError where the folder's owner cannot write there either */
export async function writeCanary(
  volume: Volume,
  name: string,
  files: readonly CanaryFile[],
  signal: AbortSignal,
): Promise<void> {
  const { root, owner } = volume;
  const input = {
    root,
    name,
    files: files.map(({ path, content }) => ({ file: path, content: content.toString("base64") })),
  };
  const { error } = await told(volume, "drop", WRITE, input, signal);
  if (error !== undefined)
    throw new CheckError(
      `no model can be written to ${root} as its owner ${owner.uid}:${owner.gid}: ${error}`,
      "the volume must be writable for whoever trains models; without that, leave the canary out: --no-canary",
    );
}

/** Removes a canary's folder, and those of runs that were killed. Nothing else is ever removed. */
export async function removeFolder(volume: Volume, name: string, signal: AbortSignal): Promise<void> {
  const input = { root: volume.root, prefix: CANARY_PREFIX, name, olderThanMs: ABANDONED_MS };
  const { error, left = [] } = await told(volume, "remove", REMOVE, input, signal);
  if (error !== undefined || left.length > 0)
    throw new Error(`folder ${volume.root}/${name}: ${error ?? "is still there"}`);
}
