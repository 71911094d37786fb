import { setTimeout as sleep } from "node:timers/promises";
import { checkAnswer } from "../../load/answers";
import { marksOf } from "../../load/step";
import type { ColdStart, Phase, Target } from "../../result";
import { requestUrl } from "../corpus";
import { readNamedFile } from "../files";
import { exchange } from "../http";
import { headersOf, type Driver } from "../steps";
import { KubernetesError } from "./kubernetes";
import type { Observer, SeenPod } from "./observer";
import { lengthsOf } from "./phases";

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
  const { caFile } = settings;
  const markOf = marksOf(`${settings.run}-start`);
  const ca = caFile === undefined ? {} : { ca: readNamedFile(caFile) };
  for (let number = 0; answeredMs === undefined && !signal.aborted; number++) {
    const counts = mayCount();
    const body = entry.body.replaceAll("{{id}}", markOf(number));
    exchange(
      { url, ...ca, timeoutMs: settings.timeoutSeconds * 1000 },
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

export type Kind = ColdStart["kind"];

/** Times one start: `begin` sets it off, and the pod that then comes into rotation is the one that is timed. */
export async function timed(
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
