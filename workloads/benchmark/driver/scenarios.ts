import { setTimeout as sleep } from "node:timers/promises";
import { clientProblems, rateProblems } from "../analysis/validity";
import type { Result, Streaming } from "../result";
import { STEP_REQUESTS } from "./durations";
import { readNamedFile } from "./files";
import type { Endpoint } from "./http";
import { nextStep, outcomeOf, type KneeStep } from "./knee";
import { headersOf, load, type Driver, type Window } from "./steps";
import { sampleStreams } from "./streaming";
import type { Settings } from "./settings";

type Evidence = Result["evidence"];
type Saturation = NonNullable<Evidence["saturation"]>;

/** Some requests at a low rate: does it answer, and rightly? */
export async function smoke(driver: Driver): Promise<NonNullable<Evidence["smoke"]>> {
  const { rate, seconds } = driver.settings.smoke;
  const { requests, failures, wrongAnswers } = await load(driver, "smoke", {
    rate,
    seconds,
    warmUpSeconds: 0,
  });
  return { requests, failures, wrongAnswers };
}

/** Where the target is, with what every request carries. */
export function targetEndpoint(settings: Settings): Endpoint {
  const { target, caFile, timeoutSeconds } = settings;
  const authorization = headersOf(settings).authorization;
  return {
    url: target.url,
    timeoutMs: timeoutSeconds * 1000,
    ...(caFile !== undefined && { ca: readNamedFile(caFile) }),
    ...(authorization !== undefined && { authorization: () => authorization }),
  };
}

/** A steady rate, its warm-up dropped; streams are sampled beside it where the settings ask for them. */
export async function warm(driver: Driver): Promise<{ window: Window; streaming?: Streaming }> {
  const { warm: asked, run } = driver.settings;
  const ended = new AbortController();
  const streaming =
    asked.streamsPerSecond === 0
      ? undefined
      : sleep(asked.warmUpSeconds * 1000, undefined, { signal: ended.signal }).then(
          () =>
            sampleStreams(
              targetEndpoint(driver.settings),
              driver.corpus,
              asked.streamsPerSecond,
              run,
              ended.signal,
            ),
          () => undefined,
        );
  try {
    const window = await load(driver, "warm", asked);
    ended.abort();
    const sampled = await streaming;
    return { window, ...(sampled !== undefined && { streaming: sampled }) };
  } finally {
    ended.abort();
  }
}

/** What a stepped load came to, without what others know of its windows. */
export interface Stepped {
  readonly steps: readonly { readonly purpose: KneeStep["purpose"]; readonly window: Window }[];
  readonly stopped: Saturation["stopped"];
}

const limitText = (window: Window, maxRate: number): string => {
  const told = [...clientProblems(window), ...rateProblems(window)].map(({ text }) => text);
  return `the client is the limit at ${window.targetRate} requests per second, and saturation.maxRate is ${maxRate}: ${told.join("; ")}`;
};

/** Rates up to the knee; stops by itself. */
export async function saturation(
  driver: Driver,
  limits: NonNullable<Settings["saturation"]>,
): Promise<Stepped> {
  const { slos } = driver.settings.target;
  const steps: { purpose: KneeStep["purpose"]; window: Window }[] = [];
  const judged: KneeStep[] = [];
  const deadline = performance.now() + limits.limitSeconds * 1000;
  for (;;) {
    const next = nextStep(judged, limits);
    if ("stopped" in next) {
      const last = steps.at(-1)?.window;
      if (last !== undefined && judged.at(-1)?.outcome === "client-limited")
        driver.fault({ scenario: "saturation", kind: "generator", message: limitText(last, limits.maxRate) });
      return { steps, stopped: next.stopped };
    }
    if (performance.now() > deadline || driver.signal.aborted) return { steps, stopped: "time-limit" };
    const { purpose, rate } = next;
    const window = await load(driver, `saturation-${steps.length + 1}`, {
      rate,
      warmUpSeconds: limits.warmUpSeconds,
      seconds: Math.max(limits.stepSeconds, Math.ceil(STEP_REQUESTS / rate)),
    });
    const outcome = outcomeOf(window, slos);
    driver.say(`  ${purpose} ${rate}: ${outcome}`);
    steps.push({ purpose, window });
    judged.push({ purpose, rate, outcome });
  }
}

/** The same rate for long, in windows of equal length. */
export async function soak(driver: Driver, asked: NonNullable<Settings["soak"]>): Promise<readonly Window[]> {
  const windows: Window[] = [];
  for (let number = 1; number <= asked.windows; number++)
    windows.push(
      await load(driver, `soak-${number}`, {
        rate: asked.rate,
        seconds: asked.windowSeconds,
        warmUpSeconds: number === 1 ? asked.warmUpSeconds : 1,
      }),
    );
  return windows;
}
