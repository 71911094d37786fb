import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { parseHubSettings } from "../../workloads/model-sync/retention/settings";
import { SettingsError } from "../../workloads/model-sync/settingsError";
import { selectorLabels, workloadLabels } from "../kubernetes/pods";
import type { MetricsPods, PodResources } from "../kubernetes/pods";
import { bundleProblems } from "./bundle";
import { EXPORTER_PORT, declareExporter } from "./exporter";
import { scheduleProblem } from "./schedule";
import type { AccessKey, Registry, RegistryUser, WorkerBundle } from "./types";
import { addressProblems, declareWorkerFiles, mlflowSettings, s3Settings, sortedJson } from "./workerFiles";
import type { WorkerFiles } from "./workerFiles";
import { cronJobSpec, defaultWorkerResources } from "./workerPod";

/** Selects the pods of `gc`. */
export const MODEL_RETENTION = selectorLabels("model-retention", "transfer");
/** Selects the pod of the exporter. */
export const MODEL_RETENTION_EXPORTER = selectorLabels("model-retention-exporter", "metrics");

/** Fixed names: what a person starts by hand (`kubectl create job --from=cronjob/model-retention`), and what has a Service. */
const NAMES = { gc: "model-retention", exporter: "model-retention-exporter" } as const;

/** Seconds after which a `gc` is ended: a million versions one by one; what it leaves is the next one's. */
export const RETENTION_DEADLINE_SECONDS = 6 * 3600;

export interface ModelRetentionArgs {
  /** Name of the namespace; Pod Security `restricted` will do. */
  readonly namespace: pulumi.Input<string>;
  /** Reference of a stock Node.js 24 image with tag and digest. */
  readonly image: string;
  readonly bundle: WorkerBundle;
  readonly minio: {
    /** https URL of the store. */
    readonly url: string;
    readonly region: string;
    /** PEM of the CA behind it; absent: the image's own roots. */
    readonly ca?: string | undefined;
  };
  readonly mlflow: Registry & {
    /** PEM of the CA behind it; absent: the image's own roots. */
    readonly ca?: string | undefined;
  };
  /** Name of the bucket of models. */
  readonly bucket: pulumi.Input<string>;
  /** Members whose versions are looked after; nothing else in the bucket is touched. */
  readonly members: readonly string[];
  readonly retention: {
    /** Cron schedule of `gc`, UTC. */
    readonly schedule: string;
    /** Versions of each model that are kept whatever else reaches them. */
    readonly keepLast: number;
    /** Age in seconds below which nothing is removed: not less than the longest deadline of a transfer. */
    readonly minAgeSeconds: number;
    /** Removes what the plan names; otherwise the plan is only shown and counted. */
    readonly apply: boolean;
    /** Where services that load versions are found. */
    readonly inferenceServices: "kubernetes" | "none";
  };
  /** The S3 user with the grant `retention`. */
  readonly credentials: pulumi.Input<AccessKey>;
  /** The S3 user with the grant `retentionReader`, for metrics. */
  readonly exporterCredentials: pulumi.Input<AccessKey>;
  /** User at the registry; may be absent only where anyone may write there. */
  readonly mlflowCredentials?: pulumi.Input<RegistryUser> | undefined;
  /** Of `gc`; default: 250m and 256Mi, at most 2 and 512Mi. */
  readonly resources?: PodResources | undefined;
}

/** What `gc` reads of the cluster: services that load models, and their revisions and pods; in lists, and nothing else. */
export const liveModelRules: types.input.rbac.v1.PolicyRule[] = [
  {
    apiGroups: ["serving.kserve.io"],
    resources: ["inferenceservices", "llminferenceservices"],
    verbs: ["list"],
  },
  { apiGroups: ["serving.knative.dev"], resources: ["revisions"], verbs: ["list"] },
  { apiGroups: [""], resources: ["pods"], verbs: ["list"] },
];

/** The scrape target of the declared exporter. */
export function modelRetentionPods(namespace: string): MetricsPods {
  return { namespace, labels: MODEL_RETENTION_EXPORTER, port: EXPORTER_PORT };
}

/** The worker's settings file, as the worker's own schema of the hub has it. */
export function modelRetentionSettings(
  args: ModelRetentionArgs,
  bucket: string,
): Readonly<Record<string, unknown>> {
  const { schedule: _cronJobs, inferenceServices, ...retention } = args.retention;
  const trust = { minio: args.minio.ca, mlflow: args.mlflow.ca };
  return {
    members: args.members,
    retention,
    inferenceServices,
    s3: s3Settings({ endpoint: args.minio.url, region: args.minio.region, bucket }, trust),
    mlflow: mlflowSettings(args.mlflow, args.mlflowCredentials !== undefined, trust),
  };
}

/** What the worker itself would refuse of its settings. */
function settingsProblems(args: ModelRetentionArgs): readonly string[] {
  try {
    parseHubSettings(modelRetentionSettings(args, "models"));
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.message.split("\n").map((line) => `worker's settings, ${line}`);
  }
}

/** Everything wrong with the arguments: field, value, what is allowed. */
export function modelRetentionProblems(args: ModelRetentionArgs): readonly string[] {
  const problems = [
    ...bundleProblems(args.bundle),
    ...addressProblems(
      { "minio.url": args.minio.url, "mlflow.url": args.mlflow.url },
      args.mlflow,
      args.mlflowCredentials !== undefined,
    ),
  ];
  const schedule = scheduleProblem(args.retention.schedule);
  if (schedule !== undefined) problems.push(`retention.schedule: ${schedule}`);
  // the worker would only say the same again
  return problems.length > 0 ? problems : settingsProblems(args);
}

/**
 * Looks after published versions: a CronJob that plans, and removes where it may, what nothing reaches any more, and an
 * exporter of what that would free.
 */
export class ModelRetention extends pulumi.ComponentResource {
  public constructor(name: string, args: ModelRetentionArgs, opts?: pulumi.ComponentResourceOptions) {
    super("federation:transfer:ModelRetention", name, {}, opts);
    const problems = modelRetentionProblems(args);
    if (problems.length > 0) throw new pulumi.RunError(`${name}: ${problems.join("; ")}`);

    const { namespace, image } = args;
    const labels = workloadLabels(MODEL_RETENTION, image);

    const { worker, exporter } = this.files(name, args);
    const asksCluster = args.retention.inferenceServices === "kubernetes";
    const account = new k8s.core.v1.ServiceAccount(
      `${name}-service-account`,
      { metadata: { namespace, labels }, automountServiceAccountToken: asksCluster },
      { parent: this },
    );
    const serviceAccountName = account.metadata.name;
    const access = asksCluster ? [this.access(name, args, serviceAccountName)] : [];
    new k8s.batch.v1.CronJob(
      `${name}-gc`,
      {
        metadata: { name: NAMES.gc, namespace, labels },
        spec: cronJobSpec({
          name: "model-retention",
          image,
          command: ["gc"],
          files: worker,
          serviceAccountName,
          token: asksCluster,
          selector: MODEL_RETENTION,
          schedule: args.retention.schedule,
          timeZone: "Etc/UTC",
          deadlineSeconds: RETENTION_DEADLINE_SECONDS,
          resources: args.resources ?? defaultWorkerResources,
        }),
      },
      { parent: this, dependsOn: access },
    );
    declareExporter(
      name,
      {
        image,
        serviceAccountName,
        namespace,
        name: NAMES.exporter,
        selector: MODEL_RETENTION_EXPORTER,
        files: exporter,
      },
      this,
    );
    this.registerOutputs({});
  }

  /** What the pods mount. */
  private files(
    name: string,
    args: ModelRetentionArgs,
  ): { readonly worker: WorkerFiles; readonly exporter: WorkerFiles } {
    return declareWorkerFiles(
      name,
      {
        namespace: args.namespace,
        labels: workloadLabels(MODEL_RETENTION, args.image),
        bundle: args.bundle,
        settings: pulumi
          .output(args.bucket)
          .apply((bucket) => sortedJson(modelRetentionSettings(args, bucket))),
        trust: { minio: args.minio.ca, mlflow: args.mlflow.ca },
        credentials: args.credentials,
        exporterCredentials: args.exporterCredentials,
        mlflowCredentials: args.mlflowCredentials,
      },
      this,
    );
  }

  /** What it may ask the API server. */
  private access(
    name: string,
    { namespace, image }: ModelRetentionArgs,
    serviceAccountName: pulumi.Output<string>,
  ): pulumi.Resource {
    const metadata = { labels: workloadLabels(MODEL_RETENTION, image) };
    const role = new k8s.rbac.v1.ClusterRole(
      `${name}-cluster-role`,
      { metadata, rules: liveModelRules },
      { parent: this },
    );
    return new k8s.rbac.v1.ClusterRoleBinding(
      `${name}-cluster-role-binding`,
      {
        metadata,
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role.metadata.name },
        subjects: [{ kind: "ServiceAccount", name: serviceAccountName, namespace }],
      },
      { parent: this },
    );
  }
}
