import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { type InspectedSettings, inspectSettings } from "../settings/parse";
import { secretsOf } from "../rules/alertmanager";
import { createSecrets } from "./credentials";
import type { StackConfig } from "./pulumiCli";
import { clustersToServe, GIVEN, RECORDED } from "./stackConfig";

/** A UID that no cluster has. */
export const NO_UID = "00000000-0000-0000-0000-000000000000";

/** Leads nowhere. */
const NO_KUBECONFIG = JSON.stringify({
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: "none", cluster: { server: "https://127.0.0.1:1" } }],
  users: [{ name: "none", user: {} }],
  contexts: [{ name: "none", context: { cluster: "none", user: "none" } }],
  "current-context": "none",
});

/** A stack file's configuration as the program receives it; nothing is decrypted. */
export function configOfFile(folder: string, stack: string): Readonly<Record<string, string>> {
  const file = path.join(folder, `Pulumi.${stack}.yaml`);
  if (!fs.existsSync(file))
    throw new Error(
      `${file} does not exist: say --stack NAME of a stack file, and --config-dir for another folder`,
    );
  const { config = {} } = parse(fs.readFileSync(file, "utf8")) as {
    readonly config?: Readonly<Record<string, unknown>>;
  };
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

/** Stand-ins for the secrets that people set, where the settings need them. */
function givenPlaceholders({ hub, member }: InspectedSettings): Readonly<Record<string, string>> {
  const files = (hub ?? member)?.alerting.receivers.flatMap(secretsOf) ?? [];
  const sites = (hub?.members ?? []).filter(({ existing }) => existing !== undefined);
  const mlflow = (hub?.landingZone ?? member?.modelSync)?.mlflow;
  return {
    ...(files.length === 0
      ? {}
      : {
          "federation:receiverSecrets": JSON.stringify(
            Object.fromEntries(files.map((file) => [file, "placeholder"])),
          ),
        }),
    ...(hub?.landingZone === undefined
      ? {}
      : {
          "federation:minioCredentials": JSON.stringify({
            accessKey: "placeholder",
            secretKey: "placeholder",
          }),
        }),
    ...(hub?.grafana?.mode === "existing"
      ? { "federation:grafanaCredentials": JSON.stringify({ token: "placeholder" }) }
      : {}),
    ...(member?.hostExporters === undefined
      ? {}
      : {
          "federation:hostCredentials": JSON.stringify({
            privateKey:
              "-----BEGIN OPENSSH PRIVATE KEY-----\nplaceholder\n-----END OPENSSH PRIVATE KEY-----\n",
          }),
        }),
    ...(member?.prometheus.kind === "existing"
      ? { "federation:prometheusCredentials": JSON.stringify({ token: "placeholder" }) }
      : {}),
    ...(sites.length === 0
      ? {}
      : {
          "federation:memberPrometheusCredentials": JSON.stringify(
            Object.fromEntries(sites.map(({ cluster }) => [cluster, { token: "placeholder" }])),
          ),
        }),
    ...(mlflow === undefined || mlflow.allowUnauthenticated
      ? {}
      : {
          "federation:mlflowCredentials": JSON.stringify({
            username: "placeholder",
            password: "placeholder",
          }),
        }),
  };
}

/** Without a look at a Prometheus of the site, which is not to be asked here. */
function unchecked(
  values: Readonly<Record<string, string>>,
  { member }: InspectedSettings,
): Readonly<Record<string, string>> {
  const text = values["federation:member"];
  if (text === undefined || member?.prometheus.kind !== "existing") return values;
  const raw = JSON.parse(text) as { readonly prometheus: object };
  return {
    ...values,
    "federation:member": JSON.stringify({ ...raw, prometheus: { ...raw.prometheus, check: false } }),
  };
}

/**
 * The configuration with stand-ins for every secret and for everything else that init records, which a stack file encrypts or lacks: a render
 * needs neither a cluster nor a passphrase. Credentials among them are made on the spot and mean nothing.
 */
export async function withPlaceholders(
  values: Readonly<Record<string, string>>,
  stack: string,
): Promise<StackConfig> {
  const encrypted = [RECORDED.hubSecrets, ...GIVEN];
  const own = Object.fromEntries(Object.entries(values).filter(([key]) => !encrypted.includes(key)));
  const inspected = inspectSettings(own, stack, new Set());
  const { hub, cluster } = inspected;
  const makes = hub !== undefined && cluster !== undefined && hub.prometheus.existingSecrets === undefined;
  const secrets = makes
    ? (await createSecrets(clustersToServe(cluster, hub), new Date())).secrets
    : undefined;
  const recorded = {
    [RECORDED.clusterUid]: NO_UID,
    [RECORDED.kubeconfig]: NO_KUBECONFIG,
    ...(secrets === undefined ? {} : { [RECORDED.hubSecrets]: JSON.stringify(secrets) }),
    ...givenPlaceholders(inspected),
  };
  return {
    values: { ...unchecked(own, inspected), ...recorded },
    secretKeys: new Set(Object.keys(recorded).filter((key) => key !== RECORDED.clusterUid)),
  };
}
