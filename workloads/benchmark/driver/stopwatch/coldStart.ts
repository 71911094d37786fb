import type { ColdStart, Target } from "../../result";
import type { Settings } from "../settings";
import type { Driver } from "../steps";
import { KubernetesError, type KubeObject } from "./kubernetes";
import {
  deploymentOf,
  noteReplicas,
  notedReplicas,
  podsOf,
  REPLICAS_ANNOTATION,
  restoreReplicas,
  scaleTo,
} from "./live";
import { Observer, type SeenPod } from "./observer";
import { shadowDeployment, shadowName, shadowSelector, shadowService, type Service } from "./shadow";
import type { Site } from "./site";
import { timed, type Kind } from "./start";

const inside = ({
  namespace,
}: Site["settings"]): { deployments: string; services: string; pods: string } => ({
  deployments: `/apis/apps/v1/namespaces/${namespace}/deployments`,
  services: `/api/v1/namespaces/${namespace}/services`,
  pods: `/api/v1/namespaces/${namespace}/pods`,
});

/** Removes the copy of the served Deployment: this run's, or what one that was killed has left. Others' stay. */
export async function removeShadows({ kubernetes, settings }: Site): Promise<number> {
  const { deployments, services } = inside(settings);
  const ours = encodeURIComponent(shadowSelector(shadowName(settings.deployment)));
  let removed = 0;
  for (const path of [deployments, services]) {
    const list = (await kubernetes.get(`${path}?labelSelector=${ours}`)) as {
      readonly items?: readonly KubeObject[];
    };
    for (const { metadata } of list.items ?? []) {
      await kubernetes.remove(`${path}/${metadata.name}`);
      removed++;
    }
  }
  return removed;
}

type Asked = Pick<NonNullable<Settings["coldStart"]>, "kinds" | "limitSeconds"> & {
  readonly live?: boolean;
};
type Fault = (kind: Kind, error: unknown) => void;

/** The workload that is started. */
interface Workload {
  readonly name: string;
  readonly target: Target;
  readonly observer: Observer;
  readonly scale: (replicas: number) => Promise<void>;
}

/** How a kind of start is brought about. */
interface Begin {
  readonly prepare?: () => Promise<unknown>;
  /** Sets it off; timed from here. */
  readonly begin: () => Promise<unknown>;
}

const alive = ({ observer }: Workload): readonly SeenPod[] =>
  [...observer.pods.values()].filter(({ gone }) => !gone);

/** Scales, and waits until there are so many pods, all of them in rotation. */
async function settled(
  driver: Driver,
  workload: Workload,
  replicas: number,
  limitSeconds: number,
): Promise<void> {
  const { name, observer, scale } = workload;
  await scale(replicas);
  const there = (): boolean => alive(workload).length === replicas && observer.inRotation.size === replicas;
  if (await observer.until(there, limitSeconds, driver.signal)) return;
  throw new KubernetesError(
    `${name}: at ${replicas} replicas there are ${alive(workload).length} pods and ${observer.inRotation.size} in rotation after ${limitSeconds} s`,
  );
}

async function timeAll(
  driver: Driver,
  { target, observer }: Workload,
  begins: readonly (readonly [Kind, Begin])[],
  limitSeconds: number,
  fault: Fault,
): Promise<readonly ColdStart[]> {
  const starts: ColdStart[] = [];
  for (const [kind, { prepare, begin }] of begins) {
    try {
      if (driver.signal.aborted) throw new KubernetesError("the run was ended before this start");
      await prepare?.();
      const start = await timed(driver, observer, target, kind, limitSeconds, begin);
      driver.say(
        `${kind}: ${start.totalSeconds.toFixed(2)} s (${start.phases.map(({ phase, seconds }) => `${phase} ${seconds.toFixed(2)}`).join(", ")})`,
      );
      starts.push(start);
    } catch (error) {
      fault(kind, error);
      // nothing is there that the other kinds could start
      if (kind === "deployment") break;
    }
  }
  return starts;
}

/** Deletes every pod of a workload. */
const restart =
  ({ kubernetes, settings }: Site, workload: Workload) =>
  async (): Promise<void> => {
    for (const pod of alive(workload)) await kubernetes.remove(`${inside(settings).pods}/${pod.name}`);
  };

/** Starts of a copy of the Deployment, which is removed afterwards; the live model's replicas are not touched. */
async function copyStarts(
  driver: Driver,
  site: Site,
  { kinds, limitSeconds }: Asked,
  fault: Fault,
): Promise<readonly ColdStart[]> {
  const { kubernetes, settings } = site;
  const paths = inside(settings);
  await removeShadows(site);
  const name = shadowName(settings.deployment);
  const deployment = await deploymentOf(site);
  const service = (await kubernetes.get(`${paths.services}/${settings.service}`)) as Service;
  const copy: Workload = {
    name,
    target: { ...driver.settings.target, url: site.urlOf(name, service.spec.ports[0]?.port ?? 80) },
    observer: new Observer(kubernetes, {
      namespace: settings.namespace,
      pods: shadowSelector(name),
      service: name,
    }),
    scale: (replicas) => kubernetes.patch(`${paths.deployments}/${name}/scale`, { spec: { replicas } }),
  };
  const begins: Readonly<Record<Kind, Begin>> = {
    deployment: {
      prepare: () => kubernetes.create(paths.services, shadowService(service, name)),
      begin: () => kubernetes.create(paths.deployments, shadowDeployment(deployment, name, service)),
    },
    "pod-restart": { begin: restart(site, copy) },
    "scale-from-zero": {
      prepare: () => settled(driver, copy, 0, limitSeconds),
      begin: () => copy.scale(1),
    },
  };
  try {
    // the first start makes the copy, so it is always measured
    const order = ["deployment", ...kinds.filter((one) => one !== "deployment")] as const;
    const all = order.map((kind) => [kind, begins[kind]] as const);
    return await timeAll(driver, copy, all, limitSeconds, fault);
  } finally {
    copy.observer.close();
    await removeShadows(site);
  }
}

/** Starts of the live model itself, which serves nothing meanwhile; it has its replicas back afterwards, however this ends. */
async function liveStarts(
  driver: Driver,
  site: Site,
  { kinds, limitSeconds }: Asked,
  fault: Fault,
): Promise<readonly ColdStart[]> {
  const { kubernetes, settings } = site;
  const deployment = await deploymentOf(site);
  const live: Workload = {
    name: settings.deployment,
    target: driver.settings.target,
    observer: new Observer(kubernetes, {
      namespace: settings.namespace,
      pods: podsOf(deployment),
      service: settings.service,
    }),
    scale: (replicas) => scaleTo(site, replicas),
  };
  const scaled = (replicas: number) => () => settled(driver, live, replicas, limitSeconds);
  const begins: readonly (readonly [Kind, Begin])[] = [
    ["scale-from-zero", { prepare: scaled(0), begin: () => live.scale(1) }],
    // of more pods than one another would answer
    ["pod-restart", { prepare: scaled(1), begin: restart(site, live) }],
  ];
  try {
    const serves = (): boolean => alive(live).length > 0 && live.observer.inRotation.size > 0;
    if (!(await live.observer.until(serves, limitSeconds, driver.signal)))
      throw new KubernetesError(`${live.name}: no replica is in rotation, for ${limitSeconds} s`);
    await noteReplicas(site);
    const named = begins.filter(([kind]) => kinds.includes(kind));
    return await timeAll(driver, live, named, limitSeconds, fault);
  } finally {
    const replicas = await restoreReplicas(site);
    // what is measured next finds what was there before
    await live.observer
      .until(() => live.observer.inRotation.size >= (replicas ?? 0), limitSeconds, driver.signal)
      .finally(() => live.observer.close());
  }
}

/**
 * Times the starts that are asked for: a Deployment's creation (`deployment`), a deleted pod (`pod-restart`), and one
 * replica after none (`scale-from-zero`, by hand).
 */
export const coldStarts = (
  driver: Driver,
  site: Site,
  asked: Asked,
  fault: Fault,
): Promise<readonly ColdStart[]> =>
  asked.live ? liveStarts(driver, site, asked, fault) : copyStarts(driver, site, asked, fault);

/**
 * Repairs what a run that was killed has left: copies that are still there, replicas that were not given back. Says what it
 * found.
 *
 * @throws KubernetesError where replicas are to be given back and the settings do not allow it
 */
export async function repair(site: Site, disruptive: boolean, say: (line: string) => void): Promise<void> {
  const { namespace, deployment } = site.settings;
  const noted = await notedReplicas(site);
  if (!disruptive) {
    if (noted === undefined) return;
    throw new KubernetesError(
      `${namespace}/${deployment}: a run that was killed has left it scaled; it had ${noted} replicas: set disruptive for one run, which gives them back, or scale it and remove the annotation ${REPLICAS_ANNOTATION}`,
    );
  }
  const removed = await removeShadows(site);
  if (removed > 0) say(`${namespace}/${deployment}: removed ${removed} objects that a killed run has left`);
  if (noted === undefined) return;
  await restoreReplicas(site);
  say(`${namespace}/${deployment}: has its ${noted} replicas back, which a killed run had taken`);
}
