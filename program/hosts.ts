import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { HostExporters } from "../components/hosts/hostExporters";
import type { VerifiedCluster } from "../components/kubernetes/verifiedCluster";
import type { Settings } from "../settings";

/** The stack's exporters on hosts outside Kubernetes; no host is touched before the cluster is known to be the right one. */
export function declareHosts(settings: Settings, { uid }: VerifiedCluster): void {
  if (settings.role !== "member" || settings.hostExporters === undefined) return;
  const { hosts, privateKey: given } = settings.hostExporters;
  const privateKey = pulumi.all([given, uid]).apply(([key]) => key);
  new HostExporters(
    "host-exporters",
    { hosts: hosts.map((host) => ({ ...host, privateKey })) },
    { provider: new command.Provider("hosts") },
  );
}
