import { defaultDeny, networkPolicies } from "../../../components/kubernetes/flows";
import { alertmanagerFlows } from "../../../components/monitoring/alertmanagerFlows";
import type { AlertmanagerFlowsArgs } from "../../../components/monitoring/alertmanagerFlows";
import { ALERTMANAGER } from "../../../components/monitoring/alertmanagerPod";
import { PROMETHEUS } from "../../../components/monitoring/prometheusPod";
import { allowed } from "../../support/networkPolicies";
import type { Connection, Endpoint, Policy } from "../../support/networkPolicies";

describe("the flows of Alertmanager, as rendered policies", () => {
  const NAMESPACE = "federation";
  const own = (labels: Readonly<Record<string, string>>): Endpoint => ({ namespace: NAMESPACE, labels });
  const ip = (address: string): Endpoint => ({ ip: address });
  const alertmanager = own(ALERTMANAGER);
  const prometheus = own(PROMETHEUS);
  const stranger = own({ app: "stranger" });
  const dns: Endpoint = { namespace: "kube-system", labels: { "k8s-app": "kube-dns" } };
  const NODE = "192.168.200.10";

  const rendered = (args: AlertmanagerFlowsArgs): readonly Policy[] =>
    [defaultDeny, ...networkPolicies(alertmanagerFlows(args))].map(({ spec }) => ({
      namespace: NAMESPACE,
      // through JSON, as the API server gets it
      spec: JSON.parse(JSON.stringify(spec)) as Policy["spec"],
    }));
  const text = ({ from, to, port, protocol = "TCP" }: Connection): string => {
    const end = (value: Endpoint): string =>
      "ip" in value ? value.ip : (Object.values(value.labels)[0] ?? "");
    return `${end(from)} -> ${end(to)}:${port}/${protocol}`;
  };
  const ends = [
    alertmanager,
    prometheus,
    stranger,
    dns,
    ...[NODE, "192.168.100.10", "192.168.200.40", "8.8.8.8"].map(ip),
  ];
  const ports = [53, 443, 8443, 9090, 9093, 9094, 30993, 30994];
  const opened = (policies: readonly Policy[]): string[] =>
    ends
      .flatMap((from) => ends.map((to) => ({ from, to })))
      .filter(({ from, to }) => [from, to].some((end) => "namespace" in end && end.namespace === NAMESPACE))
      .flatMap(({ from, to }) =>
        ports.flatMap((port) => (["TCP", "UDP"] as const).map((protocol) => ({ from, to, port, protocol }))),
      )
      .filter((connection) => allowed(policies, connection))
      .map(text)
      .sort();

  it("open on the hub exactly what is declared", () => {
    const policies = rendered({
      nodes: [NODE],
      replicas: 2,
      receivers: [
        { kind: "webhook", name: "log", causes: ["warning"], url: "https://192.168.200.40:8443/alerts" },
      ],
      allowFrom: ["192.168.100.0/24"],
    });
    expect(opened(policies)).toEqual(
      [
        "alertmanager -> kube-dns:53/TCP",
        "alertmanager -> kube-dns:53/UDP",
        "alertmanager -> alertmanager:9094/TCP",
        "alertmanager -> alertmanager:9094/UDP",
        "alertmanager -> 192.168.200.40:8443/TCP",
        "prometheus -> alertmanager:9093/TCP",
        "192.168.100.10 -> alertmanager:9093/TCP",
        `${NODE} -> alertmanager:9093/TCP`,
      ].sort(),
    );
  });

  it("open on a member no way in, and Prometheus's way to the hub; a secret address may be anywhere", () => {
    const policies = rendered({
      nodes: ["192.168.100.10"],
      replicas: 1,
      receivers: [{ kind: "slack", name: "ops", causes: ["critical"], channel: "#ops" }],
      hub: [`${NODE}:30993`, `${NODE}:30994`],
    });
    expect(opened(policies)).toEqual(
      [
        "alertmanager -> kube-dns:53/TCP",
        "alertmanager -> kube-dns:53/UDP",
        ...[NODE, "192.168.100.10", "192.168.200.40", "8.8.8.8"].map(
          (address) => `alertmanager -> ${address}:443/TCP`,
        ),
        "prometheus -> alertmanager:9093/TCP",
        `prometheus -> ${NODE}:30993/TCP`,
        `prometheus -> ${NODE}:30994/TCP`,
      ].sort(),
    );
  });

  it("lead to a mail server at its port", () => {
    const [mail] = alertmanagerFlows({
      nodes: [],
      replicas: 1,
      receivers: [
        {
          kind: "email",
          name: "tickets",
          causes: ["warning"],
          to: "a@b.example",
          from: "c@d.example",
          smarthost: "192.168.200.25:587",
        },
      ],
    }).filter(({ purpose }) => purpose === "receiver tickets");
    expect(mail).toMatchObject({ to: { cidrs: ["192.168.200.25/32"] }, ports: [{ port: 587 }] });
  });
});
