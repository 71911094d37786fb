import * as pulumi from "@pulumi/pulumi";
import type { CredentialSource, UserPassword } from "./monitoring/credentials";

interface SiteOutputs {
  /** The cluster label of everything this stack observes. */
  readonly cluster: string;
  /** PEM bundle that verifies the Prometheus of this stack; absent with existing Secrets. */
  readonly caCertificate?: pulumi.Output<string>;
  /** Secret: user and password of people and tools on this cluster; absent with existing Secrets. */
  readonly localCredentials?: pulumi.Output<UserPassword>;
}

/** Where members' models arrive. */
export interface LandingZoneOutputs {
  readonly minioUrl: string;
  readonly region: string;
  /** Name of the bucket of models, and of the one of benchmark results. */
  readonly modelsBucket: pulumi.Output<string>;
  readonly benchmarksBucket: pulumi.Output<string>;
  readonly mlflowUrl: string;
}

/** Where people look at the dashboards. */
export interface GrafanaOutputs {
  /** Absent where it is not exposed. */
  readonly url?: pulumi.Input<string> | undefined;
  /** The administrator of a Grafana that the stack deploys. */
  readonly admin?: pulumi.Output<UserPassword> | undefined;
}

/** What the hub's stack says of itself. */
export interface HubOutputs extends SiteOutputs {
  readonly role: "hub";
  /** URL of its Prometheus for clients outside the cluster; absent where it is not exposed. */
  readonly prometheusUrl?: string;
  /** Secret: by cluster, what each member's stack reads through its stack reference, and no more than that. */
  readonly memberCredentials: pulumi.Output<Readonly<Record<string, object>>>;
  /** Addresses (`host:port`) of its Alertmanagers, to which members send: `member.alerting.hubAlertmanagers`. */
  readonly alertmanagers?: readonly string[];
  /** Absent where members bring no models. */
  readonly landingZone?: LandingZoneOutputs;
  /** URL of Grafana, or of the dashboards' folder in one that the site has; absent where none can be reached. */
  readonly grafanaUrl?: pulumi.Input<string>;
  /** Secret: the administrator of a Grafana that the stack deploys. */
  readonly grafanaAdmin?: pulumi.Output<UserPassword>;
  /** By target: where the reports of its benchmarks are (`s3://<bucket>/<model>/`); absent where nothing is measured. */
  readonly benchmarkReports?: Readonly<Record<string, pulumi.Output<string>>>;
}

/** What a member's stack says of itself. */
export interface MemberOutputs extends SiteOutputs {
  readonly role: "member";
  /** URL from which the hub federates it. */
  readonly federationUrl?: string;
}

function siteOutputs(cluster: string, source: CredentialSource): SiteOutputs {
  if (source.kind === "existing") return { cluster };
  const web = pulumi.secret(source.web);
  return {
    cluster,
    // a certificate is for everyone to see
    caCertificate: pulumi.unsecret(web.apply(({ caCertificates }) => caCertificates)),
    localCredentials: web.apply(({ local }) => local),
  };
}

/** The outputs of a hub's stack; those that do not apply are left out. */
export function hubOutputs(
  cluster: string,
  source: CredentialSource,
  url: string | undefined,
  memberCredentials: pulumi.Input<Readonly<Record<string, object>>>,
  alertmanagers: readonly string[] | undefined,
  landingZone: LandingZoneOutputs | undefined,
  grafana: GrafanaOutputs | undefined,
  benchmarkReports: Readonly<Record<string, pulumi.Output<string>>> | undefined,
): HubOutputs {
  return {
    role: "hub",
    ...siteOutputs(cluster, source),
    ...(url === undefined ? {} : { prometheusUrl: url }),
    memberCredentials: pulumi.secret(memberCredentials),
    ...(alertmanagers === undefined ? {} : { alertmanagers }),
    ...(landingZone === undefined ? {} : { landingZone }),
    ...(grafana?.url === undefined ? {} : { grafanaUrl: grafana.url }),
    ...(grafana?.admin === undefined ? {} : { grafanaAdmin: pulumi.secret(grafana.admin) }),
    ...(benchmarkReports === undefined ? {} : { benchmarkReports }),
  };
}

/** The outputs of a member's stack; those that do not apply are left out. */
export function memberOutputs(
  cluster: string,
  source: CredentialSource,
  url: string | undefined,
): MemberOutputs {
  return {
    role: "member",
    ...siteOutputs(cluster, source),
    ...(url === undefined ? {} : { federationUrl: url }),
  };
}
