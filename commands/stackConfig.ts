import type { HubSecrets } from "../settings/credentials";
import { inspectSettings, type InspectedSettings } from "../settings/parse";
import { type Problem, SettingsError } from "../settings/problems";
import { NAMESPACE, SECRET_KEYS } from "../settings/reader";
import type { ClusterToServe } from "./credentials";
import type { StackConfig } from "./pulumiCli";

/** What init records, by whole key; everything else in a stack file is written by people. */
export const RECORDED = {
  clusterUid: "federation:clusterUid",
  kubeconfig: "federation:kubeconfig",
  hubSecrets: "federation:hubSecrets",
} as const;

/** Secrets that people set by themselves: init goes on without them, and says so. */
export const GIVEN = SECRET_KEYS.map((name) => `${NAMESPACE}${name}`).filter(
  (key) => !Object.values<string>(RECORDED).includes(key),
);

/** Names under which a Service's pod is known inside its cluster, and to itself. */
function serviceNames(name: string, namespace: string): readonly string[] {
  const service = `${name}.${namespace}.svc`;
  return [name, `${name}.${namespace}`, service, `${service}.cluster.local`, "localhost", "127.0.0.1"];
}

/** Addresses that clients outside the cluster use. */
function outside(
  expose: { readonly address?: string } | undefined,
  nodes: readonly string[],
): readonly string[] {
  if (expose === undefined) return [];
  return expose.address === undefined ? nodes : [expose.address];
}

/** Names and addresses of the Grafana that a hub deploys; undefined where it deploys none. */
function grafanaHosts({
  grafana,
  namespace,
  kubernetes,
}: NonNullable<InspectedSettings["hub"]>): readonly string[] | undefined {
  if (grafana?.mode !== "deploy") return undefined;
  const nodes = kubernetes.nodes.map((node) => node.address);
  const named = grafana.url === undefined ? [] : [new URL(grafana.url).hostname];
  return [...new Set([...outside(grafana.expose, nodes), ...named, ...serviceNames("grafana", namespace)])];
}

/**
 * The clusters whose credentials a hub holds: its own first, then its members. A certificate covers the addresses that
 * clients outside the cluster use, the Service's names and localhost; the hub's Alertmanagers serve the hub's.
 */
export function clustersToServe(
  cluster: string,
  hub: NonNullable<InspectedSettings["hub"]>,
): readonly ClusterToServe[] {
  const names = serviceNames("prometheus", hub.namespace);
  const nodes = hub.kubernetes.nodes.map((node) => node.address);
  const landingZone = hub.landingZone !== undefined;
  const grafana = grafanaHosts(hub);
  return [
    {
      name: cluster,
      hosts: [
        ...new Set([
          ...outside(hub.prometheus.expose, nodes),
          ...(hub.alerting.expose.addresses ?? nodes),
          ...names,
        ]),
      ],
      member: false,
      landingZone,
      ...(grafana === undefined ? {} : { grafana }),
    },
    ...hub.members.map((member) => ({
      name: member.cluster,
      hosts: [new URL(member.url).hostname, ...names],
      member: true,
      landingZone,
    })),
  ];
}

/** Whether a problem is about a key that init itself writes or has yet to write, or that people may set after it. */
function isRecordedOrGiven({ key }: Problem): boolean {
  return [...Object.values(RECORDED), ...GIVEN].some((recorded) => key.startsWith(recorded));
}

/** What people have yet to set, in sentences. */
export function givenLater({ problems }: InspectedSettings): readonly string[] {
  return problems
    .filter(({ key }) => GIVEN.some((given) => key.startsWith(given)))
    .map(({ key, message }) => `${key} ${message}`);
}

/** A stack's settings as far as people write them; throws one error with all that is wrong in those. */
export function settingsToInitialise({ values, secretKeys }: StackConfig, stack: string): InspectedSettings {
  const settings = inspectSettings(values, stack, secretKeys);
  const problems = settings.problems.filter((problem) => !isRecordedOrGiven(problem));
  if (problems.length > 0) throw new SettingsError(stack, problems);
  return settings;
}

/**
 * The secrets of an earlier run; undefined where there are none. Throws where they are damaged, so that nothing is
 * made anew over them.
 */
export function storedSecrets(
  settings: InspectedSettings,
  config: StackConfig,
  stack: string,
): HubSecrets | undefined {
  if (config.values[RECORDED.hubSecrets] === undefined) return undefined;
  if (settings.hubSecrets !== undefined) return settings.hubSecrets;
  throw new SettingsError(
    stack,
    settings.problems
      .filter(({ key }) => key.startsWith(RECORDED.hubSecrets))
      .map((problem) => ({
        ...problem,
        message: "is damaged: restore the stack file, or remove this key to make all anew",
      })),
  );
}
