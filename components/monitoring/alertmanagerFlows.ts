import type { Receiver } from "../../rules/alertmanager";
import { hostCidrs, urlEnd } from "../kubernetes/flows";
import type { Flow, FlowEnd } from "../kubernetes/flows";
import { ALERTMANAGER, ALERTMANAGER_PORT, GOSSIP_PORT } from "./alertmanagerPod";
import { PROMETHEUS } from "./prometheusPod";

export interface AlertmanagerFlowsArgs {
  /** Addresses of the cluster's nodes. */
  readonly nodes: readonly string[];
  readonly replicas: number;
  readonly receivers: readonly Receiver[];
  /** CIDRs whose clients may connect from outside; absent where it is not exposed. */
  readonly allowFrom?: readonly string[] | undefined;
  /** Pods of a Prometheus that the site has; absent: the stack's own. */
  readonly prometheus?: FlowEnd | undefined;
  /** Addresses (`host:port`) of the hub's Alertmanagers, to which a member's Prometheus sends; absent on the hub. */
  readonly hub?: readonly string[] | undefined;
}

const alertmanager: FlowEnd = { kind: "own", name: "alertmanager", labels: ALERTMANAGER };
const ownPrometheus: FlowEnd = { kind: "own", name: "prometheus", labels: PROMETHEUS };
const dns: FlowEnd = { kind: "pods", namespace: "kube-system", labels: { "k8s-app": "kube-dns" } };
const anywhere: FlowEnd = { kind: "addresses", cidrs: hostCidrs("any.name") };

/** Where a receiver is; a URL that is a secret, and names in general, may be anywhere. */
function receiverEnd(receiver: Receiver): { readonly end: FlowEnd; readonly port: number } {
  if (receiver.kind === "webhook" && receiver.url !== undefined) return urlEnd(receiver.url);
  if (receiver.kind === "email") return urlEnd(`https://${receiver.smarthost}`);
  return { end: anywhere, port: 443 };
}

/** Every connection of Alertmanager, and of Prometheus to the hub's. */
export function alertmanagerFlows(args: AlertmanagerFlowsArgs): readonly Flow[] {
  const { receivers, replicas, allowFrom, hub = [], prometheus = ownPrometheus } = args;
  const nodes: FlowEnd = { kind: "addresses", cidrs: args.nodes.flatMap(hostCidrs) };
  const port = { port: ALERTMANAGER_PORT };
  return [
    {
      purpose: "name resolution",
      from: alertmanager,
      to: dns,
      ports: [{ port: 53, protocol: "UDP" }, { port: 53 }],
    },
    { purpose: "alerts and metrics", from: prometheus, to: alertmanager, ports: [port] },
    ...(replicas === 1
      ? []
      : [
          {
            purpose: "gossip among replicas",
            from: alertmanager,
            to: alertmanager,
            ports: [{ port: GOSSIP_PORT }, { port: GOSSIP_PORT, protocol: "UDP" as const }],
          },
        ]),
    ...receivers
      .map((receiver) => ({ receiver, ...receiverEnd(receiver) }))
      .map(({ receiver, end, port: of }) => ({
        purpose: `receiver ${receiver.name}`,
        from: alertmanager,
        to: end,
        ports: [{ port: of }],
      })),
    ...(allowFrom === undefined
      ? []
      : [
          {
            purpose: "the members' Prometheus",
            from: { kind: "addresses" as const, cidrs: allowFrom },
            to: alertmanager,
            ports: [port],
          },
          {
            purpose: "clients through a node port, which takes the node's address",
            from: nodes,
            to: alertmanager,
            ports: [port],
          },
        ]),
    ...hub
      .map((address) => urlEnd(`https://${address}`))
      .map(({ end, port: of }) => ({
        purpose: "the hub's Alertmanagers",
        from: prometheus,
        to: end,
        ports: [{ port: of }],
      })),
  ];
}
