import { z } from "zod";
import type { Threshold, Thresholds } from "../metrics/thresholds";
import { DEFAULT_THRESHOLDS } from "../metrics/thresholds";
import type { Receiver } from "../rules/alertmanager";
import { causes } from "../rules/alertmanager";
import type { Objectives } from "../rules/alerts";
import { DEFAULT_OBJECTIVES, START_BOUNDS } from "../rules/alerts";
import { COMMON_BOUNDS } from "../rules/health";
import type { AlertmanagerExposure } from "./alertingTypes";
import * as fields from "./fields";
import { list, object } from "./fields";
import { durationMilliseconds } from "./quantities";

/** Replicas of the hub's Alertmanager, which notifies for all clusters. */
const HUB_REPLICAS = 2;

/** Node ports of a hub that says nothing else, one a replica. */
export const DEFAULT_NODE_PORTS = [30993, 30994];

const ANYWHERE = ["0.0.0.0/0"];

const told = {
  name: fields.receiverName,
  causes: list(
    z.enum(causes, { error: `must be one of ${causes.join(", ")}` }),
    `causes (${causes.join(", ")})`,
    1,
  ),
};

const KINDS = "must be webhook, email, slack or pagerduty";
const AUTH = "must be bearer or {username: NAME}";

/** Whom an alert is told; what is secret of it stands in `federation:receiverSecrets`. */
const receiver = z.discriminatedUnion(
  "kind",
  [
    object({
      kind: z.literal("webhook"),
      ...told,
      url: fields.httpUrl.exactOptional(),
      auth: z
        .union([z.literal("bearer"), z.strictObject({ username: fields.word })], { error: AUTH })
        .exactOptional(),
      ca: z.boolean({ error: "must be true or false" }).exactOptional(),
    }),
    object({
      kind: z.literal("email"),
      ...told,
      to: fields.word,
      from: fields.word,
      smarthost: fields.hostPort,
      username: fields.word.exactOptional(),
    }),
    object({ kind: z.literal("slack"), ...told, channel: fields.word }),
    object({ kind: z.literal("pagerduty"), ...told }),
  ],
  { error: KINDS },
) satisfies z.ZodType<Receiver>;

/** Values whose warning must be a bucket of what is counted: its bounds, and whose they are. */
const bounded: Readonly<Record<string, { readonly bounds: readonly number[]; readonly whose: string }>> = {
  inferenceP95: { bounds: COMMON_BOUNDS, whose: "that every model server has" },
  coldStart: { bounds: START_BOUNDS, whose: "by which starts are counted" },
};

/** The limits of one value; what is not given stays as it is by default. */
function threshold(name: string, usual: Threshold) {
  const limit = z.number({ error: "must be a number" });
  const order =
    usual.bad === "above" ? "warning must not be above critical" : "warning must not be below critical";
  const inOrder = ({
    warning,
    critical,
  }: {
    readonly warning: number;
    readonly critical: number;
  }): boolean => (usual.bad === "above" ? warning <= critical : warning >= critical);
  const { [name]: buckets } = bounded;
  return object({
    warning:
      buckets === undefined
        ? limit.default(usual.warning)
        : limit
            .refine((seconds) => buckets.bounds.includes(seconds), {
              error: `must be a bucket ${buckets.whose}: ${buckets.bounds.join(", ")}`,
            })
            .default(usual.warning),
    critical: limit.default(usual.critical),
  })
    .refine(inOrder, { error: order })
    .prefault({})
    .transform((limits): Threshold => ({ ...usual, ...limits }));
}

const thresholds = object(
  Object.fromEntries(
    Object.entries(DEFAULT_THRESHOLDS).map(([name, usual]) => [name, threshold(name, usual)]),
  ),
)
  .prefault({})
  .transform((value) => value as Thresholds);

const SHARE = "must be a share above 0 and below 1, such as 0.99";
const share = z.number({ error: SHARE }).gt(0, { error: SHARE }).lt(1, { error: SHARE });

const objectives = object({
  success: share.default(DEFAULT_OBJECTIVES.success),
  latency: share.default(DEFAULT_OBJECTIVES.latency),
  coldStart: share.default(DEFAULT_OBJECTIVES.coldStart),
  freshness: share.default(DEFAULT_OBJECTIVES.freshness),
}).prefault({}) satisfies z.ZodType<Objectives>;

/** The second replica waits 15 s for what the first has told. */
const LEAST_GROUP_INTERVAL_MS = 20_000;

const shape = {
  /** Where people read docs/runbook.md; each alert links to its heading there. */
  runbookUrl: fields.httpsUrl,
  receivers: list(receiver, "receivers").default([]),
  groupInterval: fields.duration
    .refine((text) => (durationMilliseconds(text) ?? 0) >= LEAST_GROUP_INTERVAL_MS, {
      error: "must be at least 20s: one replica waits 15s for the other, and both would tell the same",
    })
    .exactOptional(),
  thresholds,
  objectives,
};

const ONE_EACH = `must be ${HUB_REPLICAS}, one a replica`;
const ONE_EXPOSURE = "must have exactly one of nodePorts and loadBalancer";

const expose = object({
  nodePorts: z
    .array(fields.nodePort, { error: ONE_EACH })
    .length(HUB_REPLICAS, { error: ONE_EACH })
    .refine((ports) => new Set(ports).size === ports.length, { error: "must differ from each other" })
    .exactOptional(),
  loadBalancer: object({
    addresses: z.array(fields.ipv4, { error: ONE_EACH }).length(HUB_REPLICAS, { error: ONE_EACH }),
    port: fields.port.default(9093),
  }).exactOptional(),
  allowFrom: list(fields.cidr, "IPv4 CIDRs", 1).default(ANYWHERE),
})
  .refine((value) => (value.nodePorts === undefined) !== (value.loadBalancer === undefined), {
    error: ONE_EXPOSURE,
  })
  .transform(({ nodePorts, loadBalancer, allowFrom }): AlertmanagerExposure =>
    loadBalancer === undefined
      ? { kind: "nodePort", ports: nodePorts ?? DEFAULT_NODE_PORTS, allowFrom }
      : {
          kind: "loadBalancer",
          ports: loadBalancer.addresses.map(() => loadBalancer.port),
          addresses: loadBalancer.addresses,
          allowFrom,
        },
  );

/** `hub.alerting`. */
export const hubAlerting = object({ ...shape, expose: expose.prefault({ nodePorts: DEFAULT_NODE_PORTS }) });

/** `member.alerting`. */
export const memberAlerting = object({
  ...shape,
  /** The hub's replicas, each by its own address: a balanced one would reach either. */
  hubAlertmanagers: list(fields.hostPort, "addresses such as 192.168.200.10:30993", 1),
});

/** `federation:receiverSecrets`: what the receivers' files hold, by file name. */
export const receiverSecretsSchema = z.record(
  z.string(),
  z.string({ error: "must be text" }).min(1, { error: "must not be empty" }),
  { error: "must be an object of file names and their content" },
);
