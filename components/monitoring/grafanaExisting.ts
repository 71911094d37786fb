import * as pulumi from "@pulumi/pulumi";
import * as grafana from "@pulumiverse/grafana";
import type { BuiltDashboard } from "../../dashboards";
import { DATA_SOURCE_UID } from "../../dashboards";
import type { UserPassword } from "./credentials";
import { durationMs } from "./durations";
import { DATA_SOURCE, dashboardProblems, dataSourceOptions, FOLDER } from "./grafanaFiles";

export interface ExistingGrafanaArgs {
  /** URL of the Grafana. */
  readonly url: string;
  /** Token of a service account that may write folders, data sources and dashboards; kept secret. */
  readonly token: pulumi.Input<string>;
  /** PEM bundle that verifies the Grafana; absent: what the machine that runs the program trusts. */
  readonly caCertificates?: pulumi.Input<string> | undefined;
  readonly dashboards: readonly BuiltDashboard[];
  /** How the Grafana reaches the hub's Prometheus: URL, the CA that verifies it, and a user; kept secret. */
  readonly prometheus: {
    readonly url: pulumi.Input<string>;
    readonly caCertificates: pulumi.Input<string>;
    readonly user: pulumi.Input<UserPassword>;
  };
  /** How often that Prometheus scrapes, a Prometheus duration. */
  readonly scrapeInterval: string;
}

/** Everything wrong with the arguments: field, value, what is allowed. */
export function existingGrafanaProblems({
  url,
  dashboards,
  scrapeInterval,
}: ExistingGrafanaArgs): readonly string[] {
  const problems = [...dashboardProblems(dashboards)];
  if (!url.startsWith("https://")) {
    problems.push(`url: "${url}" is no https URL, and the token would be sent in the clear; use https`);
  }
  try {
    durationMs(scrapeInterval);
  } catch (error) {
    problems.push(`scrapeInterval: ${error instanceof Error ? error.message : String(error)}`);
  }
  return problems;
}

/** The dashboards and their data source in a Grafana that the site has already, in a folder of their own. */
export class ExistingGrafana extends pulumi.ComponentResource {
  /** URL of the folder. */
  public readonly folderUrl: pulumi.Output<string>;

  public constructor(name: string, args: ExistingGrafanaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("federation:monitoring:ExistingGrafana", name, {}, opts);
    const problems = existingGrafanaProblems(args);
    if (problems.length > 0) throw new pulumi.RunError(`${name}: ${problems.join("; ")}`);

    const provider = new grafana.Provider(
      `${name}-provider`,
      {
        url: args.url,
        auth: pulumi.secret(args.token),
        ...(args.caCertificates === undefined ? {} : { caCert: args.caCertificates }),
      },
      { parent: this },
    );
    const options = { parent: this, provider };
    const { url, caCertificates, user } = args.prometheus;
    const known = pulumi.output(user);
    const dataSource = new grafana.oss.DataSource(
      `${name}-data-source`,
      {
        name: DATA_SOURCE,
        uid: DATA_SOURCE_UID,
        type: "prometheus",
        accessMode: "proxy",
        url,
        basicAuthEnabled: true,
        basicAuthUsername: known.apply(({ username }) => username),
        jsonDataEncoded: JSON.stringify(dataSourceOptions(args.scrapeInterval)),
        secureJsonDataEncoded: pulumi.secret(
          pulumi
            .all([known, pulumi.output(caCertificates)])
            .apply(([{ password }, tlsCACert]) => JSON.stringify({ basicAuthPassword: password, tlsCACert })),
        ),
      },
      options,
    );
    const folder = new grafana.oss.Folder(
      `${name}-folder`,
      { uid: FOLDER.uid, title: FOLDER.title, preventDestroyIfNotEmpty: true },
      options,
    );
    for (const { uid, json } of args.dashboards) {
      new grafana.oss.Dashboard(
        `${name}-${uid}`,
        { folder: folder.uid, configJson: json, overwrite: true },
        { ...options, dependsOn: [dataSource] },
      );
    }
    this.folderUrl = folder.url;
    this.registerOutputs({ folderUrl: this.folderUrl });
  }
}
