import { apiServerFlow, dnsFlow, urlFlow } from "../kubernetes/flows";
import type { Flow, FlowEnd } from "../kubernetes/flows";
import { PROMETHEUS } from "../monitoring/prometheusPod";
import { EXPORTER_PORT } from "./exporter";
import { MODEL_RETENTION, MODEL_RETENTION_EXPORTER } from "./modelRetention";
import { MODEL_SYNC, MODEL_SYNC_EXPORTER, MODEL_SYNC_VERIFY } from "./modelSync";

export interface ModelSyncFlowsArgs {
  /** https URL of the store. */
  readonly minioUrl: string;
  /** https URL of the registry. */
  readonly mlflowUrl: string;
  /** Namespace of the Prometheus that scrapes. */
  readonly monitoringNamespace: string;
  /** What selects its pods there; absent: what selects the stack's own. */
  readonly prometheusLabels?: Readonly<Record<string, string>> | undefined;
}

export interface ModelRetentionFlowsArgs extends ModelSyncFlowsArgs {
  /** The API server; absent where no live services are looked for. */
  readonly apiServer?: { readonly addresses: readonly string[]; readonly port: number } | undefined;
}

const own = (name: string, labels: Readonly<Record<string, string>>): FlowEnd => ({
  kind: "own",
  name,
  labels,
});

/** What a workload needs that asks the store. */
const storeFlows = (from: FlowEnd, { minioUrl }: ModelSyncFlowsArgs): readonly Flow[] => [
  dnsFlow(from),
  urlFlow("store", from, minioUrl),
];

const scrapeFlow = (
  to: FlowEnd,
  { monitoringNamespace, prometheusLabels = PROMETHEUS }: ModelSyncFlowsArgs,
): Flow => ({
  purpose: "metrics",
  from: { kind: "pods", namespace: monitoringNamespace, labels: prometheusLabels },
  to,
  ports: [{ port: EXPORTER_PORT }],
});

/** Every connection of a member's transfer namespace. */
export function modelSyncFlows(args: ModelSyncFlowsArgs): readonly Flow[] {
  const run = own("model-sync", MODEL_SYNC);
  const exporter = own("model-sync-exporter", MODEL_SYNC_EXPORTER);
  return [
    ...storeFlows(run, args),
    urlFlow("registry", run, args.mlflowUrl),
    ...storeFlows(own("model-sync-verify", MODEL_SYNC_VERIFY), args),
    ...storeFlows(exporter, args),
    scrapeFlow(exporter, args),
  ];
}

/** Every connection of the hub's transfer namespace. */
export function modelRetentionFlows(args: ModelRetentionFlowsArgs): readonly Flow[] {
  const gc = own("model-retention", MODEL_RETENTION);
  const exporter = own("model-retention-exporter", MODEL_RETENTION_EXPORTER);
  return [
    ...storeFlows(gc, args),
    urlFlow("registry", gc, args.mlflowUrl),
    ...(args.apiServer === undefined ? [] : [apiServerFlow(gc, args.apiServer)]),
    ...storeFlows(exporter, args),
    scrapeFlow(exporter, args),
  ];
}
