import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { hubWebCredentials, type HubSecrets, partsOf } from "./credentials";
import type { GrafanaToken } from "./grafanaChecks";
import type { GrafanaCredentials, GrafanaSettings } from "./grafanaTypes";
import { optional } from "./optional";
import type { HubObject } from "./schema";

/** Name of the administrator of a Grafana that the stack deploys. */
const ADMIN = "admin";

/**
 * What a Grafana of the stack's own needs; throws where the hub's credentials hold none. While credentials rotate it
 * goes with the hub's Prometheus: the old certificate and passwords, and trust in both CAs.
 */
export function grafanaCredentials(secrets: HubSecrets, cluster: string): GrafanaCredentials {
  const { caCertificates, local } = hubWebCredentials(secrets, cluster);
  const [{ generation, own }] = partsOf(secrets, cluster);
  if (own.grafana === undefined)
    throw new Error(`generation ${generation.id} holds no credentials of Grafana`);
  return {
    caCertificates,
    serverCertificate: own.grafana.server.certificate,
    serverKey: own.grafana.server.key,
    prometheus: local,
    admin: { username: ADMIN, password: own.grafana.password },
  };
}

/** Everything of the hub's Grafana. */
export function grafanaSettings(
  grafana: NonNullable<HubObject["grafana"]>,
  secrets: HubSecrets,
  cluster: string,
  given: GrafanaToken | undefined,
): GrafanaSettings {
  if (grafana.mode === "deploy") {
    const { mode: kind, ...rest } = grafana;
    return { ...rest, kind, credentials: pulumi.secret(grafanaCredentials(secrets, cluster)) };
  }
  const { caCertificates, local: user } = hubWebCredentials(secrets, cluster);
  return {
    kind: grafana.mode,
    url: grafana.url,
    ...optional("ca", grafana.caFile === undefined ? undefined : readFileSync(grafana.caFile, "utf8")),
    // checked before: a Grafana of the site has its token
    token: pulumi.secret(given?.token ?? ""),
    prometheus: pulumi.secret({ caCertificates, user }),
  };
}
