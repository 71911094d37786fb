import type { HubSecrets } from "../settings/credentials";
import type { InspectedSettings } from "../settings/parse";
import {
  type Change,
  type ClusterToServe,
  completeSecrets,
  createSecrets,
  endingSoon,
  finishRotation,
  rotate,
} from "./credentials";
import { kubeconfigOf } from "./kubeconfig";
import type { PulumiCli, StackConfig } from "./pulumiCli";
import { notReadyFor } from "./rotationCheck";
import { clustersToServe, givenLater, RECORDED, settingsToInitialise, storedSecrets } from "./stackConfig";

export interface InitOptions {
  readonly stack: string;
  /** Kubeconfig file of the stack's cluster; recorded, with the files it names embedded. */
  readonly kubeconfig?: string;
  /** Context in that file; its current one where absent. */
  readonly context?: string;
  /** First and last step of a rotation of the hub's credentials. */
  readonly rotation?: "rotate" | "finish";
  /** Ends a rotation without asking the members first. */
  readonly unchecked?: boolean;
}

/** What init reaches beyond its own files. */
export interface Outside {
  readonly pulumi: PulumiCli;
  /** UID of the namespace kube-system of the cluster that a kubeconfig leads to. */
  readonly clusterUidOf: (kubeconfig: string) => Promise<string>;
}

/** Time within which a changed Secret has reached every pod that mounts it: the kubelet's sync, with room. */
const SYNCED = "2 minutes";

/**
 * Records what only this machine can know or make of a stack: kubeconfig, the cluster's UID and, of a hub, every
 * credential. What exists is kept. Returns what was done, in sentences that name no secret; throws before anything
 * is written where the stack's settings are wrong.
 */
export async function initialise(
  options: InitOptions,
  { pulumi, clusterUidOf }: Outside,
  now = new Date(),
): Promise<readonly string[]> {
  const config = pulumi.readConfig(options.stack);
  const settings = settingsToInitialise(config, options.stack);
  const change = await credentials(options, settings, config, now);
  const identity = await identify(options, settings, clusterUidOf);
  for (const { key, value, secret } of [...identity.writes, ...(change?.writes ?? [])])
    pulumi.setConfig(options.stack, key, value, secret);
  return [...identity.said, ...(change?.said ?? []), ...givenLater(settings)];
}

interface Write {
  readonly key: string;
  readonly value: string;
  readonly secret: boolean;
}

interface Step {
  readonly writes: readonly Write[];
  readonly said: readonly string[];
}

/** Kubeconfig and cluster UID; not part of a rotation unless a kubeconfig is given. */
async function identify(
  options: InitOptions,
  settings: InspectedSettings,
  clusterUidOf: Outside["clusterUidOf"],
): Promise<Step> {
  const given =
    options.kubeconfig === undefined ? undefined : kubeconfigOf(options.kubeconfig, options.context);
  if (given === undefined && options.rotation !== undefined) return { writes: [], said: [] };
  const kubeconfig = given ?? settings.kubeconfig;
  if (kubeconfig === undefined)
    return { writes: [], said: [`${RECORDED.kubeconfig} is not set: run again with --kubeconfig FILE`] };
  const uid = await clusterUidOf(kubeconfig);
  const changedUid = uid !== settings.clusterUid;
  const was = settings.clusterUid === undefined ? "" : ` (was ${settings.clusterUid}: another cluster)`;
  return {
    writes: [
      ...(given === undefined || given === settings.kubeconfig
        ? []
        : [{ key: RECORDED.kubeconfig, value: given, secret: true }]),
      ...(changedUid ? [{ key: RECORDED.clusterUid, value: uid, secret: false }] : []),
    ],
    said: [
      ...(given === undefined || given === settings.kubeconfig ? [] : ["recorded the kubeconfig"]),
      changedUid ? `recorded the cluster's UID ${uid}${was}` : `the cluster's UID is ${uid}, as recorded`,
    ],
  };
}

async function credentials(
  options: InitOptions,
  settings: InspectedSettings,
  config: StackConfig,
  now: Date,
): Promise<Step | undefined> {
  const { hub, cluster } = settings;
  if (hub === undefined || cluster === undefined || hub.prometheus.existingSecrets !== undefined) {
    if (options.rotation === undefined) return undefined;
    throw new Error(
      `stack "${options.stack}" holds no credentials to rotate: the hub's stack does, unless they come from existing Secrets`,
    );
  }
  const clusters = clustersToServe(cluster, hub);
  const stored = storedSecrets(settings, config, options.stack);
  const change = await changed(options, stored, clusters, now);
  if (options.rotation === "finish" && options.unchecked !== true)
    await requireReady(change.secrets, hub.members);
  const value = JSON.stringify(change.secrets);
  const same = stored !== undefined && JSON.stringify(stored) === value;
  return {
    writes: same ? [] : [{ key: RECORDED.hubSecrets, value, secret: true }],
    said: [
      ...change.said,
      ...(same ? ["the credentials are complete, nothing to make"] : []),
      ...endingSoon(change.secrets, now),
      ...nextSteps(options, clusters),
    ],
  };
}

async function changed(
  options: InitOptions,
  stored: HubSecrets | undefined,
  clusters: readonly ClusterToServe[],
  now: Date,
): Promise<Change> {
  if (options.rotation !== undefined && stored === undefined)
    throw new Error(
      `stack "${options.stack}" has no credentials yet: run init without --${flagOf(options.rotation)} first`,
    );
  if (stored === undefined) return createSecrets(clusters, now);
  if (options.rotation === "rotate") return rotate(stored, clusters, now);
  if (options.rotation === "finish") return finishRotation(stored);
  return completeSecrets(stored, clusters, now);
}

async function requireReady(secrets: HubSecrets, members: Parameters<typeof notReadyFor>[1]): Promise<void> {
  const waiting = await notReadyFor(secrets.generations[0], members);
  if (waiting.length > 0)
    throw new Error(
      [
        "the rotation can not end yet, nothing was changed:",
        ...waiting.map((sentence) => `  - ${sentence}`),
        `\`pulumi up\` the hub's stack, then each member's, and wait ${SYNCED} for its pods; --unchecked where this machine reaches no member`,
      ].join("\n"),
    );
}

function flagOf(rotation: NonNullable<InitOptions["rotation"]>): string {
  return rotation === "rotate" ? "rotate" : "rotate-finish";
}

function nextSteps({ rotation, stack }: InitOptions, clusters: readonly ClusterToServe[]): readonly string[] {
  if (rotation === undefined) return [];
  const members = clusters
    .filter(({ member }) => member)
    .map(({ name }) => name)
    .join(", ");
  const ups = `next: pulumi up --stack ${stack}, wait ${SYNCED} for its pods, then pulumi up of each member's stack (${members})`;
  return rotation === "finish"
    ? [ups]
    : [ups, `then, ${SYNCED} later: npm run init -- --stack ${stack} --rotate-finish`];
}
