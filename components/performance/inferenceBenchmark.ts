import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { AWAITED_SECONDS } from "../../workloads/benchmark/driver/durations";
import { workloadLabels } from "../kubernetes/pods";
import { sortedJson } from "../transfer/workerFiles";
import { benchmarkRules } from "./benchmarkAccess";
import { benchmarkConfig, inputsHash, reportsUrl, type Extent } from "./benchmarkConfig";
import { declareFile, declareFiles, FILES } from "./benchmarkFiles";
import {
  benchmarkCronJobSpec,
  benchmarkJobSpec,
  benchmarkSelector,
  cronJobName,
  type BenchmarkPods,
  type BenchmarkRun,
} from "./benchmarkPod";
import { benchmarkProblems } from "./benchmarkProblems";
import type { InferenceBenchmarkArgs } from "./types";

/**
 * Measures one served model: a Job that `up` begins, which asks whether it answers and how fast, and a CronJob of all
 * scenarios. Results, reports and verdicts are kept by the runs themselves.
 *
 * `opts.dependsOn` is what a run needs beside its own objects: its bucket, its users, the model.
 */
export class InferenceBenchmark extends pulumi.ComponentResource {
  /** Where the reports of the target's model are. */
  public readonly reports: pulumi.Output<string>;

  public constructor(name: string, args: InferenceBenchmarkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("federation:performance:InferenceBenchmark", name, {}, opts);
    const problems = benchmarkProblems(args);
    if (problems.length > 0) throw new pulumi.RunError(`${name}: ${problems.join("; ")}`);

    const { namespace, target } = args;
    const labels = workloadLabels(benchmarkSelector(target.name), args.images.node);
    const owner = { name, metadata: { namespace, labels }, parent: this };
    const account = new k8s.core.v1.ServiceAccount(
      `${name}-service-account`,
      { metadata: { namespace, labels }, automountServiceAccountToken: true },
      { parent: this },
    );
    const serviceAccountName = account.metadata.name;
    const access = this.access(name, args, serviceAccountName);
    const pods = { files: declareFiles(owner, args), serviceAccountName };
    const run = (extent: Extent, role: string): BenchmarkRun => {
      const config = pulumi
        .all([args.prometheus.url, args.store.bucket])
        .apply(([prometheusUrl, bucket]) =>
          sortedJson(benchmarkConfig(args, { prometheusUrl, bucket }, extent)),
        );
      return {
        config: declareFile(owner, role, FILES.config, config),
        inputs: config.apply((text) => inputsHash(text, args.scripts)),
        extent,
      };
    };

    if (target.schedule !== undefined)
      new k8s.batch.v1.CronJob(
        `${name}-cron-job`,
        {
          metadata: { name: cronJobName(target.name), namespace, labels },
          spec: benchmarkCronJobSpec(target.schedule, args, pods, run("all", "config")),
        },
        { parent: this, dependsOn: access },
      );
    if (target.gate !== "off")
      this.job(name, args, pods, run("awaited", "job-config"), [access], opts?.dependsOn);
    this.reports = pulumi.output(args.store.bucket).apply((bucket) => reportsUrl(bucket, target.model));
    this.registerOutputs({ reports: this.reports });
  }

  /**
   * The Job that `up` begins, anew with every change of what it runs. A gate is waited for and fails the update with it;
   * the next `up` runs a gate again that did not pass. Advice is not waited for, and not repeated.
   */
  private job(
    name: string,
    args: InferenceBenchmarkArgs,
    pods: BenchmarkPods,
    run: BenchmarkRun,
    access: readonly pulumi.Resource[],
    after: pulumi.ComponentResourceOptions["dependsOn"],
  ): void {
    const awaited = args.target.gate === "gate";
    const labels = workloadLabels(benchmarkSelector(args.target.name), args.images.node);
    const timeout = `${AWAITED_SECONDS / 60}m`;
    new k8s.batch.v1.Job(
      `${name}-job`,
      {
        metadata: {
          namespace: args.namespace,
          labels,
          annotations: awaited ? { "pulumi.com/replaceUnready": "true" } : { "pulumi.com/skipAwait": "true" },
        },
        spec: benchmarkJobSpec(args, pods, run),
      },
      {
        parent: this,
        dependsOn: pulumi
          .output(after)
          .apply((given) => [
            ...access,
            ...(given === undefined ? [] : Array.isArray(given) ? given : [given]),
          ]),
        ...(awaited ? { customTimeouts: { create: timeout, update: timeout } } : {}),
      },
    );
  }

  /** What runs may do where the served model is. */
  private access(
    name: string,
    { namespace, target, images }: InferenceBenchmarkArgs,
    serviceAccountName: pulumi.Output<string>,
  ): pulumi.Resource {
    const metadata = {
      namespace: target.namespace,
      labels: workloadLabels(benchmarkSelector(target.name), images.node),
    };
    const role = new k8s.rbac.v1.Role(
      `${name}-role`,
      { metadata, rules: benchmarkRules(target) },
      { parent: this },
    );
    return new k8s.rbac.v1.RoleBinding(
      `${name}-role-binding`,
      {
        metadata,
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
        subjects: [{ kind: "ServiceAccount", name: serviceAccountName, namespace }],
      },
      { parent: this },
    );
  }
}
