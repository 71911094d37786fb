import { apiServerFlow, dnsFlow, urlFlow } from "../kubernetes/flows";
import type { Flow, FlowEnd } from "../kubernetes/flows";
import { PROMETHEUS } from "../monitoring/prometheusPod";
import { PROMETHEUS_PORT } from "../monitoring/scrapeJobs";
import { benchmarkSelector, cronJobName } from "./benchmarkPod";
import type { BenchmarkTarget } from "./types";

export interface BenchmarkFlowsArgs {
  readonly targets: readonly Pick<BenchmarkTarget, "name" | "url" | "namespace" | "workload">[];
  readonly apiServer: { readonly addresses: readonly string[]; readonly port: number };
  /** Namespace of the hub's Prometheus. */
  readonly monitoringNamespace: string;
  /** https URLs of store and registry. */
  readonly storeUrl: string;
  readonly registryUrl: string;
}

/** Whether a URL names a Service of a namespace: its pods are known by the namespace, not by an address. */
export function isInCluster(url: string, namespace: string): boolean {
  const { hostname } = new URL(url);
  return ["", ".svc", ".svc.cluster.local"].some((suffix) => hostname.endsWith(`.${namespace}${suffix}`));
}

/** Every connection of the namespace of benchmarks: each target's pods reach that target alone. */
export function benchmarkFlows(args: BenchmarkFlowsArgs): readonly Flow[] {
  return args.targets.flatMap(({ name, url, namespace, workload }) => {
    const from: FlowEnd = { kind: "own", name: cronJobName(name), labels: benchmarkSelector(name) };
    return [
      dnsFlow(from),
      apiServerFlow(from, args.apiServer),
      {
        purpose: "the served model and its copy",
        from,
        to: { kind: "pods" as const, namespace },
        ports: [{ port: workload.port }],
      },
      ...(isInCluster(url, namespace) ? [] : [urlFlow("the served model from outside", from, url)]),
      {
        purpose: "queries and remote write",
        from,
        to: { kind: "pods" as const, namespace: args.monitoringNamespace, labels: PROMETHEUS },
        ports: [{ port: PROMETHEUS_PORT }],
      },
      urlFlow("store of results", from, args.storeUrl),
      urlFlow("registry", from, args.registryUrl),
    ];
  });
}
