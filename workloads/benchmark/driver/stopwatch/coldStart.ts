import { setTimeout as sleep } from "node:timers/promises";
import { checkAnswer } from "../../load/answers";
import type { ColdStart, Phase, Target } from "../../result";
import { requestUrl } from "../corpus";
import { exchange } from "../http";
import type { Settings } from "../settings";
import type { Driver } from "../steps";
import { headersOf } from "../steps";
import { KubernetesError, type KubeObject, type Kubernetes } from "./kubernetes";
import { Observer, type SeenPod } from "./observer";
import { lengthsOf } from "./phases";
import {
  SHADOW_LABEL,
  shadowDeployment,
  shadowSelector,
  shadowService,
  type Deployment,
  type Service,
} from "./shadow";

const PROBE_MS = 20;

/** Asks a target each 20 ms, on new connections, until it answers rightly after `from`; the time of that answer. */
async function firstGoodAnswer(
  driver: Driver,
  target: Target,
  mayCount: () => boolean,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { settings, corpus } = driver;
  const entry = corpus[0];
  if (entry === undefined) throw new Error("the corpus is empty");
  let answeredMs: number | undefined;
  const url = requestUrl(target);
  for (let number = 0; answeredMs === undefined && !signal.aborted; number++) {
    const counts = mayCount();
    const body = entry.body.replaceAll("{{id}}", `${settings.run}-start-${number}`);
    exchange(
      { url, timeoutMs: settings.timeoutSeconds * 1000 },
      {
        method: "POST",
        path: "",
        body,
        headers: { ...headersOf(settings), "content-type": "application/json", connection: "close" },
        signal,
      },
    ).then(
      ({ status, text }) => {
        const right = status === 200 && checkAnswer(target.protocol, text, entry, settings.tolerance).right;
        if (right && counts) answeredMs ??= performance.now();
      },
      () => undefined,
    );
    await sleep(PROBE_MS, undefined, { signal }).catch(() => undefined);
  }
  return answeredMs;
}

/** What timing starts takes beside the driver. */
export interface Site {
  readonly kubernetes: Kubernetes;
  readonly settings: NonNullable<Settings["kubernetes"]>;
  /** Where a Service of the cluster is reached. */
  readonly urlOf: (service: string, port: number) => string;
}

const inside = ({
  namespace,
}: Site["settings"]): { deployments: string; services: string; pods: string } => ({
  deployments: `/apis/apps/v1/namespaces/${namespace}/deployments`,
  services: `/api/v1/namespaces/${namespace}/services`,
  pods: `/api/v1/namespaces/${namespace}/pods`,
});

/** Removes every shadow copy of the namespace: this run's, and what one that was killed has left. */
export async function removeShadows({ kubernetes, settings }: Site): Promise<number> {
  const { deployments, services } = inside(settings);
  let removed = 0;
  for (const path of [deployments, services]) {
    const list = (await kubernetes.get(`${path}?labelSelector=${encodeURIComponent(SHADOW_LABEL)}`)) as {
      readonly items?: readonly KubeObject[];
    };
    for (const { metadata } of list.items ?? []) {
      await kubernetes.remove(`${path}/${metadata.name}`);
      removed++;
    }
  }
  return removed;
}

type Kind = ColdStart["kind"];

/** Times one start: `begin` sets it off, and the pod that then comes into rotation is the one that is timed. */
async function timed(
  driver: Driver,
  observer: Observer,
  target: Target,
  kind: Kind,
  limitSeconds: number,
  begin: () => Promise<unknown>,
): Promise<ColdStart> {
  const before = new Set(observer.pods.keys());
  const fresh = (): SeenPod | undefined =>
    [...observer.pods].find(([uid, { name }]) => !before.has(uid) && observer.inRotation.has(name))?.[1];
  const over = new AbortController();
  const signal = AbortSignal.any([driver.signal, over.signal, AbortSignal.timeout(limitSeconds * 1000)]);
  const startedAt = new Date().toISOString();
  const startMs = performance.now();
  try {
    const answer = firstGoodAnswer(driver, target, () => fresh() !== undefined, signal);
    await begin();
    const there = await observer.until(() => fresh() !== undefined, limitSeconds, signal);
    const answeredMs = await answer;
    const pod = fresh();
    const rotatedMs = pod && observer.inRotationMs.get(pod.name);
    if (!there || pod === undefined || rotatedMs === undefined || answeredMs === undefined)
      throw new KubernetesError(
        `no good answer within ${limitSeconds} s; ${[...observer.pods.values()]
          .filter(({ gone }) => !gone)
          .map(({ name, marks }) => `pod ${name} came as far as ${[...marks.keys()].at(-1) ?? "nothing"}`)
          .join(", ")}`,
      );
    const marks: Partial<Record<Phase, number>> = {
      ...Object.fromEntries(pod.marks),
      "in-rotation": rotatedMs,
      "first-answer": answeredMs,
    };
    return { kind, startedAt, manual: kind === "scale-from-zero", ...lengthsOf(startMs, marks) };
  } finally {
    over.abort();
  }
}

/**
 * Times the starts that are asked for, on a shadow copy of the served model's Deployment, which is removed afterwards:
 * its creation (`deployment`), a deleted pod (`pod-restart`), and one replica after none (`scale-from-zero`, by hand).
 * The live model's replicas are not touched.
 */
export async function coldStarts(
  driver: Driver,
  site: Site,
  { kinds, limitSeconds }: NonNullable<Settings["coldStart"]>,
  fault: (kind: Kind, error: unknown) => void,
): Promise<readonly ColdStart[]> {
  const { kubernetes, settings } = site;
  const paths = inside(settings);
  await removeShadows(site);
  const name = `${settings.deployment}-bench`.slice(-63).replace(/^[^a-z0-9]+/, "");
  const deployment = (await kubernetes.get(`${paths.deployments}/${settings.deployment}`)) as Deployment;
  const service = (await kubernetes.get(`${paths.services}/${settings.service}`)) as Service;
  const target = { ...driver.settings.target, url: site.urlOf(name, service.spec.ports[0]?.port ?? 80) };
  const observer = new Observer(kubernetes, {
    namespace: settings.namespace,
    pods: shadowSelector(name),
    service: name,
  });
  const scale = (replicas: number): Promise<void> =>
    kubernetes.patch(`${paths.deployments}/${name}/scale`, { spec: { replicas } });
  const alive = (): readonly SeenPod[] => [...observer.pods.values()].filter(({ gone }) => !gone);
  const empty = async (): Promise<void> => {
    await scale(0);
    if (!(await observer.until(() => alive().length === 0, limitSeconds, driver.signal)))
      throw new KubernetesError(
        `${name}: ${alive().length} pods are left after ${limitSeconds} s at 0 replicas`,
      );
  };
  const restart = async (): Promise<void> => {
    for (const pod of alive()) await kubernetes.remove(`${paths.pods}/${pod.name}`);
  };
  const begins: Readonly<Record<Kind, readonly (() => Promise<unknown>)[]>> = {
    deployment: [
      () => kubernetes.create(paths.services, shadowService(service, name)),
      () => kubernetes.create(paths.deployments, shadowDeployment(deployment, name)),
    ],
    "pod-restart": [restart],
    "scale-from-zero": [empty, () => scale(1)],
  };
  const starts: ColdStart[] = [];
  try {
    // the first start makes the copy, so it is always measured
    for (const kind of ["deployment", ...kinds.filter((one) => one !== "deployment")] as const) {
      const begin = [...begins[kind]];
      const last = begin.pop();
      try {
        for (const prepare of begin) await prepare();
        if (last === undefined) continue;
        const start = await timed(driver, observer, target, kind, limitSeconds, last);
        driver.say(
          `${kind}: ${start.totalSeconds.toFixed(2)} s (${start.phases.map(({ phase, seconds }) => `${phase} ${seconds.toFixed(2)}`).join(", ")})`,
        );
        starts.push(start);
      } catch (error) {
        fault(kind, error);
        if (kind === "deployment") break;
      }
    }
  } finally {
    observer.close();
    await removeShadows(site);
  }
  return starts;
}
