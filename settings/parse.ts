import { z } from "zod";
import { readReceiverSecrets, type ReceiverSecrets } from "./alerting";
import { checkBenchmarks } from "./benchmarksChecks";
import { hubProblems, siteProblems } from "./checks";
import { type Generation, type HubSecrets, hubSecretsSchema } from "./credentials";
import * as fields from "./fields";
import { type GrafanaToken, hubGrafanaToken, missingGrafana } from "./grafanaChecks";
import { type HostSecrets, memberHostSecrets } from "./hostExporters";
import { optional } from "./optional";
import { keyOf, type Problem, SettingsError } from "./problems";
import { NAMESPACE, type RawConfig, Reader, SECRET_KEYS } from "./reader";
import { HUB_ONLY, type HubObject, hubSchema, MEMBER_ONLY, type MemberObject, memberSchema } from "./schema";
import { servingProblems } from "./serving";
import { hubMemberCredentials, memberPrometheusCredentials } from "./sitePrometheus";
import {
  hubTransferSecrets,
  memberTransferSecrets,
  missingBenchmarkUser,
  missingS3Users,
  type TransferSecrets,
} from "./transferChecks";
import type { HttpCredentials } from "./types";

export type Role = "hub" | "member";

interface CommonKeys {
  readonly stack: string;
  readonly cluster: string;
  readonly clusterUid: string;
  readonly kubeconfig: string;
}

/** Checked settings as plain values. */
export type ParsedSettings =
  | (CommonKeys & {
      readonly role: "hub";
      readonly hub: HubObject;
      /** Absent where the credentials come from existing Secrets. */
      readonly hubSecrets?: HubSecrets;
      readonly transfer: TransferSecrets;
      readonly receiverSecrets: ReceiverSecrets;
      /** Absent where the stack writes to no Grafana of the site. */
      readonly grafanaToken?: GrafanaToken;
      /** Of each member whose site has its Prometheus. */
      readonly memberCredentials: Readonly<Record<string, HttpCredentials>>;
    })
  | (CommonKeys & {
      readonly role: "member";
      readonly hubStack: string;
      readonly member: MemberObject;
      readonly transfer: TransferSecrets;
      readonly receiverSecrets: ReceiverSecrets;
      readonly hostSecrets: HostSecrets;
      /** Absent where the stack deploys its Prometheus. */
      readonly prometheusCredentials?: HttpCredentials;
    });

const COMMON = ["role", "cluster", "clusterUid", "kubeconfig"];
const OWN: Readonly<Record<Role, readonly string[]>> = {
  hub: [
    "hub",
    "hubSecrets",
    "minioCredentials",
    "mlflowCredentials",
    "receiverSecrets",
    "grafanaCredentials",
    "memberPrometheusCredentials",
  ],
  member: [
    "member",
    "hubStack",
    "mlflowCredentials",
    "receiverSecrets",
    "hostCredentials",
    "prometheusCredentials",
  ],
};
const OTHER: Readonly<Record<Role, Role>> = { hub: "member", member: "hub" };

const RECORDED_BY_INIT = "npm run init -- --stack";
const roleSchema = z.enum(["hub", "member"], { error: "must be hub or member" });

function unknownKeys(raw: RawConfig, role: Role | undefined): Problem[] {
  const allowed = [...COMMON, ...(role === undefined ? [...OWN.hub, ...OWN.member] : OWN[role])];
  return Object.keys(raw)
    .filter((key) => key.startsWith(NAMESPACE) && !allowed.includes(key.slice(NAMESPACE.length)))
    .map((key) => {
      const name = key.slice(NAMESPACE.length);
      const foreign = role !== undefined && OWN[OTHER[role]].includes(name);
      return {
        key,
        message: foreign
          ? `is a ${OTHER[role]}'s key, and this stack is a ${role}`
          : `unknown key; allowed: ${allowed.join(", ")}`,
      };
    });
}

/** A secret inside a role's object would make the whole object secret; init's keys must not stand in plain text. */
function secrecyProblems(raw: RawConfig, secretKeys: ReadonlySet<string>): Problem[] {
  return Object.keys(raw).flatMap((key): Problem[] => {
    const name = key.slice(NAMESPACE.length);
    if (!key.startsWith(NAMESPACE)) return [];
    if (SECRET_KEYS.includes(name) && !secretKeys.has(key))
      return [{ key, message: "must be a secret (pulumi config set --secret), not plain text" }];
    if (!SECRET_KEYS.includes(name) && secretKeys.has(key))
      return [{ key, message: "must not hold a secret: secrets stand in keys of their own" }];
    return [];
  });
}

/** `members` in a member's object is named as what it is, not as an unknown key. */
function roleObjectProblems(name: Role, problems: readonly Problem[]): Problem[] {
  const others = { member: HUB_ONLY, hub: MEMBER_ONLY }[name];
  const foreign = new Set(others.map((key) => keyOf(NAMESPACE + name, [key])));
  return problems.map((problem) =>
    foreign.has(problem.key)
      ? { key: problem.key, message: `is a ${OTHER[name]}'s key, and this stack is a ${name}` }
      : problem,
  );
}

function roleObject<T>(
  reader: Reader,
  name: Role,
  schema: z.ZodType<T>,
  extra: (raw: unknown) => readonly Problem[],
) {
  const before = reader.problems.length;
  const raw = reader.json(name);
  if (raw === undefined && reader.problems.length > before) return undefined;
  const parsed = reader.check(name, schema, raw);
  const own = reader.problems.splice(before);
  reader.add(...roleObjectProblems(name, own), ...reader.masked(name, extra(raw)));
  return parsed;
}

/** Every generation has the hub's own cluster and every member. */
function missingCredentials(
  stack: string,
  secrets: HubSecrets,
  cluster: string,
  members: readonly string[],
): Problem[] {
  const lacks = (generation: Generation, name: string, asMember: boolean): boolean => {
    const own = generation.clusters[name];
    return own === undefined || (asMember && (own.federation === undefined || own.alerts === undefined));
  };
  return [cluster, ...members]
    .filter((name) => secrets.generations.some((generation) => lacks(generation, name, name !== cluster)))
    .map((name) => ({
      key: `${NAMESPACE}hubSecrets`,
      message: `has no credentials of cluster ${name}: ${RECORDED_BY_INIT} ${stack} makes them`,
    }));
}

function hubSecretsOf(
  reader: Reader,
  stack: string,
  hub: HubObject | undefined,
  cluster: string | undefined,
) {
  const existing = hub?.prometheus.existingSecrets !== undefined;
  if (existing && reader.has("hubSecrets"))
    reader.add({
      key: `${NAMESPACE}hubSecrets`,
      message: "must be absent where hub.prometheus.existingSecrets is set",
    });
  if (existing) return undefined;
  if (!reader.has("hubSecrets")) {
    reader.add({
      key: `${NAMESPACE}hubSecrets`,
      message: `is missing: ${RECORDED_BY_INIT} ${stack} makes it`,
    });
    return undefined;
  }
  const json = reader.json("hubSecrets");
  const secrets = json === undefined ? undefined : reader.check("hubSecrets", hubSecretsSchema, json);
  if (secrets !== undefined && hub !== undefined && cluster !== undefined)
    reader.add(
      ...missingCredentials(
        stack,
        secrets,
        cluster,
        hub.members.map((member) => member.cluster),
      ),
      ...missingS3Users(secrets, hub, cluster, stack),
      ...missingBenchmarkUser(secrets, hub, cluster, stack),
      ...missingGrafana(secrets, hub, cluster, stack),
    );
  return secrets;
}

/** What could be read of a stack's configuration, and everything that is wrong with it. */
export interface InspectedSettings {
  readonly role?: Role | undefined;
  readonly cluster?: string | undefined;
  readonly clusterUid?: string | undefined;
  readonly kubeconfig?: string | undefined;
  readonly hub?: HubObject | undefined;
  readonly hubSecrets?: HubSecrets | undefined;
  readonly member?: MemberObject | undefined;
  readonly hubStack?: string | undefined;
  readonly transfer?: TransferSecrets | undefined;
  readonly receiverSecrets?: ReceiverSecrets | undefined;
  readonly grafanaToken?: GrafanaToken | undefined;
  readonly hostSecrets?: HostSecrets | undefined;
  readonly prometheusCredentials?: HttpCredentials | undefined;
  readonly memberCredentials?: Readonly<Record<string, HttpCredentials>> | undefined;
  readonly problems: readonly Problem[];
}

/** Reads and checks without throwing, for who goes on with a part; arguments as in {@link parseSettings}. */
export function inspectSettings(
  raw: RawConfig,
  stack: string,
  secretKeys: ReadonlySet<string>,
): InspectedSettings {
  const reader = new Reader(raw, secretKeys);
  const role = reader.text("role", roleSchema);
  reader.add(...unknownKeys(raw, role), ...secrecyProblems(raw, secretKeys));
  const cluster = reader.text("cluster", fields.memberName);
  const common = {
    role,
    cluster,
    clusterUid: reader.text("clusterUid", fields.uid),
    kubeconfig: reader.text("kubeconfig", fields.kubeconfig),
    problems: reader.problems,
  };
  if (role === "hub") {
    const hub = roleObject(reader, role, hubSchema, (value) => [
      ...siteProblems(`${NAMESPACE}hub`, value),
      ...hubProblems(`${NAMESPACE}hub`, value, cluster),
    ]);
    if (hub !== undefined) reader.add(...servingProblems(hub));
    const hubSecrets = hubSecretsOf(reader, stack, hub, cluster);
    checkBenchmarks(reader, hub);
    return {
      ...common,
      hub,
      hubSecrets,
      transfer: hubTransferSecrets(reader, hub),
      receiverSecrets: readReceiverSecrets(reader, hub?.alerting.receivers),
      grafanaToken: hubGrafanaToken(reader, hub),
      memberCredentials: hubMemberCredentials(reader, hub),
    };
  }
  if (role === "member") {
    const hubStack = reader.text("hubStack", fields.stackReference);
    const member = roleObject(reader, role, memberSchema, (value) =>
      siteProblems(`${NAMESPACE}member`, value),
    );
    return {
      ...common,
      hubStack,
      member,
      transfer: memberTransferSecrets(reader, member),
      receiverSecrets: readReceiverSecrets(reader, member?.alerting.receivers),
      hostSecrets: memberHostSecrets(reader, member),
      prometheusCredentials: memberPrometheusCredentials(reader, member),
    };
  }
  return common;
}

/**
 * Checks a stack's whole configuration at once.
 *
 * `secretKeys` are the whole keys that the stack file encrypts. Throws one {@link SettingsError} with every problem.
 */
export function parseSettings(
  raw: RawConfig,
  stack: string,
  secretKeys: ReadonlySet<string>,
): ParsedSettings {
  const {
    problems,
    role,
    cluster,
    clusterUid,
    kubeconfig,
    hub,
    hubSecrets,
    member,
    hubStack,
    transfer = {},
    receiverSecrets = {},
    grafanaToken,
    hostSecrets = {},
    prometheusCredentials,
    memberCredentials = {},
  } = inspectSettings(raw, stack, secretKeys);
  if (
    problems.length === 0 &&
    cluster !== undefined &&
    clusterUid !== undefined &&
    kubeconfig !== undefined
  ) {
    const common = { stack, cluster, clusterUid, kubeconfig, transfer, receiverSecrets };
    if (role === "hub" && hub !== undefined)
      return {
        ...common,
        role,
        hub,
        memberCredentials,
        ...optional("hubSecrets", hubSecrets),
        ...optional("grafanaToken", grafanaToken),
      };
    if (role === "member" && hubStack !== undefined && member !== undefined)
      return {
        ...common,
        role,
        hubStack,
        member,
        hostSecrets,
        ...optional("prometheusCredentials", prometheusCredentials),
      };
  }
  throw new SettingsError(stack, problems);
}
