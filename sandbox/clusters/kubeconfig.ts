import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { foldersOf } from "./folders";
import { network, type ClusterTopology } from "./topology";

/** What a client of an API server needs, PEM texts embedded. */
export interface ApiAccess {
  readonly server: string;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** Access with one of the cluster's client certificates. */
export function accessOf(cluster: ClusterTopology, client: string): ApiAccess {
  const { pki } = foldersOf(cluster.name);
  const read = (file: string): string => readFileSync(join(pki, file), "utf8");
  return {
    server: `https://${cluster.nodeIp}:${network.apiServerPort}`,
    ca: read("ca.crt"),
    certificate: read(`${client}.crt`),
    key: read(`${client}.key`),
  };
}

/** A kubeconfig of one cluster, user and context; JSON, which is YAML. */
export function kubeconfigText(name: string, user: string, access: ApiAccess): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  return `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        { name, cluster: { server: access.server, "certificate-authority-data": base64(access.ca) } },
      ],
      users: [
        {
          name: user,
          user: {
            "client-certificate-data": base64(access.certificate),
            "client-key-data": base64(access.key),
          },
        },
      ],
      contexts: [{ name, context: { cluster: name, user } }],
      "current-context": name,
    },
    undefined,
    2,
  )}\n`;
}

/** Writes a kubeconfig for one of the cluster's client certificates, readable for root alone. */
export function writeKubeconfig(cluster: ClusterTopology, client: string, file: string): void {
  writeFileSync(file, kubeconfigText(cluster.name, client, accessOf(cluster, client)), { mode: 0o600 });
}
