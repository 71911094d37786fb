import { type ClusterToServe, createSecrets } from "../../../commands/credentials";
import type { HubSecrets } from "../../../settings/credentials";
import type { RawConfig } from "../../../settings/reader";

export const UID = "8f14e45f-ceea-4e7b-9c1d-0123456789ab";

export const KUBECONFIG = JSON.stringify({
  clusters: [{ name: "c", cluster: { server: "https://192.168.200.10:6443" } }],
  users: [{ name: "u", user: { token: "kubeconfig-token" } }],
  contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
});

export const CLUSTERS = [
  {
    name: "cloud",
    hosts: ["192.168.200.10", "prometheus", "localhost", "127.0.0.1"],
    member: false,
    landingZone: true,
  },
  {
    name: "hpc",
    hosts: ["192.168.100.10", "prometheus", "localhost", "127.0.0.1"],
    member: true,
    landingZone: true,
  },
];

/** Credentials of a hub `cloud` and its member `hpc`; made once a test file. */
export async function sampleSecrets(
  now = new Date(),
  clusters: readonly ClusterToServe[] = CLUSTERS,
): Promise<HubSecrets> {
  return (await createSecrets(clusters, now)).secrets;
}

const RUNBOOK = "https://runbooks.example/runbook.md";

export const HUB_OBJECT = {
  prometheus: { storage: { class: "local-path" } },
  kubernetes: {
    nodes: [
      { name: "cp-01", address: "192.168.200.10" },
      { name: "gpu-01", address: "192.168.200.21", gpuType: "rtx-a6000" },
    ],
    apiServer: { addresses: ["192.168.200.10"] },
  },
  members: [{ cluster: "hpc", url: "https://192.168.100.10:30990" }],
  alerting: { runbookUrl: RUNBOOK },
};

export const MEMBER_OBJECT = {
  prometheus: {
    retention: { time: "15d", size: "40GB" },
    storage: { size: "50Gi", class: "local-path" },
    expose: { nodePort: 30990 },
  },
  kubernetes: {
    nodes: [{ name: "slurm-ctl", address: "192.168.100.10" }],
    apiServer: { addresses: ["192.168.100.10"] },
  },
  hosts: [{ name: "slurm-ctl", address: "192.168.100.10", roles: ["slurmctld", "node"] }],
  alerting: { runbookUrl: RUNBOOK, hubAlertmanagers: ["192.168.200.10:30993", "192.168.200.10:30994"] },
};

export const SECRET_KEYS: ReadonlySet<string> = new Set(["federation:kubeconfig", "federation:hubSecrets"]);

export function hubConfig(secrets: HubSecrets, hub: unknown = HUB_OBJECT): RawConfig {
  return {
    "federation:role": "hub",
    "federation:cluster": "cloud",
    "federation:clusterUid": UID,
    "federation:kubeconfig": KUBECONFIG,
    "federation:hub": JSON.stringify(hub),
    "federation:hubSecrets": JSON.stringify(secrets),
  };
}

export function memberConfig(member: unknown = MEMBER_OBJECT): RawConfig {
  return {
    "federation:role": "member",
    "federation:cluster": "hpc",
    "federation:clusterUid": UID,
    "federation:kubeconfig": KUBECONFIG,
    "federation:hubStack": "organization/federation/cloud",
    "federation:member": JSON.stringify(member),
  };
}

/** A copy of an object with the value at a path of keys replaced, or removed where it is undefined. */
export function edited(value: unknown, path: string, to: unknown): unknown {
  const copy = structuredClone(value) as Record<string, unknown>;
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  let at = copy;
  for (const key of keys) {
    at[key] ??= {};
    at = at[key] as Record<string, unknown>;
  }
  if (to === undefined) Reflect.deleteProperty(at, last);
  else at[last] = to;
  return copy;
}
