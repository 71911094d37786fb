import type { Prometheus } from "../../preview/prometheus";
import { counted, judged, listed } from "../verdict";
import type { Problem, Verdict } from "../verdict";

/** An active target as Prometheus tells it. */
export interface Target {
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly health: "down" | "unknown" | "up";
  readonly lastError: string;
}

export interface TargetsEvidence {
  readonly active: readonly Target[];
  /** Every job of the configuration. */
  readonly pools: readonly string[];
}

/** Jobs that may have no target: they take whatever asks to be scraped. */
const BY_ANNOTATION = ["annotated-pods", "annotated-services"];

export async function targetsOf(prometheus: Prometheus): Promise<TargetsEvidence> {
  const [{ activeTargets }, { scrapePools }] = await Promise.all([
    prometheus.get<{ activeTargets: readonly Target[] }>("targets", { state: "active" }),
    prometheus.get<{ scrapePools: readonly string[] }>("scrape_pools"),
  ]);
  return { active: activeTargets, pools: scrapePools };
}

/** A line that tells of the targets of a job by itself when it is red. */
export interface Told {
  readonly key: string;
  /** By the job's name in the configuration: `federate-health/hpc`. */
  readonly covers: (pool: string) => boolean;
}

/** What to do about a job, where that is not as in a Prometheus of the stack's own. */
export interface TargetsAdvice {
  readonly empty: (pool: string) => string;
  readonly unlabelled: string;
}

const DEPLOYED: TargetsAdvice = {
  empty: () => "its pods are not there, or are not labelled as the settings say",
  unlabelled: "`pulumi up` puts the configuration right",
};

/**
 * Every job has targets, every target is up and carries the cluster's label. What a red line explains is not told
 * again.
 *
 * @param explained jobs that red lines tell of
 */
export function judgeTargets(
  { active, pools }: TargetsEvidence,
  cluster: string,
  explained: (pool: string) => boolean,
  advice: TargetsAdvice = DEPLOYED,
): Verdict {
  const own = active.filter(({ scrapePool }) => !explained(scrapePool));
  const left = pools.filter((pool) => !explained(pool));
  const empty = left.filter(
    (pool) => !BY_ANNOTATION.includes(pool) && !active.some(({ scrapePool }) => scrapePool === pool),
  );
  const bad = own.filter(({ health }) => health !== "up");
  const unlabelled = own.filter(({ labels }) => labels.cluster !== cluster && labels.member === undefined);
  const problems: Problem[] = [
    ...empty.map((pool) => ({
      cause: `job ${pool} has no target`,
      action: advice.empty(pool),
    })),
    ...bad.map(({ scrapePool, scrapeUrl, health, lastError }) => ({
      cause: `${scrapePool} ${scrapeUrl} is ${health}: ${lastError || "not scraped yet"}`,
      action: "docs/runbook.md, TargetDown",
    })),
    ...(unlabelled.length === 0
      ? []
      : [
          {
            cause: `without cluster="${cluster}": ${listed(unlabelled.map(({ scrapeUrl }) => scrapeUrl))}`,
            action: advice.unlabelled,
          },
        ]),
  ];
  const told = active.length - own.length;
  return judged(
    [
      `${counted(own.length, "target")} of ${counted(left.length, "job")} up, all with cluster="${cluster}" or a member's name`,
      ...(told === 0 ? [] : [`${counted(told, "target")} told of by other lines`]),
    ],
    problems,
  );
}
