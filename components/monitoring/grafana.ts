import * as k8s from "@pulumi/kubernetes";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { BuiltDashboard } from "../../dashboards";
import { workloadLabels } from "../kubernetes/pods";
import type { PodResources } from "../kubernetes/pods";
import { durationMs } from "./durations";
import { dashboardProblems, grafanaCredentialFiles, grafanaFiles } from "./grafanaFiles";
import type { GrafanaCredentials } from "./grafanaFiles";
import {
  GRAFANA,
  grafanaDeploymentSpec,
  grafanaResources,
  grafanaServicePort,
  grafanaServiceSpec,
} from "./grafanaPod";
import type { Exposure } from "./prometheusPod";

export interface GrafanaArgs {
  /** Name of the namespace it runs in: that of the hub's Prometheus. */
  readonly namespace: pulumi.Input<string>;
  /** Image reference with tag and digest. */
  readonly image: string;
  /** Default: 100m and 192Mi, at most 1 and 512Mi. */
  readonly resources?: PodResources;
  readonly dashboards: readonly BuiltDashboard[];
  /** Uid of the dashboard that is shown first. */
  readonly home: string;
  /** URL of the hub's Prometheus for clients inside the cluster. */
  readonly prometheusUrl: pulumi.Input<string>;
  /** How often that Prometheus scrapes, a Prometheus duration. */
  readonly scrapeInterval: string;
  readonly credentials: pulumi.Input<GrafanaCredentials>;
  /** Absent: reached from inside the cluster only. */
  readonly expose?: Exposure | undefined;
  /** URL under which people reach it. */
  readonly url?: string | undefined;
  /** Whether who is not logged in may look at the dashboards. Default: false. */
  readonly anonymousViewers?: boolean;
}

/** Everything wrong with the arguments: field, value, what is allowed. */
export function grafanaProblems({
  dashboards,
  home,
  scrapeInterval,
  expose,
}: GrafanaArgs): readonly string[] {
  const problems = [...dashboardProblems(dashboards, home)];
  try {
    durationMs(scrapeInterval);
  } catch (error) {
    problems.push(`scrapeInterval: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (expose?.allowFrom.length === 0) {
    problems.push("expose.allowFrom: empty, so nobody could connect; list the CIDRs of the people");
  }
  return problems;
}

/** The key of a ConfigMap for a file at a path: keys know no slashes. */
const keyOf = (path: string): string => path.replaceAll("/", "_");

/** Named by content: a change replaces the object and rolls what mounts it, though the provider could update it. */
const byContent = { replaceOnChanges: ["data"] };

/**
 * Grafana with everything provisioned: one data source, the dashboards, nothing that can be changed in it. It keeps no
 * data: what is not in a file is gone with its pod.
 */
export class Grafana extends pulumi.ComponentResource {
  /** URL for clients inside the cluster. */
  public readonly internalUrl: pulumi.Output<string>;

  public constructor(name: string, args: GrafanaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("federation:monitoring:Grafana", name, {}, opts);
    const problems = grafanaProblems(args);
    if (problems.length > 0) throw new pulumi.RunError(`${name}: ${problems.join("; ")}`);

    const metadata: types.input.meta.v1.ObjectMeta = {
      namespace: args.namespace,
      labels: workloadLabels(GRAFANA, args.image),
    };
    const { config, paths } = this.configuration(name, args, metadata);
    const credentials = new k8s.core.v1.Secret(
      `${name}-credentials`,
      { metadata, type: "Opaque", data: encoded(args.credentials) },
      { parent: this, ...byContent },
    );
    const dashboards = args.dashboards.map(
      ({ uid, json }) =>
        new k8s.core.v1.ConfigMap(
          `${name}-${uid}`,
          { metadata, data: { [`${uid}.json`]: json } },
          { parent: this, ...byContent },
        ),
    );
    new k8s.apps.v1.Deployment(
      `${name}-deployment`,
      {
        metadata: { ...metadata, name: "grafana" },
        spec: grafanaDeploymentSpec({
          image: args.image,
          resources: args.resources ?? grafanaResources,
          config: { name: config.metadata.name, paths },
          credentialsName: credentials.metadata.name,
          dashboardNames: dashboards.map((dashboard) => dashboard.metadata.name),
        }),
      },
      { parent: this, customTimeouts: { create: "10m", update: "10m" } },
    );
    const service = new k8s.core.v1.Service(
      `${name}-service`,
      { metadata: { ...metadata, name: "grafana" }, spec: grafanaServiceSpec(args.expose) },
      { parent: this },
    );
    this.internalUrl = pulumi.interpolate`https://${service.metadata.name}.${service.metadata.namespace}.svc:${String(grafanaServicePort(args.expose))}`;
    this.registerOutputs({ internalUrl: this.internalUrl });
  }

  /** Its configuration and what is provisioned but the dashboards. */
  private configuration(
    name: string,
    args: GrafanaArgs,
    metadata: types.input.meta.v1.ObjectMeta,
  ): { readonly config: k8s.core.v1.ConfigMap; readonly paths: Readonly<Record<string, string>> } {
    const files = (prometheusUrl: string): Readonly<Record<string, string>> =>
      grafanaFiles({
        url: args.url,
        anonymousViewers: args.anonymousViewers ?? false,
        prometheusUrl,
        scrapeInterval: args.scrapeInterval,
        home: args.home,
      });
    const data = pulumi
      .output(args.prometheusUrl)
      .apply((url) =>
        Object.fromEntries(Object.entries(files(url)).map(([path, text]) => [keyOf(path), text])),
      );
    const config = new k8s.core.v1.ConfigMap(
      `${name}-config`,
      { metadata, data },
      { parent: this, ...byContent },
    );
    return { config, paths: Object.fromEntries(Object.keys(files("")).map((path) => [keyOf(path), path])) };
  }
}

function encoded(credentials: pulumi.Input<GrafanaCredentials>): pulumi.Output<Record<string, string>> {
  return pulumi.secret(
    pulumi
      .output(credentials)
      .apply((known) =>
        Object.fromEntries(
          Object.entries(grafanaCredentialFiles(known)).map(([file, text]) => [
            file,
            Buffer.from(text).toString("base64"),
          ]),
        ),
      ),
  );
}
