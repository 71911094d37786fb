import type * as pulumi from "@pulumi/pulumi";
import type { Exposure, UserPassword } from "./types";

/** What a Grafana of the stack's own serves with, is administered with, and asks the hub's Prometheus with. */
export interface GrafanaCredentials {
  /** PEM bundle that verifies the Prometheus. */
  readonly caCertificates: string;
  readonly serverCertificate: string;
  readonly serverKey: string;
  readonly prometheus: UserPassword;
  readonly admin: UserPassword;
}

/** A Grafana that the stack deploys beside the hub's Prometheus. */
export interface DeployedGrafana {
  readonly kind: "deploy";
  /** Absent: reached from inside the cluster only. */
  readonly expose?: Exposure;
  /** https URL under which people reach it; absent: that of `expose`. */
  readonly url?: string;
  /** Whether who is not logged in may look at the dashboards. */
  readonly anonymousViewers: boolean;
  readonly credentials: pulumi.Output<GrafanaCredentials>;
}

/** A Grafana that the site has already. */
export interface SiteGrafana {
  readonly kind: "existing";
  /** https URL. */
  readonly url: string;
  /** PEM of the CA that signed its certificate; absent: the system's roots. */
  readonly ca?: string;
  /** Of a service account that may write folders, data sources and dashboards. */
  readonly token: pulumi.Output<string>;
  /** With which it asks the hub's Prometheus. */
  readonly prometheus: pulumi.Output<{ readonly caCertificates: string; readonly user: UserPassword }>;
}

export type GrafanaSettings = DeployedGrafana | SiteGrafana;
