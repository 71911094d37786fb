import type { InhibitRule } from "./schema";

/**
 * Labels by which what an alert is about is told. An alert mutes a lesser one of the same name only where all of them
 * agree; a label that both lack agrees.
 */
export const IDENTITY = [
  "cluster",
  "alertname",
  "instance",
  "job",
  "node",
  "host",
  "device",
  "namespace",
  "persistentvolumeclaim",
  "gpu_type",
  "hostname",
  "gpu",
  "UUID",
  "GPU_I_ID",
  "model",
  "server",
  "node_id",
  "target_id",
  "limit",
] as const;

/** What is only a consequence of another alert, of the same cluster and, where given, of the same thing. */
interface Consequence {
  readonly of: string;
  readonly muted: readonly string[];
  readonly same?: readonly string[];
}

const consequences: readonly Consequence[] = [
  { of: "NodeDown", muted: ["TargetDown", "TargetAbsent", "NodeNotReady"], same: ["node", "host"] },
  { of: "NodeOutage", muted: ["NodeDown"] },
  {
    of: "KubeApiDown",
    muted: ["KubeApiErrors", "KubeApiSlow", "KubePodsUnschedulable", "NodeNotReady"],
  },
  { of: "SlurmControllerDown", muted: ["SlurmNodesDown", "SlurmQueueStuck", "SlurmControllerBusy"] },
  { of: "MinioDown", muted: ["MinioUnwritable", "MinioDrivesOffline", "MinioErrors"] },
  { of: "MinioUnwritable", muted: ["MinioDrivesOffline", "MinioErrors"] },
  { of: "MlflowDown", muted: ["MlflowErrors"] },
  { of: "TransferStopped", muted: ["TransferFailing"] },
  {
    of: "ServingDown",
    muted: ["ServingReplicasMissing", "ServingErrorsBurn", "ServingLatencyBurn"],
    same: ["model"],
  },
  ...["MemberUnreachable", "MemberStale"].map((of) => ({
    of,
    muted: ["MemberDetailMissing", "MemberWatchdogSilent", "MemberScrapeSlow", "MemberSamplesDropped"],
  })),
];

const quoted = (value: string): string => JSON.stringify(value);

/** Rules of both roles: a greater alert mutes the lesser one of the same name, a cause its consequences. */
export const commonInhibition: readonly InhibitRule[] = [
  {
    source_matchers: ['severity="critical"'],
    target_matchers: ['severity=~"warning|info"'],
    equal: IDENTITY,
  },
  { source_matchers: ['severity="warning"'], target_matchers: ['severity="info"'], equal: IDENTITY },
  ...consequences.map(({ of, muted, same = [] }) => ({
    source_matchers: [`alertname=${quoted(of)}`],
    target_matchers: [`alertname=~${quoted(muted.join("|"))}`],
    equal: ["cluster", ...same],
  })),
];

/**
 * Of a member and the hub one delivers, and which one both can tell.
 *
 * On the member, the local Alertmanager is silent while `HubReachable` fires: the hub's Alertmanagers answer its probes,
 * and the hub fetches its series. When that stops, for whatever reason, local delivery opens. The Watchdog of the local
 * way itself is never muted, so that this way is proven every minute.
 */
export const localMuting: InhibitRule = {
  source_matchers: ['alertname="HubReachable"'],
  target_matchers: ['alertname!="HubReachable"', 'hop!="local"'],
  equal: ["cluster"],
};

/**
 * On the hub, what a member sent is silent while `MemberDeliversItself` fires: no alert of it is called resolved there only
 * because it is not heard of any more, and none is told twice. What the hub itself says of the member is told.
 */
export const remoteMuting: InhibitRule = {
  source_matchers: ['alertname="MemberDeliversItself"'],
  target_matchers: ['alertname!~"Member.+|PipelineNotServed"', 'hop!="federation"'],
  equal: ["cluster"],
};
