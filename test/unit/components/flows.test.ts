import { defaultDeny, hostCidrs, networkPolicies, urlEnd } from "../../../components/kubernetes/flows";
import type { Flow } from "../../../components/kubernetes/flows";
import { monitoringFlows } from "../../../components/monitoring/flows";
import type { MonitoringFlowsArgs } from "../../../components/monitoring/flows";
import { KUBE_STATE_METRICS } from "../../../components/monitoring/kubeStateMetrics";
import { PROMETHEUS } from "../../../components/monitoring/prometheusPod";
import { allowed } from "../../support/networkPolicies";
import type { Connection, Endpoint, Policy } from "../../support/networkPolicies";
import { memberConfig } from "../../support/sites";

const NAMESPACE = "federation";
const own = (labels: Readonly<Record<string, string>>): Endpoint => ({ namespace: NAMESPACE, labels });
const prometheus = own(PROMETHEUS);
const kubeStateMetrics = own(KUBE_STATE_METRICS);
const stranger = own({ app: "stranger" });
const dns: Endpoint = { namespace: "kube-system", labels: { "k8s-app": "kube-dns" } };
const dcgm: Endpoint = { namespace: "gpu-operator", labels: { app: "nvidia-dcgm-exporter" } };
const anywhere: Endpoint = { namespace: "shop", labels: { app: "checkout" } };
const ip = (address: string): Endpoint => ({ ip: address });
const NODE = "192.168.100.31";
const API_SERVER = "192.168.100.5";

const site: MonitoringFlowsArgs = {
  nodes: [NODE],
  apiServer: { addresses: [API_SERVER], port: 6443 },
  targets: {
    ...memberConfig.targets,
    services: {
      minio: { servers: ["https://192.168.200.11:9000"], ownCa: true, token: true },
      mlflow: { url: "https://192.168.200.12:5000", ownCa: true, user: true },
    },
  },
  ownKubeStateMetrics: true,
  allowFrom: ["192.168.200.0/24"],
  urls: ["https://192.168.200.10:30990"],
};

function rendered(args: MonitoringFlowsArgs): readonly Policy[] {
  return [defaultDeny, ...networkPolicies(monitoringFlows(args))].map(({ spec }) => ({
    namespace: NAMESPACE,
    // through JSON, as the API server gets it
    spec: JSON.parse(JSON.stringify(spec)) as Policy["spec"],
  }));
}

const declared: readonly Connection[] = [
  { from: prometheus, to: dns, port: 53, protocol: "UDP" },
  { from: prometheus, to: dns, port: 53 },
  { from: prometheus, to: ip(API_SERVER), port: 6443 },
  { from: prometheus, to: ip(NODE), port: 10250 },
  { from: prometheus, to: ip(NODE), port: 9110 },
  { from: prometheus, to: kubeStateMetrics, port: 8080 },
  { from: prometheus, to: kubeStateMetrics, port: 8081 },
  { from: prometheus, to: dcgm, port: 9400 },
  { from: prometheus, to: anywhere, port: 12345 },
  { from: prometheus, to: ip("192.168.100.10"), port: 6817 },
  { from: prometheus, to: ip("192.168.100.10"), port: 9100 },
  { from: prometheus, to: ip("192.168.100.10"), port: 9101 },
  { from: prometheus, to: ip("192.168.100.21"), port: 9100 },
  { from: prometheus, to: ip("192.168.100.21"), port: 9400 },
  { from: prometheus, to: ip("192.168.200.10"), port: 30990 },
  { from: prometheus, to: ip("192.168.200.11"), port: 9000 },
  { from: prometheus, to: ip("192.168.200.12"), port: 5000 },
  { from: ip("192.168.200.77"), to: prometheus, port: 9090 },
  { from: ip(NODE), to: prometheus, port: 9090 },
  { from: kubeStateMetrics, to: dns, port: 53, protocol: "UDP" },
  { from: kubeStateMetrics, to: dns, port: 53 },
  { from: kubeStateMetrics, to: ip(API_SERVER), port: 6443 },
];

const text = ({ from, to, port, protocol = "TCP" }: Connection): string => {
  const end = (value: Endpoint): string =>
    "ip" in value ? value.ip : `${value.namespace}/${Object.values(value.labels)[0] ?? ""}`;
  return `${end(from)} -> ${end(to)}:${port}/${protocol}`;
};

describe("the monitoring flows, as rendered policies", () => {
  const policies = rendered(site);

  it.each(declared.map((connection) => [text(connection), connection] as const))(
    "allow %s",
    (_, connection) => {
      expect(allowed(policies, connection)).toBe(true);
    },
  );

  it("deny every other connection among all ends and ports in play", () => {
    const ends = [
      prometheus,
      kubeStateMetrics,
      stranger,
      dns,
      dcgm,
      anywhere,
      ...[
        NODE,
        API_SERVER,
        "192.168.100.10",
        "192.168.100.21",
        "192.168.200.10",
        "192.168.200.11",
        "192.168.200.12",
        "192.168.200.77",
        "8.8.8.8",
      ].map(ip),
    ];
    const ports = [
      22, 53, 443, 5000, 6443, 6817, 8080, 8081, 9000, 9090, 9100, 9101, 9110, 9400, 10250, 12345, 30990,
    ];
    const ours = (end: Endpoint): boolean => "namespace" in end && end.namespace === NAMESPACE;
    const connections = ends
      .flatMap((from) => ends.map((to) => ({ from, to })))
      .filter(({ from, to }) => from !== to && (ours(from) || ours(to)))
      .flatMap(({ from, to }) =>
        ports.flatMap((port) => (["TCP", "UDP"] as const).map((protocol) => ({ from, to, port, protocol }))),
      );
    const expected = new Set([
      ...declared.map(text),
      // annotated pods and services: TCP to any pod of the cluster outside this namespace
      ...[dns, dcgm, anywhere].flatMap((to) => ports.map((port) => text({ from: prometheus, to, port }))),
    ]);
    // clients outside are allowed as a network, which these addresses are part of
    for (const address of ["192.168.200.10", "192.168.200.11", "192.168.200.12"])
      expected.add(text({ from: ip(address), to: prometheus, port: 9090 }));
    expect(connections.length).toBeGreaterThan(1000);
    expect(
      connections
        .filter((one) => allowed(policies, one))
        .map(text)
        .sort(),
    ).toEqual([...expected].sort());
  });

  it("let nobody in where Prometheus is not exposed", () => {
    const inside = rendered({ ...site, allowFrom: undefined });
    expect(allowed(inside, { from: ip("192.168.200.77"), to: prometheus, port: 9090 })).toBe(false);
    expect(allowed(inside, { from: ip(NODE), to: prometheus, port: 9090 })).toBe(false);
  });

  it("let pods of one namespace write series, and none of any other", () => {
    const writer: Endpoint = { namespace: "benchmarks", labels: { app: "benchmark" } };
    const to = { to: prometheus, port: 9090 };
    const writable = rendered({ ...site, writersNamespace: "benchmarks" });
    expect(allowed(writable, { from: writer, ...to })).toBe(true);
    expect(allowed(writable, { from: writer, to: prometheus, port: 9091 })).toBe(false);
    expect(allowed(writable, { from: writer, to: kubeStateMetrics, port: 9090 })).toBe(false);
    expect(allowed(writable, { from: anywhere, ...to })).toBe(false);
    expect(allowed(policies, { from: writer, ...to })).toBe(false);
  });

  it("have no policy of kube-state-metrics where it is not this project's own", () => {
    const flows = monitoringFlows({ ...site, ownKubeStateMetrics: false });
    expect(networkPolicies(flows).map(({ name }) => name)).toEqual(["prometheus"]);
  });
});

describe("the flow table", () => {
  const from = { kind: "own", name: "a", labels: { app: "a" } } as const;
  const flow = (to: Flow["to"]): Flow => ({ purpose: "test", from, to, ports: [{ port: 1 }] });

  it("renders no rule, and no policy, for a flow without addresses", () => {
    expect(networkPolicies([flow({ kind: "addresses", cidrs: [] })])).toEqual([]);
  });

  it("renders both ends of a flow between two workloads of the namespace", () => {
    const to = { kind: "own", name: "b", labels: { app: "b" } } as const;
    const ports = [{ protocol: "TCP", port: 1 }];
    expect(networkPolicies([flow(to)])).toEqual([
      {
        name: "a",
        spec: {
          podSelector: { matchLabels: { app: "a" } },
          policyTypes: ["Egress"],
          egress: [{ to: [{ podSelector: { matchLabels: { app: "b" } } }], ports }],
        },
      },
      {
        name: "b",
        spec: {
          podSelector: { matchLabels: { app: "b" } },
          policyTypes: ["Ingress"],
          ingress: [{ from: [{ podSelector: { matchLabels: { app: "a" } } }], ports }],
        },
      },
    ]);
  });

  it("knows addresses, names and the port of a URL", () => {
    expect(hostCidrs("198.18.1.2")).toEqual(["198.18.1.2/32"]);
    expect(hostCidrs("[fd00::1]")).toEqual(["fd00::1/128"]);
    expect(hostCidrs("hpc.example")).toEqual(["0.0.0.0/0", "::/0"]);
    expect(urlEnd("https://198.18.2.2:30990")).toEqual({
      end: { kind: "addresses", cidrs: ["198.18.2.2/32"] },
      port: 30990,
    });
    expect(urlEnd("https://198.18.2.2").port).toBe(443);
  });
});

describe("exporters that the stack installs on hosts", () => {
  it("are reached at their own ports, and those hosts at no others", () => {
    const hosts = [
      { name: "a", address: "192.168.100.10", roles: ["node"], ports: { node: 9200 } },
      { name: "b", address: "192.168.100.21", roles: ["node", "slurm"] },
    ] as const;
    const policies = rendered({ ...site, targets: { ...memberConfig.targets, hosts } });
    const reached = ["192.168.100.10", "192.168.100.21"].flatMap((address) =>
      [8080, 9100, 9200].filter((port) => allowed(policies, { from: prometheus, to: ip(address), port })),
    );
    expect(reached).toEqual([9200, 8080, 9100]);
  });
});
