import { createHash } from "node:crypto";
import type { WorkerBundle } from "./types";

/** Most bytes of a worker's bundle: it must fit the 1 MiB of a ConfigMap, with room for what stands around it. */
export const BUNDLE_LIMIT = 700 * 1024;

/** What is wrong with a bundle, and what to do. */
export function bundleProblems({ text, sha256 }: WorkerBundle): readonly string[] {
  if (text === "") return ["bundle.text: empty; run npm run build"];
  const problems: string[] = [];
  const bytes = Buffer.byteLength(text);
  if (bytes > BUNDLE_LIMIT)
    problems.push(`bundle.text: ${bytes} bytes, and a ConfigMap takes ${BUNDLE_LIMIT}; run npm run build`);
  const found = createHash("sha256").update(text).digest("hex");
  if (found !== sha256)
    problems.push(
      `bundle.sha256: "${sha256}", but the text has ${found}: not what was built; run npm run build`,
    );
  return problems;
}
