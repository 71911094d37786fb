import { setTimeout as sleep } from "node:timers/promises";
import { fedCluster } from "../../../metrics/catalogue";
import { transferStages } from "../../../metrics/catalogue/recorded/transfer";
import { select } from "../../../metrics/select";
import { awaitSeries } from "../../preview/prometheus";
import type { Prometheus, Sampled } from "../../preview/prometheus";
import type { CronJob } from "../pods";
import { uniqueName, VALIDATION_LABEL } from "../pods";
import { CheckError, judged, messageOf, notApplicable } from "../verdict";
import type { Timing, Verdict } from "../verdict";
import { writeCanary } from "./fileSystem";
import type { CanaryFile } from "./model";
import { activeRuns, removeCanary } from "./remove";
import type { Removed, Traces } from "./remove";

/** What became of a canary. */
export interface CanaryEvidence {
  readonly name: string;
  /** Stages that it reached by this machine's clock, each since the one before. */
  readonly reached: readonly Timing[];
  /** Version that it was registered as. */
  readonly version?: string;
  /** Seconds since the epoch at which it reached each stage by the member's clock, as the hub's Prometheus tells. */
  readonly stages: Readonly<Record<string, number>>;
  /** Where it got no further, and why. */
  readonly stopped?: { readonly stage: string; readonly cause: string; readonly action: string };
  /** What is left of it. */
  readonly removed: Removed;
}

export interface CanaryWay {
  readonly traces: Traces;
  readonly cronJob: CronJob;
  /** The hub's Prometheus. */
  readonly hub: Prometheus;
  readonly name: string;
  readonly files: readonly CanaryFile[];
}

/** Seconds that the removal may take, whatever became of the canary. */
const REMOVAL_SECONDS = 150;

interface JobStatus {
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
  };
}

/** The run of the worker that is started by hand beside its schedule, as `kubectl create job --from` does. */
class HandStarted {
  public readonly name = uniqueName("validate-run");
  private readonly jobs: string;

  public constructor(
    private readonly way: CanaryWay,
    private readonly signal: AbortSignal,
  ) {
    this.jobs = `/apis/batch/v1/namespaces/${way.traces.volume.namespace}/jobs`;
  }

  public async start(): Promise<void> {
    const { cronJob, traces } = this.way;
    const body = {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: this.name, labels: VALIDATION_LABEL },
      spec: cronJob.spec.jobTemplate.spec,
    };
    await traces.volume.kube.create(this.jobs, body, this.signal);
  }

  /** How it ended; undefined while it runs. */
  public async ended(): Promise<string | undefined> {
    const { status } = await this.way.traces.volume.kube.get<JobStatus>(
      `${this.jobs}/${this.name}`,
      this.signal,
    );
    const end = status?.conditions?.find(
      (one) => one.status === "True" && (one.type === "Complete" || one.type === "Failed"),
    );
    return end === undefined
      ? undefined
      : [end.type, end.message].filter((part) => part !== undefined).join(": ");
  }

  /** What its log says of the canary, or at its end. */
  public async said(): Promise<string> {
    const { kube, namespace } = this.way.traces.volume;
    const pod = (await this.pods()).at(-1);
    if (pod === undefined) return "it made no pod";
    const lines = (await kube.text(`/api/v1/namespaces/${namespace}/pods/${pod}/log`)).trim().split("\n");
    return (lines.findLast((line) => line.includes(this.way.name)) ?? lines.at(-1) ?? "").slice(0, 400);
  }

  /** Ends it, and waits for its pods: one that still runs could publish the canary once more. */
  public async remove(signal: AbortSignal): Promise<void> {
    const { kube } = this.way.traces.volume;
    await kube.delete(`${this.jobs}/${this.name}`, signal);
    while ((await this.pods()).length > 0) await each(signal);
  }

  private async pods(): Promise<readonly string[]> {
    const { kube, namespace } = this.way.traces.volume;
    const selector = encodeURIComponent(`batch.kubernetes.io/job-name=${this.name}`);
    const { items } = await kube.get<{ items: readonly { metadata: { name: string } }[] }>(
      `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`,
    );
    return items.map(({ metadata }) => metadata.name);
  }
}

const each = (signal: AbortSignal): Promise<unknown> => sleep(500, undefined, { signal });

/** Waits for the registered version. A run that ended without it is asked why. */
async function registered(
  { traces, name }: CanaryWay,
  run: HandStarted,
  signal: AbortSignal,
): Promise<string> {
  const { registry, registeredName } = traces;
  const version = async (): Promise<string | undefined> =>
    Object.values((await registry.mlflow.model(registeredName(name)))?.aliases ?? {})[0];
  for (;;) {
    signal.throwIfAborted();
    const ended = await run.ended();
    const found = await version();
    if (found !== undefined) return found;
    if (ended !== undefined)
      throw new CheckError(
        `the worker's run ended (${ended}) without a registered version: ${await run.said()}`,
        'docs/operations.md, "Models": what became of a model, and what to do',
      );
    await each(signal);
  }
}

/** Waits until the hub's Prometheus has the member's own recordings of all its stages. */
async function seen(
  { traces, hub, name }: CanaryWay,
  signal: AbortSignal,
): Promise<CanaryEvidence["stages"]> {
  const selector = select(fedCluster.transfer.stage, { cluster: traces.member, model: name });
  const all = (series: readonly Sampled[]): CanaryEvidence["stages"] | undefined => {
    const stages = Object.fromEntries(
      series.map(({ labels, samples }) => [labels.stage ?? "", samples[0]?.[1] ?? NaN]),
    );
    return transferStages.every((stage) => stage in stages) ? stages : undefined;
  };
  return awaitSeries(hub, selector, all, signal);
}

/** Where a canary stands when it is given up. */
const WAITS: Readonly<Record<string, { readonly cause: string; readonly action: string }>> = {
  dropped: {
    cause: "it could not be written to the member's file system",
    action: "look at the pods of the transfer's namespace",
  },
  registered: {
    cause: "no version was registered in time",
    action: '`kubectl logs` of the worker\'s run; docs/operations.md, "Models"',
  },
  "seen on the hub": {
    cause: "the hub's Prometheus does not show its stages in time",
    action:
      "its member's exporter model-sync-exporter, the recording rules of the transfer, and the detail scrape of the hub; or inventory.models is reached",
  },
};

/**
 * Sends a canary its whole way and times each stage; afterwards, whatever happened, removes every trace of it.
 *
 * @param signal ends the way, not the removal
 */
export async function sendCanary(way: CanaryWay, signal: AbortSignal): Promise<CanaryEvidence> {
  const { traces, name, files } = way;
  const reached: Timing[] = [];
  let before = performance.now();
  const reach = (stage: string): void => {
    const now = performance.now();
    reached.push({ stage, seconds: (now - before) / 1000 });
    before = now;
  };
  const run = new HandStarted(way, signal);
  let version: string | undefined;
  let stages: CanaryEvidence["stages"] = {};
  let stopped: CanaryEvidence["stopped"];
  let earlier: readonly string[] = [];
  const stage = (): string => Object.keys(WAITS)[reached.length] ?? "";
  try {
    earlier = await activeRuns(traces.volume, signal);
    await writeCanary(traces.volume, name, files, signal);
    reach("dropped");
    await run.start();
    version = await registered(way, run, signal);
    reach("registered");
    stages = await seen(way, signal);
    reach("seen on the hub");
  } catch (error) {
    const wait = WAITS[stage()];
    stopped = signal.aborted
      ? { stage: stage(), cause: wait?.cause ?? "interrupted", action: wait?.action ?? "run it again" }
      : {
          stage: stage(),
          cause: messageOf(error),
          action: error instanceof CheckError ? error.action : (wait?.action ?? ""),
        };
  }
  before = performance.now();
  const removed = await removal(traces, name, earlier, run);
  reach("removed");
  return {
    name,
    reached,
    ...(version === undefined ? {} : { version }),
    stages,
    ...(stopped === undefined ? {} : { stopped }),
    removed,
  };
}

async function removal(
  traces: Traces,
  name: string,
  earlier: readonly string[],
  run: HandStarted,
): Promise<Removed> {
  const limit = AbortSignal.timeout(REMOVAL_SECONDS * 1000);
  const ended = await run.remove(limit).then(
    () => [],
    (error: unknown) => [`Job ${run.name}: ${messageOf(error)}`],
  );
  const removed = await removeCanary(traces, name, earlier, limit);
  return { ...removed, left: [...ended, ...removed.left] };
}

/** Stages of the worker by its member's clock, as far as they follow each other. */
function ownTimes(stages: CanaryEvidence["stages"]): readonly string[] {
  const times = transferStages.flatMap((stage) =>
    stage in stages ? [{ stage, time: stages[stage] ?? NaN }] : [],
  );
  return times
    .slice(1)
    .map(({ stage, time }, index) => `${stage} +${(time - (times[index]?.time ?? NaN)).toFixed(1)} s`);
}

export function judgeCanary({ name, reached, version, stages, stopped, removed }: CanaryEvidence): Verdict {
  const own = ownTimes(stages);
  return judged(
    [
      `${name}: ${reached.map(({ stage, seconds }) => `${stage} after ${seconds.toFixed(1)} s`).join(", ")}`,
      ...(version === undefined ? [] : [`registered as version ${version}`]),
      ...(own.length === 0 ? [] : [`by the member's clock: ${own.join(", ")}`]),
      `removed again from file system, bucket (${removed.objects} objects), registry and state${removed.abandoned.length === 0 ? "" : `, with ${removed.abandoned.join(", ")} of earlier runs`}`,
    ],
    [
      ...(stopped === undefined
        ? []
        : [{ cause: `${name} was not ${stopped.stage}: ${stopped.cause}`, action: stopped.action }]),
      ...removed.left.map((what) => ({
        cause: `a trace of ${name} is left: ${what}`,
        action:
          "run validate again in an hour, which removes what is left of earlier canaries; or remove it by hand",
      })),
    ],
    reached,
  );
}

/** Why no canary is sent, before anything is written; undefined where one is. */
export function withoutCanary(
  cronJob: CronJob,
  name: string,
  files: readonly CanaryFile[] | undefined,
  takes: (name: string) => boolean,
): Verdict | undefined {
  if (cronJob.spec.suspend === true)
    return judged(
      [],
      [
        {
          cause: `CronJob ${cronJob.metadata.name} is suspended: no model is brought`,
          action: `\`kubectl patch cronjob ${cronJob.metadata.name} -p '{"spec":{"suspend":false}}'\``,
        },
      ],
    );
  if (files === undefined)
    return notApplicable("federation:member.modelSync.allowedFormats has none that a canary can be made of");
  if (!takes(name))
    return notApplicable(
      `federation:member.modelSync.source.include leaves out ${name}, so no canary would be brought`,
    );
  return undefined;
}
