import * as fs from "node:fs";
import { buildImages, referenceOf, type ImageName } from "./images";
import { paths } from "./paths";
import { generateProject } from "./project/merge";
import { type SandboxImages, stacks } from "./project/overlay";
import { setInPlace } from "./setup";

/** The sandbox's image references, by digest, of the images made from the tools in place. */
export async function sandboxImages(): Promise<SandboxImages> {
  const archives = await buildImages(paths.bin, paths.images);
  const reference = (name: ImageName): string => referenceOf(name, archives);
  return {
    prometheus: reference("prometheus"),
    kubeStateMetrics: reference("kube-state-metrics"),
    nodeExporter: reference("node-exporter"),
    alertmanager: reference("alertmanager"),
    node: reference("node"),
    k6: reference("k6"),
  };
}

/** `npm run sandbox:config`: merges committed stack files, overlay and secrets into the generated project. */
export async function config(say: (line: string) => void): Promise<void> {
  if (!setInPlace("sandbox") || !fs.existsSync(paths.bin))
    throw new Error("the sandbox's tools are not built yet: run `npm run sandbox` first");
  for (const line of generateProject(stacks, await sandboxImages())) say(line);
}
