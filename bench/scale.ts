/**
 * `npm run bench:scale`: a pair of real Prometheus servers with six hours of a synthetic site of 1,000 nodes and 8,000
 * GPUs. First nothing is scraped: every dashboard is opened on cold and on warm caches, and the slowest one's panels
 * are asked on the raw series as well. Then the member scrapes the site, and the hub federates it.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { discoverSite } from "../commands/preview/preview";
import { buildDashboards } from "../dashboards";
import type { BuiltDashboard } from "../dashboards";
import { sampleLimit } from "../metrics/budget";
import { clusterRuleGroups, hubRuleGroups } from "../rules";
import { paths, sandboxFolder } from "../sandbox/paths";
import { setUpTools } from "../sandbox/setup";
import { freeGiB } from "../sandbox/setup/disk";
import { table } from "../sandbox/stages";
import type { Row } from "./harness";
import { compare, finish, interleaved, machine, quantile, resultOf } from "./harness";
import { federate } from "./scale/federation";
import { bytesOf, seed } from "./scale/history";
import { answering, askingOf, askingRaw, opening, pairs } from "./scale/opening";
import type { Pair } from "./scale/opening";
import type { Sizes } from "./scale/options";
import { parseOptions, STEP } from "./scale/options";
import { rulesByName } from "./scale/raw";
import { recordedSeries, withValues } from "./scale/recorded";
import { dropCaches, PrometheusServer } from "./scale/server";
import { HUB, MEMBER, rawNames, targetsOf } from "./scale/site";
import type { RawSeries, Target } from "./scale/site";

const folder = path.join(sandboxFolder, "bench-scale");
const [memberData, hubData] = [path.join(folder, "member"), path.join(folder, "hub")];
const tool = (name: string): string => path.join(paths.bin, name);
const say = (line: string): void => console.log(line);

/** GiB of disk that a node's series take at most, text and blocks. */
const GIB_PER_NODE = 0.012;
const MEMORY_CAP_GIB = 12;
const FEDERATE_WITHIN = 2;
/** Largest part of the time on raw series that recorded ones may take. */
const RECORDED_PART = 0.1;
const PRICES = { a100: 1.6, h100: 2.4 };

/** Every raw series as the member's TSDB holds it, by name. */
function storedSeries(targets: readonly Target[]): readonly RawSeries[] {
  return targets
    .flatMap(({ job, host, series }) =>
      series.map((one) => ({
        ...one,
        labels: { cluster: MEMBER, job, instance: host, host, ...one.labels },
      })),
    )
    .sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
}

/** Six hours and ten minutes of both TSDBs; returns the end (seconds) and promtool's highest memory. */
async function history(
  sizes: Sizes,
  targets: readonly Target[],
): Promise<{ readonly end: number; readonly peakMiB: number }> {
  const end = Math.floor(Date.now() / 1000 / STEP) * STEP;
  const window = { from: end - sizes.history - 600, to: end + STEP };
  const write = async (what: string, data: string, series: readonly RawSeries[]): Promise<number> => {
    const start = performance.now();
    const done = await seed(tool("promtool"), data, series, window);
    const took = ((performance.now() - start) / 1000).toFixed(0);
    say(
      `  ${what}: ${done.series} series, ${done.samples} samples, ${(bytesOf(data) / 2 ** 20).toFixed(0)} MiB, ${took} s`,
    );
    return done.peakMiB;
  };
  const raw = await write(`${MEMBER}, raw`, memberData, storedSeries(targets));
  const recorded = withValues(recordedSeries(sizes.inventory), end);
  return { end, peakMiB: Math.max(raw, await write(`${HUB}, recorded`, hubData, recorded)) };
}

interface Opened {
  readonly dashboard: BuiltDashboard;
  readonly cold: readonly number[];
  readonly warm: readonly number[];
}

/** Opens each dashboard: on a restarted server with dropped caches, then on what the times before have left. */
async function openAll(hub: PrometheusServer, now: number, rounds: number): Promise<readonly Opened[]> {
  const dashboards = buildDashboards(await discoverSite(hub.client, now));
  const opened: Opened[] = [];
  for (const dashboard of dashboards) {
    const cold: number[] = [];
    const warm: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await hub.restartCold();
      cold.push(await opening(dashboard, hub.client, now));
    }
    for (let round = 0; round < rounds; round++) warm.push(await opening(dashboard, hub.client, now));
    opened.push({ dashboard, cold, warm });
  }
  return opened;
}

const ms = (seconds: number): string => `${(seconds * 1000).toFixed(0)} ms`;

function openingRows(opened: readonly Opened[]): readonly Row[] {
  const lines = opened.map(({ dashboard, cold, warm }) => [
    dashboard.title,
    ...[cold, warm].flatMap((times) => [ms(quantile(times, 0.5)), ms(quantile(times, 0.95))]),
  ]);
  say(table([["dashboard", "cold median", "p95", "warm median", "p95"], ...lines]));
  return opened.flatMap(({ dashboard: { title }, cold, warm }) => [
    compare(`open ${title}`, "s", { cold, warm }, "cold", {}),
    compare(
      `open ${title}, p95`,
      "s",
      { cold: [quantile(cold, 0.95)], warm: [quantile(warm, 0.95)] },
      "cold",
      {},
    ),
  ]);
}

/** The slowest dashboard that has panels which can be asked on raw series, asked on both. */
async function againstRaw(
  hub: PrometheusServer,
  now: number,
  opened: readonly Opened[],
  sizes: Sizes,
): Promise<Row> {
  const sampleLimits = {
    health: sampleLimit(sizes.inventory, "health"),
    detail: sampleLimit(sizes.inventory, "detail"),
  };
  const rules = rulesByName([
    ...clusterRuleGroups({ cluster: MEMBER, inventory: sizes.inventory }),
    ...hubRuleGroups({
      cluster: HUB,
      members: [{ cluster: MEMBER, staleAfterSeconds: 60, sampleLimits }],
      pricePerGpuHour: PRICES,
    }),
  ]);
  const slowest = opened.toSorted((one, other) => quantile(other.warm, 0.5) - quantile(one.warm, 0.5));
  for (const { dashboard } of slowest) {
    const asking = await askingOf(dashboard, hub.client, now);
    const found: readonly Pair[] = pairs(dashboard, asking, rules, rawNames);
    if (found.length === 0) {
      say(`  ${dashboard.title}: no panel asks of raw series that this site has`);
      continue;
    }
    say(
      `  ${dashboard.title}: ${found.length} panels, ${sizes.rawRounds} times on raw and on recorded series`,
    );
    const member = await PrometheusServer.start({
      prometheus: tool("prometheus"),
      folder: path.join(folder, "member-asked"),
      data: memberData,
      config: "scrape_configs: []\n",
    });
    try {
      const samples = await interleaved(
        {
          recorded: () =>
            answering(
              found.map(({ recorded }) => recorded),
              asking,
            ),
          raw: () =>
            answering(
              found.map(({ raw }) => raw),
              askingRaw(asking, member.client),
            ),
        },
        sizes.rawRounds,
      );
      peaks.push(member.peakMiB + hub.peakMiB);
      return compare(`${dashboard.title}, ${found.length} panels`, "s", samples, "recorded", {
        raw: RECORDED_PART,
      });
    } finally {
      await member.stop();
    }
  }
  throw new Error("no dashboard asks of raw series that this site has");
}

/** Highest resident memory of what ran at the same time, MiB. */
const peaks: number[] = [];

async function measure(sizes: Sizes): Promise<readonly Row[]> {
  const targets = targetsOf(sizes);
  say("» history");
  const { end, peakMiB } = await history(sizes, targets);
  peaks.push(peakMiB);
  const now = end * 1000;
  say(`» dashboards, nothing scraped: ${sizes.rounds} times each, cold and warm`);
  const hub = await PrometheusServer.start({
    prometheus: tool("prometheus"),
    folder: path.join(folder, "hub-asked"),
    data: hubData,
    config: "scrape_configs: []\n",
  });
  const rows: Row[] = [];
  try {
    const opened = await openAll(hub, now, sizes.rounds);
    rows.push(...openingRows(opened));
    say("» the slowest on raw series");
    rows.push(await againstRaw(hub, now, opened, sizes));
  } finally {
    await hub.stop();
  }
  say(`» federation, everything scraped: ${sizes.scrapes} scrapes`);
  const {
    durations,
    series,
    budget,
    peakMiB: live,
  } = await federate({
    prometheus: tool("prometheus"),
    folder,
    memberData,
    hubData,
    sizes,
    targets,
  });
  peaks.push(live);
  rows.push(
    compare("federated series", "series", { federated: [series], budget: [budget] }, "federated", {
      budget: 1,
    }),
    compare("federate scrape", "s", { scrape: durations, limit: [FEDERATE_WITHIN] }, "scrape", { limit: 1 }),
    compare("memory", "GiB", { peak: [Math.max(...peaks) / 1024], cap: [MEMORY_CAP_GIB] }, "peak", {
      cap: 1,
    }),
  );
  return rows;
}

function clean(): void {
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function main(args: readonly string[]): Promise<void> {
  const start = performance.now();
  const sizes = parseOptions(args);
  if (process.getuid?.() !== 0) throw new Error("cold means dropped caches, which needs root");
  clean();
  fs.mkdirSync(folder, { recursive: true });
  const [need, free] = [1 + sizes.nodes * GIB_PER_NODE, freeGiB(folder)];
  if (free < need)
    throw new Error(
      `needs ${need.toFixed(1)} GiB of disk at ${sandboxFolder}, ${free.toFixed(1)} GiB are free`,
    );
  setUpTools(["sandbox"], say);
  dropCaches();
  process.once("exit", clean);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  say(
    `${sizes.nodes} nodes, ${sizes.nodes * sizes.gpusPerNode} GPUs, ${sizes.history / 3600} h at ${STEP} s`,
  );
  const rows = await measure(sizes);
  say(
    `disk ${(bytesOf(folder) / 2 ** 30).toFixed(2)} GiB; ${((performance.now() - start) / 1000).toFixed(0)} s in all\n`,
  );
  finish(resultOf(sizes.name, machine(), rows));
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
