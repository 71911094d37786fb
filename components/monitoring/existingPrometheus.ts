import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { RuleGroup } from "../../rules";
import {
  OPERATOR_NAMES,
  additionalAlertmanagers,
  filesOf,
  ruleSpec,
  scrapeConfigSpec,
} from "./operatorObjects";
import type { AlertmanagerClientConfig, ScrapeConfig } from "./prometheusSchema";

export interface ExistingPrometheusArgs {
  /** Namespace of the operator's object `Prometheus`; everything is declared there. */
  readonly namespace: pulumi.Input<string>;
  /** What its selectors of rules and scrape jobs ask for. */
  readonly labels: Readonly<Record<string, string>>;
  /** Groups of rules by file name. */
  readonly rules: Readonly<Record<string, readonly RuleGroup[]>>;
  /** How often groups without an interval of their own are evaluated, a Prometheus duration. */
  readonly evaluationInterval: string;
  /** What the site's Prometheus does not scrape yet. */
  readonly jobs: readonly ScrapeConfig[];
  /** Where the project's alerts go. */
  readonly alertmanagers: readonly AlertmanagerClientConfig[];
  /** Credentials by the names of the files that jobs and Alertmanagers name. */
  readonly credentials: pulumi.Input<Readonly<Record<string, string>>>;
}

/** Everything wrong with the arguments: field, value, what is allowed. */
export function existingPrometheusProblems({ jobs, rules }: ExistingPrometheusArgs): readonly string[] {
  const names = jobs.map(({ job_name }) => job_name);
  return [
    ...names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((name) => `jobs: "${name}" stands twice; name every job once`),
    ...jobs
      .filter((job) => job.body_size_limit !== undefined)
      .map(
        (job) =>
          `jobs: "${job.job_name}" has a body_size_limit, which a ScrapeConfig can not say; leave it out`,
      ),
    ...Object.keys(rules)
      .filter((file) => !file.endsWith(".yml"))
      .map((file) => `rules: "${file}" is no .yml file; name it so`),
  ];
}

const encoded = (text: string): string => Buffer.from(text).toString("base64");

/**
 * The Prometheus that a site has already, run by the Prometheus Operator: this project gives it rules, scrape jobs and
 * the addresses of the Alertmanagers, and has none of its own. Nothing of the site's own objects is touched; the one
 * thing that the operator takes from its own object alone, `additionalAlertManagerConfigs`, lies ready in a Secret.
 */
export class ExistingPrometheus extends pulumi.ComponentResource {
  public constructor(name: string, args: ExistingPrometheusArgs, opts?: pulumi.ComponentResourceOptions) {
    super("federation:monitoring:ExistingPrometheus", name, {}, opts);
    const problems = existingPrometheusProblems(args);
    if (problems.length > 0) throw new pulumi.RunError(`${name}: ${problems.join("; ")}`);

    const parent = { parent: this };
    const metadata = (fixed: string): types.input.meta.v1.ObjectMeta => ({
      name: fixed,
      namespace: args.namespace,
      labels: {
        "app.kubernetes.io/part-of": "federation",
        "app.kubernetes.io/managed-by": "pulumi",
        ...args.labels,
      },
    });
    const secrets = this.secrets(name, args, metadata);
    for (const [file, groups] of Object.entries(args.rules)) {
      const fixed = OPERATOR_NAMES.rules(file);
      new k8s.apiextensions.CustomResource(
        `${name}-${fixed}`,
        {
          apiVersion: "monitoring.coreos.com/v1",
          kind: "PrometheusRule",
          metadata: metadata(fixed),
          spec: ruleSpec(groups, args.evaluationInterval),
        },
        parent,
      );
    }
    for (const job of args.jobs) {
      const fixed = OPERATOR_NAMES.job(job.job_name);
      new k8s.apiextensions.CustomResource(
        `${name}-${fixed}`,
        {
          apiVersion: "monitoring.coreos.com/v1alpha1",
          kind: "ScrapeConfig",
          metadata: metadata(fixed),
          spec: scrapeConfigSpec(job),
        },
        // a job whose Secret is not there yet would be refused by the operator
        { parent: this, dependsOn: secrets },
      );
    }
    this.registerOutputs({});
  }

  /** What the jobs name, and no more; and the Alertmanagers with what they are told by. */
  private secrets(
    name: string,
    { jobs, alertmanagers, credentials }: ExistingPrometheusArgs,
    metadata: (fixed: string) => types.input.meta.v1.ObjectMeta,
  ): pulumi.Resource[] {
    const files = pulumi.output(credentials).apply((given) => {
      const missing = filesOf([...jobs, ...alertmanagers]).filter((file) => given[file] === undefined);
      if (missing.length > 0)
        throw new pulumi.RunError(`${name}: credentials: ${missing.join(", ")} missing; a job needs them`);
      return given;
    });
    const secret = (role: string, fixed: string, data: pulumi.Output<Record<string, string>>) =>
      new k8s.core.v1.Secret(
        `${name}-${role}`,
        { metadata: metadata(fixed), type: "Opaque", data: pulumi.secret(data) },
        { parent: this },
      );
    const named = filesOf(jobs);
    return [
      secret(
        "credentials",
        OPERATOR_NAMES.credentials,
        files.apply((given) => Object.fromEntries(named.map((file) => [file, encoded(given[file] ?? "")]))),
      ),
      secret(
        "alertmanagers",
        OPERATOR_NAMES.alertmanagers,
        files.apply((given): Record<string, string> => ({
          [OPERATOR_NAMES.alertmanagersKey]: encoded(additionalAlertmanagers(alertmanagers, given)),
        })),
      ),
    ];
  }
}
