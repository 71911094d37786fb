import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleFile } from "../../../scripts/build";
import type { SettingsInput } from "../../../workloads/benchmark/driver/settings";
import { parseResult, type Load, type Result } from "../../../workloads/benchmark/result";
import type { Logged } from "../../support/inferenceServer";

/** The model that the tests ask: rows of two values, whose sums are known. */
export const model = "sums";

const examples = Array.from({ length: 16 }, (_, index) => ({
  instances: [
    [index, 1],
    [index, 2],
  ],
  expect: [index + 1, index + 2],
}));

/** What a test may say of a run; everything else is as it is for all tests. */
export type Said = Partial<Omit<SettingsInput, "target">> & {
  readonly target?: Partial<SettingsInput["target"]>;
};

/** Settings of a run against `url`; the result and its files lie in `folder`. */
export function settingsFor(url: string, folder: string, { target, ...said }: Said = {}): SettingsInput {
  return {
    run: "test",
    corpus: { kind: "examples", examples },
    asked: ["warm"],
    // the machine may be busy with other tests
    lateSeconds: 5,
    resultFile: join(folder, "result.json"),
    workFolder: join(folder, "work"),
    ...said,
    target: {
      name: "test",
      model,
      version: "7",
      cluster: "cloud",
      protocol: "kserve-v1",
      url,
      corpus: { name: "sums", distinctRequests: examples.length },
      simulated: true,
      ...target,
    },
  };
}

/** How a run ends, and what it leaves. */
export interface Run {
  readonly code: number | null;
  readonly output: string;
  /** Absent where the driver wrote none. */
  readonly result: Result | undefined;
}

/** A driver that runs. */
export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Run>;
}

/** Starts the driver as it was built, on real k6; `before` are words before the command, as `taskset -c 0`. */
export function startBenchmark(
  url: string,
  said: Said = {},
  before: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Started {
  const folder = mkdtempSync(join(tmpdir(), "benchmark-"));
  const [config, settings] = [join(folder, "settings.json"), settingsFor(url, folder, said)];
  writeFileSync(config, JSON.stringify(settings));
  const command = [...before, process.execPath, bundleFile("benchmark"), "--config", config];
  const child = spawn(command[0] ?? "", command.slice(1), {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const ended = closed
    .then((code) => {
      const file = settings.resultFile;
      const result = existsSync(file) ? parseResult(JSON.parse(readFileSync(file, "utf8"))) : undefined;
      return { code, output, result };
    })
    .finally(() => rmSync(folder, { recursive: true, force: true }));
  return { child, ended };
}

/** Runs the driver to its end. */
export const benchmark = (...asked: Parameters<typeof startBenchmark>): Promise<Run> =>
  startBenchmark(...asked).ended;

/** The load of the warm scenario; fails with what the driver said where there is none. */
export function warmOf({ result, output }: Run): Load {
  const load = result?.evidence.warm?.load;
  if (load === undefined) throw new Error(`no load:\n${output}`);
  return load;
}

/** The server's own log of the requests that the driver counted. */
export const counted = (log: readonly Logged[]): readonly Logged[] =>
  log.filter(({ id }) => id.includes("-counted-"));
