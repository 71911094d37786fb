import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { restrictedContainer, restrictedPod, workloadLabels } from "../kubernetes/pods";
import type { PodResources } from "../kubernetes/pods";
import { BUNDLE_FILE, FOLDERS, SETTINGS_FILE } from "./workerFiles";
import type { WorkerFiles } from "./workerFiles";

type PodSpec = types.input.core.v1.PodSpec;
type Labels = Readonly<Record<string, string>>;

/** What the largest transfers were measured with: under 300 MiB in all, buffers and the signer's tables among them. */
const WORKER_HEAP = ["--max-old-space-size=192", "--max-semi-space-size=8"];

export const defaultWorkerResources: PodResources = {
  requests: { cpu: "250m", memory: "256Mi" },
  limits: { cpu: "2", memory: "512Mi" },
};

/** What every pod of a worker has, whatever it does. */
export interface WorkerPod {
  /** Name of the container. */
  readonly name: string;
  readonly image: string;
  /** Command of the worker and its flags, beside the settings file. */
  readonly command: readonly string[];
  readonly files: WorkerFiles;
  readonly serviceAccountName: pulumi.Input<string>;
  /** Whether it talks to the API server. */
  readonly token?: boolean;
  /** Who it runs as and where, other than nobody and anywhere. */
  readonly placement?: Pick<PodSpec, "securityContext" | "nodeSelector" | "tolerations">;
  /** What it reads beside its own files. */
  readonly models?: {
    readonly volume: types.input.core.v1.Volume;
    readonly mount: types.input.core.v1.VolumeMount;
  };
}

/** A pod of one container that runs the bundle, restricted but for its placement. */
export function workerPodSpec(
  { name, image, command, files, serviceAccountName, token = false, placement, models }: WorkerPod,
  heap: readonly string[],
  container: Omit<types.input.core.v1.Container, "name" | "image">,
): PodSpec {
  const [verb = "", ...flags] = command;
  const mounts: types.input.core.v1.VolumeMount[] = Object.entries(FOLDERS).map(([volume, mountPath]) => ({
    name: volume,
    mountPath,
    readOnly: true,
  }));
  return {
    serviceAccountName,
    automountServiceAccountToken: token,
    enableServiceLinks: false,
    // it may end at any point
    terminationGracePeriodSeconds: 5,
    securityContext: restrictedPod,
    ...placement,
    containers: [
      {
        name,
        image,
        command: ["node", ...heap, `${FOLDERS.bundle}/${BUNDLE_FILE}`],
        args: [verb, "--config", `${FOLDERS.settings}/${SETTINGS_FILE}`, ...flags],
        securityContext: restrictedContainer,
        volumeMounts: [...mounts, ...(models === undefined ? [] : [models.mount])],
        ...container,
      },
    ],
    volumes: [
      { name: "bundle", configMap: { name: files.bundle } },
      { name: "settings", configMap: { name: files.settings } },
      { name: "trust", configMap: { name: files.trust } },
      { name: "credentials", secret: { secretName: files.credentials } },
      ...(models === undefined ? [] : [models.volume]),
    ],
  };
}

export interface WorkerCronJob extends WorkerPod {
  /** Selects its pods. */
  readonly selector: Labels;
  readonly schedule: string;
  readonly timeZone: string;
  /** Seconds after which a run is ended. */
  readonly deadlineSeconds: number;
  readonly resources: PodResources;
}

/**
 * A run at a time, none twice: a run that fails is the next one's to repeat, and one that a drained node took away is not
 * counted as failed.
 */
export function cronJobSpec(job: WorkerCronJob): types.input.batch.v1.CronJobSpec {
  const metadata = { labels: workloadLabels(job.selector, job.image) };
  return {
    schedule: job.schedule,
    timeZone: job.timeZone,
    concurrencyPolicy: "Forbid",
    startingDeadlineSeconds: 300,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 3,
    jobTemplate: {
      metadata,
      spec: {
        backoffLimit: 0,
        activeDeadlineSeconds: job.deadlineSeconds,
        podFailurePolicy: {
          rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
        },
        template: {
          metadata,
          spec: {
            ...workerPodSpec(job, WORKER_HEAP, { resources: job.resources }),
            restartPolicy: "Never",
          },
        },
      },
    },
  };
}
