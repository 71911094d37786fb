import { makeCorpus } from "../../workloads/benchmark/driver/corpus";
import { parseSettings, settle, type SettingsInput } from "../../workloads/benchmark/driver/settings";
import type { Driver, RunError } from "../../workloads/benchmark/driver/steps";
import { bundleFile } from "../../scripts/build";

/** A driver in this process, with what it says and what it finds fault with. */
export interface Observed extends Driver {
  readonly lines: string[];
  readonly faults: RunError[];
}

/** A driver by settings, whose load script was built before. */
export function driverFor(input: SettingsInput, k6 = "k6"): Observed {
  const settings = settle(parseSettings(input));
  const [lines, faults]: [string[], RunError[]] = [[], []];
  return {
    settings,
    generator: {
      k6,
      script: bundleFile("benchmark-load"),
      folder: settings.workFolder,
      environment: process.env,
    },
    corpus: makeCorpus(settings.corpus, settings.target),
    replicas: () => Promise.resolve(1),
    fault: (error) => faults.push(error),
    say: (line) => lines.push(line),
    signal: new AbortController().signal,
    lines,
    faults,
  };
}
