import { OPERATOR_NAMES } from "../../../components/monitoring/operatorObjects";
import { SITE_JOBS } from "../../../components/monitoring/siteCheck/targets";
import { ALERTMANAGER_JOB, HUB_ALERTMANAGER_JOB } from "../../../rules/health";
import type { Prometheus } from "../../preview/prometheus";
import type { KubeApi } from "../kube";
import { counted, judged } from "../verdict";
import type { Verdict } from "../verdict";
import { scrapeConfigNames } from "./operatorObjects";
import { judgeTargets, targetsOf } from "./targets";
import type { Target, TargetsEvidence } from "./targets";

/** Targets of a site's Prometheus, held against the jobs that the stack gave it and those that rules rely on. */
export interface SiteTargetsEvidence extends TargetsEvidence {
  /** Namespace of the operator's object `Prometheus`. */
  readonly namespace: string;
  /** Names of the stack's ScrapeConfigs. */
  readonly given: readonly string[];
}

export async function gatherSiteTargets(
  kube: KubeApi,
  namespace: string,
  prometheus: Prometheus,
  signal: AbortSignal,
): Promise<SiteTargetsEvidence> {
  const [given, found] = await Promise.all([
    scrapeConfigNames(kube, namespace, signal),
    targetsOf(prometheus),
  ]);
  return { ...found, namespace, given };
}

const PREFIX = OPERATOR_NAMES.job("");

/** The project's job behind one that the operator has named; undefined for one of the site's own. */
export function givenJob(namespace: string, pool: string): string | undefined {
  const start = `scrapeConfig/${namespace}/${PREFIX}`;
  return pool.startsWith(start) ? pool.slice(start.length) : undefined;
}

/** Every member has them, whatever else is scraped. */
const ALWAYS = [ALERTMANAGER_JOB, HUB_ALERTMANAGER_JOB].map(OPERATOR_NAMES.job);

const CHAPTER = 'docs/operations.md, "A Prometheus that the site has already"';
const ADVICE = {
  empty: (job: string) =>
    SITE_JOBS.includes(job)
      ? `the site's own monitor of it: is it there, and its job named so? (${CHAPTER})`
      : "its pods are not there, or are not labelled as the settings say",
  unlabelled: `stamp it on every target (${CHAPTER})`,
};

/** By the project's name of its job; undefined for a target that is the site's affair. */
function named(namespace: string, target: Target): Target | undefined {
  const { job = "" } = target.labels;
  const pool = givenJob(namespace, target.scrapePool) ?? (SITE_JOBS.includes(job) ? job : undefined);
  return pool === undefined ? undefined : { ...target, scrapePool: pool };
}

/**
 * The jobs that the stack gave to a site's Prometheus, and those of the site's own on which rules rely; of all others it
 * is only told how many there are.
 *
 * @param explained jobs that red lines tell of, by the project's names
 */
export function judgeSiteTargets(
  { namespace, given, pools, active }: SiteTargetsEvidence,
  cluster: string,
  explained: (job: string) => boolean,
): Verdict {
  const inForce = pools.map((pool) => givenJob(namespace, pool));
  const jobOf = (name: string): string => name.slice(PREFIX.length);
  const idle = given.filter((name) => !inForce.includes(jobOf(name)));
  const jobs = given.filter((name) => !idle.includes(name)).map(jobOf);
  const own = active.map((target) => named(namespace, target));
  const { evidence, problems } = judgeTargets(
    { active: own.filter((target) => target !== undefined), pools: [...jobs, ...SITE_JOBS] },
    cluster,
    explained,
    ADVICE,
  );
  const others = active.filter((_, index) => own[index] === undefined);
  const down = others.filter(({ health }) => health !== "up").length;
  const absent = ALWAYS.filter((name) => !given.includes(name));
  const untold = (name: string): boolean => !explained(jobOf(name));
  return judged(
    [...evidence, `not judged: ${counted(others.length, "target")} of the site's other jobs, ${down} not up`],
    [
      ...absent.filter(untold).map((name) => ({
        cause: `there is no ScrapeConfig ${namespace}/${name}`,
        action: "`pulumi up` of the member's stack gives it",
      })),
      ...idle.filter(untold).map((name) => ({
        cause: `ScrapeConfig ${name} is not in force`,
        action: "the log of the Prometheus Operator says why it was not taken up",
      })),
      ...problems,
    ],
  );
}
