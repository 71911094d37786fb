import type { Knob, Target } from "../../result";
import { KubernetesError } from "./kubernetes";
import { targetOf, type Autoscaler } from "./observer";
import { quantity } from "./quantity";
import type { Container, Deployment } from "./shadow";
import type { Site } from "./site";

/** Holds the replicas that a served Deployment had before a run scaled it: what ends between is repaired by the next run. */
export const REPLICAS_ANNOTATION = "benchmark.federation/replicas";

const pathOf = ({ namespace, deployment }: Site["settings"]): string =>
  `/apis/apps/v1/namespaces/${namespace}/deployments/${deployment}`;

export const deploymentOf = async ({ kubernetes, settings }: Site): Promise<Deployment> =>
  (await kubernetes.get(pathOf(settings))) as Deployment;

/** Label selector of a Deployment's pods. */
export const podsOf = ({ spec }: Deployment): string =>
  Object.entries(spec.selector.matchLabels ?? {})
    .map(([label, value]) => `${label}=${value}`)
    .join(",");

/** Scales the served Deployment. */
export const scaleTo = ({ kubernetes, settings }: Site, replicas: number): Promise<void> =>
  kubernetes.patch(`${pathOf(settings)}/scale`, { spec: { replicas } });

const annotate = ({ kubernetes, settings }: Site, value: string | null): Promise<void> =>
  kubernetes.patch(pathOf(settings), { metadata: { annotations: { [REPLICAS_ANNOTATION]: value } } });

/** Notes the replicas that the served Deployment has, before they are changed; what is noted already stays. */
export async function noteReplicas(site: Site): Promise<void> {
  const { metadata, spec } = await deploymentOf(site);
  if (metadata.annotations?.[REPLICAS_ANNOTATION] === undefined)
    await annotate(site, String(spec.replicas ?? 1));
}

/** Replicas that a run has noted and not given back; undefined where there are none. */
export async function notedReplicas(site: Site): Promise<number | undefined> {
  const { metadata } = await deploymentOf(site);
  const noted = metadata.annotations?.[REPLICAS_ANNOTATION];
  if (noted === undefined) return undefined;
  if (/^\d+$/.test(noted)) return Number(noted);
  const { namespace, deployment } = site.settings;
  throw new KubernetesError(
    `${namespace}/${deployment}: annotation ${REPLICAS_ANNOTATION}: ${JSON.stringify(noted)} is no number of replicas: scale the Deployment as it should be, and remove the annotation`,
  );
}

/** Gives the served Deployment its replicas back and removes the note; does nothing where nothing is noted. */
export async function restoreReplicas(site: Site): Promise<number | undefined> {
  const replicas = await notedReplicas(site);
  if (replicas === undefined) return undefined;
  await scaleTo(site, replicas);
  await annotate(site, null);
  return replicas;
}

/** The serving container, by its name; the first one where none is called so. */
function containerOf({ spec }: Deployment, name: string) {
  const { containers = [] } = spec.template.spec;
  return containers.find((one) => one.name === name) ?? containers[0];
}

/** What the cluster itself says of a served model's knobs. */
export type LiveKnobs = Partial<Readonly<Record<Knob, number | string>>>;

/** The knobs that are words of a server's command line, as KServe's server and vLLM call them. */
const flags = {
  serverWorkers: "--workers",
  maxBatchedSequences: "--max-num-seqs",
  maxModelLength: "--max-model-len",
  kvCacheType: "--kv-cache-dtype",
  weightType: "--quantization",
} as const satisfies Partial<Record<Knob, string>>;

/** Knobs on a container's command line, `--flag value` or `--flag=value`; whole numbers as such. */
function flaggedKnobs({ command = [], args = [] }: Pick<Container, "command" | "args">): LiveKnobs {
  // a shell's script is one word of them
  const words = [...command, ...args].flatMap((word) => word.split(/\s+/));
  const valueOf = (flag: string): string | undefined => {
    const at = words.findLastIndex((word) => word === flag || word.startsWith(`${flag}=`));
    return words[at] === flag ? words[at + 1] : words[at]?.slice(flag.length + 1);
  };
  return Object.fromEntries(
    Object.entries(flags).flatMap(([knob, flag]) => {
      const value = valueOf(flag);
      if (value === undefined || value === "") return [];
      return [[knob, /^\d+$/.test(value) ? Number(value) : value] as const];
    }),
  );
}

/** Knobs that a Deployment and its autoscaler show, for what the stack does not declare. */
export async function liveKnobs(site: Site, deployment: Deployment, container: string): Promise<LiveKnobs> {
  const { kubernetes, settings } = site;
  const autoscaler =
    settings.autoscaler === undefined
      ? undefined
      : ((await kubernetes.get(
          `/apis/autoscaling/v2/namespaces/${settings.namespace}/horizontalpodautoscalers/${settings.autoscaler}`,
        )) as Autoscaler);
  const serving = containerOf(deployment, container) ?? { name: container };
  const { resources, readinessProbe } = serving;
  const replicas = deployment.spec.replicas ?? 1;
  const knobs = {
    cpuLimitCores: quantity(resources?.limits?.cpu ?? ""),
    readinessPeriodSeconds: readinessProbe && (readinessProbe.periodSeconds ?? 10),
    minReplicas: autoscaler === undefined ? replicas : (autoscaler.spec?.minReplicas ?? 1),
    maxReplicas: autoscaler === undefined ? replicas : autoscaler.spec?.maxReplicas,
    autoscalerTarget: autoscaler?.spec?.metrics?.map(targetOf).find(Number.isFinite),
  } satisfies Partial<Record<Knob, number | undefined>>;
  const known = Object.entries(knobs).filter(([, value]) => Number.isFinite(value));
  return { ...flaggedKnobs(serving), ...Object.fromEntries(known) };
}

/** Knobs as settings declare them; where they give none or no value, what the cluster shows. */
export function withLive(declared: Target["settings"], live: LiveKnobs): Target["settings"] {
  const shown = Object.entries(live).map(([knob, value]) => {
    const { value: set = value, ...rest } = declared[knob as Knob] ?? {};
    return [knob, { ...rest, value: set }] as const;
  });
  return { ...declared, ...Object.fromEntries(shown) };
}
