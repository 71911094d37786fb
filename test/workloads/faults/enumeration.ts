import { Site } from "../support/site";
import type { Case, Stand } from "./cases";
import { caseName, nextRun, proxyUrls, runCase, settingsFor, startRun } from "./cases";
import type { SeenPoint } from "./points";
import { recordPoints, servers } from "./points";
import type { Stage } from "./stages";
import { prepare, stages } from "./stages";

/** What must be the same wherever a fault hit, and what it was. */
export interface Outcome {
  readonly one: Case;
  /** What went wrong; undefined when all ended as it must. */
  readonly wrong: string | undefined;
}

export type PointsByStage = Readonly<Record<Stage, readonly SeenPoint[]>>;

const byName = (points: readonly SeenPoint[]): SeenPoint[] =>
  [...points].sort((a, b) => (a.what === b.what ? a.nth - b.nth : a.what < b.what ? -1 : 1));

const newSite = ({ servers: { store }, user }: Stand): Site => new Site(store, {}, user);

/** Brings a site through a stage undisturbed. */
async function undisturbed(stand: Stand, site: Site, stage: Stage): Promise<void> {
  await prepare(site, stage, stand.truth.bucket);
  const wrong = await nextRun(stand, site, stage);
  if (wrong !== undefined) throw new Error(`${stage}, with nothing in the way: ${wrong}`);
}

/**
 * The requests of each stage's run when nothing goes wrong: of the worker in this process, or of its bundle in a
 * process of its own.
 */
export async function reference(stand: Stand, as: "function" | "process"): Promise<PointsByStage> {
  const site = newSite(stand);
  const { proxies } = stand;
  const found: Partial<Record<Stage, readonly SeenPoint[]>> = {};
  try {
    for (const stage of stages) {
      await prepare(site, stage, stand.truth.bucket);
      const seen = recordPoints(proxies, site.member);
      if (as === "function") await site.sync(settingsFor(site, proxyUrls(proxies), 1));
      else await startRun(site, proxies).ended;
      await Promise.all(servers.map((server) => proxies[server].idle()));
      for (const server of servers) proxies[server].reset();
      found[stage] = byName(seen);
      const wrong = await nextRun(stand, site, stage);
      if (wrong !== undefined) throw new Error(`${stage}, with nothing in the way: ${wrong}`);
    }
  } finally {
    site.remove();
  }
  return found as PointsByStage;
}

/** Cases for one site, one a stage at most; a stage without one is gone through undisturbed. */
type Journey = Partial<Record<Stage, Case>>;

function journeysOf(cases: readonly Case[]): Journey[] {
  const byStage = stages.map((stage) => cases.filter((one) => one.stage === stage));
  const longest = Math.max(...byStage.map(({ length }) => length));
  return Array.from({ length: longest }, (_, at) =>
    Object.fromEntries(byStage.flatMap((of) => (of[at] ? [[of[at].stage, of[at]]] : []))),
  );
}

/** Takes a site through its stages; what is left of the journey when one of its cases went wrong. */
async function travel(
  stand: Stand,
  journey: Journey,
  done: (outcome: Outcome) => void,
): Promise<Journey | undefined> {
  const site = newSite(stand);
  const left = new Map(stages.flatMap((stage) => (journey[stage] ? [[stage, journey[stage]]] : [])));
  try {
    for (const stage of stages) {
      if (left.size === 0) return undefined;
      const one = left.get(stage);
      left.delete(stage);
      if (!one) {
        await undisturbed(stand, site, stage);
        continue;
      }
      await prepare(site, stage, stand.truth.bucket);
      const wrong = await runCase(stand, site, one).catch(
        (error: unknown) =>
          `${caseName(one)}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
      done({ one, wrong });
      if (wrong !== undefined) return left.size === 0 ? undefined : Object.fromEntries(left);
    }
    return undefined;
  } finally {
    site.remove();
  }
}

/**
 * Carries out all cases, several sites at a time. A site goes on from what a case left, which is what an undisturbed
 * run leaves; after a case that went wrong its later ones get a site of their own.
 */
export async function enumerate(
  stands: readonly Stand[],
  cases: readonly Case[],
  told: (outcomes: readonly Outcome[]) => void,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const waiting = journeysOf(cases);
  await Promise.all(
    stands.map(async (stand) => {
      for (let journey = waiting.shift(); journey; journey = waiting.shift()) {
        const left = await travel(stand, journey, (outcome) => {
          outcomes.push(outcome);
          told(outcomes);
        });
        if (left) waiting.push(left);
      }
    }),
  );
  return outcomes;
}
