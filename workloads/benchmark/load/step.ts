import type { Target } from "../result";

/** One request as it is sent, and what its right answer is known to hold. */
export interface CorpusEntry {
  /** JSON; every `{{id}}` in it becomes the request's mark, so that no two prompts begin alike. */
  readonly body: string;
  /** The answer's values, as the protocol carries them: predictions, the first output's data, or the text. */
  readonly expect?: unknown;
  /** Values or instances that the answer must hold; absent for text. */
  readonly answers?: number;
}

/** What one run of k6 does: load at one rate, whose warm-up is not counted. The driver writes it, the script reads it. */
export interface Step {
  /** Unique for the step; the beginning of every request's id. */
  readonly id: string;
  readonly protocol: Target["protocol"];
  readonly model: string;
  /** Where requests go, complete. */
  readonly requestUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Requests begun per second. */
  readonly rate: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly timeoutSeconds: number;
  /** Requests that may be under way at the same time without more virtual users being made while the load runs. */
  readonly virtualUsers: number;
  /** Requests that may be under way at the same time at all. */
  readonly maxVirtualUsers: number;
  /** Largest relative difference between a number and the one expected. */
  readonly tolerance: number;
  /** On everything that k6 measures. */
  readonly tags: Readonly<Record<string, string>>;
  /** File with the corpus: a JSON array of `CorpusEntry`. */
  readonly corpusFile: string;
  /** File that the script leaves its `StepSummary` in. */
  readonly summaryFile: string;
}

/** A number of few letters, the same for the same text (FNV-1a). */
function brief(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash.toString(36);
}

/**
 * Makes the marks of a step's requests: `17-1k2n8xd`. Prefix caches keep blocks of 16 tokens and more; a mark differs from
 * every other within the first block, so that nothing of a prompt comes from a cache. A request's id is too long for that.
 */
export function marksOf(id: string): (number: number) => string {
  const step = brief(id);
  return (number) => `${number}-${step}`;
}

/** What the script leaves: the values of the metrics that were touched, by name. */
export interface StepSummary {
  readonly metrics: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Names of the script's own metrics; buckets.ts names the latency's. */
export const metricNames = {
  /** Sum of the counted latencies, milliseconds. */
  latencySum: "latency_sum",
  wrong: "wrong_answers",
  promptTokens: "prompt_tokens",
  outputTokens: "output_tokens",
  /** Milliseconds since the epoch at which the counted window began. */
  windowStart: "window_start",
  /** Milliseconds by which a request began later than the rate asks for; it says nothing once one was dropped. */
  late: "begun_late",
  /** Milliseconds by which the client's own clock was late: no server can delay it. */
  clockLate: "clock_late",
} as const;

/** Name of the counter of a kind of failure: `failed_http_404`. */
export const failureMetric = (kind: string): string => `failed_${kind.replaceAll("-", "_")}`;
