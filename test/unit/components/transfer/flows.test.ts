import { defaultDeny, networkPolicies } from "../../../../components/kubernetes/flows";
import type { Flow } from "../../../../components/kubernetes/flows";
import { PROMETHEUS } from "../../../../components/monitoring/prometheusPod";
import { modelRetentionFlows, modelSyncFlows } from "../../../../components/transfer/flows";
import { MODEL_RETENTION, MODEL_RETENTION_EXPORTER } from "../../../../components/transfer/modelRetention";
import {
  MODEL_SYNC,
  MODEL_SYNC_EXPORTER,
  MODEL_SYNC_VERIFY,
} from "../../../../components/transfer/modelSync";
import { allowed } from "../../../support/networkPolicies";
import type { Connection, Endpoint, Policy } from "../../../support/networkPolicies";

const NAMESPACE = "federation-transfer";
const own = (labels: Readonly<Record<string, string>>): Endpoint => ({ namespace: NAMESPACE, labels });
const dns: Endpoint = { namespace: "kube-system", labels: { "k8s-app": "kube-dns" } };
const prometheus: Endpoint = { namespace: "federation", labels: PROMETHEUS };
/** Pods that look right in the wrong place, and wrong ones in the right place. */
const strangers: readonly Endpoint[] = [
  { namespace: "shop", labels: PROMETHEUS },
  { namespace: "federation", labels: { app: "checkout" } },
  own({ app: "stranger" }),
];
const MINIO = "198.18.11.10";
const MLFLOW = "198.18.11.11";
const API_SERVER = "198.18.10.2";
const outside = [MINIO, MLFLOW, API_SERVER, "8.8.8.8"].map((ip): Endpoint => ({ ip }));

const args = {
  minioUrl: `https://${MINIO}:9000`,
  mlflowUrl: `https://${MLFLOW}`,
  monitoringNamespace: "federation",
};

const rendered = (flows: readonly Flow[]): readonly Policy[] =>
  [defaultDeny, ...networkPolicies(flows)].map(({ spec }) => ({
    namespace: NAMESPACE,
    // through JSON, as the API server gets it
    spec: JSON.parse(JSON.stringify(spec)) as Policy["spec"],
  }));

const text = ({ from, to, port, protocol = "TCP" }: Connection): string => {
  const end = (value: Endpoint): string =>
    "ip" in value ? value.ip : `${value.namespace}/${Object.values(value.labels)[0] ?? ""}`;
  return `${end(from)} -> ${end(to)}:${port}/${protocol}`;
};

/** Every connection that the policies let through, among all ends and ports in play. */
function through(policies: readonly Policy[], workloads: readonly Endpoint[]): readonly string[] {
  const ends = [...workloads, dns, prometheus, ...strangers, ...outside];
  const isOwn = (end: Endpoint): boolean => "namespace" in end && end.namespace === NAMESPACE;
  const found = ends
    .flatMap((from) => ends.map((to) => ({ from, to })))
    .filter(({ from, to }) => from !== to && (isOwn(from) || isOwn(to)))
    .flatMap(({ from, to }) =>
      [22, 53, 443, 5000, 6443, 9000, 9090, 9108].flatMap((port) =>
        (["TCP", "UDP"] as const).map((protocol) => ({ from, to, port, protocol })),
      ),
    )
    .filter((connection) => allowed(policies, connection));
  return found.map(text).sort();
}

const dnsOf = (from: Endpoint): readonly Connection[] => [
  { from, to: dns, port: 53, protocol: "UDP" },
  { from, to: dns, port: 53 },
];

describe("a member's transfer flows, as rendered policies", () => {
  const [run, verify, exporter] = [MODEL_SYNC, MODEL_SYNC_VERIFY, MODEL_SYNC_EXPORTER].map(own) as [
    Endpoint,
    Endpoint,
    Endpoint,
  ];

  it("allow exactly what each workload needs", () => {
    const declared: readonly Connection[] = [
      ...[run, verify, exporter].flatMap(dnsOf),
      ...[run, verify, exporter].map((from) => ({ from, to: { ip: MINIO }, port: 9000 })),
      { from: run, to: { ip: MLFLOW }, port: 443 },
      { from: prometheus, to: exporter, port: 9108 },
    ];
    expect(through(rendered(modelSyncFlows(args)), [run, verify, exporter])).toEqual(
      declared.map(text).sort(),
    );
  });

  it("are one policy a workload", () => {
    expect(networkPolicies(modelSyncFlows(args)).map(({ name }) => name)).toEqual([
      "model-sync",
      "model-sync-verify",
      "model-sync-exporter",
    ]);
  });
});

describe("the hub's transfer flows, as rendered policies", () => {
  const gc = own(MODEL_RETENTION);
  const exporter = own(MODEL_RETENTION_EXPORTER);
  const declared: readonly Connection[] = [
    ...[gc, exporter].flatMap(dnsOf),
    ...[gc, exporter].map((from) => ({ from, to: { ip: MINIO }, port: 9000 })),
    { from: gc, to: { ip: MLFLOW }, port: 443 },
    { from: prometheus, to: exporter, port: 9108 },
  ];

  it("allow exactly what each workload needs, the API server among it", () => {
    const policies = rendered(
      modelRetentionFlows({ ...args, apiServer: { addresses: [API_SERVER], port: 6443 } }),
    );
    expect(through(policies, [gc, exporter])).toEqual(
      [...declared, { from: gc, to: { ip: API_SERVER }, port: 6443 }].map(text).sort(),
    );
  });

  it("leave the API server out where no services are looked for", () => {
    expect(through(rendered(modelRetentionFlows(args)), [gc, exporter])).toEqual(declared.map(text).sort());
  });
});
