import { randomBytes } from "node:crypto";
import type { ClusterCredentials, Generation } from "../settings/credentials";
import { createServer, uncovered } from "./certificates";

/** What a Grafana that the hub deploys serves with, and its administrator's password. */
type GrafanaSecrets = NonNullable<ClusterCredentials["grafana"]>;

const PASSWORD_BYTES = 36;

/** A server certificate for the names that people reach it by, and a password. */
export async function createGrafana(
  ca: Generation["ca"],
  hosts: readonly string[],
  now: Date,
): Promise<GrafanaSecrets> {
  return {
    server: await createServer(ca, "grafana", hosts, now),
    password: randomBytes(PASSWORD_BYTES).toString("base64url"),
  };
}

/**
 * Grafana's part of a generation: kept where it serves, a new certificate where hosts are missing, made where there is
 * none, and removed where `hosts` is undefined as no Grafana is deployed.
 */
export async function completeGrafana(
  hosts: readonly string[] | undefined,
  found: GrafanaSecrets | undefined,
  { id, ca }: Generation,
  now: Date,
): Promise<{ readonly grafana?: GrafanaSecrets; readonly said: readonly string[] }> {
  const of = `Grafana (generation ${id})`;
  if (hosts === undefined)
    return {
      said: found === undefined ? [] : [`removed the credentials of ${of}: the hub deploys none`],
    };
  if (found === undefined)
    return { grafana: await createGrafana(ca, hosts, now), said: [`made the credentials of ${of}`] };
  const missing = uncovered(found.server.certificate, hosts);
  if (missing.length === 0) return { grafana: found, said: [] };
  return {
    grafana: { ...found, server: await createServer(ca, "grafana", hosts, now) },
    said: [`new server certificate of ${of}: the old one lacks ${missing.join(", ")}`],
  };
}
