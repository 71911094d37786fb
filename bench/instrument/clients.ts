import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import {
  startInferenceServer,
  type Behaviour,
  type Logged,
  type RunningServer,
} from "../../test/support/inferenceServer";
import { percentile as ofSorted } from "../../test/support/inferenceServer/simulate";
import { driverFor, type Observed } from "../../test/support/benchmarkDriver";
import { percentile } from "../../workloads/benchmark/analysis/percentiles";
import { clientProblems } from "../../workloads/benchmark/analysis/validity";
import { outcomeOf } from "../../workloads/benchmark/driver/knee";
import type { SettingsInput } from "../../workloads/benchmark/driver/settings";
import { load } from "../../workloads/benchmark/driver/steps";
import { childSecondsOf } from "../sync/process";

export const percents = [50, 95, 99] as const;
export type Percentiles = Readonly<Record<(typeof percents)[number], number>>;

/** What a client says of a load, and what the server says of the same requests. */
export interface Seen {
  /** Milliseconds. */
  readonly client: Percentiles;
  readonly server: Percentiles;
  /** Does the server meet its targets? By the client's figures. */
  readonly meets: boolean;
  readonly dropped: number;
  /** Loads before this one whose client said that it was short of CPU: no evidence, and run again. */
  readonly repeated: number;
  /** Cores per thousand requests in a second. */
  readonly coresPerThousand: number;
}

/** What a load is asked to be. */
export interface Asked {
  readonly rate: number;
  readonly seconds: number;
}

/** Where a bench runs. */
export interface Place {
  readonly bin: string;
  readonly folder: string;
}

export const model = "sums";
export const warmP95Seconds = 0.1;
const errorRatio = 0.01;
const warmUpSeconds = 2;
const row = [1, 2, 3, 4];

const byPercent = (of: (percent: (typeof percents)[number]) => number): Percentiles => ({
  50: of(50),
  95: of(95),
  99: of(99),
});

function serverSays(log: readonly Logged[]): Percentiles {
  const good = log.filter(({ status }) => status === 200).map(({ latencyMs }) => latencyMs);
  const sorted = good.sort((a, b) => a - b);
  return byPercent((percent) => ofSorted(sorted, percent / 100));
}

/** A driver of this bench against `url`. */
export function driverOf({ bin, folder }: Place, url: string, more: Partial<SettingsInput> = {}): Observed {
  return driverFor(
    {
      run: "bench",
      asked: ["warm"],
      corpus: { kind: "rows", columns: 4 },
      resultFile: path.join(folder, "result.json"),
      workFolder: path.join(folder, "work"),
      target: {
        name: model,
        model,
        version: "1",
        cluster: "bench",
        protocol: "kserve-v1",
        url,
        corpus: { name: "rows", distinctRequests: 256 },
        simulated: true,
        slos: { warmP95Seconds, errorRatio },
      },
      ...more,
    },
    path.join(bin, "k6"),
  );
}

async function withServer<T>(
  behaviour: Omit<Behaviour, "model">,
  use: (running: RunningServer) => Promise<T>,
): Promise<T> {
  const running = await startInferenceServer({ model, ...behaviour });
  try {
    return await use(running);
  } finally {
    await running.close();
  }
}

/** Times that a load whose client was short of CPU is run again. */
const REPEATS = 3;

/** The driver's own load; one that it calls no evidence itself is run again. */
export async function byDriver(
  place: Place,
  behaviour: Omit<Behaviour, "model">,
  asked: Asked,
): Promise<Seen> {
  for (let repeated = 0; ; repeated++) {
    const { seen, short } = await driven(place, behaviour, asked);
    if (short === undefined || repeated === REPEATS) return { ...seen, repeated };
    console.log(`  again, as ${short}`);
  }
}

interface Driven {
  readonly seen: Omit<Seen, "repeated">;
  /** Why the client was no instrument. */
  readonly short?: string;
}

const driven = (place: Place, behaviour: Omit<Behaviour, "model">, asked: Asked): Promise<Driven> =>
  withServer(behaviour, async ({ url, server }) => {
    const driver = driverOf(place, url);
    const window = await load(driver, "warm", { ...asked, warmUpSeconds });
    const counted = server.log.filter(({ id }) => id.includes("-counted-"));
    const seen = {
      client: byPercent((percent) => (percentile(window.latencies, percent / 100)?.value ?? NaN) * 1000),
      server: serverSays(counted),
      meets: outcomeOf(window, driver.settings.target.slos) === "holds",
      dropped: window.droppedIterations,
      coresPerThousand: (window.client.cpuCores * 1000) / asked.rate,
    };
    const [problem] = clientProblems(window);
    return { seen, ...(problem && { short: problem.text }) };
  });

const childSeconds = (): number => childSecondsOf(fs.readFileSync("/proc/self/stat", "utf8"));

interface VegetaReport {
  readonly latencies: Readonly<Record<"50th" | "95th" | "99th", number>>;
  readonly success: number;
  readonly requests: number;
}

async function attack(place: Place, url: string, { rate, seconds }: Asked): Promise<VegetaReport> {
  const file = (name: string): string => path.join(place.folder, `vegeta-${name}`);
  fs.writeFileSync(file("body.json"), JSON.stringify({ instances: [row] }));
  fs.writeFileSync(
    file("targets"),
    `POST ${url}/v1/models/${model}:predict\nContent-Type: application/json\n@${file("body.json")}\n`,
  );
  const vegeta = path.join(place.bin, "vegeta");
  const flags = [`-rate=${rate}/1s`, `-duration=${seconds}s`, `-targets=${file("targets")}`];
  const child = spawn(vegeta, ["attack", ...flags, "-timeout=10s", `-output=${file("results")}`], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`vegeta attack ended with ${String(code)}`);
  const report = execFileSync(vegeta, ["report", "-type=json", file("results")], { encoding: "utf8" });
  return JSON.parse(report) as VegetaReport;
}

/** The same load by vegeta, an open-loop client that shares nothing with ours. */
export const byVegeta = (place: Place, behaviour: Omit<Behaviour, "model">, asked: Asked): Promise<Seen> =>
  withServer(behaviour, async ({ url, server }) => {
    await attack(place, url, { ...asked, seconds: warmUpSeconds });
    server.log.length = 0;
    const [before, start] = [childSeconds(), performance.now()];
    const { latencies, success, requests } = await attack(place, url, asked);
    const cores = ((childSeconds() - before) * 1000) / (performance.now() - start);
    const client = byPercent((percent) => latencies[`${percent}th`] / 1e6);
    return {
      client,
      server: serverSays(server.log),
      meets: client[95] < warmP95Seconds * 1000 && success >= 1 - errorRatio,
      repeated: 0,
      dropped: Math.max(0, Math.round(asked.rate * asked.seconds) - requests),
      coresPerThousand: (cores * 1000) / asked.rate,
    };
  });
