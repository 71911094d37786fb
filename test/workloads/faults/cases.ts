import type { S3Credentials } from "../../../workloads/s3/http";
import type { SettingsInput } from "../../../workloads/model-sync/settings";
import type { Fault, FaultProxy } from "../support/faultProxy";
import type { Running, Site } from "../support/site";
import { startWorker } from "../support/site";
import type { Point, SeenPoint, ServerName } from "./points";
import { pointName, pointsOf, servers } from "./points";
import type { Stage } from "./stages";
import { stages } from "./stages";
import type { Truth } from "./world";
import { expectedWorld, halfThings, worldOf } from "./world";

/** One way to hit a request. */
interface Hit {
  readonly fault: Fault;
  /** How often the worker tries: once where it must give up, else often enough to get over one fault. */
  readonly attempts: 1 | 4;
  /** Whether it can hit a request at all; every one, when absent. */
  readonly fits?: (point: SeenPoint) => boolean;
  /** Whether one request of each operation stands for all: to the worker it is one of the faults that hit every request. */
  readonly sampled?: true;
}

const once = 1;
const again = 4;
const hasBody = ({ sent }: SeenPoint): boolean => sent > 1;

/** What can happen to a request while the worker lives on. */
const hits = {
  "request lost": { fault: { kind: "lose-request" }, attempts: again },
  "reply lost": { fault: { kind: "lose-reply" }, attempts: again },
  "request lost for good": { fault: { kind: "lose-request" }, attempts: once },
  "reply lost for good": { fault: { kind: "lose-reply" }, attempts: once },
  "503, not done": { fault: { kind: "status", status: 503 }, attempts: again, sampled: true },
  "503, done": { fault: { kind: "status", status: 503, delivered: true }, attempts: again, sampled: true },
  "request cut": { fault: { kind: "cut-request" }, attempts: again, fits: hasBody, sampled: true },
  "reply cut": {
    fault: { kind: "cut-reply" },
    attempts: again,
    fits: ({ answered }) => answered > 1,
    sampled: true,
  },
  // the registry takes no checksums: there only TLS tells
  "bit flipped": {
    fault: { kind: "flip-request" },
    attempts: again,
    fits: (point) => hasBody(point) && point.server === "store",
  },
} as const satisfies Readonly<Record<string, Hit>>;

/** The moments at which the worker's process is killed: its request is not forwarded, or its answer is withheld. */
const kills = ["killed before", "killed after"] as const;

export type FaultName = keyof typeof hits | (typeof kills)[number];
export const faultNames = [...kills, ...(Object.keys(hits) as (keyof typeof hits)[])];

/** A point of a stage's run and what happens there. */
export interface Case {
  readonly stage: Stage;
  readonly point: Point;
  readonly fault: FaultName;
}

/** Every request of every stage with every fault that can hit it. */
export function casesOf(points: Readonly<Record<Stage, readonly SeenPoint[]>>): Case[] {
  const stoodFor = new Set<string>();
  const wanted = (fault: FaultName, point: SeenPoint): boolean => {
    if (!(fault in hits)) return true;
    const { fits, sampled }: Hit = hits[fault as keyof typeof hits];
    const operation = `${fault} ${point.server} ${point.operation}`;
    if (fits?.(point) === false || (sampled && stoodFor.has(operation))) return false;
    stoodFor.add(operation);
    return true;
  };
  return stages.flatMap((stage) =>
    points[stage].flatMap((point) =>
      faultNames.filter((fault) => wanted(fault, point)).map((fault) => ({ stage, point, fault })),
    ),
  );
}

export const caseName = ({ stage, point, fault }: Case): string =>
  `${stage}: ${fault}: ${point.server}: ${pointName(point)}`;

export type Proxies = Readonly<Record<ServerName, FaultProxy>>;

/** Where a case runs: both proxies, both servers behind them, and who the worker is. */
export interface Stand {
  readonly proxies: Proxies;
  readonly servers: Readonly<Record<ServerName, string>>;
  /** A user with a member's rights; only the checks are root's. */
  readonly user: S3Credentials;
  readonly truth: Truth;
}

/** Seconds that a claim stands; the run after a kill waits for it to run out. */
const holdSeconds = 1;

/** Settings of a site's run through the given addresses. */
export function settingsFor(
  site: Site,
  urls: Readonly<Record<ServerName, string>>,
  attempts = 6,
): Partial<SettingsInput> {
  return {
    s3: { ...site.settings().s3, endpoint: urls.store },
    mlflow: { url: urls.registry, allowUnauthenticated: true, experiment: site.member },
    claim: { holdSeconds, waitSeconds: 20 },
    verify: { readBack: "all" },
    retry: { attempts, baseMilliseconds: 10, capMilliseconds: 200 },
  };
}

export const proxyUrls = ({ store, registry }: Proxies): Record<ServerName, string> => ({
  store: store.url,
  registry: registry.url,
});

/** The bundled worker as a process; its clock is the machine's, so its settle window is as short as can be trusted. */
export const startRun = (site: Site, proxies: Proxies): Running =>
  startWorker([
    "run",
    "--config",
    site.configFile({
      ...settingsFor(site, proxyUrls(proxies)),
      quiescence: { settleSeconds: 2, maxWaitSeconds: 3600 },
    }),
  ]);

/** Has the proxies hit one point, once; resolves to whether it came. */
function aim(
  proxies: Proxies,
  site: Site,
  point: Point,
  fault: () => Fault,
): { readonly fired: () => boolean } {
  const pointOf = pointsOf(site.member);
  let fired = false;
  for (const server of servers)
    proxies[server].fault = (request) => {
      const { what, nth } = pointOf(server, request);
      if (fired || server !== point.server || what !== point.what || nth !== point.nth) return undefined;
      fired = true;
      return fault();
    };
  return { fired: () => fired };
}

/** One run with the fault of a case; what it said of itself. */
async function faultedRun(
  site: Site,
  { point, fault }: Case,
  proxies: Proxies,
): Promise<{ readonly fired: boolean; readonly ok: boolean; readonly said: string }> {
  if (fault in hits) {
    const { fault: what, attempts }: Hit = hits[fault as keyof typeof hits];
    const { fired } = aim(proxies, site, point, () => what);
    const ran = await site.sync(settingsFor(site, proxyUrls(proxies), attempts)).catch(String);
    const ok = typeof ran !== "string" && ran.report.summary.ok;
    return { fired: fired(), ok, said: JSON.stringify(ran) };
  }
  const run = startRun(site, proxies);
  const kill = (): Promise<unknown> => {
    run.child.kill("SIGKILL");
    return run.ended;
  };
  const { fired } = aim(proxies, site, point, () => ({
    kind: fault === "killed before" ? "lose-request" : "lose-reply",
    meanwhile: kill,
  }));
  const { signal, out, err } = await run.ended;
  const said = `ended by ${signal ?? "itself"}\n${out}${err}`;
  return { fired: fired() && signal === "SIGKILL", ok: false, said };
}

/** Carries a case out on a site that stands before its stage; what went wrong, or undefined. */
export async function runCase(stand: Stand, site: Site, one: Case): Promise<string | undefined> {
  const { proxies, truth } = stand;
  const { fired, ok, said } = await faultedRun(site, one, proxies);
  await Promise.all(servers.map((server) => proxies[server].idle()));
  for (const server of servers) proxies[server].reset();
  const wrong = (told: string): string => `${caseName(one)}\n${told}\nthe run that was hit said: ${said}`;
  if (!fired) return wrong("the request never came");
  const half = await halfThings(truth, site, ok ? one.stage : undefined);
  if (half.length > 0) return wrong(`after the fault:\n${half.join("\n")}`);
  const told = await nextRun(stand, site, one.stage);
  return told === undefined ? undefined : wrong(told);
}

/** A run that nothing stands in the way of, and what does not stand after it as it must. */
export async function nextRun(stand: Stand, site: Site, stage: Stage): Promise<string | undefined> {
  const settings = settingsFor(site, stand.servers);
  site.clock = Math.max(site.clock, Date.now());
  const { report } = await site.sync(settings);
  const said = `\nthe next run said: ${JSON.stringify(report)}`;
  if (!report.summary.ok) return `the next run is not ok${said}`;
  try {
    expect(await worldOf(stand.truth, site, settings)).toEqual(expectedWorld(site, stage));
    return undefined;
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}${said}`;
  }
}
