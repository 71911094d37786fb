import type { Autoscaling, Phase } from "../../result";
import type { Settings } from "../settings";
import { load, type Driver, type Window } from "../steps";
import { KubernetesError } from "./kubernetes";
import { deploymentOf, podsOf } from "./live";
import { Observer } from "./observer";
import { lengthsOf } from "./phases";
import type { Site } from "./site";

/** What an autoscaling run came to; what others know of its window is added later. */
export interface Scaled {
  readonly measured: Omit<Autoscaling, "load">;
  readonly window: Window;
}

/** The moment of the observer's clock at a time of day. */
const monotonicMs = (startedAt: string): number => Date.parse(startedAt) - performance.timeOrigin;

/** Keeps the course of a run: one entry a change of what it shows. */
class Timeline {
  private readonly entries: {
    atMs: number;
    rate: number;
    desired: number;
    inRotation: number;
    signal?: number;
  }[] = [];
  rate = 0;

  constructor(private readonly observer: Observer) {
    observer.onChange(() => this.note());
  }

  note(): void {
    const { desired, inRotation, signal } = this.observer;
    const entry = {
      rate: this.rate,
      desired: desired ?? inRotation.size,
      inRotation: inRotation.size,
      ...(signal !== undefined && { signal }),
    };
    const last = this.entries.at(-1);
    if (last !== undefined && JSON.stringify({ ...last, atMs: 0 }) === JSON.stringify({ atMs: 0, ...entry }))
      return;
    this.entries.push({ atMs: performance.now(), ...entry });
  }

  since(startMs: number): Autoscaling["timeline"] {
    return this.entries.map(({ atMs, ...entry }) => ({ seconds: (atMs - startMs) / 1000, ...entry }));
  }
}

/** First time after `startMs` at which something was seen. */
class First {
  readonly marks: Partial<Record<"metric-seen" | "decision" | "reached", number>> = {};

  constructor(observer: Observer, to: number) {
    observer.onChange(() => {
      const now = performance.now();
      if ((observer.signal ?? 0) > 1) this.marks["metric-seen"] ??= now;
      if ((observer.desired ?? 0) >= to) this.marks.decision ??= now;
      if (observer.inRotation.size >= to) this.marks.reached ??= now;
    });
  }
}

const inRotation = async (
  observer: Observer,
  wanted: number,
  limitSeconds: number,
  signal: AbortSignal,
): Promise<void> => {
  if (await observer.until(() => observer.inRotation.size === wanted, limitSeconds, signal)) return;
  throw new KubernetesError(
    `${wanted} replicas are to be in rotation before the load and ${observer.inRotation.size} are, for ${limitSeconds} s: is something else loading the model?`,
  );
};

/**
 * The pod that came into rotation last, of those that made the replicas complete at `reachedMs`: one that came afterwards,
 * for another that went, ended nothing. Where none came, any of them.
 */
export function lastOf<P extends { readonly name: string }>(
  added: readonly P[],
  inRotationMs: ReadonlyMap<string, number>,
  reachedMs = Infinity,
): P | undefined {
  const came = ({ name }: P): number => inRotationMs.get(name) ?? -Infinity;
  return added.filter((pod) => came(pod) <= reachedMs).sort((one, other) => came(other) - came(one))[0];
}

/**
 * Steps the load up and watches the live model's own autoscaler answer: from the lowest number of replicas to the
 * highest and, after the load, back. It changes nothing itself.
 */
export async function autoscaling(
  driver: Driver,
  site: Site,
  asked: NonNullable<Settings["autoscaling"]>,
): Promise<Scaled> {
  const { kubernetes, settings } = site;
  const { minReplicas: from, maxReplicas: to } = driver.settings.target;
  const observer = new Observer(kubernetes, {
    namespace: settings.namespace,
    pods: podsOf(await deploymentOf(site)),
    service: settings.service,
    autoscaler: settings.autoscaler,
  });
  try {
    await inRotation(observer, from, asked.returnSeconds, driver.signal);
    const timeline = new Timeline(observer);
    timeline.rate = asked.rateBefore;
    timeline.note();
    await load(driver, "autoscaling-before", {
      rate: asked.rateBefore,
      warmUpSeconds: 0,
      seconds: asked.beforeSeconds,
    });
    const before = new Set(observer.pods.keys());
    const first = new First(observer, to);
    timeline.rate = asked.rateAfter;
    timeline.note();
    const window = await load(driver, "autoscaling-step", {
      rate: asked.rateAfter,
      warmUpSeconds: 0,
      seconds: asked.holdSeconds,
    });
    const [startMs, endMs] = [monotonicMs(window.startedAt), performance.now()];
    timeline.rate = 0;
    timeline.note();
    const returned = await observer.until(
      () => observer.inRotation.size <= from && observer.inRotation.size > 0,
      asked.returnSeconds,
      driver.signal,
    );
    const added = [...observer.pods].filter(([uid]) => !before.has(uid)).map(([, pod]) => pod);
    const { reached, ...decided } = first.marks;
    const last = lastOf(added, observer.inRotationMs, reached);
    const rotatedMs = last && observer.inRotationMs.get(last.name);
    const marks: Partial<Record<Phase, number>> = {
      ...decided,
      ...(last && Object.fromEntries(last.marks)),
      ...(rotatedMs !== undefined && { "in-rotation": rotatedMs }),
    };
    const { phases, totalSeconds } = lengthsOf(startMs, marks);
    return {
      window,
      measured: {
        startedAt: window.startedAt,
        from,
        to,
        rateBefore: asked.rateBefore,
        rateAfter: asked.rateAfter,
        phases,
        ...(reached !== undefined && { totalSeconds }),
        watchedSeconds: (endMs - startMs) / 1000,
        ...(returned && { returnSeconds: (performance.now() - endMs) / 1000 }),
        unschedulablePods: added.filter(({ unschedulable }) => unschedulable).length,
        timeline: timeline.since(startMs),
      },
    };
  } finally {
    observer.close();
  }
}
