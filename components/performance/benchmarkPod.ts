import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { jobDeadlineSeconds } from "../../workloads/benchmark/driver/durations";
import { restrictedContainer, restrictedPod, selectorLabels, workloadLabels } from "../kubernetes/pods";
import type { PodResources } from "../kubernetes/pods";
import { K6_FILE, loadOf, WORK_FOLDER, type Extent } from "./benchmarkConfig";
import { credentialPaths, CREDENTIALS_FOLDER, FILES, fileVolumes, FOLDER } from "./benchmarkFiles";
import type { BenchmarkFiles } from "./benchmarkFiles";
import type { InferenceBenchmarkArgs } from "./types";

type Labels = Readonly<Record<string, string>>;
type JobSpec = types.input.batch.v1.JobSpec;

/** Selects the pods of one target. */
export const benchmarkSelector = (target: string): Labels => ({
  ...selectorLabels("benchmark", "performance"),
  "app.kubernetes.io/instance": `federation-benchmark-${target}`,
});

/** Fixed, for who starts a run by hand: `kubectl create job --from=cronjob/benchmark-<target>`. */
export const cronJobName = (target: string): string => `benchmark-${target}`;

/** Where the stock image of k6 has it. */
const K6_IN_IMAGE = "/usr/bin/k6";

const copyResources: PodResources = {
  requests: { cpu: "50m", memory: "32Mi" },
  limits: { cpu: "500m", memory: "128Mi" },
};

/** k6, and the files of all steps. */
const WORK_SIZE = "512Mi";

/** Seconds in which an ended run removes what it made in the cluster, and uploads what it has. */
const GRACE_SECONDS = 60;

/** Exit code of a run that can not be judged: only then is it repeated. */
const INVALID = 2;

/** What the pods of a target share, whatever they run. */
export interface BenchmarkPods {
  readonly files: BenchmarkFiles;
  readonly serviceAccountName: pulumi.Input<string>;
}

type Args = Pick<InferenceBenchmarkArgs, "images" | "target" | "store" | "registry" | "prometheus">;

/** One pod: k6 is copied out of its image, and the driver runs it once a step. */
export function benchmarkPodSpec(
  args: Args,
  { files, serviceAccountName }: BenchmarkPods,
  config: pulumi.Input<string>,
): types.input.core.v1.PodSpec {
  const work = { name: "work", mountPath: WORK_FOLDER };
  return {
    serviceAccountName,
    automountServiceAccountToken: true,
    enableServiceLinks: false,
    restartPolicy: "Never",
    terminationGracePeriodSeconds: GRACE_SECONDS,
    securityContext: restrictedPod,
    initContainers: [
      {
        name: "k6",
        image: args.images.k6,
        // no shell: the image need not have one
        command: ["cp", K6_IN_IMAGE, K6_FILE],
        resources: copyResources,
        securityContext: restrictedContainer,
        volumeMounts: [work],
      },
    ],
    containers: [
      {
        name: "benchmark",
        image: args.images.node,
        command: ["node", `${FOLDER}/${FILES.driver}`],
        args: ["--config", `${FOLDER}/${FILES.config}`, "--script", `${FOLDER}/${FILES.load}`],
        env: [
          { name: "BENCHMARK_RUN", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
          // k6 looks for its own settings below it, and for extensions on the internet
          { name: "HOME", value: WORK_FOLDER },
          { name: "K6_AUTO_EXTENSION_RESOLUTION", value: "false" },
        ],
        resources: args.target.resources,
        securityContext: restrictedContainer,
        volumeMounts: [
          work,
          { name: "benchmark", mountPath: FOLDER, readOnly: true },
          { name: "credentials", mountPath: CREDENTIALS_FOLDER, readOnly: true },
        ],
      },
    ],
    volumes: [
      { name: "work", emptyDir: { sizeLimit: WORK_SIZE } },
      ...fileVolumes(files, config, credentialPaths(args)),
    ],
  };
}

/** A run's settings, and what it is made from. */
export interface BenchmarkRun {
  /** Name of the ConfigMap of the settings. */
  readonly config: pulumi.Input<string>;
  /** Changes with anything that decides what a run measures. */
  readonly inputs: pulumi.Input<string>;
  readonly extent: Extent;
}

/**
 * A run at a time. One that is invalid (exit code 2) is repeated once; one that failed or broke ends the Job at once, and
 * one that a drained node took away is not counted.
 */
export function benchmarkJobSpec(
  args: Args,
  pods: BenchmarkPods,
  { config, inputs, extent }: BenchmarkRun,
): JobSpec {
  const load = loadOf(args.target, args.prometheus.scrapeSeconds, extent);
  return {
    backoffLimit: 1,
    activeDeadlineSeconds: jobDeadlineSeconds(load),
    podFailurePolicy: {
      rules: [
        { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
        { action: "FailJob", onExitCodes: { operator: "NotIn", values: [INVALID] } },
      ],
    },
    template: {
      metadata: {
        labels: workloadLabels(benchmarkSelector(args.target.name), args.images.node),
        annotations: { "benchmark.federation/inputs": inputs },
      },
      spec: benchmarkPodSpec(args, pods, config),
    },
  };
}

/** All scenarios by the schedule, never two runs at once. */
export function benchmarkCronJobSpec(
  schedule: string,
  args: Args,
  pods: BenchmarkPods,
  run: BenchmarkRun,
): types.input.batch.v1.CronJobSpec {
  return {
    schedule,
    timeZone: args.target.timeZone,
    concurrencyPolicy: "Forbid",
    startingDeadlineSeconds: 300,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 3,
    jobTemplate: {
      metadata: { labels: workloadLabels(benchmarkSelector(args.target.name), args.images.node) },
      spec: benchmarkJobSpec(args, pods, run),
    },
  };
}
