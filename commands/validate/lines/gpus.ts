import { dcgm } from "../../../metrics/catalogue";
import { matching, select } from "../../../metrics/select";
import type { Prometheus } from "../../preview/prometheus";
import { counted, judged, listed, notApplicable } from "../verdict";
import type { Problem, Verdict } from "../verdict";
import type { ServedPod } from "./served";
import { targetsOf } from "./targets";
import type { Target } from "./targets";

export const DCGM_JOB = "dcgm-exporter";

export interface GpusEvidence {
  readonly model: string;
  /** Ready pods that ask for GPUs. */
  readonly pods: readonly ServedPod[];
  /** GPUs that DCGM says are held, by pod. */
  readonly held: readonly {
    readonly pod: string;
    readonly gpu: string;
    readonly type: string;
    readonly mebibytes: number;
  }[];
  /** Of the cluster's DCGM exporter. */
  readonly targets: readonly Target[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Seconds between two scrapes. */
  readonly scrapeSeconds: number;
}

export async function gatherGpus(
  prometheus: Prometheus,
  cluster: string,
  model: string,
  served: readonly ServedPod[],
  scrapeSeconds: number,
): Promise<GpusEvidence> {
  const pods = served.filter(({ ready, gpus }) => ready && gpus > 0);
  const now = Date.now();
  const names = pods.map(({ name }) => name).join("|");
  const namespace = pods[0]?.namespace ?? "";
  const [series, { active }] = await Promise.all([
    pods.length === 0
      ? []
      : prometheus.instant(select(dcgm.memoryUsed, { cluster, namespace, pod: matching(names) }), now),
    targetsOf(prometheus),
  ]);
  return {
    model,
    pods,
    held: series.map(({ labels, samples }) => ({
      pod: labels.pod ?? "",
      gpu: labels.UUID ?? labels.gpu ?? "",
      type: labels.gpu_type ?? "",
      mebibytes: samples[0]?.[1] ?? 0,
    })),
    targets: active.filter(({ scrapePool }) => scrapePool === DCGM_JOB),
    now,
    scrapeSeconds,
  };
}

/** Scrapes until a pod's GPUs must be known by its name. */
const SCRAPES = 2;

/** Why series are missing, as far as the exporter's targets tell. */
function whyMissing(targets: readonly Target[]): string {
  if (targets.length === 0) return `job ${DCGM_JOB} has no target`;
  const down = targets.find(({ health }) => health !== "up");
  return down === undefined
    ? `${counted(targets.length, "DCGM exporter")} up, without the names of pods`
    : `${down.scrapeUrl} is ${down.health}: ${down.lastError}`;
}

export function judgeGpus(evidence: GpusEvidence): Verdict {
  const { model, pods, held, targets, now, scrapeSeconds } = evidence;
  if (pods.length === 0) return notApplicable(`no ready pod of ${model} asks for a GPU`);
  const has = ({ name }: ServedPod): number => held.filter(({ pod }) => pod === name).length;
  const isNew = ({ readySince }: ServedPod): boolean =>
    readySince !== undefined && now - Date.parse(readySince) < SCRAPES * scrapeSeconds * 1000;
  const lacking = pods.filter((pod) => has(pod) < pod.gpus);
  const old = lacking.filter((pod) => !isNew(pod));
  const untyped = held.filter(({ type }) => type === "");
  const problems: Problem[] = [];
  if (old.length > 0)
    problems.push({
      cause: `DCGM's series lack ${listed(old.map((pod) => `${pod.name} (${has(pod)} of ${counted(pod.gpus, "GPU")})`))}: ${whyMissing(targets)}`,
      action:
        "the GPU operator's DCGM exporter: does it run on that node, and with DCGM_EXPORTER_KUBERNETES=true?",
    });
  else if (lacking.length === pods.length)
    problems.push({
      cause: `every pod of ${model} is too new for its GPU to have been scraped`,
      action: `ask again in ${SCRAPES * scrapeSeconds} s`,
    });
  if (untyped.length > 0)
    problems.push({
      cause: `GPU ${listed(untyped.map(({ gpu }) => gpu))} has no gpu_type`,
      action: "`pulumi up` puts the scrape job right; the exporter must say modelName",
    });
  return judged(
    [
      `${counted(held.length, "GPU")} held by ${counted(pods.length - lacking.length, "pod")}: ${listed(held.map(({ pod, gpu, type, mebibytes }) => `${pod} has ${gpu} (${type}, ${mebibytes} MiB in use)`))}`,
    ],
    problems,
  );
}
