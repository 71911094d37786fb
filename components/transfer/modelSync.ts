import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { restrictedPod, selectorLabels, workloadLabels } from "../kubernetes/pods";
import type { MetricsPods } from "../kubernetes/pods";
import { runDeadlineSeconds, verifyDeadlineSeconds } from "./deadlines";
import { EXPORTER_PORT, declareExporter } from "./exporter";
import { modelSyncProblems, modelSyncSettings, mountPath, trustOf } from "./modelSyncArgs";
import type { ModelSyncArgs, Place } from "./modelSyncArgs";
import type { ModelsVolume, ReadBack } from "./types";
import { declareWorkerFiles, sortedJson } from "./workerFiles";
import type { WorkerFiles } from "./workerFiles";
import { cronJobSpec, defaultWorkerResources } from "./workerPod";

export type { ModelSyncArgs } from "./modelSyncArgs";

/** Selects the pods of `run`. */
export const MODEL_SYNC = selectorLabels("model-sync", "transfer");
/** Selects the pods of `verify`. */
export const MODEL_SYNC_VERIFY = selectorLabels("model-sync-verify", "transfer");
/** Selects the pod of the exporter. */
export const MODEL_SYNC_EXPORTER = selectorLabels("model-sync-exporter", "metrics");

/** Fixed names: what a person starts by hand (`kubectl create job --from=cronjob/model-sync`), and what has a Service. */
const NAMES = { run: "model-sync", verify: "model-sync-verify", exporter: "model-sync-exporter" } as const;

/** The Pod Security level of the namespace: everything is restricted, but folders of nodes are forbidden there. */
export function modelSyncPodSecurity(volume: ModelsVolume): "restricted" | "privileged" {
  return volume.kind === "hostPath" ? "privileged" : "restricted";
}

/** The scrape target of the declared exporter. */
export function modelSyncPods(namespace: string): MetricsPods {
  return { namespace, labels: MODEL_SYNC_EXPORTER, port: EXPORTER_PORT };
}

/** `verify`'s flag: all, none or a share. */
const readBackFlag = (readBack: ReadBack): string =>
  typeof readBack === "object" ? String(readBack.sample) : readBack;

/** What the pods of one member share. */
interface Pods {
  readonly image: string;
  readonly files: WorkerFiles;
  readonly serviceAccountName: pulumi.Input<string>;
}

/**
 * The CronJob of `run`. A folder of the node that is not there yet is the worker's to report (`root-not-mounted`), at
 * once, and not the kubelet's to wait for; a file system mounted later shows up inside.
 */
export function runSpec(args: ModelSyncArgs, pods: Pods): types.input.batch.v1.CronJobSpec {
  const { source, nodeSelector = {}, tolerations = [] } = args;
  const { user, group, supplementalGroups } = source.runAs;
  const mount = { name: "models", mountPath: mountPath(source.volume), readOnly: true };
  return cronJobSpec({
    ...pods,
    name: "model-sync",
    command: ["run"],
    selector: MODEL_SYNC,
    schedule: args.schedule,
    timeZone: args.timeZone,
    deadlineSeconds: runDeadlineSeconds({ ...args, settleSeconds: args.quiescence.settleSeconds }),
    resources: args.resources ?? defaultWorkerResources,
    placement: {
      securityContext: {
        ...restrictedPod,
        runAsUser: user,
        runAsGroup: group,
        ...(supplementalGroups.length === 0 ? {} : { supplementalGroups: [...supplementalGroups] }),
      },
      ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector: { ...nodeSelector } }),
      ...(tolerations.length === 0 ? {} : { tolerations: tolerations.map((one) => ({ ...one })) }),
    },
    models:
      source.volume.kind === "hostPath"
        ? {
            volume: { name: "models", hostPath: { path: source.volume.path } },
            mount: { ...mount, mountPropagation: "HostToContainer" },
          }
        : {
            volume: {
              name: "models",
              persistentVolumeClaim: { claimName: source.volume.name, readOnly: true },
            },
            mount,
          },
  });
}

/** The CronJob of `verify`, which reads the store alone. */
export function verifySpec(args: ModelSyncArgs, pods: Pods): types.input.batch.v1.CronJobSpec {
  const { schedule, readBack } = args.verify;
  return cronJobSpec({
    ...pods,
    name: "model-sync",
    command: ["verify", "--read-back", readBackFlag(readBack)],
    selector: MODEL_SYNC_VERIFY,
    schedule,
    timeZone: args.timeZone,
    deadlineSeconds: verifyDeadlineSeconds({ ...args, readBack }),
    resources: args.resources ?? defaultWorkerResources,
  });
}

/**
 * Brings a member's models to the hub: a CronJob that publishes and registers what is new, one that verifies what is
 * published, and an exporter of what both have found.
 */
export class ModelSync extends pulumi.ComponentResource {
  public constructor(name: string, args: ModelSyncArgs, opts?: pulumi.ComponentResourceOptions) {
    super("federation:transfer:ModelSync", name, {}, opts);
    const problems = modelSyncProblems(args);
    if (problems.length > 0) throw new pulumi.RunError(`${name}: ${problems.join("; ")}`);

    const { namespace, image } = args;
    const metadata = (selector: Readonly<Record<string, string>>, fixed: string) => ({
      name: fixed,
      namespace,
      labels: workloadLabels(selector, image),
    });
    const parent = { parent: this };

    const account = new k8s.core.v1.ServiceAccount(
      `${name}-service-account`,
      {
        metadata: { namespace, labels: workloadLabels(MODEL_SYNC, image) },
        automountServiceAccountToken: false,
      },
      parent,
    );
    const { worker, exporter } = this.files(name, args);
    const pods = { image, serviceAccountName: account.metadata.name };
    const workers = { ...pods, files: worker };
    new k8s.batch.v1.CronJob(
      `${name}-run`,
      { metadata: metadata(MODEL_SYNC, NAMES.run), spec: runSpec(args, workers) },
      parent,
    );
    new k8s.batch.v1.CronJob(
      `${name}-verify`,
      { metadata: metadata(MODEL_SYNC_VERIFY, NAMES.verify), spec: verifySpec(args, workers) },
      parent,
    );
    declareExporter(
      name,
      { ...pods, namespace, name: NAMES.exporter, selector: MODEL_SYNC_EXPORTER, files: exporter },
      this,
    );
    this.registerOutputs({});
  }

  /** What the pods mount. The grant comes as one secret; where the store is and who signed for it are none. */
  private files(
    name: string,
    args: ModelSyncArgs,
  ): { readonly worker: WorkerFiles; readonly exporter: WorkerFiles } {
    const grant = pulumi.output(args.grant);
    const place = pulumi.unsecret(
      grant.apply(({ region, bucket, minioCa, mlflowCa }): Place => ({ region, bucket, minioCa, mlflowCa })),
    );
    return declareWorkerFiles(
      name,
      {
        namespace: args.namespace,
        labels: workloadLabels(MODEL_SYNC, args.image),
        bundle: args.bundle,
        settings: place.apply((known) => sortedJson(modelSyncSettings(args, known))),
        trust: place.apply(trustOf),
        credentials: grant.apply(({ writer }) => writer),
        exporterCredentials: grant.apply(({ reader }) => reader),
        mlflowCredentials: args.mlflowCredentials,
      },
      this,
    );
  }
}
