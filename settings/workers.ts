import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { type Problem, SettingsError } from "./problems";

/** A worker built into one file. */
export interface WorkerBundle {
  readonly text: string;
  /** SHA-256 of the text, hex, as it was when it was built. */
  readonly sha256: string;
}

const workloads = path.join(__dirname, "..", "workloads");

/**
 * What `npm run build` left of a worker, or of a part of it with a file of its own. `key` is the setting that needs it; throws a {@link SettingsError} where the
 * file is missing or not what was built.
 */
export function workerBundle(
  stack: string,
  key: string,
  name: string,
  folder = workloads,
  bundle = `${name}.cjs`,
): WorkerBundle {
  const file = path.join(folder, name, "dist", bundle);
  const sum = `${file}.sha256`;
  if (!existsSync(file) || !existsSync(sum)) {
    const problem: Problem = { key, message: `needs the worker ${name}, which is not built: npm run build` };
    throw new SettingsError(stack, [problem]);
  }
  return { text: readFileSync(file, "utf8"), sha256: readFileSync(sum, "utf8").slice(0, 64) };
}
