import type { Host } from "../scrapeJobs";

/** Jobs of a site's own Prometheus, by the names that kube-prometheus-stack gives them, on which rules rely. */
export const SITE_JOBS: readonly string[] = ["apiserver", "kube-state-metrics", "kubelet", "node-exporter"];

/** Nodes of a cluster, and the hosts whose own exporters measure some of them. */
export interface SiteMachines {
  readonly nodes: readonly { readonly name: string; readonly address: string }[];
  readonly hosts: readonly Host[];
}

/** Targets that a site's own Prometheus must have for the project's rules. */
export function siteTargets({
  nodes,
  hosts,
}: SiteMachines): readonly { readonly job: string; readonly node?: string }[] {
  const measured = new Set(hosts.filter(({ roles }) => roles.includes("node")).map(({ address }) => address));
  return [
    { job: "apiserver" },
    { job: "kube-state-metrics" },
    ...nodes.map(({ name }) => ({ job: "kubelet", node: name })),
    ...nodes
      .filter(({ address }) => !measured.has(address))
      .map(({ name }) => ({ job: "node-exporter", node: name })),
  ];
}
