import { until } from "../../sandbox/checks";
import { kubectl } from "./live";

/** Of what measures. */
export const benchmarksNamespace = "benchmarks";

const inNamespace = ["-n", benchmarksNamespace];

/** A run to its end. */
export interface BenchmarkRunEnd {
  /** Name of the run: that of its pod. */
  readonly run: string;
  /** Of the driver: 0 pass, 1 fail, 2 invalid, 3 error. */
  readonly exitCode: number;
  readonly log: string;
  /** When its pod was made, and when the driver had ended; seconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

interface Pod {
  readonly metadata: { readonly name: string; readonly creationTimestamp: string };
  readonly status: {
    readonly phase?: string;
    readonly containerStatuses?: readonly {
      readonly state: { readonly terminated?: { readonly exitCode: number; readonly finishedAt: string } };
    }[];
  };
}

const podsOf = (job: string): readonly Pod[] =>
  (
    JSON.parse(
      kubectl("cloud", [
        ...["get", "pods", ...inNamespace, "-o", "json"],
        ...["-l", `batch.kubernetes.io/job-name=${job}`],
        "--sort-by=.metadata.creationTimestamp",
      ]),
    ) as { items: Pod[] }
  ).items;

const seconds = (time: string): number => Date.parse(time) / 1000;

/**
 * Runs a CronJob's benchmark once by hand, as `kubectl create job --from` does, and waits for the end of its first run: one
 * that is invalid would be repeated, which tells no more. Both are removed afterwards.
 */
export async function runBenchmarkJob(cronJob: string, limitSeconds: number): Promise<BenchmarkRunEnd> {
  const job = `${cronJob}-${process.pid}`;
  kubectl("cloud", ["create", "job", job, `--from=cronjob/${cronJob}`, ...inNamespace]);
  try {
    let ended: Omit<BenchmarkRunEnd, "log"> | undefined;
    await until(
      `the first run of Job ${job} ended`,
      limitSeconds,
      () => {
        const [pod] = podsOf(job);
        const terminated = pod?.status.containerStatuses?.[0]?.state.terminated;
        if (pod === undefined || terminated === undefined)
          return Promise.resolve([
            pod === undefined ? "it has no pod" : `its pod is ${pod.status.phase ?? "new"}`,
          ]);
        ended = {
          run: pod.metadata.name,
          exitCode: terminated.exitCode,
          from: seconds(pod.metadata.creationTimestamp),
          to: seconds(terminated.finishedAt),
        };
        return Promise.resolve([]);
      },
      () => Promise.resolve(benchmarkEvidence(job)),
    );
    if (ended === undefined) throw new Error(`Job ${job} has no end`);
    return { ...ended, log: kubectl("cloud", ["logs", ended.run, ...inNamespace]) };
  } finally {
    kubectl("cloud", ["delete", "job", job, ...inNamespace, "--cascade=foreground"]);
  }
}

/** What a person would look at next: Jobs, pods, events of both namespaces, and what the driver said. */
export function benchmarkEvidence(job: string): string[] {
  const tries = [
    ["get", "cronjobs,jobs,pods", "-o", "wide", ...inNamespace],
    ["get", "events", "--sort-by=.lastTimestamp", ...inNamespace],
    ["logs", `job/${job}`, "--all-containers", "--tail=60", ...inNamespace],
    ["get", "deployments,hpa,pods", "-o", "wide", "-n", "models"],
    ["get", "events", "--sort-by=.lastTimestamp", "-n", "models"],
  ];
  return tries.flatMap((args) => {
    try {
      return [`--- kubectl ${args.join(" ")}`, ...kubectl("cloud", args).split("\n").slice(-60)];
    } catch (error) {
      return [String(error)];
    }
  });
}
