import { minimumSamples } from "../analysis/percentiles";
import type { Settings } from "./settings";

// how long a window of load must be follows from it
export { GPU_SCRAPES } from "../analysis/gpus";

/** What decides how long a run takes. */
export interface TimedLoad {
  readonly smoke?: Pick<Settings["smoke"], "seconds"> | undefined;
  readonly warm?: Pick<Settings["warm"], "warmUpSeconds" | "seconds"> | undefined;
  readonly saturation?: Omit<NonNullable<Settings["saturation"]>, "maxRate"> | undefined;
  readonly soak?: Omit<NonNullable<Settings["soak"]>, "rate"> | undefined;
  readonly autoscaling?:
    Pick<NonNullable<Settings["autoscaling"]>, "beforeSeconds" | "holdSeconds" | "returnSeconds"> | undefined;
  readonly coldStart?: Pick<NonNullable<Settings["coldStart"]>, "kinds" | "limitSeconds"> | undefined;
  /** Seconds that a request may take: the last one of a step. */
  readonly timeoutSeconds: number;
  /** Seconds after a window until Prometheus can be asked for its last scrape. */
  readonly settleSeconds: number;
}

/** Seconds by which a scrape may come later than its interval. */
const SCRAPE_LATE_SECONDS = 5;

/** Seconds after a window until its last scrape can be asked for, by the interval of scrapes. */
export const settleSecondsOf = (scrapeSeconds: number): number => scrapeSeconds + SCRAPE_LATE_SECONDS;

/** k6 is started, and what it left is read. */
const STEP_SECONDS = 5;
/** The result is judged, rendered and uploaded. */
const END_SECONDS = 20;
/** Requests that a P95 takes, and a P99. */
export const P95_REQUESTS = minimumSamples(0.95);
export const P99_REQUESTS = minimumSamples(0.99);
/** Requests that a step counts at least, however low its rate: some of them may fail. */
export const STEP_REQUESTS = Math.ceil(P95_REQUESTS * 1.15);

/** Seconds that a run of all scenarios of a load takes at most, where the target answers at all. */
export function longestRunSeconds(load: TimedLoad): number {
  const { smoke, warm, saturation, soak, autoscaling, coldStart, timeoutSeconds, settleSeconds } = load;
  const step = (seconds: number): number => STEP_SECONDS + seconds + timeoutSeconds;
  const kinds = new Set(["deployment", ...(coldStart?.kinds ?? [])]);
  const parts = [
    smoke === undefined ? 0 : step(smoke.seconds),
    warm === undefined ? 0 : step(warm.warmUpSeconds + warm.seconds) + settleSeconds,
    // a step that began within the limit goes on to its end
    saturation === undefined
      ? 0
      : saturation.limitSeconds +
        step(
          saturation.warmUpSeconds +
            Math.max(saturation.stepSeconds, Math.ceil(STEP_REQUESTS / saturation.startRate)),
        ) +
        settleSeconds,
    soak === undefined ? 0 : soak.windows * step(1 + soak.windowSeconds) + soak.warmUpSeconds + settleSeconds,
    autoscaling === undefined
      ? 0
      : step(autoscaling.beforeSeconds) +
        step(autoscaling.holdSeconds) +
        // back to where it starts from, before and after
        2 * autoscaling.returnSeconds +
        settleSeconds,
    // what scales from zero is emptied first
    coldStart === undefined
      ? 0
      : (kinds.size + (kinds.has("scale-from-zero") ? 1 : 0)) * coldStart.limitSeconds,
  ];
  return Math.ceil(END_SECONDS + parts.reduce((sum, seconds) => sum + seconds, 0));
}

/** The awaited part of a load: does it answer, and how fast? */
export const awaitedLoad = ({ smoke, warm, timeoutSeconds, settleSeconds }: TimedLoad): TimedLoad => ({
  smoke,
  warm,
  timeoutSeconds,
  settleSeconds,
});

/** Seconds that an `up` waits for a benchmark at most. */
export const AWAITED_SECONDS = 480;
/** Until a pod's containers run, where a node has room. */
const START_SECONDS = 30;

/** Seconds after which a Job is ended: its load, once more where the first run was invalid. */
export const jobDeadlineSeconds = (load: TimedLoad): number => START_SECONDS + 2 * longestRunSeconds(load);
