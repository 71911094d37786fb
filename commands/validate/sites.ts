import { readFileSync } from "node:fs";
import { z } from "zod";
import { durationSeconds } from "../../components/monitoring/durations";
import { parseSettings, type ParsedSettings } from "../../settings/parse";
import type { TransferGrant } from "../../settings/transferTypes";
import type { StackReader } from "../pulumiCli";
import { Prometheus } from "../preview/prometheus";
import type { Endpoint } from "../preview/prometheus";
import { clientOf, existingPrometheus, scrapeSecondsOf } from "./existing";
import type { ExistingPrometheus } from "./existing";
import type { KubeApi } from "./kube";
import { CheckError } from "./verdict";

type Parsed<R extends ParsedSettings["role"]> = Extract<ParsedSettings, { readonly role: R }>;

const user = z.object({ username: z.string(), password: z.string() });
const key = z.object({ accessKey: z.string(), secretKey: z.string() });
const grant = z.object({
  region: z.string(),
  bucket: z.string(),
  minioCa: z.string().exactOptional(),
  mlflowCa: z.string().exactOptional(),
  writer: key,
  reader: key,
});

/** What is read of a stack's outputs; each absent where the stack does not have it, or was not brought up since. */
const outputsSchema = z.object({
  caCertificate: z.string().exactOptional(),
  localCredentials: user.exactOptional(),
  prometheusUrl: z.string().exactOptional(),
  federationUrl: z.string().exactOptional(),
  grafanaUrl: z.string().exactOptional(),
  grafanaAdmin: user.exactOptional(),
  memberCredentials: z.record(z.string(), z.object({ transfer: grant.exactOptional() })).exactOptional(),
});
type Outputs = z.output<typeof outputsSchema>;

/** What every stack has. */
interface Site {
  readonly stack: string;
  readonly cluster: string;
  readonly clusterUid: string;
  readonly kube: KubeApi;
  /** Its Prometheus; throws, with what to do, where this machine does not know how to reach it. */
  readonly prometheus: () => Prometheus;
  /** Seconds between two scrapes where a job says nothing else. */
  readonly scrapeSeconds: () => Promise<number>;
}

export interface HubSite extends Site {
  /** A hub's Prometheus is always its stack's. */
  readonly existing?: undefined;
  readonly settings: Parsed<"hub">;
  readonly outputs: Outputs;
  /** Content of the CA files of its landing zone. */
  readonly trust: { readonly minio?: string; readonly mlflow?: string };
}

export interface MemberSite extends Site {
  /** The Prometheus that the member's site has; absent where its stack deploys one. */
  readonly existing?: ExistingPrometheus;
  readonly settings: Parsed<"member">;
  /** What the hub grants its transfer; absent where it grants none. */
  readonly grant?: TransferGrant;
}

/** A member of the hub's list; `problem` where its stack is not found. */
export type MemberEntry =
  | { readonly cluster: string; readonly site: MemberSite }
  | { readonly cluster: string; readonly problem: CheckError };

export interface Sites {
  readonly hub: HubSite;
  readonly members: readonly MemberEntry[];
}

/** What is known of stacks and clusters beyond this process. */
export interface Outside {
  readonly reader: StackReader;
  readonly kubeOf: (kubeconfig: string) => KubeApi;
}

export interface SitesOptions {
  readonly stack: string;
  /** URLs at which to ask a cluster's Prometheus in place of its stack's own, by cluster: of a port-forward, for example. */
  readonly prometheus: Readonly<Record<string, string>>;
}

/** Longest time that a Prometheus may take to answer, ms. */
const PROMETHEUS_TIMEOUT_MS = 15_000;

/** How a Prometheus that its stack deploys is asked from here. */
function deployedEndpoint(
  { stack, cluster }: ParsedSettings,
  { localCredentials: local, caCertificate: ca }: Outputs,
  url: string | undefined,
): Endpoint {
  if (url === undefined)
    throw new CheckError(
      `Prometheus of ${cluster} has no address outside its cluster`,
      `expose it, or \`kubectl port-forward -n federation service/prometheus 9090\` and --prometheus ${cluster}=https://localhost:9090`,
    );
  if (local === undefined || ca === undefined)
    throw new CheckError(
      `stack ${stack} has no outputs localCredentials and caCertificate`,
      `\`pulumi up --stack ${stack}\`; a Prometheus whose credentials are existing Secrets can not be asked from outside`,
    );
  return { url, auth: `${local.username}:${local.password}`, ca };
}

function parsed<R extends ParsedSettings["role"]>(reader: StackReader, stack: string, role: R): Parsed<R> {
  const { values, secretKeys } = reader.readConfig(stack);
  const settings = parseSettings(values, stack, secretKeys);
  if (settings.role !== role)
    throw new Error(`stack "${stack}": federation:role is ${settings.role}, and a ${role} was looked for`);
  return settings as Parsed<R>;
}

function outputsOf(reader: StackReader, stack: string): Outputs {
  const read = outputsSchema.safeParse(reader.readOutputs(stack));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new Error(
    `stack "${stack}": output ${issue?.path.join(".") ?? ""} is not as this version of the program writes it: \`pulumi up\` first`,
  );
}

function site(
  { stack, cluster, clusterUid, kubeconfig }: ParsedSettings,
  endpoint: () => Endpoint,
  /** Absent: Prometheus is asked for it. */
  scrapeInterval: string | undefined,
  kubeOf: Outside["kubeOf"],
): Site {
  let made: Prometheus | undefined;
  const prometheus = (): Prometheus =>
    (made ??= new Prometheus({ ...endpoint(), timeoutMs: PROMETHEUS_TIMEOUT_MS }));
  return {
    stack,
    cluster,
    clusterUid,
    kube: kubeOf(kubeconfig),
    prometheus,
    scrapeSeconds: () =>
      scrapeInterval === undefined
        ? scrapeSecondsOf(prometheus())
        : Promise.resolve(durationSeconds(scrapeInterval)),
  };
}

const read = (file: string | undefined): string | undefined =>
  file === undefined ? undefined : readFileSync(file, "utf8");

function hubSite({ reader, kubeOf }: Outside, stack: string, options: SitesOptions): HubSite {
  const settings = parsed(reader, stack, "hub");
  const outputs = outputsOf(reader, stack);
  const { prometheus, landingZone } = settings.hub;
  const [minio, mlflow] = [read(landingZone?.minio.caFile), read(landingZone?.mlflow.caFile)];
  const url = options.prometheus[settings.cluster] ?? outputs.prometheusUrl;
  const endpoint = (): Endpoint => deployedEndpoint(settings, outputs, url);
  return {
    ...site(settings, endpoint, prometheus.scrapeInterval, kubeOf),
    settings,
    outputs,
    trust: { ...(minio === undefined ? {} : { minio }), ...(mlflow === undefined ? {} : { mlflow }) },
  };
}

function memberSite(
  { reader, kubeOf }: Outside,
  stack: string,
  hub: HubSite,
  options: SitesOptions,
): MemberSite {
  const settings = parsed(reader, stack, "member");
  const outputs = outputsOf(reader, stack);
  const { prometheus } = settings.member;
  const url = options.prometheus[settings.cluster];
  const existing = existingPrometheus(settings, url);
  const endpoint = (): Endpoint =>
    existing === undefined
      ? deployedEndpoint(settings, outputs, url ?? outputs.federationUrl)
      : clientOf(existing.endpoint);
  const scrapeInterval = prometheus.kind === "deploy" ? prometheus.scrapeInterval : undefined;
  const granted = hub.outputs.memberCredentials?.[settings.cluster]?.transfer;
  return {
    ...site(settings, endpoint, scrapeInterval, kubeOf),
    settings,
    ...(existing === undefined ? {} : { existing }),
    ...(granted === undefined ? {} : { grant: granted }),
  };
}

const lastPart = (stack: string): string => stack.slice(stack.lastIndexOf("/") + 1);

/** Of the project's stacks the one that is a member's of this cluster and this hub. */
function stackOfMember(reader: StackReader, cluster: string, hub: string): string | undefined {
  return reader.stacks().find((stack) => {
    if (lastPart(stack) === lastPart(hub)) return false;
    const { values } = reader.readConfig(stack);
    return (
      values["federation:role"] === "member" &&
      values["federation:cluster"] === cluster &&
      lastPart(values["federation:hubStack"] ?? "") === lastPart(hub)
    );
  });
}

/**
 * The hub and its members as their stacks describe them. Of a member's stack: its hub, and that member alone.
 *
 * @throws where a stack's settings are wrong, or the stack is not there
 */
export function sitesOf(outside: Outside, options: SitesOptions): Sites {
  const { reader } = outside;
  const { values } = reader.readConfig(options.stack);
  if (values["federation:role"] === "member") {
    const { hubStack, cluster } = parsed(reader, options.stack, "member");
    const hub = hubSite(outside, hubStack, options);
    if (!hub.settings.hub.members.some((member) => member.cluster === cluster))
      throw new Error(
        `stack "${hubStack}" does not list cluster ${cluster} in federation:hub.members: add it, and \`pulumi up\` the hub`,
      );
    return { hub, members: [{ cluster, site: memberSite(outside, options.stack, hub, options) }] };
  }
  const hub = hubSite(outside, options.stack, options);
  return {
    hub,
    members: hub.settings.hub.members.map(({ cluster }): MemberEntry => {
      const stack = stackOfMember(reader, cluster, options.stack);
      if (stack !== undefined) return { cluster, site: memberSite(outside, stack, hub, options) };
      const problem = new CheckError(
        `no stack of this project is a member of ${options.stack} with cluster ${cluster}`,
        `\`pulumi stack init\` and bring up the stack of ${cluster}, with federation:hubStack naming ${options.stack}`,
      );
      return { cluster, problem };
    }),
  };
}
