import * as pulumi from "@pulumi/pulumi";
import { alertingSettings } from "./alerting";
import { benchmarkSettings, unpricedWarning } from "./benchmarks";
import {
  alertClients,
  alertUser,
  benchmarkUser,
  federationUsers,
  hubWebCredentials,
  type HubSecrets,
  memberWebCredentials,
} from "./credentials";
import { grafanaSettings } from "./grafana";
import { hostExportersSettings, scrapedHosts } from "./hostExporters";
import { optional } from "./optional";
import { type ParsedSettings, parseSettings } from "./parse";
import { SECRET_KEYS } from "./reader";
import { expectedModels, servedModels } from "./serving";
import { federationAccess, membersOf, prometheusSettings } from "./sitePrometheus";
import type {
  CredentialSource,
  HubSettings,
  MemberCredentials,
  MemberSettings,
  PrometheusSettings,
  Settings,
  SiteSettings,
  UserPassword,
} from "./types";
import {
  landingZoneSettings,
  modelSyncSettings,
  TRANSFER_WORKER,
  transferGrant,
  unauthenticatedWarning,
} from "./transfer";
import { newestS3User } from "./transferCredentials";
import type { TransferGrant } from "./transferTypes";
import { workerBundle } from "./workers";

export { preflight } from "./preflight";
export { SettingsError } from "./problems";
export type * from "./alertingTypes";
export type * from "./benchmarksTypes";
export type * from "./grafanaTypes";
export type * from "./hostExportersTypes";
export type * from "./servingTypes";
export type * from "./transferTypes";
export type * from "./types";

type Parsed<R extends ParsedSettings["role"]> = Extract<ParsedSettings, { readonly role: R }>;

/** Name of the hub's stack output that members read: credentials by cluster name. */
export const MEMBER_CREDENTIALS_OUTPUT = "memberCredentials";

/**
 * The settings of the stack that runs: the only reader of Pulumi's configuration and of stack references.
 *
 * Throws one error that lists every problem, before anything is registered; warns at every run where a kubelet's
 * certificate is not verified. Whatever is secret comes as a secret output.
 */
export function loadSettings(): Settings {
  const parsed = parseSettings(pulumi.runtime.allConfig(), pulumi.getStack(), secretConfigKeys());
  const settings = parsed.role === "hub" ? hubSettings(parsed) : memberSettings(parsed);
  if (settings.kubernetes.kubeletTls.kind === "insecureSkipVerify")
    void pulumi.log.warn(INSECURE_KUBELET(parsed.role));
  const open =
    settings.role === "hub"
      ? unauthenticatedWarning("hub.landingZone", settings.landingZone?.mlflow)
      : unauthenticatedWarning("member.modelSync", settings.modelSync?.mlflow);
  if (open !== undefined) void pulumi.log.warn(open);
  if (settings.prometheus.kind === "existing" && !settings.prometheus.check) void pulumi.log.warn(UNCHECKED);
  const unpriced = parsed.role === "hub" ? unpricedWarning(parsed.hub) : undefined;
  if (unpriced !== undefined) void pulumi.log.warn(unpriced);
  return settings;
}

const INSECURE_KUBELET = (role: string): string =>
  `federation:${role}.kubernetes.kubelet.tls is insecureSkipVerify: whoever can answer at a node's address receives ` +
  "Prometheus's service account token. Give the kubelets certificates of the cluster's CA (clusterCa) or name theirs (ca).";

const UNCHECKED =
  "the site's Prometheus is not asked whether it fits (federation:member.prometheus.check is off): whether it finds this " +
  "project's rules, and its series carry the label cluster once and no more.";

/** Whole keys that the stack file encrypts; the SDK knows them, though its types do not tell. */
function secretConfigKeys(): ReadonlySet<string> {
  const isSecret: unknown = Reflect.get(pulumi.runtime, "isConfigSecret");
  if (typeof isSecret !== "function") return new Set(SECRET_KEYS.map((key) => `federation:${key}`));
  return new Set(
    Object.keys(pulumi.runtime.allConfig()).filter((key) =>
      Boolean(Reflect.apply(isSecret, undefined, [key])),
    ),
  );
}

function site<P extends PrometheusSettings>(
  parsed: ParsedSettings,
  prometheus: P,
  credentials: CredentialSource,
): SiteSettings & { readonly prometheus: P } {
  const own = parsed.role === "hub" ? parsed.hub : parsed.member;
  return {
    stack: parsed.stack,
    cluster: parsed.cluster,
    clusterUid: parsed.clusterUid,
    kubeconfig: pulumi.secret(parsed.kubeconfig),
    protect: own.protect,
    namespace: own.namespace,
    agentsNamespace: own.agentsNamespace,
    transferNamespace: own.transferNamespace,
    prometheus,
    kubernetes: own.kubernetes,
    hosts: own.hosts,
    inventory: own.inventory,
    servedModels: own.servedModels,
    images: own.images,
    credentials,
  };
}

function existing(secrets: readonly string[]): CredentialSource {
  return { kind: "existing", secrets };
}

function hubSettings(parsed: Parsed<"hub">): HubSettings {
  const { hub, hubSecrets, cluster, transfer, grafanaToken, memberCredentials: given } = parsed;
  const names = hub.members.map((member) => member.cluster);
  const from = <T>(make: (secrets: HubSecrets) => T, none: T): pulumi.Output<T> =>
    pulumi.secret(hubSecrets === undefined ? none : make(hubSecrets)) as pulumi.Output<T>;
  const credentials: CredentialSource =
    hubSecrets === undefined
      ? existing(hub.prometheus.existingSecrets ?? [])
      : {
          kind: "stack",
          web: pulumi.secret(hubWebCredentials(hubSecrets, cluster)),
        };
  const landingZone =
    hub.landingZone === undefined || hubSecrets === undefined
      ? undefined
      : landingZoneSettings(
          hub.landingZone,
          workerBundle(parsed.stack, "federation:hub.landingZone", TRANSFER_WORKER),
          transfer,
          hubSecrets,
          cluster,
          names,
        );
  const published = (secrets: HubSecrets, name: string): MemberCredentials => ({
    ...memberWebCredentials(secrets, name),
    alerts: alertUser(secrets, name),
    ...(landingZone === undefined ? {} : { transfer: transferGrant(landingZone, secrets, name) }),
  });
  return {
    ...site(parsed, hub.prometheus, credentials),
    role: "hub",
    servedModels: expectedModels(hub),
    serving: servedModels(hub),
    alerting: {
      ...alertingSettings(hub.alerting, parsed.receiverSecrets),
      expose: hub.alerting.expose,
      clients: from((secrets) => alertClients(secrets, names), {}),
    },
    members: membersOf(hub.members, given),
    pricePerGpuHour: hub.pricePerGpuHour,
    currency: hub.currency,
    federation: from((secrets) => federationAccess(federationUsers(secrets, names), given), {}),
    memberCredentials: from(
      (secrets) => Object.fromEntries(names.map((name) => [name, published(secrets, name)])),
      {},
    ),
    ...(landingZone === undefined ? {} : { landingZone }),
    ...optional("benchmarks", benchmarkSettings(parsed.stack, hub)),
    ...(hub.grafana === undefined || hubSecrets === undefined
      ? {}
      : { grafana: grafanaSettings(hub.grafana, hubSecrets, cluster, grafanaToken) }),
    ...(landingZone === undefined || hubSecrets === undefined
      ? {}
      : {
          benchmarkCredentials: {
            prometheus: pulumi.secret(benchmarkUser(hubSecrets, cluster)),
            store: pulumi.secret(newestS3User(hubSecrets, cluster, "benchmark")),
          },
        }),
  };
}

function memberSettings(parsed: Parsed<"member">): MemberSettings {
  const { member, hubStack, cluster, transfer, hostSecrets } = parsed;
  const { modelSync } = member;
  const hostExporters = hostExportersSettings(member, hostSecrets);
  const prometheus = prometheusSettings(member.prometheus, parsed.prometheusCredentials);
  const secrets = prometheus.kind === "deploy" ? prometheus.existingSecrets : undefined;
  const fromHub =
    secrets === undefined || modelSync !== undefined ? credentialsFromHub(hubStack, cluster) : undefined;
  const credentials: CredentialSource =
    secrets === undefined && fromHub !== undefined
      ? { kind: "stack", web: fromHub }
      : existing(secrets ?? []);
  return {
    ...site(parsed, prometheus, credentials),
    role: "member",
    alerting: {
      ...alertingSettings(member.alerting, parsed.receiverSecrets),
      hubAlertmanagers: member.alerting.hubAlertmanagers,
      ...(secrets !== undefined || fromHub === undefined
        ? {}
        : { hubUser: fromHub.apply((own) => ownAlertUser(own, hubStack, cluster)) }),
    },
    hubStack,
    hosts: scrapedHosts(member.hosts, hostExporters?.hosts ?? []),
    ...optional("hostExporters", hostExporters),
    ...(modelSync === undefined || fromHub === undefined
      ? {}
      : {
          modelSync: modelSyncSettings(
            modelSync,
            workerBundle(parsed.stack, "federation:member.modelSync", TRANSFER_WORKER),
            transfer,
            fromHub.apply((own) => ownGrant(own, hubStack, cluster)),
          ),
        }),
  };
}

/** This member's entry of the hub's output; an error that says what to do where the hub does not publish one. */
function credentialsFromHub(hubStack: string, cluster: string): pulumi.Output<MemberCredentials> {
  const outputs = new pulumi.StackReference(hubStack).getOutput(MEMBER_CREDENTIALS_OUTPUT);
  return pulumi.secret(outputs.apply((published: unknown) => ownCredentials(published, hubStack, cluster)));
}

/** Picks a member's credentials from what the hub's stack publishes; throws where there are none. */
export function ownCredentials(published: unknown, hubStack: string, cluster: string): MemberCredentials {
  if (typeof published !== "object" || published === null)
    throw new pulumi.RunError(
      `federation:hubStack: ${hubStack} has no output ${MEMBER_CREDENTIALS_OUTPUT}: run \`pulumi up\` of the hub first`,
    );
  const own = (published as Readonly<Record<string, MemberCredentials | undefined>>)[cluster];
  if (own === undefined)
    throw new pulumi.RunError(
      `federation:hubStack: ${hubStack} publishes no credentials of cluster ${cluster}: list it in the hub's ` +
        `federation:hub.members, run \`npm run init\` for the hub's stack, then \`pulumi up\` of the hub`,
    );
  return own;
}

/** A member's part of the hub's landing zone; throws where the hub has none. */
export function ownGrant({ transfer }: MemberCredentials, hubStack: string, cluster: string): TransferGrant {
  if (transfer === undefined)
    throw new pulumi.RunError(
      `federation:member.modelSync: ${hubStack} publishes no landing zone for cluster ${cluster}: set ` +
        "federation:hub.landingZone, run `npm run init` for the hub's stack, then `pulumi up` of the hub",
    );
  return transfer;
}

/** The user with whom a member sends alerts; throws where the hub was deployed before it made one. */
function ownAlertUser(
  { alerts }: { readonly alerts?: UserPassword },
  hubStack: string,
  cluster: string,
): UserPassword {
  if (alerts === undefined)
    throw new pulumi.RunError(
      `federation:member.alerting: ${hubStack} publishes no user with whom cluster ${cluster} could send alerts: ` +
        "run `npm run init` for the hub's stack, then `pulumi up` of the hub",
    );
  return alerts;
}
