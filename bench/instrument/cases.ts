import { percentile } from "../../workloads/benchmark/analysis/percentiles";
import { saturation } from "../../workloads/benchmark/driver/scenarios";
import { coldStarts } from "../../workloads/benchmark/driver/stopwatch/coldStart";
import type { Site } from "../../workloads/benchmark/driver/stopwatch/site";
import { startInferenceServer, type Behaviour } from "../../test/support/inferenceServer";
import { simulatedKnee, type SimulatedRun } from "../../test/support/inferenceServer/simulate";
import { secondsOf, SimulatedCluster, type StartDelays } from "../../test/support/simulatedCluster";
import { freePort } from "../../test/workloads/support/servers";
import { interleaved, type Row } from "../harness";
import {
  byDriver,
  byVegeta,
  driverOf,
  model,
  percents,
  warmP95Seconds,
  type Place,
  type Seen,
} from "./clients";
import type { CaseName, Sizes } from "./options";
import { deviation, reported, worstOf, type Pair } from "./rows";

export interface Bench {
  readonly place: Place;
  readonly sizes: Sizes;
  readonly say: (line: string) => void;
}

type Served = Omit<Behaviour, "model">;

const log = "the server's log";
/** A latency is right within 2 % or 2 ms. */
const latencyAllowed = (ms: number): number => Math.max(0.02 * ms, 2);

const servers: Readonly<Record<string, Served>> = {
  "exponential, 20 ms": { service: { kind: "exponential", meanMs: 20 } },
  "lognormal, 40 ms": { service: { kind: "lognormal", medianMs: 40, sigma: 0.5 } },
  "uniform, 10 to 30 ms, stalls of 300 ms in 2 %": {
    service: { kind: "uniform", lowMs: 10, highMs: 30 },
    stall: { share: 0.02, ms: 300 },
  },
};

const sideBySide = (bench: Bench, served: Served): Promise<Readonly<Record<string, readonly Seen[]>>> =>
  interleaved(
    {
      driver: () => byDriver(bench.place, served, bench.sizes),
      vegeta: () => byVegeta(bench.place, served, bench.sizes),
    },
    bench.sizes.rounds,
  );

/** Percentiles of each client against the log of the server for the same requests. */
async function latency(bench: Bench): Promise<Row[]> {
  const rows: Row[] = [];
  const cost: Record<string, number[]> = {};
  const repeated: number[] = [];
  for (const [name, served] of Object.entries(servers)) {
    bench.say(`  ${name}`);
    const seen = await sideBySide(bench, served);
    repeated.push(...(seen.driver ?? []).map((one) => one.repeated));
    for (const [client, all] of Object.entries(seen)) {
      (cost[client] ??= []).push(...all.map(({ coresPerThousand }) => coresPerThousand));
      for (const percent of percents) {
        const pairs = all.map((one) => ({ measured: one.client[percent], truth: one.server[percent] }));
        const row = deviation(`P${percent}, ${name}`, "ms", [client, log], pairs, latencyAllowed);
        // the peer has no goal: how right it is stands beside ours
        rows.push(client === "driver" ? row : { ...row, goal: {}, met: true });
      }
    }
  }
  return [
    ...rows,
    reported("loads run again, as the client was short of CPU", "of each", { driver: repeated }),
    reported(`cost of 1,000 requests per second, at ${bench.sizes.rate}`, "cores", cost),
  ];
}

/** No iteration is dropped at the rate that is claimed. */
async function claimed(bench: Bench): Promise<Row[]> {
  const { claimedRate: rate, seconds } = bench.sizes;
  const served: Served = { service: { kind: "constant", ms: 10 } };
  const seen = await interleaved(
    { driver: () => byDriver(bench.place, served, { rate, seconds }) },
    bench.sizes.rounds,
  );
  const all = seen.driver ?? [];
  const pairs = all.map(({ dropped }) => ({ measured: dropped, truth: 0 }));
  const name = `iterations dropped at ${rate} requests per second`;
  return [
    deviation(name, "iterations", ["driver", "none"], worstOf(pairs), () => 0.5),
    reported(`cost of 1,000 requests per second, at ${rate}`, "cores", {
      driver: all.map(({ coresPerThousand }) => coresPerThousand),
    }),
  ];
}

const judged: Readonly<Record<string, Served>> = {
  "meets its targets": { service: { kind: "uniform", lowMs: 20, highMs: 60 } },
  "is too slow": { service: { kind: "uniform", lowMs: 60, highMs: 140 } },
  "fails 2 %": { service: { kind: "uniform", lowMs: 20, highMs: 60 }, failureShare: 0.02 },
  "saturates early": { service: { kind: "constant", ms: 40 }, capacity: 6 },
};

/** Does a server meet its targets? Both clients must say the same. */
async function verdicts(bench: Bench): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, served] of Object.entries(judged)) {
    bench.say(`  a server that ${name}`);
    const { driver = [], vegeta = [] } = await sideBySide(bench, served);
    const pairs = driver.map(({ meets }, round) => ({
      measured: Number(meets),
      truth: Number(vegeta[round]?.meets ?? NaN),
    }));
    rows.push(
      deviation(
        `meets its targets: a server that ${name}`,
        "",
        ["driver", "vegeta"],
        worstOf(pairs),
        () => 0.5,
      ),
    );
  }
  return rows;
}

const delays: StartDelays = {
  created: 50,
  scheduled: 80,
  image: 400,
  model: 700,
  ready: 250,
  inRotation: 60,
};
const answerMs = 20;

/** Starts with known delays, each kind, and whether the phases sum to the total. */
async function coldStart(bench: Bench): Promise<Row[]> {
  const pairs: Record<string, Pair[]> = {};
  const sums: Pair[] = [];
  for (let round = 0; round < bench.sizes.rounds; round++) {
    const cluster = new SimulatedCluster(
      delays,
      { model, service: { kind: "constant", ms: answerMs } },
      await freePort(),
    );
    const site: Site = {
      kubernetes: cluster,
      settings: { caFile: "/", tokenFile: "/", namespace: "bench", deployment: "model", service: "model" },
      urlOf: (_service, port) => `http://127.0.0.1:${port}`,
    };
    const kinds = ["deployment", "pod-restart", "scale-from-zero"] as const;
    const driver = driverOf(bench.place, "http://unused.invalid");
    const starts = await coldStarts(driver, site, { kinds: [...kinds], limitSeconds: 30 }, (kind, error) => {
      throw new Error(`${kind}: ${String(error)}`);
    });
    for (const [at, { kind, totalSeconds, phases }] of starts.entries()) {
      const real = cluster.starts[at];
      (pairs[kind] ??= []).push({ measured: totalSeconds, truth: real ? await secondsOf(real) : NaN });
      sums.push({ measured: phases.reduce((sum, { seconds }) => sum + seconds, 0), truth: totalSeconds });
    }
    await cluster.close();
  }
  return [
    ...Object.entries(pairs).map(([kind, all]) =>
      deviation(`start: ${kind}`, "s", ["driver", "the server's log"], all, () => 0.1),
    ),
    deviation("phases of a start", "s", ["their sum", "the total"], sums, () => 0.001),
  ];
}

/** The knee of a server whose true one is known by simulation. */
async function knee(bench: Bench): Promise<Row[]> {
  const run: SimulatedRun = {
    service: { kind: "uniform", lowMs: 25, highMs: 55 },
    capacity: 8,
    warmUpSeconds: 1,
    seconds: bench.sizes.stepSeconds,
  };
  const truth = simulatedKnee(run, warmP95Seconds * 1000);
  const pairs: Pair[] = [];
  for (let round = 0; round < bench.sizes.rounds; round++) {
    const running = await startInferenceServer({
      model,
      service: run.service,
      capacity: run.capacity,
      seed: round + 1,
    });
    const limits = {
      startRate: 100,
      maxRate: 1000,
      limitSeconds: 600,
      stepSeconds: run.seconds,
      warmUpSeconds: 1,
    };
    const driver = driverOf(bench.place, running.url, { saturation: limits });
    const { steps, stopped } = await saturation(driver, limits);
    await running.close();
    driver.lines.forEach(bench.say);
    if (stopped !== "knee-confirmed") throw new Error(`the search for the knee stopped by ${stopped}`);
    const found = steps.at(-1)?.window;
    bench.say(
      `  found ${found?.targetRate ?? NaN}, P95 ${((found && percentile(found.latencies, 0.95)?.value) ?? NaN) * 1000} ms; truth ${truth.toFixed(1)}`,
    );
    pairs.push({ measured: found?.targetRate ?? NaN, truth });
  }
  return [
    deviation(
      "knee of a server with 8 workers",
      "requests per second",
      ["driver", "simulation"],
      pairs,
      (rate) => 0.05 * rate,
    ),
  ];
}

export const cases: Readonly<Record<CaseName, (bench: Bench) => Promise<Row[]>>> = {
  latency,
  claimed,
  verdicts,
  coldStart,
  knee,
};
