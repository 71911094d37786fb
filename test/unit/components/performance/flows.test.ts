import { defaultDeny, networkPolicies } from "../../../../components/kubernetes/flows";
import { PROMETHEUS } from "../../../../components/monitoring/prometheusPod";
import { benchmarkSelector } from "../../../../components/performance/benchmarkPod";
import { benchmarkFlows, isInCluster } from "../../../../components/performance/flows";
import { allowed } from "../../../support/networkPolicies";
import type { Connection, Endpoint, Policy } from "../../../support/networkPolicies";
import { target } from "./samples";

const NAMESPACE = "benchmarks";
const own = (labels: Readonly<Record<string, string>>): Endpoint => ({ namespace: NAMESPACE, labels });
const [first, second] = ["llama-a6000", "vision-t4"].map((name) => own(benchmarkSelector(name))) as [
  Endpoint,
  Endpoint,
];
const dns: Endpoint = { namespace: "kube-system", labels: { "k8s-app": "kube-dns" } };
const prometheus: Endpoint = { namespace: "federation", labels: PROMETHEUS };
const model: Endpoint = { namespace: "models", labels: { app: "llama" } };
const other: Endpoint = { namespace: "vision", labels: { app: "vision" } };
const strangers: readonly Endpoint[] = [
  { namespace: "shop", labels: PROMETHEUS },
  { namespace: "federation", labels: { app: "checkout" } },
  own({ app: "stranger" }),
];
const [MINIO, MLFLOW, API_SERVER, GATEWAY] = [
  "198.18.11.10",
  "198.18.11.11",
  "198.18.10.2",
  "198.18.12.1",
] as const;
const outside = [MINIO, MLFLOW, API_SERVER, GATEWAY, "8.8.8.8"].map((ip): Endpoint => ({ ip }));

const args = {
  targets: [
    target,
    {
      name: "vision-t4",
      url: `https://${GATEWAY}`,
      namespace: "vision",
      workload: { ...target.workload, port: 9000 },
    },
  ],
  apiServer: { addresses: [API_SERVER], port: 6443 },
  monitoringNamespace: "federation",
  storeUrl: `https://${MINIO}:9000`,
  registryUrl: `https://${MLFLOW}:5000`,
};

const text = ({ from, to, port, protocol = "TCP" }: Connection): string => {
  const end = (value: Endpoint): string =>
    "ip" in value ? value.ip : `${value.namespace}/${Object.values(value.labels).join(",")}`;
  return `${end(from)} -> ${end(to)}:${port}/${protocol}`;
};

it("a benchmark reaches its own model, the API server, the hub's Prometheus, store and registry, and nothing else", () => {
  const policies: readonly Policy[] = [defaultDeny, ...networkPolicies(benchmarkFlows(args))].map(
    ({ spec }) => ({
      namespace: NAMESPACE,
      // through JSON, as the API server gets it
      spec: JSON.parse(JSON.stringify(spec)) as Policy["spec"],
    }),
  );
  const ends = [first, second, dns, prometheus, model, other, ...strangers, ...outside];
  const isOwn = (end: Endpoint): boolean => "namespace" in end && end.namespace === NAMESPACE;
  const found = ends
    .flatMap((from) => ends.map((to) => ({ from, to })))
    .filter(({ from, to }) => from !== to && (isOwn(from) || isOwn(to)))
    .flatMap(({ from, to }) =>
      [22, 53, 80, 443, 5000, 6443, 8080, 9000, 9090].flatMap((port) =>
        (["TCP", "UDP"] as const).map((protocol) => ({ from, to, port, protocol })),
      ),
    )
    .filter((connection) => allowed(policies, connection))
    .map(text)
    .sort();
  const both = [first, second].flatMap((from): readonly Connection[] => [
    { from, to: dns, port: 53, protocol: "UDP" },
    { from, to: dns, port: 53 },
    { from, to: { ip: API_SERVER }, port: 6443 },
    { from, to: prometheus, port: 9090 },
    { from, to: { ip: MINIO }, port: 9000 },
    { from, to: { ip: MLFLOW }, port: 5000 },
  ]);
  const declared: readonly Connection[] = [
    ...both,
    { from: first, to: model, port: 8080 },
    { from: second, to: other, port: 9000 },
    { from: second, to: { ip: GATEWAY }, port: 443 },
  ];
  expect(found).toEqual(declared.map(text).sort());
});

it.each([
  ["http://llama-predictor.models.svc", true],
  ["http://llama-predictor.models:8080", true],
  ["https://llama-predictor.models.svc.cluster.local", true],
  ["https://llama.models.example.org", false],
  ["https://models.example", false],
  ["http://198.18.0.1", false],
])("%s names a Service of the namespace models: %s", (url, inside) => {
  expect(isInCluster(url, "models")).toBe(inside);
});
