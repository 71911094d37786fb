import { until } from "../../sandbox/checks";
import { kubectl, type Stack } from "./live";

/** Of everything that moves models. */
export const transferNamespace = "federation-transfer";

export interface JobRun {
  /** What ended the Job. */
  readonly status: "Complete" | "Failed";
  /** Of its last pod. */
  readonly log: string;
}

let jobs = 0;

/** Runs a CronJob once by hand, beside its schedule, as `kubectl create job --from` does; waits for its end. */
export async function runJob(cronJob: string, stack: Stack = "hpc", seconds = 180): Promise<JobRun> {
  const name = `${cronJob}-by-hand-${process.pid}-${++jobs}`;
  const inNamespace = ["-n", transferNamespace];
  kubectl(stack, ["create", "job", name, `--from=cronjob/${cronJob}`, ...inNamespace]);
  let status: JobRun["status"] | undefined;
  await until(
    `Job ${name} of ${stack} ended`,
    seconds,
    () => {
      const job = JSON.parse(kubectl(stack, ["get", "job", name, ...inNamespace, "-o", "json"])) as {
        status: { conditions?: { type: string; status: string }[] };
      };
      status = (["Complete", "Failed"] as const).find((type) =>
        job.status.conditions?.some((one) => one.type === type && one.status === "True"),
      );
      return Promise.resolve(status === undefined ? [JSON.stringify(job.status)] : []);
    },
    () => Promise.resolve(transferEvidence(stack)),
  );
  if (status === undefined) throw new Error(`Job ${name} has no end`);
  const pods = kubectl(stack, [
    "get",
    "pods",
    ...inNamespace,
    "-l",
    `batch.kubernetes.io/job-name=${name}`,
    "--sort-by=.metadata.creationTimestamp",
    "-o",
    "name",
  ]);
  const last = pods
    .split("\n")
    .filter((pod) => pod !== "")
    .at(-1);
  const log = last === undefined ? "" : kubectl(stack, ["logs", last, ...inNamespace]);
  kubectl(stack, ["delete", "job", name, ...inNamespace]);
  return { status, log };
}

/** What a person would look at next: Jobs, pods, events, and the log of the last run. */
export function transferEvidence(stack: Stack = "hpc"): string[] {
  const tries = [
    ["get", "cronjobs,jobs,pods", "-o", "wide"],
    ["get", "events", "--sort-by=.lastTimestamp"],
    ["logs", "-l", "app.kubernetes.io/part-of=federation", "--all-containers", "--tail=30", "--prefix"],
  ];
  return tries.flatMap((args) => {
    try {
      const lines = kubectl(stack, [...args, "-n", transferNamespace]).split("\n");
      return [`--- kubectl ${args.join(" ")} (${stack})`, ...lines.slice(-40)];
    } catch (error) {
      return [String(error)];
    }
  });
}
